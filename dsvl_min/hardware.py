"""What this machine can do: device, number format, size; and what a run on it took.

float32 on a CPU, where 16-bit products are slow or emulated.  On a GPU bfloat16 where the card computes in it
(compute capability 8 and later: A100, L4, H100); float16 on older ones, such as Colab's T4 (7.5), which only emulate
bfloat16.
"""

import json
import os
import platform
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from pathlib import Path

import torch

from .checkpoint import WEIGHTS, number_format

# Operations a second with 16-bit numbers, dense, by NVIDIA's data sheets.
GPUS = {"T4": 65e12, "L4": 121e12, "A100": 312e12, "H100": 989e12, "H200": 989e12}
PACKAGES = ("torch", "numpy", "pillow", "tokenizers")


@dataclass(frozen=True)
class Setting:
    """device, dtype: where and in which numbers to compute; size: which model to train; many: how many times as
    many samples as on a CPU an experiment can afford; why: the reason, to be read."""

    device: str
    dtype: torch.dtype
    size: str
    many: int
    why: str

    def __str__(self):
        number = str(self.dtype).removeprefix("torch.")
        more = "" if self.many == 1 else f", {self.many} times the samples"
        return f"{self.device}, {number}, size {self.size}{more}: {self.why}"


def setting():
    """The Setting for this machine: a GPU's if there is one, else the CPU's."""
    if not torch.cuda.is_available():
        return Setting("cpu", torch.float32, "tiny", 1, "no GPU found; every chapter runs on two CPU cores")
    name, (major, minor) = torch.cuda.get_device_name(), torch.cuda.get_device_capability()
    native = number_format("cuda") == torch.bfloat16
    does = "computes in bfloat16" if native else "only emulates bfloat16, so float16"
    size, but = ("mini", "") if (WEIGHTS / "mini").exists() else ("tiny", "; no weights of size mini are published yet")
    why = f"{name} (capability {major}.{minor}) {does}{but}"
    return Setting("cuda", number_format("cuda"), size, 10, why)


def peak(device):
    """What the data sheet of this GPU promises, operations a second; 0 for a CPU, and for a card not in GPUS."""
    words = torch.cuda.get_device_name(device).replace("-", " ").split() if device.type == "cuda" else []
    return next((rate for name, rate in GPUS.items() if name in words), 0.0)


def memory(limit="/sys/fs/cgroup/memory.max"):
    """Bytes of main memory that this process may take: the machine's, or its container's; 16 GB where neither tells."""
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError):  # Windows has no sysconf
        there = 16 * 10**9
    try:
        allowed = Path(limit).read_text().strip()
    except OSError:
        return there
    return min(there, int(allowed)) if allowed.isdigit() else there


@contextmanager
def denormals_as_zero():
    """Within, numbers below 10^-38 count as zero: in this thread, which is then set back, and in threads it starts.

    A CPU computes with them many times as slowly, and a trained attention is full of them: where it is sharp, the
    weights of all other keys are as small as that, and so are their gradients (figures/results/denormals.json).
    PyTorch starts its threads at the first large operation and keeps them, so this comes before any other computing.
    """
    smallest = torch.tensor([1], dtype=torch.int32).view(torch.float32)  # its bits, as a number could be made zero
    before = not (smallest * 1).item()
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


def hardware():
    """What a run ran on, for its record."""
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"{torch.get_num_threads()} CPU threads"
    return {
        "device": device, "machine": platform.machine(), "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES}, "date": date.today().isoformat(),
    }  # fmt: skip


def started():
    """When this process began, in seconds since the epoch; on systems without /proc, when this module was read."""
    try:
        with open("/proc/self/stat") as stat, open("/proc/uptime") as uptime:
            ticks = int(stat.read().rpartition(")")[2].split()[19])
            return time.time() - float(uptime.read().split()[0]) + ticks / os.sysconf("SC_CLK_TCK")
    except OSError:
        return _READ


_READ = time.time()


def passport():
    """What this process took so far, as JSON: hardware, seconds since it began, peak memory in GB (of 10^9 bytes)."""
    import resource  # not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    took = {"seconds": round(time.time() - started(), 1), "memory_gb": round(peak / 1e9, 2)}
    if torch.cuda.is_available():
        took["gpu_memory_gb"] = round(torch.cuda.max_memory_allocated() / 1e9, 2)
    return json.dumps({**hardware(), **took, "dsvl_min": metadata.version("dsvl-min")})

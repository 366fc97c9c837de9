"""Record what one block of SAM costs on grids of every size: in windows, globally, and with its scores written down.

python figures/record_windows.py         # writes figures/results/windows.json; about 4 minutes on two cores

Each measurement runs in a process of its own, so that the peak of one's memory isn't another's.
"""

import json
import subprocess
import sys

import recorded

SIDES = (8, 14, 20, 28, 40, 48, 56, 64)
WAYS = ("windowed", "global", "written")
SECONDS = 3  # how long each is repeated, at least three times

ONE = """
import json, resource, sys, time
from dataclasses import replace
import torch
from dsvl_min import ModelConfig
from dsvl_min.attention import capture_attention
from dsvl_min.sam import SamBlock

side, way, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
config = replace(ModelConfig.preset("7b").sam, image_size=16 * side)
torch.manual_seed(0)
block, x = SamBlock(config, config.window if way == "windowed" else 0), torch.randn(1, side, side, config.width)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
with torch.inference_mode():
    SamBlock(replace(config, image_size=16 * 4), 0)(torch.randn(1, 4, 4, config.width))  # libraries are loaded
    before, took = peak(), []
    while len(took) < 3 or sum(took) < seconds:
        start = time.perf_counter()
        if way == "written":
            with capture_attention(block):
                block(x)
        else:
            block(x)
        took.append(time.perf_counter() - start)
print(json.dumps({"seconds": min(took), "runs": len(took), "memory_gb": round(peak() - before, 3)}))
"""


def measure():
    """{"sides": [...], way: [{"seconds": of the fastest run, "runs", "memory_gb": more than before}, ...]}."""
    found = {"sides": list(SIDES), **{way: [] for way in WAYS}}
    for side in SIDES:
        for way in WAYS:
            command = [sys.executable, "-c", ONE, str(side), way, str(SECONDS)]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found[way].append(json.loads(out))
            print(side, way, out.strip(), flush=True)
    return found


if __name__ == "__main__":
    recorded.write(
        "windows",
        "What does a block of SAM cost on two cores: within windows, globally, and with its scores written down?",
        "python figures/record_windows.py",
        seeds=[0],
        data=measure(),
        config={"preset": "7b", "part": "sam"},
    )

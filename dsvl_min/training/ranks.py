"""Several processes training one model, as torchrun or `accelerate launch` starts them; and one process alone.

    torchrun --nproc-per-node 2 -m dsvl_min.cli train --size tiny
    accelerate launch --multi_gpu --num_processes 2 -m dsvl_min.cli train --size tiny

Both say who is who in the environment; PyTorch does the rest (`DistributedDataParallel`, or `fully_shard` with
--shard).  Every rank reads its part of the same step, and the loss is divided by the predicted tokens of all, so any
number of ranks takes the same step.
"""

import copy
import os
import socket
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import distributed, multiprocessing, nn
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.nn.parallel import DistributedDataParallel

from ..config import ConfigError
from ..hardware import setting


@dataclass(frozen=True)
class Ranks:
    """Which process this is, of how many; device and dtype: where and in which numbers it computes; why: the reason."""

    rank: int = 0
    size: int = 1
    device: torch.device = torch.device("cpu")
    dtype: torch.dtype = torch.float32
    shard: bool = False
    why: str = ""

    @property
    def first(self):
        """Does this process write files and messages?"""
        return self.rank == 0

    def sum(self, number):
        """A number added up over all ranks."""
        if self.size == 1:
            return number
        total = torch.tensor(float(number), dtype=torch.float64, device=self.device)
        distributed.all_reduce(total)
        return total.item()

    def most(self, number):
        """The largest of all ranks' numbers."""
        if self.size == 1:
            return number
        found = torch.tensor(float(number), dtype=torch.float64, device=self.device)
        distributed.all_reduce(found, distributed.ReduceOp.MAX)
        return found.item()

    def wait(self):
        """Go on when all have come here."""
        if self.size > 1:
            distributed.barrier()

    def numbers(self):
        """A context in which 32-bit weights compute in `dtype`."""
        if self.dtype == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, self.dtype)

    def scaler(self):
        """What keeps small gradients from vanishing in float16; otherwise it does nothing."""
        return torch.amp.GradScaler(self.device.type, enabled=self.dtype == torch.float16)

    def spread(self, module):
        """The module as all ranks train it together: itself alone, else in DDP, or sharded in place by FSDP2."""
        if self.size == 1:
            return module
        if self.shard:
            try:
                from torch.distributed.fsdp import fully_shard
            except ImportError:
                raise ConfigError(f"--shard needs torch 2.6 or later, this is {torch.__version__}") from None
            for part in module.modules():
                if isinstance(part, nn.ModuleList):
                    for block in part:
                        fully_shard(block)
            return fully_shard(module)
        devices = [self.device] if self.device.type == "cuda" else None
        return DistributedDataParallel(module, device_ids=devices, find_unused_parameters=True, broadcast_buffers=False)

    def accumulating(self, module, last):
        """A context for one of several backward passes: only the last one has ranks exchange gradients."""
        if self.size == 1 or self.shard or last:
            return nullcontext()
        return module.no_sync()


ALONE = Ranks()


@contextmanager
def together(shard=False, device=None):
    """The `Ranks` this process was started as; the connection is closed at the end.

    Raises ConfigError for sharding without a second rank, and for a GPU where there is none.
    """
    size, rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))
    if shard and size == 1:
        raise ConfigError("--shard divides a model among ranks, and this is the only one: start it with torchrun")
    at = setting()
    kind, why = device or at.device, at.why if device in (None, at.device) else "as asked"
    if kind == "cuda" and at.device != "cuda":
        raise ConfigError("the device is to be cuda, and there is no GPU that PyTorch can use")
    if kind == "cuda":
        kind = f"cuda:{os.environ.get('LOCAL_RANK', 0)}"
        torch.cuda.set_device(kind)
    ours = Ranks(rank, size, torch.device(kind), at.dtype if kind != "cpu" else torch.float32, shard, why)
    mine = size > 1 and not distributed.is_initialized()
    if mine:
        patient = timedelta(days=1)  # one rank makes stage 0 while the others wait
        distributed.init_process_group("nccl" if kind != "cpu" else "gloo", timeout=patient)
    try:
        yield ours
    finally:
        if mine:
            distributed.destroy_process_group()


def forked(work, count):
    """work() in `count` processes of one thread each, which `together` then joins; they have what memory holds now.

    Small matrices keep two threads of one process waiting for each other; two processes on two cores are faster
    (figures/results/processes.json).  Needs a system that can fork, and no backward pass before it: PyTorch refuses
    them after.
    """
    if count == 1:
        return work()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    multiprocessing.start_processes(_ranked, (work, count, port), nprocs=count, start_method="fork")


def _ranked(rank, work, count, port):
    torch.set_num_threads(1)
    told = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in told.items()})
    work()


def own_copy(model, ranks):
    """The model to train: itself, or a copy where FSDP would take it apart."""
    return copy.deepcopy(model) if ranks.shard else model


def whole(state):
    """Tensors, however deep in dictionaries and lists, gathered from all ranks; every rank must ask."""
    if isinstance(state, DTensor):
        return state.full_tensor()
    if isinstance(state, dict):
        return {k: whole(v) for k, v in state.items()}
    if isinstance(state, list | tuple):
        return type(state)(map(whole, state))
    return state


def like(tensor, parameter):
    """A whole tensor divided among the ranks as a parameter is."""
    if isinstance(parameter, DTensor) and tensor.shape == parameter.shape:
        return distribute_tensor(tensor.to(parameter.device), parameter.device_mesh, parameter.placements)
    return tensor

"""A loss that is no number, or a wild one: which module went wrong first, and with which batch."""

import math
from pathlib import Path

import torch

from ..config import TrainingStopped

WILD = 4.0  # times the loss of guessing every token alike


def stop_if_bad(line, model, forward, batch, out, scaled=False, rank=0):
    """Raise TrainingStopped if a step's loss or gradient is not finite, or its loss is WILD; nothing is updated yet.

    line: the step's metrics; forward(): computes the step's losses again; batch: what it read, plain containers and
    tensors, kept as out/bad-batch.pt.  scaled: a gradient may overflow in float16; its scaler then leaves the step out.
    """
    loss, limit = line["loss"], WILD * math.log(model.config.decoder.vocab_size)
    sound = scaled or math.isfinite(line["grad_norm"])
    if math.isfinite(loss) and sound and loss <= limit:
        return
    if not math.isfinite(loss):
        what, where = f"the loss is {loss}", first_bad(model, forward)
    elif not sound:
        what, where = "a gradient is not finite", bad_gradient(model)
    else:
        what, where = f"the loss is {loss:.1f}, guessing gives {limit / WILD:.1f}", largest(model, forward)
    path = Path(out) / ("bad-batch.pt" if rank == 0 else f"bad-batch-{rank}.pt")  # each rank has read its own part
    torch.save({"stage": line["stage"], "step": line["step"], "batch": batch}, path)
    raise TrainingStopped(
        f"{line['stage']}, step {line['step']}: {what}, first in {where or 'no module, but in the loss itself'}; the "
        f"batch is in {path}.  Look at it, or lower the learning rate; no weight was changed by this step"
    )


def first_bad(model, forward):
    """The name of the first module, in the order of computing, that gives something not finite; None if none does."""
    return _watch(model, forward, lambda found, name, out: found or (None if _finite(out) else name))


def largest(model, forward):
    """The name of the module that gives the largest number."""
    most = 0.0

    def louder(found, name, out):
        nonlocal most
        size = max((float(t.detach().abs().max()) for t in _tensors(out) if t.numel()), default=0.0)
        if size <= most:
            return found
        most = size
        return name

    return _watch(model, forward, louder)


def bad_gradient(model):
    """The name of the first parameter whose gradient is not finite; None if there is none."""
    bad = (n for n, p in model.named_parameters() if p.grad is not None and not bool(torch.isfinite(p.grad).all()))
    return next(bad, None)


@torch.no_grad()
def _watch(model, forward, judge):
    """judge(what was found so far, a module's name, its output) after every module; what it says at the end."""
    found = None

    def after(name):
        def hook(_, __, out):
            nonlocal found
            found = judge(found, name, out)

        return hook

    handles = [module.register_forward_hook(after(name)) for name, module in model.named_modules() if name]
    try:
        forward()
    finally:
        for handle in handles:
            handle.remove()
    return found


def _tensors(out):
    if isinstance(out, torch.Tensor):
        return [out] if out.is_floating_point() else []
    return [t for part in out for t in _tensors(part)] if isinstance(out, tuple | list) else []


def _finite(out):
    return all(bool(torch.isfinite(t).all()) for t in _tensors(out))

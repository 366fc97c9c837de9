"""The loop under every training here: schedule, clipping, metrics, and the checkpoints that let it go on.

What must outlive a killed process is handed in as `carried`, objects with a state_dict and a load_state_dict, as
PyTorch's modules and optimizers have them.
"""

import json
import math
import signal
import threading
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from ..checkpoint import write_atomically
from ..config import ConfigError, TrainingStopped
from .muon import Muon
from .ranks import ALONE, like, whole

SCHEDULES = ("cosine", "step", "constant")


def schedule(step, steps, warmup, kind="cosine"):
    """The factor on every learning rate: a linear warm-up in steps, then what `kind` says.

    cosine: down to a tenth.  step: 1, from 80 % of the steps on 0.316, from 90 % on 0.1 (as DeepSeek-LLM's; this
    paper says "step" and no more).  constant: 1.
    """
    if step < warmup:
        return (step + 1) / warmup
    if kind == "constant":
        return 1.0
    if kind == "step":
        # deviation: step-schedule
        return 1.0 if step < 0.8 * steps else 0.316 if step < 0.9 * steps else 0.1
    done = (step - warmup) / max(1, steps - warmup)
    return 0.1 + 0.45 * (1 + math.cos(math.pi * done))


@dataclass(frozen=True)
class Show:
    """What is shown of a run, beside the bar and metrics.jsonl.

    tensorboard: the same numbers are written for TensorBoard.  operations: of a mean step; peak: how many a second the
    device could do; where both are given, the bar tells the share that is used (MFU).
    """

    tensorboard: bool = False
    operations: float = 0.0
    peak: float = 0.0

    def used(self, seconds):
        """The share of the peak that steps of so many seconds use; None if it can't be told."""
        return self.operations / seconds / self.peak if self.peak and seconds else None


class Sharded:
    """An optimizer's state, whole, though ranks may hold parts of it."""

    def __init__(self, optimizer):
        self.optimizer = optimizer

    def state_dict(self):
        """As the optimizer has it."""
        return self.optimizer.state_dict()

    def load_state_dict(self, state):
        """Each rank takes its part."""
        self.optimizer.load_state_dict(state)
        for p, kept in self.optimizer.state.items():
            kept.update({k: like(v, p) for k, v in kept.items() if isinstance(v, torch.Tensor)})


class Position:
    """Where a random generator stands, numpy's or torch's, as a state_dict."""

    def __init__(self, rng):
        self.rng = rng

    def state_dict(self):
        """Plain numbers, or a tensor."""
        torchs = isinstance(self.rng, torch.Generator)
        return {"state": self.rng.get_state() if torchs else self.rng.bit_generator.state}

    def load_state_dict(self, state):
        """Go there."""
        if isinstance(self.rng, torch.Generator):
            self.rng.set_state(state["state"])
        else:
            self.rng.bit_generator.state = state["state"]


def optimise(
    name,
    groups,
    steps,
    step,
    out,
    warmup=20,
    betas=(0.9, 0.95),
    weight_decay=0.0,
    clip=1.0,
    quiet=False,
    counted="tokens",
    kind="cosine",
    keeper=None,
    carried=None,
    check=None,
    scaler=None,
    ranks=ALONE,
    show=Show(),
):
    """Train parameter groups {"params": …, "lr": …} for some steps: AdamW, or Muon where "muon" is true.

    step(number): computes gradients for one step and returns what to log, with "loss" and the number of what is
    `counted` among it.  A line a step goes to out/metrics.jsonl; its "lr_factor" is what `schedule` gave.
    keeper: a `Keeper`; the loop then begins at its newest checkpoint.  carried: {name: object} of what belongs in a
    checkpoint beside the optimizers.  check(line): may raise, where a step's line isn't what it should be, before the
    step is taken.  scaler: a GradScaler, which scaled the loss.  ranks: who takes the same steps; the first of them
    writes.  show: what is shown besides.  Returns the lines of all steps, those before a checkpoint too.  With a
    keeper, Ctrl-C at any rank raises TrainingStopped at all of them, when the step is done and a checkpoint written.
    """
    out = Path(out)
    kinds = {True: [], False: []}
    for group in groups:
        rates = {name: value for name, value in group.items() if name != "muon"}
        kinds[group.get("muon", False)].append({**rates, "base": group["lr"]})
    optimizers = [torch.optim.AdamW(kinds[False], betas=betas, weight_decay=weight_decay)] if kinds[False] else []
    # deviation: muon
    optimizers += [Muon(kinds[True])] if kinds[True] else []
    parameters = [p for group in groups for p in group["params"]]
    scaler = scaler or torch.amp.GradScaler("cpu", enabled=False)
    carried = {**(carried or {}), **{f"optimizer {i}": Sharded(optimizer) for i, optimizer in enumerate(optimizers)}}
    carried["scaler"] = scaler
    lines = restore(keeper, carried) if keeper else []
    metrics = Metrics(out / "metrics.jsonl", name, lines, show.tensorboard) if ranks.first else None
    before = lines[-1]["seconds"] if lines else 0.0
    started = time.time() - before

    def save(done):
        state = {k: whole(v.state_dict()) for k, v in carried.items()}  # every rank, where ranks hold parts
        if ranks.first:
            keeper.save(done, {"lines": lines, **state})

    bar = tqdm(
        range(len(lines), steps),
        desc=name,
        disable=quiet or not ranks.first,
        unit="step",
        initial=len(lines),
        total=steps,
    )
    with stop_between_steps() if keeper else nullcontext(threading.Event()) as stopping:
        for number in bar:
            factor = schedule(number, steps, warmup, kind)
            for group in (group for optimizer in optimizers for group in optimizer.param_groups):
                group["lr"] = group["base"] * factor
            entry = step(number)
            moving = [optimizer for optimizer in optimizers if has_gradients(optimizer)]
            for optimizer in moving:
                scaler.unscale_(optimizer)
            norm = torch.nn.utils.clip_grad_norm_(parameters, clip)
            entry = {
                "stage": name, "step": number, **entry, "lr_factor": round(factor, 5),
                "grad_norm": round(float(whole(norm)), 4),
                "seconds": round(time.time() - started, 2),
            }  # fmt: skip
            if check:
                check(entry)
            for optimizer in moving:
                scaler.step(optimizer)
                optimizer.zero_grad(set_to_none=True)
            scaler.update()
            lines.append(entry)
            if metrics:
                metrics.write(entry)
            recent = lines[-20:]
            pace = sum(line[counted] for line in recent[1:]) / max(1e-3, recent[-1]["seconds"] - recent[0]["seconds"])
            told = {"loss": f"{np.mean([line['loss'] for line in recent]):.3f}", counted: f"{pace:,.0f}/s"}
            used = show.used((recent[-1]["seconds"] - recent[0]["seconds"]) / max(1, len(recent) - 1))
            bar.set_postfix(told if used is None else {**told, "mfu": f"{used:.0%}"})
            done = number + 1
            if not keeper or done == steps:
                continue
            stops = ranks.most(stopping.is_set())  # one rank alone must not leave the others waiting
            if stops or keeper.due(done):
                save(done)
            if stops:
                raise TrainingStopped(
                    f"{name} was stopped after step {done} of {steps}; the same command goes on from there"
                )
    return lines


def has_gradients(optimizer):
    """Has any of its parameters a gradient?  A batch of text gives the adaptor none."""
    return any(p.grad is not None for group in optimizer.param_groups for p in group["params"])


def restore(keeper, carried):
    """Bring everything carried back to the newest checkpoint; the lines of the steps before it."""
    found = keeper.newest()
    if found is None:
        return []
    step, state = found
    for name, part in carried.items():
        if state[name]:  # a scaler that does nothing has none
            part.load_state_dict(state[name])
    keeper.say(f"{keeper.name} goes on after step {step}")
    return state["lines"]


def thin(lines, points=200):
    """Metrics thinned to about `points` means of neighbouring steps: what a curve needs."""
    width = max(1, len(lines) // points)
    out = []
    for at in range(0, len(lines) - width + 1, width):
        group = lines[at : at + width]
        out.append({
            "step": group[0]["step"], "loss": round(sum(line["loss"] for line in group) / width, 4),
            "seconds": group[-1]["seconds"],
        })  # fmt: skip
    return out


class Metrics:
    """metrics.jsonl: one line a step.  Whatever a killed run wrote beyond its checkpoint is cut off first.

    board: write the numbers for TensorBoard too, to the folder tensorboard beside it.
    """

    def __init__(self, path, stage, lines, board=False):
        self.path, self.warned = path, False
        self.board = summary_writer()(path.parent / "tensorboard" / stage, purge_step=len(lines)) if board else None
        path.parent.mkdir(parents=True, exist_ok=True)
        old = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        kept = [line for line in old if line.endswith("}") and json.loads(line)["stage"] != stage]
        text = "".join(f"{line}\n" for line in [*kept, *map(json.dumps, lines)])
        if old or lines:
            write_atomically(path, text.encode())

    def write(self, line):
        """Add a line; a disk that won't take it is told of once, and the run goes on."""
        if self.board:
            kind = {True: " of text", False: " of images"}.get(line.get("text"), "")
            for name in ("loss", "grad_norm", "lr_factor"):
                self.board.add_scalar(name + kind * (name == "loss"), line[name], line["step"])
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            if not self.warned:
                tqdm.write(f"{self.path} could not be written ({error}); training goes on without it")
            self.warned = True


def summary_writer():
    """TensorBoard's writer, a class.  Raises ConfigError if the package isn't there."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise ConfigError("--tensorboard needs the package tensorboard: pip install tensorboard") from None
    return SummaryWriter


@contextmanager
def stop_between_steps():
    """While open, the first Ctrl-C or SIGTERM only sets the event it yields; the second ends the process as ever."""
    stopping = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return
    before = {}

    def note(number, _):
        stopping.set()
        signal.signal(number, before[number])

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, note)
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

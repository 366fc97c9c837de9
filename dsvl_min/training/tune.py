"""A trained model, taught on records of your own: stage 3 in small, `dsvl tune`."""

import hashlib
import json
import math
import random
import shutil
import sys
from pathlib import Path

import torch

from ..checkpoint import CheckpointError, load, save, save_tuned
from ..config import ConfigError
from ..data.files import find
from ..data.quarantine import Report, examine, judge
from ..data.records import read
from ..evaluation.tasks import CONTROLS, answers, score
from ..hardware import hardware
from ..lora import add_lora, has_lora, merge_lora
from .loop import Show
from .pool import pool_of
from .ranks import together
from .run import Progress, changed
from .stages import LORA, OWN, Recipe, Share, Stage
from .trainer import UNFINISHED, run_stage

RATE = 2e-4  # of LoRA at the width of 2,048; in inverse proportion to the width elsewhere
LEAST = 10  # samples, below which none is held out


def stage_of(config, count, epochs=3, batch=16, lora=True):
    """The Stage that goes over `count` samples some times: LoRA and the adaptor, or decoder and adaptor.

    The rates are in inverse proportion to the decoder's width, and whole parts get a tenth of LoRA's.
    """
    rate = RATE * 2048 / config.decoder.width
    lr = {LORA: rate, "adaptor": rate / 10} if lora else {"decoder": rate / 10, "adaptor": rate / 10}
    steps = max(2, math.ceil(count * epochs / batch))
    return Stage("tune", lr, steps, batch, (Share(OWN, 1),), reads="dialogues", warmup=min(20, steps // 10))


def own(path, processor, policy="raise", report=None):
    """The samples of a file of records that fit the model: each is looked at whole, its pictures stay unread."""
    report, kept = Report() if report is None else report, []
    for number, sample in enumerate(read(path, policy, Report() if policy == "raise" else report), 1):
        _, problems = examine(sample, processor)
        if judge(f"sample {number} ({sample.source})", problems, policy, report):
            kept.append(sample)
    if not kept:
        raise ConfigError(f"{path} has no record to learn from")
    return kept


def divide(samples, share, seed):
    """(samples to train on, samples held out): the same for the same seed."""
    order = list(range(len(samples)))
    random.Random(f"held-out/{seed}").shuffle(order)
    aside = set(order[: round(share * len(samples))]) if len(samples) >= LEAST else set()
    return [s for i, s in enumerate(samples) if i not in aside], [samples[i] for i in sorted(aside)]


def exact(model, processor, samples):
    """{control: the share of first questions that the model answers to the letter} (see `evaluation`)."""
    asked = [(s, *s.turns[0]) for s in samples if s.turns and s.images]
    if not asked:
        return {}
    out = {}
    for control in CONTROLS:
        said = answers(model, processor, asked, control)
        right = [score(word, truth, "exact") for word, (_, _, truth) in zip(said, asked, strict=True)]
        out[control] = round(sum(right) / len(right), 4)
    return out


def tune(
    name, data, out="runs/tuned", rank=16, quantize=None, revision=None, epochs=3, batch=16, seed=0, held_out=0.1,
    policy="raise", quiet=False, every=100, resume=True, changes=None, device=None, means=None, tensorboard=False,
):  # fmt: skip
    """Teach a model on a file of records (see `data.records`): (model, processor, record); `out` receives it.

    name, revision, quantize: as `load` takes them.  rank: of LoRA beside the decoder's matrices, which then stay as
    they are; 0 trains them themselves.  The adaptor is trained either way, the encoders are not.  held_out: the share
    of records that is kept aside; the record tells how many of them are answered to the letter, before and after, with
    the right image, a blank one, another record's and none.  policy: what becomes of bad records, "raise" or "skip".
    changes: fields of the stage "tune" (see `run.changed`).  The rest as for `train`.

    With LoRA the folder holds what was changed and the name of the model it belongs to; `load` puts them together.
    Raises ConfigError, InputError or CheckpointError naming what can't be; TrainingStopped as `train` does.
    """
    if quantize and not rank:
        raise ConfigError("quantised matrices can't be trained themselves; give LoRA a rank")
    if epochs < 1 or batch < 1:
        raise ConfigError(f"epochs and batch must be at least 1, got {epochs} and {batch}")
    if not 0 <= held_out < 1:
        raise ConfigError(f"held_out must be a share from 0, below 1, got {held_out}")
    out, told = Path(out), Report()
    with together(device=device) as ranks:
        dtype = None if rank else torch.float32
        model, processor = load(name, dtype, ranks.device, revision, quantize, progress=not quiet and "/" in str(name))
        if has_lora(model):
            raise CheckpointError(f"{name} has LoRA beside quantised matrices; open it unquantised, or tune its base")
        samples = own(data, processor, policy, told)
        if ranks.first and told.rejected:
            print(told, file=sys.stderr)
        learnt, aside = divide(samples, held_out, seed)
        stage = stage_of(model.config, len(learnt), epochs, batch, bool(rank))
        (stage,) = changed(Recipe((stage,)), changes or {}).stages
        command = f"dsvl tune {name} {data} --rank {rank} --epochs {epochs} --batch {batch} --seed {seed}"
        command += f" --quantize {quantize}" if quantize else ""
        command += "".join(f" --set {key}={value}" for key, value in sorted((changes or {}).items()))
        content = hashlib.sha256(find(data).read_bytes()).hexdigest()[:16]
        settings = {"command": command, "held out": held_out, "data": content, "stage": repr(stage)}
        out.mkdir(parents=True, exist_ok=True)
        progress = Progress(out, settings, not resume, ranks.first)
        if "tune" in progress.stages and (out / "config.json").exists():
            kept = json.loads((out / "record.json").read_text(encoding="utf-8"))
            return *load(out, dtype, ranks.device, quantize=quantize), kept
        torch.manual_seed(seed)
        if rank:
            add_lora(model, rank)  # it begins as nothing, so what is measured before is the model of before
        record = {"command": command, "seed": seed, "samples": len(learnt), "held out": len(aside),
                  "hardware": hardware(), "before": exact(model, processor, aside) if ranks.first else {}}  # fmt: skip
        ranks.wait()
        formats = {p: p.dtype for p in model.adaptor.parameters()}
        model.adaptor.float()
        pictures = [sample.pictures() for sample in learnt]
        bar = None if quiet or not ranks.first else "encoding images"
        pool = pool_of(model, processor, learnt, pictures, progress=bar)
        show = Show(tensorboard)
        lines = run_stage(
            model, processor, stage, pool, [], out, seed, quiet, every, ranks, means, show, write=lambda *_: None
        )
        for p, before in formats.items():
            p.data = p.data.to(before)
        trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
        record |= {"trained": trained, "minutes": round(lines[-1]["seconds"] / 60, 2), "loss": lines[-1]["loss"]}
        if ranks.first:
            record["after"] = exact(model, processor, aside)
            if rank:
                save_tuned(model, out, name, rank, 2 * rank, revision, record)
            else:
                save(model, processor, out, record=record)
            progress.note("tune", minutes=record["minutes"])
            shutil.rmtree(out / UNFINISHED, ignore_errors=True)
        ranks.wait()
        if rank and not quantize:
            merge_lora(model)
        return model.eval(), processor, record


def as_table(record):
    """What a record of `tune` says of the held-out records, as text."""
    lines = [f"{record['samples']} records learnt from, {record['trained']:,} numbers trained"]
    if not record["before"]:
        return lines[0]
    lines.append(f"{record['held out']} held out, answered to the letter:")
    lines.append(f"{'':8}" + "".join(f"{control:>10}" for control in CONTROLS))
    for when in ("before", "after"):
        lines.append(f"{when:8}" + "".join(f"{record[when][control]:10.1%}" for control in CONTROLS))
    return "\n".join(lines)

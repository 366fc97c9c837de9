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
from ..config import IMAGE_PLACEHOLDER, ConfigError
from ..data.files import find
from ..data.quarantine import Report, examine, judge
from ..data.records import read
from ..evaluation.tasks import CONTROLS, answers, score
from ..hardware import denormals_as_zero, hardware
from ..lora import add_lora, has_lora, merge_lora
from .loop import Show, summary_writer
from .pool import pool_of
from .ranks import together
from .run import PROGRESS, Progress, changed
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
    report, kept, parsed = Report() if report is None else report, [], Report()
    for number, sample in enumerate(read(path, policy, parsed), 1):
        _, problems = examine(sample, processor)
        if judge(f"sample {number} ({sample.source})", problems, policy, report):
            kept.append(sample)
    parsed.accepted = 0  # they were looked at again
    report.merge(parsed)
    if not kept:
        raise ConfigError(f"{path} has no record to learn from")
    return kept


def divide(samples, share, seed):
    """(samples to train on, samples held out): the same for the same seed.

    Of fewer than LEAST none are held out, else two or more, so that their pictures can be exchanged.  Raises
    ConfigError if none is left to train on.
    """
    order = list(range(len(samples)))
    random.Random(f"held-out/{seed}").shuffle(order)
    aside = set(order[: max(2, round(share * len(samples)))]) if share and len(samples) >= LEAST else set()
    if len(aside) == len(samples):
        raise ConfigError(f"with held_out={share}, none of {len(samples)} samples is left to learn from")
    return [s for i, s in enumerate(samples) if i not in aside], [samples[i] for i in sorted(aside)]


def askable(samples):
    """[(sample, question, answer)] of those with one picture and a first question about it."""
    out = []
    for sample in (s for s in samples if len(s.images) == 1 and s.turns):
        question, answer = (words.replace(IMAGE_PLACEHOLDER, "").strip() for words in sample.turns[0])
        if question and not any(IMAGE_PLACEHOLDER in words for words, _ in sample.turns[1:]):
            out.append((sample, question, answer))
    return out


def exact(model, processor, samples, batch=16):
    """{control: the share of first questions about one picture that are answered to the letter} (see `evaluation`).

    Answers of more than 64 tokens are cut, and never right.  {} if there are fewer than two to ask.
    """
    asked, out = askable(samples), {}
    for control in CONTROLS if len(asked) > 1 else ():
        said = answers(model, processor, asked, control, batch)
        right = [score(word, truth, "exact") for word, (_, _, truth) in zip(said, asked, strict=True)]
        out[control] = round(sum(right) / len(right), 4)
    return out


@denormals_as_zero()
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
    if tensorboard:
        summary_writer()  # say at once that it is missing
    if quantize and not rank:
        raise ConfigError("quantised matrices can't be trained themselves; give LoRA a rank")
    if epochs < 1 or batch < 1:
        raise ConfigError(f"epochs and batch must be at least 1, got {epochs} and {batch}")
    if not 0 <= held_out < 1:
        raise ConfigError(f"held_out must be a share from 0, below 1, got {held_out}")
    out, told = Path(out), Report()
    if out.resolve() == Path(name).resolve():
        raise ConfigError(f"{out} is the model's own folder; choose another one for what becomes of it")
    if (out / "config.json").exists() and not (out / PROGRESS).exists():
        raise ConfigError(f"{out} holds a model that wasn't tuned there; choose another folder")
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
        whole = [part for part, lr in stage.lr.items() if lr and part not in (LORA, "adaptor")]
        if rank and whole:
            raise ConfigError(
                f"beside LoRA only the adaptor is trained, and {whole[0]} has a rate; --rank 0 goes without"
            )
        command = f"dsvl tune {name} {data} --rank {rank} --epochs {epochs} --batch {batch} --seed {seed}"
        command += f" --held-out {held_out}"
        command += f" --quantize {quantize}" if quantize else ""
        command += f" --revision {revision}" if revision else ""
        command += " --skip" if policy == "skip" else ""
        command += "".join(f" --set {key}={value}" for key, value in sorted((changes or {}).items()))
        content = hashlib.sha256(find(data).read_bytes()).hexdigest()[:16]
        settings = {"command": command, "data": content, "stage": repr(stage)}
        out.mkdir(parents=True, exist_ok=True)
        progress = Progress(out, settings, not resume, ranks.first)
        if "tune" in progress.stages and (out / "config.json").exists():
            kept = json.loads((out / "record.json").read_text(encoding="utf-8"))
            return *load(out, dtype, ranks.device, quantize=quantize), kept if ranks.first else None
        torch.manual_seed(seed)
        if rank:
            add_lora(model, rank)  # it begins as nothing, so what is measured before is the model of before
        at_once = rows_of(means)
        before = exact(model, processor, aside, at_once) if ranks.first else {}
        record = {"command": command, "seed": seed, "samples": len(learnt), "held out": len(aside),
                  "asked": len(askable(aside)), "hardware": hardware(), "before": before}  # fmt: skip
        ranks.wait()
        formats = {p: p.dtype for p in model.adaptor.parameters()}
        model.adaptor.float()
        pictures = [sample.pictures() for sample in learnt]
        bar = None if quiet or not ranks.first else "encoding images"
        pool = pool_of(model, processor, learnt, pictures, bar, batch=at_once)
        show = Show(tensorboard)
        lines = run_stage(
            model, processor, stage, pool, [], out, seed, quiet, every, ranks, means, show, write=lambda *_: None
        )
        for p, before in formats.items():
            p.data = p.data.to(before)
        trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
        record |= {"trained": trained, "minutes": round(lines[-1]["seconds"] / 60, 2), "loss": lines[-1]["loss"]}
        if ranks.first:
            record["after"] = exact(model, processor, aside, at_once)
            if rank:
                save_tuned(model, out, name, rank, 2 * rank, revision, record)
            else:
                save(model, processor, out, record=record)
            progress.note("tune", minutes=record["minutes"])
            shutil.rmtree(out / UNFINISHED, ignore_errors=True)
        ranks.wait()
        if rank and not quantize:
            merge_lora(model)
        return model.eval(), processor, record if ranks.first else None


def rows_of(means):
    """How many rows may run at once where nothing is trained: as many as asked for, else 16."""
    return (means and means.rows) or 16


def as_table(record):
    """What a record of `tune` says of the held-out records, as text."""
    lines = [f"{record['samples']} records learnt from, {record['trained']:,} numbers trained"]
    if not record["before"]:
        return lines[0]
    lines.append(f"{record['held out']} held out; of {record['asked']} with one picture, answered to the letter:")
    lines.append(f"{'':8}" + "".join(f"{control:>10}" for control in CONTROLS))
    for when in ("before", "after"):
        lines.append(f"{when:8}" + "".join(f"{record[when][control]:10.1%}" for control in CONTROLS))
    return "\n".join(lines)

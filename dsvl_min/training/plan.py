"""What a run will do, before it does anything: `dsvl train --dry-run`."""

import torch

from ..bench import machine
from ..checkpoint import WEIGHTS
from ..data.collate import clip, questions
from ..data.collate import row as as_row
from ..data.feeds import Generated
from ..hardware import GPUS, setting
from ..model import DeepSeekVL
from ..processor import Processor
from ..tokenizer import Tokenizer
from .cost import Row, cost
from .pool import KEPT, feature_bytes
from .stages import APART
from .trainer import trainable

USED = 0.5  # of this machine's rate of large products; two cores reached 0.50 to 0.60 (figures/results/training.json)
ON_GPUS = 0.4  # of a data sheet's rate; what well-run trainings report lies about there


def plan(config, chosen, rate=None, recompute=False, images=0):
    """[{stage, trains, steps, …}] for each chosen Stage: numbers, ready to be shown.

    rate: operations a second of large products; measured, if not given, where and in the numbers a run would use.
    images: how many are drawn beforehand; if what frozen encoders see in them fits into memory, it is computed once and
    not counted.  recompute: of blocks only the input is kept, and the rest computed again.
    """
    here, kept = setting(), 0 < images * feature_bytes(config) <= KEPT
    rate = rate or machine(here.device, here.dtype)["rate"]
    with torch.device("meta"):
        model = DeepSeekVL(config)
    processor = _processor(config)
    out = []
    for stage in chosen:
        parts = trainable(model, stage)
        text, image = (_row(stage, kind, config, processor) for kind in (True, False))
        of_text, of_image = (cost(config, stage, r, recompute=recompute) if r else None for r in (text, image))
        rows = stage.steps * stage.batch
        shares = ((text, of_text, stage.text_share), (image, of_image, 1 - stage.text_share))
        each_step = [(c.operations + (0 if kept else c.encoders), share) for _, c, share in shares if share]
        operations = sum(rows * share * of_row for of_row, share in each_step)
        tokens = sum(rows * share * (r.text + r.images * config.image_tokens) for r, _, share in shares if share)
        most = max((c for _, c, share in shares if share), key=lambda c: c.activations)
        out.append({
            "stage": stage.name, "trains": {part: sum(p.numel() for _, p in named) for part, named in parts.items()},
            "lr": {part: stage.muon.get(part) or stage.lr[part] for part in parts}, "steps": stage.steps,
            "batch": stage.batch, "schedule": stage.schedule, "warmup": stage.warmup, "text_share": stage.text_share,
            "tokens": round(tokens), "operations": operations, "memory": most.memory(0), "row": most.activations,
            "minutes": operations / (USED * rate) / 60,
        })  # fmt: skip
    return out


def _processor(config):
    size = "tiny" if config.name == "mini" else config.name  # one recipe makes both tokenizers
    path = WEIGHTS / f"{size}-parts" / "tokenizer.json"
    return Processor(Tokenizer.load(path), config) if path.exists() else None


def _row(stage, text, config, processor, count=120):
    """A stage's mean row of text alone, or of images; None if it reads none such.

    Without a tokenizer, as for the paper's sizes, a row is as long as the stage allows.
    """
    if not (stage.text_share if text else 1 - stage.text_share):
        return None
    images = 0 if text else 1
    if processor is None:
        room = stage.length - (0 if stage.length < config.image_tokens else images * config.image_tokens)
        return Row(images, room, room)
    mix, rows = (stage.text_mix if text else stage.mix), []
    total = sum(share.weight for share in mix)
    for share in mix:
        draw = Generated(share.source, share.low, share.high)
        for index in range(max(1, round(count * share.weight / total))):
            made, reads = draw(0, index), "dialogues" if text else stage.reads
            read = (questions if reads in APART else as_row)(made, processor, reads)[:2]
            ids, labels = clip(read, config.decoder.max_positions)
            rows.append((len(ids), sum(label >= 0 for label in labels), len(made.images)))
    length, told, seen = (sum(column) / len(rows) for column in zip(*rows, strict=True))
    images = round(seen)
    return Row(images, max(1, round(length - images * config.image_tokens)), max(1, round(told)))


def as_table(command, rows, images=0, before=""):
    """The plan as text.  images: how many are drawn beforehand; before: what is said first."""
    lines = [command, "This is what it would do; nothing is trained.", before]
    for row in rows:
        trains = [f"{part} {n:,}, rate {row['lr'][part]:g}" for part, n in row["trains"].items()]
        lines += [
            f"{row['stage']}",
            *(f"  {'' if i else 'trains':12}{part}" for i, part in enumerate(trains)),
            f"  steps       {row['steps']:,} of {row['batch']:,} rows, {row['text_share']:.0%} of them text alone",
            f"  schedule    {row['warmup']:,} of warm-up, then {row['schedule']}",
            f"  tokens      {_short(row['tokens'])}",
            f"  operations  {row['operations']:.2e}",
            f"  time here   {_time(row['minutes'])} at {USED:.0%} of this machine's rate of products",
            f"  memory      {_bytes(row['memory'])} for weights, gradients, optimizer",
            f"              {_bytes(row['row'])} for each row that runs at once",
            "",
        ]
    if rows and images:
        lines.append(f"{images:,} images are drawn beforehand.")
    if rows:
        lines.append(f"In all {_time(sum(row['minutes'] for row in rows))}.")
    for name in ("T4", "A100", "H100"):
        hours = sum(row["operations"] for row in rows) / (ON_GPUS * GPUS[name]) / 3600
        if hours > 10:
            lines.append(f"On {name}s, at {ON_GPUS:.0%} of their rate: {hours:,.0f} GPU hours.")
    return "\n".join(lines)


def _short(number):
    for size, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if number >= size:
            return f"{number / size:.1f} {name}"
    return f"{number:,}"


def _bytes(number):
    return f"{number / 1e9:,.1f} GB" if number >= 1e9 else f"{number / 1e6:,.1f} MB"


def _time(minutes):
    if minutes < 120:
        return f"{minutes:.1f} minutes"
    days = minutes / 60 / 24
    if days < 14:
        return f"{minutes / 60:,.0f} hours"
    return f"{days:,.0f} days" if days < 1000 else f"{days / 365:,.0f} years"

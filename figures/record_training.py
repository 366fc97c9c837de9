"""Record what the trainer's means are worth: features kept, batches grouped, and whether `cost` reckons right.

    python figures/record_training.py        # writes figures/results/training.json; six minutes on two quiet cores

Expected before the first run: features kept make stage 1 twice as fast or better and change no loss; grouping saves
less than the paper's 20 %, since rows are sorted by length within a step anyway; of the machine's rate of large
products a step reaches 30 to 45 %.
"""

import statistics
import tempfile
from dataclasses import replace
from pathlib import Path

import recorded
import torch

from dsvl_min.bench import machine
from dsvl_min.checkpoint import WEIGHTS
from dsvl_min.config import ModelConfig
from dsvl_min.training.cost import Row, cost
from dsvl_min.training.parts import assemble
from dsvl_min.training.pool import Pool, Seen, draw, make_pool, text_pool
from dsvl_min.training.stages import STAGES
from dsvl_min.training.trainer import Batches, run_stage

SEED, STEPS, SKIP = 0, 40, 5
RECIPE = STAGES["tiny"]
IMAGES = tuple((source, max(8, count // 20), low, high) for source, count, low, high in RECIPE.images)


def begun():
    """(model, processor) where stage 1 begins."""
    return assemble(ModelConfig.preset("tiny"), WEIGHTS / "tiny-parts", SEED)


def timed(stage, pool, texts, model, processor):
    """(median seconds a step, lines, trained weights) of some steps of a stage."""
    stage = replace(stage, steps=STEPS, warmup=5)
    with tempfile.TemporaryDirectory() as out:
        lines = run_stage(model, processor, stage, pool, texts, Path(out), SEED, quiet=True)
    ends = [line["seconds"] for line in lines]
    return (
        statistics.median(b - a for a, b in zip(ends[SKIP:], ends[SKIP + 1 :], strict=False)),
        lines,
        model.state_dict(),
    )


def mean_row(batches):
    """(the mean Row with images, the mean Row of text, rows of each) over the steps that were timed."""
    out = {}
    for step in range(SKIP, STEPS):
        chunks = batches(step)
        kind = "text" if all(c.features is None for c in chunks) else "image"
        seen = out.setdefault(kind, [0, 0, 0])
        seen[0] += sum(len(c.batch["labels"]) for c in chunks)
        seen[1] += sum(c.batch["labels"].numel() for c in chunks)  # padding is computed with
        seen[2] += sum(c.predicted for c in chunks)
    return out


def reckoned(stage, pool, texts, processor):
    """Operations of a mean step, by `cost`."""
    batches, total, steps = Batches(stage, pool, texts, processor, SEED), 0, STEPS - SKIP
    for kind, (rows, tokens, told) in mean_row(batches).items():
        images = int(kind == "image")
        text = max(1, round(tokens / rows) - images * processor.config.image_tokens)
        total += rows * cost(processor.config, stage, Row(images, text, max(1, round(told / rows)))).operations
    return total / steps


def measure():
    """All that is recorded."""
    rate = machine("cpu", torch.float32)["rate"]
    model, processor = begun()
    pool, texts = make_pool(model, processor, IMAGES, SEED), text_pool(RECIPE.texts, 600, SEED)
    samples, pictures = draw(IMAGES, SEED, 128)
    out = {"rate": rate, "steps": STEPS - SKIP, "images": len(samples), "stages": {}, "kept": {}, "grouped": {}}
    for stage in RECIPE.stages:
        seconds, _, _ = timed(stage, pool, texts, begun()[0], processor)
        operations = reckoned(replace(stage, steps=STEPS, warmup=5), pool, texts, processor)
        out["stages"][stage.name] = {"seconds": seconds, "operations": operations, "used": operations / seconds / rate}
        print(stage.name, out["stages"][stage.name], flush=True)
    for stage in RECIPE.stages[:2]:
        (with_kept, lines, weights), (model, _) = timed(stage, pool, texts, *begun()), begun()
        live = Pool(samples, pool.first, Seen(model, processor, [one for some in pictures for one in some]))
        without, other_lines, other = timed(stage, live, texts, model, processor)
        out["kept"][stage.name] = {
            "with": with_kept, "without": without, "faster": without / with_kept,
            "loss": max(abs(a["loss"] - b["loss"]) for a, b in zip(lines, other_lines, strict=True)),
            "weight": max(float((weights[k] - other[k]).abs().max()) for k in weights),
        }  # fmt: skip
        print("kept", stage.name, out["kept"][stage.name], flush=True)
    for share in (0.4, 0.7):
        plain = replace(RECIPE.stages[1], text_share=share)
        seconds = {}
        for grouped in (True, False):
            stage = replace(plain, grouped=grouped)
            _, lines, _ = timed(stage, pool, texts, begun()[0], processor)
            seconds[grouped] = (lines[-1]["seconds"] - lines[SKIP - 1]["seconds"]) / (STEPS - SKIP)
        out["grouped"][f"{share:g}"] = {
            "grouped": seconds[True], "mixed": seconds[False], "saved": 1 - seconds[True] / seconds[False],
        }  # fmt: skip
        print("grouped", share, out["grouped"][f"{share:g}"], flush=True)
    return out


if __name__ == "__main__":
    recorded.write(
        "training",
        "What are kept features and grouped batches worth, and does the reckoned cost hold?",
        "python figures/record_training.py",
        seeds=[SEED],
        data=measure(),
    )

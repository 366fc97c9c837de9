"""Train mini from nothing on one GPU, and record what it took and what came out.

    python figures/record_mini.py OUT            # not yet run on a GPU; meant for 9 minutes on an H200, an hour on a T4
    python figures/record_mini.py OUT --smoke    # two steps of everything, on any machine: proves the script alone

Writes OUT/results/mini.json (minutes, tokens a second and share of the card's rate of every stage, peak memory,
curves, the quality of stage 0's parts, evaluation under all controls, manners) and OUT/weights, in half precision, in
files under 16 MB.  Needs no network.  Where the code lies without git, DSVL_COMMIT says which commit it is.
"""

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import recorded
import torch

import dsvl_min
from dsvl_min.data.sources import PARAGRAPHS
from dsvl_min.evaluation.manners import manners, uncurated
from dsvl_min.evaluation.parts import measure_parts
from dsvl_min.evaluation.tasks import as_table, bits_per_byte, evaluate
from dsvl_min.hardware import setting
from dsvl_min.training import stage0
from dsvl_min.training.run import train
from dsvl_min.training.stages import STAGES

LIMIT = 15 * 10**6  # bytes of a file of weights
QUESTION = "What does mini learn on one GPU, and what does it take?"


def shorten(steps=2):
    """Recipes of two steps and a few images: every line of the script runs, and nothing is learnt."""
    parts = stage0.RECIPES["mini"]
    small = {"siglip": {"images": 40}, "sam": {"images": 40}, "decoder": {"samples": 40}}
    stage0.RECIPES["mini"] = {name: replace(parts[name], steps=steps, batch=4, **small[name]) for name in parts}
    stages = tuple(replace(stage, steps=steps, batch=4, warmup=1) for stage in STAGES["mini"].stages)
    images = tuple((source, 4, low, high) for source, _, low, high in STAGES["mini"].images)
    STAGES["mini"] = replace(STAGES["mini"], stages=stages, images=images, text_count=20)


def speeds(metrics):
    """{stage: tokens a second} of a metrics.jsonl."""
    tokens, seconds = defaultdict(int), {}
    for line in map(json.loads, metrics.read_text(encoding="utf-8").splitlines()):
        tokens[line["stage"]] += line["tokens"]
        seconds[line["stage"]] = line["seconds"]
    return {stage: round(tokens[stage] / max(seconds[stage], 1e-9)) for stage in tokens}


def measure(out, count):
    """Train, measure, write the weights: (the config, the data, seeds)."""
    model, processor, run = train("mini", stages=(0, 1, 2, 3), out=out / "run")
    seed, asked = run["seed"], 1
    held = PARAGRAPHS["english"]("held-out")[: max(5, count * 2 // 5)]
    data = {
        "run": {k: v for k, v in run.items() if k != "config"} | {"tokens a second": speeds(out / "run/metrics.jsonl")},
        "quality": measure_parts(model.config, out / "run" / "parts", count=2 * count),
        "evaluation": evaluate(model, processor, asked, count),
        "bits": round(bits_per_byte(model, processor, held), 4),
        "manners": manners(model, processor, asked, count),
        "forty": uncurated(model, processor, asked),
    }
    if torch.cuda.is_available():
        data["run"]["peak memory"] = torch.cuda.max_memory_allocated()
    dsvl_min.save(model, processor, out / "weights", dtype=torch.float16, record=run, limit=LIMIT)
    return run["config"], data, (seed, asked)


def main(arguments):
    """Everything above, as typed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--smoke", action="store_true")
    args = parser.parse_args(arguments)
    if args.smoke:
        shorten()
    elif setting().device != "cuda":
        sys.exit("no GPU is found: --smoke proves the script on a CPU, and records nothing")
    config, data, seeds = measure(args.out, 5 if args.smoke else 500)
    results = args.out / "results"
    results.mkdir(parents=True, exist_ok=True)
    command = f"python figures/record_mini.py {args.out}" + " --smoke" * args.smoke
    recorded.write(
        "mini", QUESTION, command, seeds, data, config, recorded.weights_in(args.out / "weights"), folder=results
    )  # fmt: skip
    print(as_table(data["evaluation"]))


if __name__ == "__main__":
    main(sys.argv[1:])

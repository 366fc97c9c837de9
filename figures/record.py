"""Record a trained model: its run and its evaluation, as one file the book draws from.

    python figures/record.py FOLDER NAME [--seed 1] [--count 500]

FOLDER is what `dsvl train` wrote (or dsvl_min/weights/tiny); the result goes to figures/results/NAME.json.
"""

import argparse
import json
from pathlib import Path

import recorded

import dsvl_min
from dsvl_min.data.sources import PARAGRAPHS
from dsvl_min.evaluation.manners import manners, uncurated
from dsvl_min.evaluation.tasks import CHARTS, TASKS, as_table, bits_per_byte, evaluate

QUESTION = "Which tasks has this model learnt to see, and which not?"


def record(name, folder, command, seed=1, count=500):
    """Measure the model in a folder and write its run and its evaluation.  Returns the table of the evaluation."""
    model, processor = dsvl_min.load(folder)
    table = evaluate(model, processor, seed, count, (*TASKS, CHARTS))
    table["bits_per_byte"] = round(bits_per_byte(model, processor, PARAGRAPHS["english"]("held-out")[:200]), 4)
    run = json.loads((Path(folder) / "record.json").read_text(encoding="utf-8"))
    config, seeds, weights = run.pop("config"), (run["seed"], seed), recorded.weights_in(folder)
    data = {
        "run": run, "evaluation": table, "manners": manners(model, processor, seed, count),
        "forty": uncurated(model, processor, seed),
    }  # fmt: skip
    recorded.write(name, QUESTION, command, seeds, data, config, weights)
    return table


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("name")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=500)
    args = parser.parse_args()
    command = f"python figures/record.py {args.folder} {args.name} --seed {args.seed} --count {args.count}"
    print(as_table(record(args.name, args.folder, command, args.seed, args.count)))

"""Record a trained model: its run and its evaluation, as one file the book draws from.

    python figures/record.py FOLDER NAME [--seed 1] [--count 500]

FOLDER is what `dsvl train` wrote (or dsvl_min/weights/tiny); the result goes to figures/results/NAME.json.
"""

import argparse
import hashlib
import json
import subprocess
from pathlib import Path

import dsvl_min
from dsvl_min.data.sources import PARAGRAPHS
from dsvl_min.evaluation.tasks import as_table, bits_per_byte, evaluate, write_json

HERE = Path(__file__).parent


def digest(path):
    """SHA-256 of a file of weights: a result belongs to these and no others."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def commit():
    """The commit the working tree stands on."""
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=True
    ).stdout.strip()


def record(folder, seed=1, count=500, quiet=False):
    """{"run", "evaluation", "weights", "commit"} of a model folder."""
    model, processor = dsvl_min.load(folder)
    table = evaluate(model, processor, seed, count, quiet=quiet)
    table["bits_per_byte"] = round(bits_per_byte(model, processor, PARAGRAPHS["english"]("held-out")[:200]), 4)
    run = json.loads((Path(folder) / "record.json").read_text(encoding="utf-8"))
    return {"weights": digest(Path(folder) / "model.safetensors"), "commit": commit(), "run": run, "evaluation": table}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("name")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=500)
    args = parser.parse_args()
    result = record(args.folder, args.seed, args.count)
    result["command"] = f"python figures/record.py {args.folder} {args.name} --seed {args.seed} --count {args.count}"
    write_json(result, HERE / "results" / f"{args.name}.json")
    print(as_table(result["evaluation"]))

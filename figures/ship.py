"""Put a trained run into the package and record what it can do.

    dsvl train --size tiny --stages 0,1,2,3,4,5,6 --times 3 --out runs/remade
    python figures/teach_reading.py runs/remade rounds           # five, each in the folder `reading` of the one before
    python figures/ship.py runs/remade/reading/reading/reading/reading/reading  # `make weights` does all

Without stage 0 the package's parts stay what they are.

Writes dsvl_min/weights/tiny (half precision) and, if the run made them, dsvl_min/weights/tiny-parts; then
figures/results/tiny.json and tiny-parts.json.  The run's own record keeps the curves: every reader downloads these.
"""

import json
import shutil
import sys
from pathlib import Path

import recorded
import torch
from record import record

import dsvl_min
from dsvl_min.checkpoint import WEIGHTS
from dsvl_min.evaluation.parts import measure_parts
from dsvl_min.evaluation.tasks import as_table


def ship(run):
    """Copy, then measure the copies."""
    command = f"python figures/ship.py {run}"
    parts = WEIGHTS / "tiny-parts"
    made_here = next((folder / "parts" for folder in (run, *run.parents[:5]) if (folder / "parts").is_dir()), None)
    if made_here:
        shutil.copytree(made_here, parts, dirs_exist_ok=True)
    model, processor = dsvl_min.load(run)
    made = without_curves(json.loads((run / "record.json").read_text(encoding="utf-8")))
    dsvl_min.save(model, processor, WEIGHTS / "tiny", dtype=torch.float16, record=made)
    made_parts = json.loads((parts / "record.json").read_text(encoding="utf-8"))
    quality = measure_parts(model.config, parts)
    recorded.write(
        "tiny-parts",
        "How good are the parts that the shipped model is trained from?",
        command,
        seeds=(made_parts["seed"], quality["seed"]),
        data={"run": made_parts, "quality": quality},
        weights=recorded.weights_in(parts),
    )
    print(json.dumps(quality, indent=1))
    print(as_table(record("tiny", WEIGHTS / "tiny", command)))


def without_curves(made):
    """The record of a run, but for its curves."""
    return {key: value for key, value in made.items() if key != "curves"}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    ship(Path(sys.argv[1]))

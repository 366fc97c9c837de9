"""Record how long a training step takes in one process of one thread or two, and in two processes of one thread each.

    python figures/record_processes.py       # writes figures/results/processes.json; six minutes on two quiet cores

The miniature's practice over finished tokens, and a step that teaches SAM letters; `ranks.forked` starts the
processes.  The ways take turns.  EXPECTED was written when the practice had been timed once by hand, the letters in
one process only.
"""

import json
import os
import subprocess
import sys

import recorded

WAYS = ((1, 1), (1, 2), (2, 1))  # processes, threads of each
WHAT = ("practice", "letters")
STEPS, TURNS = 18, 3
EXPECTED = "Two processes take two thirds of the time that two threads take, for letters as for practice."

ONE = """
import json, sys, tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
import torch

sys.path.insert(0, "figures")
import teach_reading
import dsvl_min
from dsvl_min.hardware import denormals_as_zero
from dsvl_min.training.letters import Shown, new_reader, teach
from dsvl_min.training.pool import make_pool, text_pool
from dsvl_min.training.ranks import forked, together
from dsvl_min.training.stages import _TEXTS
from dsvl_min.training.trainer import run_stage

what, processes, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

def practice(model, processor, pool, texts, out):
    stage = replace(teach_reading.FOURTH.stage(), steps=steps, warmup=2)
    with together(device="cpu") as ranks:
        told(ranks, run_stage(model, processor, stage, pool, texts, out, 7, quiet=True, ranks=ranks))

def letters(model, read, held, out):
    reader = new_reader(model, 7)
    with together(device="cpu") as ranks:
        told(ranks, teach(model, reader, read, held, steps, out, 32, quiet=True, ranks=ranks))

def told(ranks, lines):
    if ranks.first:
        at = [line["seconds"] for line in lines]
        took = sorted(b - a for a, b in zip(at[3:], at[4:]))
        print(json.dumps({"mean": (at[-1] - at[3]) / len(took), "loss": lines[-1]["loss"]}), flush=True)

if __name__ == "__main__":
    model, processor = dsvl_min.load("tiny")
    with tempfile.TemporaryDirectory() as folder, denormals_as_zero():
        if what == "practice":
            few = [(source, 20, *far) for source, _, *far in teach_reading.FOURTH.pool]
            pool = make_pool(model, processor, few, 7, tokens=True)
            forked(partial(practice, model, processor, pool, text_pool(_TEXTS, 300, 7), Path(folder)), processes)
        else:
            few = [(source, 20, *far) for source, _, *far in teach_reading.ALL]
            shown = [Shown(model, processor, rows, 7) for rows in (few, [("unanswerable", 20, 0.0, 1.0)])]
            forked(partial(letters, model, *shown, Path(folder)), processes)
"""


def measure():
    """[{"what", "processes", "threads", "seconds": a step, in each turn, "loss": of the last step}, ...]"""
    rows = [{"what": what, "processes": p, "threads": t, "seconds": []} for what in WHAT for p, t in WAYS]
    for _ in range(TURNS):
        for row in rows:
            command = [sys.executable, "-c", ONE, row["what"], str(row["processes"]), str(STEPS)]
            alone = {**os.environ, "OMP_NUM_THREADS": str(row["threads"])}
            out = subprocess.run(command, check=True, capture_output=True, text=True, env=alone, cwd=recorded.ROOT)
            found = json.loads(out.stdout.splitlines()[-1])
            row["seconds"].append(round(found["mean"], 4))
            row["loss"] = round(found["loss"], 4)
            print(row, flush=True)
    return rows


if __name__ == "__main__":
    recorded.write(
        "processes",
        "Is a training step on two cores faster with two threads, or with two processes?",
        "python figures/record_processes.py",
        seeds=(7,),
        data={"steps": STEPS, "expected": EXPECTED, "rows": measure()},
    )

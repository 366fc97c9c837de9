"""Record what each stage moved: from the checkpoints that a run leaves behind.

python figures/record_freezing.py runs/tiny      # writes figures/results/freezing.json
"""

import json
import sys
from pathlib import Path

import recorded
import torch

import dsvl_min
from dsvl_min.checkpoint import WEIGHTS
from dsvl_min.training.parts import assemble
from dsvl_min.training.stages import PARTS, STAGES, part_of


def moved(before, after):
    """{part: how far its weights moved, as a share of their length; and how many of its tensors did not}."""
    out = {}
    for part in PARTS:
        names = [name for name in before if part_of(name) == part]
        far = sum(float((after[n] - before[n]).double().square().sum()) for n in names) ** 0.5
        long = sum(float(before[n].double().square().sum()) for n in names) ** 0.5
        same = sum(torch.equal(before[n], after[n]) for n in names)
        out[part] = {"moved": far / long, "tensors": len(names), "unmoved": same}
    return out


def main(folder):
    """Start and checkpoints of a run -> the record."""
    run = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    config = dsvl_min.ModelConfig.from_dict(run["config"])
    state, stages = assemble(config, WEIGHTS / f"{config.name}-parts", run["seed"])[0].state_dict(), {}
    for stage in STAGES[config.name].stages:
        after = dsvl_min.load(folder / stage.name)[0].state_dict()
        trained = [part for part, rate in stage.lr.items() if rate > 0]
        stages[stage.name] = {"trained": trained, "parts": moved(state, after)}
        state = after
    recorded.write(
        "freezing",
        "Which parts did each stage move, and did the frozen ones stay as they were, to the last bit?",
        f"python figures/record_freezing.py {folder}",
        seeds=[run["seed"]],
        data={"run": run["command"], "stages": stages},
        config=run["config"],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))

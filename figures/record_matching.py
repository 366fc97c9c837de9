"""Record what is learnt of names by which matching loss, with repeated captions told or not (chapter 5).

    python figures/record_matching.py SEED     # every run of one seed, five minutes; kept in runs/matching
    python figures/record_matching.py join     # writes figures/results/matching.json

SigLIP's two towers from nothing, 4,000 pictures of one object, 64 names, batches of 96.  The sigmoid loss and CLIP's
softmax; captions that say the same all counted as positive, or only the picture's own; and the sigmoid loss once more
with the bias at which SigLIP's authors begin.  EXPECTED was written before the first run (see the commit of this file).
"""

import json
import sys

import recorded
import torch

from dsvl_min.probes.matching import LOSSES, color_of, floor, learn, named, share

STEPS, EVERY, PICTURES, HELD_OUT = 300, 25, 4000, 1000
WAYS = {
    "sigmoid": {}, "sigmoid, untold": {"marked": False},
    "softmax": {"loss": "softmax"}, "softmax, untold": {"loss": "softmax", "marked": False},
    "sigmoid, from -10": {"bias": -10.0},
}  # fmt: skip
EXPECTED = {  # names told right of pictures never seen, after all steps
    "sigmoid": 0.90, "sigmoid, untold": 0.88, "softmax": 0.92, "softmax, untold": 0.90, "sigmoid, from -10": 0.85,
}  # fmt: skip
WHY = (
    "A repeated caption that is counted as wrong asks for the impossible, but it asks the same of all its twins: the "
    "right captions still come out above the others. The loss will be higher and hardly less will be learnt. The "
    "softmax is a little ahead early, because it need not first learn that most pairs don't fit."
)
KNOWN = {"nothing": torch.zeros_like, "colours": color_of, "names": lambda names: names}
RUNS = recorded.ROOT / "runs" / "matching"


def run(seed):
    """One training a way; what is finished is skipped."""
    RUNS.mkdir(parents=True, exist_ok=True)
    pictures, held_out = named(PICTURES, seed), named(HELD_OUT, seed, "held-out")
    for way, choices in WAYS.items():
        path = RUNS / f"{seed} {way}.json"
        if path.exists():
            continue
        _, lines = learn(pictures, held_out, RUNS, steps=STEPS, every=EVERY, seed=seed, **choices)
        told = [{k: line[k] for k in ("step", "name", "color", "shape")} for line in lines if "name" in line]
        losses = [round(sum(x["loss"] for x in lines[at : at + EVERY]) / EVERY, 4) for at in range(0, STEPS, EVERY)]
        found = {"seed": seed, "way": way, "told": told, "losses": losses, "seconds": lines[-1]["seconds"]}
        print(seed, way, told[-1], losses[-1], lines[-1]["seconds"], flush=True)
        path.write_text(json.dumps(found), encoding="utf-8")


def join():
    """All finished runs -> figures/results/matching.json."""
    found = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(RUNS.glob("*.json"))]
    names = named(PICTURES).names
    floors = {
        way: {
            known: round(floor(LOSSES[choices.get("loss", "sigmoid")], names, key, choices.get("marked", True)), 4)
            for known, key in KNOWN.items()
        }
        for way, choices in WAYS.items()
    }
    recorded.write(
        "matching",
        "Does it matter to a matching loss that captions repeat, and which loss it is?",
        "python figures/record_matching.py SEED, then join",
        seeds=sorted({f["seed"] for f in found}),
        data={
            "steps": STEPS, "every": EVERY, "pictures": PICTURES, "held_out": HELD_OUT, "expected": EXPECTED,
            "why": WHY, "share": round(share(names), 5), "floors": floors, "runs": found,
        },
    )  # fmt: skip


if __name__ == "__main__":
    join() if sys.argv[1:] == ["join"] else run(int(sys.argv[1]))

"""Record what pictures of every side carry, and what the shipped model reads of them.

python figures/record_carried.py         # writes figures/results/carried.json; about 5 minutes on two cores
"""

import recorded

import dsvl_min
from dsvl_min.checkpoint import WEIGHTS
from dsvl_min.evaluation.tasks import interval
from dsvl_min.probes.ideal import ASKED, GRAIN, carried, read_by

SIDES = (3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128)
COUNT, SEED = 200, 0


def measure():
    """{"carried": {asked: {side: {"share", "interval"}}}, "read": the same of what the model says}."""
    model, processor = dsvl_min.load("tiny")
    found = {"grain": GRAIN, "count": COUNT, "carried": {}, "read": {}}
    for asked in ASKED:
        shares = carried(asked, SIDES, COUNT, SEED)
        marks = {
            side: [1.0] * round(share * COUNT) + [0.0] * round((1 - share) * COUNT) for side, share in shares.items()
        }
        found["carried"][asked] = {
            str(side): {"share": shares[side], "interval": interval(marks[side], "exact")} for side in SIDES
        }
        print(asked, shares, flush=True)
    for asked in ("name", "letter"):
        marks = read_by(model, processor, asked, SIDES, COUNT, SEED)
        kind = "exact" if asked == "name" else "characters"
        found["read"][asked] = {
            str(side): {"share": round(sum(marks[side]) / COUNT, 4), "interval": interval(marks[side], kind)}
            for side in SIDES
        }
        print(asked, {side: sum(marks[side]) / COUNT for side in SIDES}, flush=True)
    return found


if __name__ == "__main__":
    recorded.write(
        "carried",
        "At which side does a picture still carry an answer, and what does the shipped model get of it?",
        "python figures/record_carried.py",
        seeds=[SEED],
        data=measure(),
        weights=recorded.weights_in(WEIGHTS / "tiny"),
    )

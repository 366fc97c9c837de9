"""Record what a linear map reads off SigLIP's tokens at every depth, in the shipped encoder and in an untrained one.

python figures/record_readable.py        # writes figures/results/readable.json; about 2 minutes on two cores
"""

import recorded

import dsvl_min
from dsvl_min.checkpoint import WEIGHTS
from dsvl_min.evaluation.tasks import interval
from dsvl_min.init import initialise
from dsvl_min.probes.readable import letters, letters_read, objects, shapes_read

LEARN, ASK, SEEDS = 1500, 400, (31, 32)


def point(marks):
    """The mean of pictures' marks with its interval; pictures with nothing to ask about are NaN and left out."""
    marks = marks[~marks.isnan()].tolist()
    return {"share": round(sum(marks) / len(marks), 4), "interval": interval(marks, "characters"), "count": len(marks)}


def measure():
    """{"trained" or "untrained": {what is read: [a point for each depth]}}."""
    model, _ = dsvl_min.load("tiny")
    config = model.config.siglip
    things = [objects(n, seed, config) for n, seed in zip((LEARN, ASK), SEEDS, strict=True)]
    pages = [letters(n, seed, config) for n, seed in zip((LEARN, ASK), SEEDS, strict=True)]
    found = {"learn": LEARN, "ask": ASK}
    for name, encoder in (("trained", model.vision.siglip),
                          ("untrained", initialise(dsvl_min.SiglipEncoder(config)))):  # fmt: skip
        read = {
            "bare": shapes_read(encoder, *things), "covered": shapes_read(encoder, *things, bare=False),
            "own": letters_read(encoder, *pages), "neighbour": letters_read(encoder, *pages, right=1),
        }  # fmt: skip
        found[name] = {what: [point(marks) for marks in steps] for what, steps in read.items()}
        print(name, {what: [p["share"] for p in points] for what, points in found[name].items()}, flush=True)
    return found


if __name__ == "__main__":
    recorded.write(
        "readable",
        "What does a linear map read off a single token of SigLIP's: what its patch shows, or what the picture shows?",
        "python figures/record_readable.py",
        seeds=[*SEEDS, 0],
        data=measure(),
        weights=recorded.weights_in(WEIGHTS / "tiny"),
    )

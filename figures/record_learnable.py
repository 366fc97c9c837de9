"""Record the gate of the world: is each fact it varies learnt from its pictures by a small supervised network?

    python figures/record_learnable.py [SOURCE ...]     # kept in runs/learnable; about a minute and a half a source
    python figures/record_learnable.py join             # writes figures/results/learnable.json

A fact below the gate at full difficulty is taught again with three times the pictures and steps, so that "too little
practice" and "not in the picture" are told apart.
"""

import json
import sys
import time

import recorded

from dsvl_min.probes.learnable import FACTS, GATE, as_pixels, labelled, learn
from dsvl_min.training.pool import draw

TRAIN, TEST, STEPS, SEED = 8000, 1000, 800, 0
AGAIN = 3
RUNS = recorded.ROOT / "runs" / "learnable"


def pool(source, count, split):
    """(pictures, labels) of a source at its difficulty."""
    difficulty, _ = FACTS[source]
    samples, pictures = draw([(source, count, difficulty, difficulty)], SEED, 128, split)
    return as_pixels([p[0] for p in pictures]), labelled(source, samples)


def run(source):
    """All facts of one source by one network; those that fail, again with more."""
    difficulty, facts = FACTS[source]
    classes = [k for k, _ in facts.values()]
    test, found = pool(source, TEST, "held-out"), {}
    for times in (1, AGAIN):
        began = time.time()
        train = pool(source, TRAIN * times, "train")
        shares = learn(classes, train, test, STEPS * times, seed=SEED)
        minutes = round((time.time() - began) / 60, 2)
        found[str(times)] = {"minutes": minutes, **{f: round(float(x), 4) for f, x in zip(facts, shares, strict=True)}}
        print(source, times, found[str(times)], flush=True)
        if min(shares) >= GATE:
            break
    clear = (test[1] != -100).sum(0)
    common = [
        float(labels[labels != -100].bincount().max()) / int(n) for labels, n in zip(test[1].T, clear, strict=True)
    ]
    RUNS.mkdir(parents=True, exist_ok=True)
    (RUNS / f"{source}.json").write_text(json.dumps({
        "source": source, "difficulty": difficulty, "learnt": found,
        "asked": dict(zip(facts, clear.tolist(), strict=True)),
        "commonest": dict(zip(facts, (round(c, 4) for c in common), strict=True)),
    }), encoding="utf-8")  # fmt: skip


def join():
    """All finished sources -> figures/results/learnable.json."""
    recorded.write(
        "learnable",
        "Is each fact that the world varies learnt from its pictures by a small supervised network?",
        "python figures/record_learnable.py, then join",
        seeds=[SEED],
        data={
            "gate": GATE, "train": TRAIN, "test": TEST, "steps": STEPS, "again": AGAIN,
            "sources": [json.loads((RUNS / f"{s}.json").read_text(encoding="utf-8")) for s in FACTS],
        },
    )  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:] == ["join"]:
        join()
    else:
        for name in sys.argv[1:] or FACTS:
            run(name)

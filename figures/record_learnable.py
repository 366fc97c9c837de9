"""Record the gate of the world: is each fact it varies learnt from its pictures by a small supervised network?

    python figures/record_learnable.py [TIMES [SOURCE ...]]   # kept in runs/learnable; about two minutes a source
    python figures/record_learnable.py join                   # writes figures/results/learnable.json

Where a fact is below the gate, its source is taught again with TIMES the pictures and steps, so that "too little
practice" and "not in the picture" are told apart.
"""

import json
import sys
import time

import recorded

from dsvl_min.probes.learnable import FACTS, GATE, UNCLEAR, as_pixels, labelled, learn
from dsvl_min.training.pool import draw

TRAIN, TEST, STEPS, SEED = 8000, 1000, 800, 0
RUNS = recorded.ROOT / "runs" / "learnable"


def pool(source, count, split):
    """(pictures, labels) of a source at its difficulty."""
    difficulty, _ = FACTS[source]
    samples, pictures = draw([(source, count, difficulty, difficulty)], SEED, 128, split)
    return as_pixels([p[0] for p in pictures]), labelled(source, samples)


def run(source, times=1):
    """All facts of one source by one network; written down."""
    difficulty, facts = FACTS[source]
    classes = [k for k, _ in facts.values()]
    began = time.time()
    train, test = pool(source, TRAIN * times, "train"), pool(source, TEST, "held-out")
    shares = learn(classes, train, test, STEPS * times, seed=SEED).tolist()
    clear = [column[column != UNCLEAR] for column in test[1].T]
    found = {
        "source": source, "difficulty": difficulty, "times": times, "minutes": round((time.time() - began) / 60, 2),
        "learnt": {f: round(x, 4) for f, x in zip(facts, shares, strict=True)},
        "asked": {f: len(c) for f, c in zip(facts, clear, strict=True)},
        "commonest": {f: round(int(c.bincount().max()) / len(c), 4) for f, c in zip(facts, clear, strict=True)},
    }  # fmt: skip
    print(found, flush=True)
    RUNS.mkdir(parents=True, exist_ok=True)
    (RUNS / f"{source} {times}.json").write_text(json.dumps(found), encoding="utf-8")


def join():
    """All finished sources -> figures/results/learnable.json."""
    found = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(RUNS.glob("*.json"))]
    missing = sorted(set(FACTS) - {f["source"] for f in found})
    if missing:
        sys.exit(f"not yet asked about: {', '.join(missing)}")
    recorded.write(
        "learnable",
        "Is each fact that the world varies learnt from its pictures by a small supervised network?",
        "python figures/record_learnable.py, then join",
        seeds=[SEED],
        data={"gate": GATE, "train": TRAIN, "test": TEST, "steps": STEPS, "sources": found},
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["join"]:
        join()
    else:
        many = int(sys.argv[1]) if len(sys.argv) > 1 else 1
        for name in sys.argv[2:] or FACTS:
            run(name, many)

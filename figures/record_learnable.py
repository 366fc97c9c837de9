"""Record the gate of the world: is each fact it varies learnt from its pictures by a small supervised network?

    python figures/record_learnable.py [TIMES [TOPIC ...] [--rate R]]    # kept in runs/learnable; two minutes a topic
    python figures/record_learnable.py join                   # writes figures/results/learnable.json

Where a fact is below the gate, its topic is taught again with TIMES the pictures and steps, so that "too little
practice" and "not in the picture" are told apart.  Where it stays at chance, a lower learning rate is tried as well.
"""

import argparse
import json
import sys
import time

import recorded

from dsvl_min.probes.facts import TOPICS
from dsvl_min.probes.learnable import GATE, UNCLEAR, as_pixels, asked, learn
from dsvl_min.training.pool import draw

TRAIN, TEST, STEPS, SEED, RATE = 8000, 1000, 800, 0, 2e-3
RUNS = recorded.ROOT / "runs" / "learnable"


def pool(topic, count, split):
    """(pictures, labels) of a topic."""
    samples, pictures = draw([(topic.source, count, topic.difficulty, topic.difficulty)], SEED, 128, split)
    shown, labels = asked(topic, samples, [p[0] for p in pictures], SEED)
    return as_pixels(shown), labels


def run(name, times=1, rate=RATE):
    """All facts of one topic by one network; written down."""
    topic = TOPICS[name]
    began = time.time()
    train, test = pool(topic, TRAIN * times, "train"), pool(topic, TEST, "held-out")
    classes = [len(v) for v in topic.values.values()]
    shares = learn(classes, train, test, STEPS * times, seed=SEED, rate=rate).tolist()
    clear = [column[column != UNCLEAR] for column in test[1].T]
    found = {
        "topic": name, "source": topic.source, "difficulty": topic.difficulty, "times": times, "rate": rate,
        "minutes": round((time.time() - began) / 60, 2),
        "learnt": {f: round(x, 4) for f, x in zip(topic.values, shares, strict=True)},
        "asked": {f: len(c) for f, c in zip(topic.values, clear, strict=True)},
        "commonest": {f: round(int(c.bincount().max()) / len(c), 4) for f, c in zip(topic.values, clear, strict=True)},
    }  # fmt: skip
    print(found, flush=True)
    RUNS.mkdir(parents=True, exist_ok=True)
    kept = f"{name.replace('/', ' - ')} {times}" + (f" {rate:g}" if rate != RATE else "")
    (RUNS / f"{kept}.json").write_text(json.dumps(found), encoding="utf-8")


def join():
    """All finished topics -> figures/results/learnable.json."""
    found = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(RUNS.glob("*.json"))]
    missing = sorted(set(TOPICS) - {f["topic"] for f in found})
    if missing:
        sys.exit(f"not yet asked about: {', '.join(missing)}")
    recorded.write(
        "learnable",
        "Is each fact that the world varies learnt from its pictures by a small supervised network?",
        "python figures/record_learnable.py, then join",
        seeds=[SEED],
        data={"gate": GATE, "train": TRAIN, "test": TEST, "steps": STEPS, "topics": found},
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("times", nargs="?", default="1", help='a number, or "join"')
    parser.add_argument("topics", nargs="*", default=list(TOPICS))
    parser.add_argument("--rate", type=float, default=RATE)
    args = parser.parse_args()
    if args.times == "join":
        join()
    else:
        for name in args.topics or TOPICS:
            run(name, int(args.times), args.rate)

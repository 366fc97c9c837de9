"""Record what numbers too small for the processor cost a training step.

    python figures/record_denormals.py       # writes figures/results/denormals.json; about four minutes on two cores

A step that teaches SAM letters, over pages as they are drawn and over the same pages with grain, and with fresh
weights; with such numbers kept and with them counted as zero.  Each in a process of its own, since threads keep what
they were started with.  EXPECTED was written when the step over pages had been timed, before anything else was.
"""

import json
import subprocess
import sys

import recorded

WAYS = ("kept", "zero")
KINDS = (("trained", "plain"), ("trained", "grain"), ("fresh", "plain"))  # weights, pages
IMAGES, STEPS, TURNS = 32, 10, 3
EXPECTED = "The white of a page makes them: with grain next to none are left, and both ways take the same time."

ONE = """
import json, sys, time
import numpy as np, torch
from PIL import Image
way, made, pages, images, steps = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
torch.set_flush_denormal(way == "zero")
import dsvl_min
from dsvl_min.attention import capture_attention
from dsvl_min.init import initialise
from dsvl_min.training.letters import Shown, new_reader

if __name__ == "__main__":
    model, processor = dsvl_min.load("tiny")
    shown = Shown(model, processor, [("free-documents", images, 0.0, 1.0)], 7)
    if made == "fresh":
        torch.manual_seed(0)
        initialise(model)
    if pages == "grain":
        rng = np.random.default_rng(0)
        shown.pictures = [Image.fromarray(np.clip(np.asarray(p) + rng.normal(0, 12, (*p.size, 3)), 0, 255)
                                          .astype(np.uint8)) for p in shown.pictures]
    reader, chosen = new_reader(model), torch.arange(images)
    def step():
        start = time.perf_counter()
        reader.loss(shown.tokens(chosen), shown.points(chosen)).backward()
        model.zero_grad()
        return time.perf_counter() - start

    step()
    took = sorted(step() for _ in range(steps))
    with capture_attention(model.vision.sam) as written:
        loss = reader.loss(shown.tokens(chosen), shown.points(chosen))
        weights = [w for found in written.values() for w in found]
        for w in weights:
            w.retain_grad()
        loss.backward()
    scores = [w * (w.grad - (w * w.grad).sum(-1, keepdim=True)) for w in weights]  # gradients of the scores
    tiny = torch.finfo(torch.float32).tiny
    small = [sum(int(((x != 0) & (x.abs() < tiny)).sum()) for x in some) / sum(x.numel() for x in some)
             for some in (weights, scores)]
    print(json.dumps({"seconds": took[len(took) // 2], "fastest": took[0], "weights": small[0], "scores": small[1]}))
"""


def measure():
    """[{"way", "made", "pages", "seconds": of the median step in each turn, "fastest": of all, "weights", "scores":
    share of denormal numbers among SAM's attention weights and among the gradients of its scores}, ...]"""
    rows = [{"way": way, "made": made, "pages": pages, "seconds": []} for made, pages in KINDS for way in WAYS]
    for _ in range(TURNS):
        for row in rows:
            command = [sys.executable, "-c", ONE, row["way"], row["made"], row["pages"], str(IMAGES), str(STEPS)]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
            found = json.loads(out)
            seconds = [*row["seconds"], round(found.pop("seconds"), 4)]
            row |= {**found, "seconds": seconds, "fastest": min(row.get("fastest", 9.0), round(found["fastest"], 4))}
            print(row, flush=True)
    return rows


if __name__ == "__main__":
    recorded.write(
        "denormals",
        "What do numbers too small for the processor cost a training step?",
        "python figures/record_denormals.py",
        seeds=(7,),
        data={"images": IMAGES, "steps": STEPS, "expected": EXPECTED, "rows": measure()},
    )

"""Record what numbers too small for the processor cost a training step.

    python figures/record_denormals.py       # writes figures/results/denormals.json; about two minutes on two cores

A step that teaches SAM letters, over pages as they are drawn and over the same pages with grain; with such numbers
kept and with them counted as zero.  Each in a process of its own, since threads keep what they were started with.
EXPECTED was written when the step over pages had been timed, and before grain and fresh weights were tried.
"""

import json
import subprocess
import sys

import recorded

WAYS = ("kept", "zero")
PAGES = ("plain", "grain")
IMAGES, STEPS = 32, 12
EXPECTED = "With grain next to no such numbers are left, and both ways take the same time."

ONE = """
import json, sys, time
import numpy as np, torch
from PIL import Image
way, pages, images, steps = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
torch.set_flush_denormal(way == "zero")
import dsvl_min
from dsvl_min.training.letters import Shown, new_reader

if __name__ == "__main__":
    model, processor = dsvl_min.load("tiny")
    shown = Shown(model, processor, [("free-documents", images, 0.0, 1.0)], 7)
    if pages == "grain":
        rng = np.random.default_rng(0)
        shown.pictures = [Image.fromarray(np.clip(np.asarray(p) + rng.normal(0, 12, (*p.size, 3)), 0, 255)
                                          .astype(np.uint8)) for p in shown.pictures]
    reader, chosen = new_reader(model), torch.arange(images)
    small = [0, 0]

    def count(gradient):
        of = gradient.abs()
        small[0] += int(((of > 0) & (of < torch.finfo(of.dtype).tiny)).sum())
        small[1] += of.numel()

    def step():
        start = time.perf_counter()
        reader.loss(shown.tokens(chosen), shown.points(chosen)).backward()
        model.zero_grad()
        return time.perf_counter() - start

    step()
    took = sorted(step() for _ in range(steps))
    for block in model.vision.sam.blocks:
        block.attention.qkv.register_forward_hook(lambda module, given, out: out.register_hook(count))
    step()
    print(json.dumps({"seconds": took[len(took) // 2], "fastest": took[0], "small": small[0] / small[1]}))
"""


def measure():
    """[{"way", "pages", "seconds": of the median step, "fastest", "small": share of denormal numbers among the
    gradients of queries, keys and values}, ...]"""
    rows = []
    for pages in PAGES:
        for way in WAYS:
            command = [sys.executable, "-c", ONE, way, pages, str(IMAGES), str(STEPS)]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
            rows.append({"way": way, "pages": pages, **json.loads(out)})
            print(rows[-1], flush=True)
    return rows


if __name__ == "__main__":
    recorded.write(
        "denormals",
        "What do numbers too small for the processor cost a training step?",
        "python figures/record_denormals.py",
        seeds=(7,),
        data={"images": IMAGES, "steps": STEPS, "expected": EXPECTED, "rows": measure()},
    )

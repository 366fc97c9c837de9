"""Record whether an encoder's patches tell which of them lie on the same of two twins (chapter 8).

    python figures/record_same_thing.py     # a few minutes; writes figures/results/same-thing.json

SigLIP and SAM as the miniature starts from them, the same two untrained, and SAM again as after 300 steps of masks.
EXPECTED was written before the first run (see the commit of this file).  After it, when SAM's patches had turned out to
know nothing, more was measured: what SAM cuts out where a point lies on one of two twins, the same for twins of
the size at which SAM had seen several things in a picture, and in how many pictures there is a triple at all.
"""

import tempfile
from functools import partial

import recorded

from dsvl_min.checkpoint import WEIGHTS
from dsvl_min.config import ModelConfig
from dsvl_min.init import initialise
from dsvl_min.probes.readable import depths
from dsvl_min.probes.same_thing import (
    LARGE,
    SMALL,
    answered_one,
    lies_on,
    sam_depths,
    told_apart,
    triples,
    twins,
)
from dsvl_min.sam import SamEncoder
from dsvl_min.siglip import SiglipEncoder
from dsvl_min.training.parts import pretrained
from dsvl_min.training.stage0 import SamRecipe, pretrain_sam

COUNT, SEEDS, SHORT = 300, (0, 1, 2), SamRecipe(steps=300, images=2000)
EXPECTED = {  # the last depth; a coin gives 0.5
    "SigLIP, matching": 0.55, "SigLIP, untrained": 0.5, "SAM, masks": 0.85, "SAM, untrained": 0.5,
    "SAM, masks, 300 steps": 0.7,
}  # fmt: skip
WHY = (
    "A caption names what is there and never which patch belongs to which of two; a mask is nothing but that. The "
    "patch embedding can't know, so the first depth is a coin for all; windows see too little, so SAM rises where a "
    "layer is global. What could go otherwise: the prompt says where to look, so SAM's decoder might do the separating "
    "and leave the patches as alike as before."
)


def main():
    """All encoders, all seeds of scenes -> the record."""
    config, parts = ModelConfig.preset("tiny"), WEIGHTS / "tiny-parts"
    low, high = config.siglip, config.sam
    short, lines = pretrain_sam(config, tempfile.mkdtemp(), SHORT, quiet=True)
    encoders = {
        "SigLIP, matching": (low, partial(depths, pretrained(config, parts, "siglip").vision)),
        "SigLIP, untrained": (low, partial(depths, initialise(SiglipEncoder(low)).eval())),
        "SAM, masks": (high, partial(sam_depths, pretrained(config, parts, "sam").vision)),
        "SAM, untrained": (high, partial(sam_depths, initialise(SamEncoder(high)).eval())),
        "SAM, masks, 300 steps": (high, partial(sam_depths, short.vision)),
    }
    found = {}
    for name, (sizes, at_depths) in encoders.items():
        found[name] = [[round(x, 4) for x in told_apart(at_depths, sizes, COUNT, seed).tolist()] for seed in SEEDS]
        print(name, found[name], flush=True)
    sam = pretrained(config, parts, "sam")
    answered = {
        size: [answered_one(sam, COUNT, seed, sizes) for seed in SEEDS]
        for size, sizes in (("large", LARGE), ("small", SMALL))
    }
    small = [told_apart(partial(sam_depths, sam.vision), high, COUNT, seed, SMALL).tolist() for seed in SEEDS]
    usable = {
        name: sum(len(triples(lies_on(twins(SEEDS[0], i), sizes.grid), sizes.grid)) > 0 for i in range(COUNT))
        for name, sizes in (("SigLIP", low), ("SAM", high))
    }
    print(answered, usable, small)
    recorded.write(
        "same-thing",
        "Do an encoder's patches tell which of them lie on the same of two things that look alike?",
        "python figures/record_same_thing.py",
        seeds=SEEDS,
        data={
            "count": COUNT, "expected": EXPECTED, "why": WHY, "steps": SHORT.steps, "global": list(high.global_layers),
            "iou": round(sum(line["iou"] for line in lines[-30:]) / 30, 3), "encoders": found,
            "answered": answered, "usable": usable,
            "small": [[round(x, 4) for x in by_depth] for by_depth in small],
        },
        config=config.to_dict(),
        weights=recorded.weights_in(parts),
    )  # fmt: skip


if __name__ == "__main__":
    main()

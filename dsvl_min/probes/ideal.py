"""An ideal reader: it knows everything about a scene but the answer, and picks the answer whose picture fits best.

What this reader can't tell from a picture, no model can; what it can, the picture carries.  Under grain that is equal
and independent in every pixel, the nearest picture is the likeliest one.
"""

import random
from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional as F

from ..data.sources import sample
from ..data.world import ALPHABET, OBJECT_COLORS, SHAPES, render

SIDE = 128  # pictures are drawn at this size and shrunk from it, as the processor makes the low-resolution view
ASKED = {  # what is asked -> the source whose scenes it is asked of, and their difficulty
    "name": ("naming", 1.0),
    "direction": ("naming", 1.0),
    "letter": ("documents", 0.4),
}


def alternatives(scene, asked, spot=0):
    """Every scene that would have another answer and is equal in all else.

    asked: "name" (colour and shape of the one object), "direction" (it turned by quarters) or "letter" (number
    `spot` of the text).  Returns (scenes, which of them is `scene`).
    """
    if asked == "letter":
        row, column = divmod(spot, len(scene.texts[0].string))
        line = scene.texts[row]
        before, after = line.string[:column], line.string[column + 1 :]
        lines = [replace(line, string=before + c + after) for c in ALPHABET]
        texts = [scene.texts[:row] + (new,) + scene.texts[row + 1 :] for new in lines]
        return [replace(scene, texts=t) for t in texts], ALPHABET.index(line.string[column])
    (thing,) = scene.things
    if asked == "name":
        others = [replace(thing, color=c, shape=s) for c in OBJECT_COLORS for s in SHAPES]
    elif asked == "direction":
        others = [replace(thing, angle=thing.angle + 90 * turn) for turn in range(4)]
    else:
        raise ValueError(f"nothing to ask called {asked!r}; there are {', '.join(ASKED)}")
    return [replace(scene, things=(other,)) for other in others], others.index(thing)


def shrink(pictures, side):
    """PIL pictures, each SIDE × SIDE -> [N, 3, side, side] in grey levels 0..255."""
    pixels = np.stack([np.asarray(p, np.float32) for p in pictures])
    pixels = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    return F.interpolate(pixels, size=(side, side), mode="bilinear", antialias=True)


def nearest(picture, scenes):
    """The place in the list of the scene that a picture shows, as far as its pixels tell.

    picture: [1, 3, side, side] from `shrink`; scenes: drawn without grain and shrunk alike, [N, 3, side, side].
    """
    apart = ((picture - scenes) ** 2).sum(dim=(1, 2, 3))
    return int(apart.argmin())


def carried(asked, sides, count=40, seed=0, noise=6.0):
    """The share of held-out pictures an ideal reader answers rightly: {side: share}.

    noise: the grain's standard deviation in grey levels of 255.  Scenes whose answers all look alike (a ring doesn't
    point anywhere) are left out for "direction".
    """
    source, difficulty = ASKED[asked]
    right, index, told = dict.fromkeys(sides, 0), 0, 0
    while told < count:
        rng = random.Random(f"{asked} {seed} {index}")
        scene = sample(source, seed, index, "held-out", difficulty).images[0]
        index += 1
        if asked == "direction" and scene.things[0].shape not in ("arrow", "triangle", "heart"):
            continue
        told += 1
        scenes, true = alternatives(replace(scene, noise=noise, noise_seed=index), asked, rng.randrange(36))
        picture = render(scenes[true], SIDE)
        expected = [render(replace(s, noise=0.0), SIDE) for s in scenes]
        for side in sides:
            right[side] += nearest(shrink([picture], side), shrink(expected, side)) == true
    return {side: right[side] / count for side in sides}

"""Do patches tell which of them lie on the same thing, where two things look alike? (chapter 8)

A triple is three patches of one picture: one, another on the same thing, and one on its twin, both equally far from
the first.

Shapes: B images, S the side of an encoder's image, g patches along a side, N patches, D width, L blocks.
"""

import random

import numpy as np
import torch
from torch.nn import functional as F

from ..data.captions import any_background, any_color
from ..data.world import SHAPES, Scene, Thing, regions
from .ideal import SIDE
from .readable import pixels
from .segmenting import ask, iou, within

LARGE, SMALL = (0.34, 0.44), (0.20, 0.27)  # sizes of twins; of things of which a picture has several, SAM saw the small
COVERED = 0.5  # a patch lies on a thing that covers at least so much of it


def twins(seed, number, sizes=LARGE):
    """A scene of two things alike in everything but place, side by side or one above the other, at most a finger apart.

    sizes: least and largest, as shares of the picture.  Rings are left out: their middle belongs to nothing.
    """
    rng = random.Random(f"twins {seed} {number}")
    background = any_background(rng, 1.0)
    size, gap = rng.uniform(*sizes), rng.uniform(0.0, 0.08)
    shape = rng.choice([s for s in SHAPES if s != "ring"])
    color, angle = any_color(rng, background), rng.uniform(-10, 10)
    along, across = (size + gap) / 2, rng.uniform(size / 2, 1 - size / 2)
    middle = rng.uniform(along + size / 2, 1 - along - size / 2)
    places = [(middle - along, across), (middle + along, across)]
    if rng.random() < 0.5:
        places = [(y, x) for x, y in places]
    return Scene(background, tuple(Thing(shape, color, x, y, size, angle) for x, y in places))


def lies_on(scene, g):
    """For each of g × g patches: 1 or 2, the thing it lies on, or 0; int [N]."""
    region = regions(scene, SIDE)[0]
    covered = torch.stack([torch.from_numpy(region == k) for k in (1, 2)]).float()
    share = F.adaptive_avg_pool2d(covered, g).flatten(1)
    best, which = share.max(dim=0)
    return torch.where(best >= COVERED, which + 1, 0)


def triples(on, g):
    """All triples [M, 3] of a picture whose patches lie on things as `on` [N] says."""
    at = torch.stack([torch.arange(g * g) // g, torch.arange(g * g) % g], 1)
    away = ((at[:, None] - at[None]) ** 2).sum(-1)  # squared, so whole numbers
    thing = on > 0
    same = thing[:, None] & (on[:, None] == on[None]) & (away > 0)
    other = thing[:, None] & thing[None] & (on[:, None] != on[None])
    fits = same[:, :, None] & other[:, None, :] & (away[:, :, None] == away[:, None, :])
    return fits.nonzero()


@torch.no_grad()
def sam_depths(encoder, pixel_values):
    """SAM's patches before the first block and after each, as `readable.depths` has SigLIP's: [L + 1, B, N, D]."""
    steps = [encoder.patches(pixel_values).permute(0, 2, 3, 1) + encoder.positions]
    for block in encoder.blocks:
        steps.append(block(steps[-1]))
    return torch.stack(steps).flatten(2, 3)


def tokens_of(depths, config, scenes):
    """The scenes' patches at every depth, less the mean of all: [L + …, B, N, D].

    depths(pixel_values [B, 3, S, S]) -> [L + …, B, N, D]; config: a SiglipConfig or SamConfig.
    """
    tokens = depths(pixels(scenes, config))
    return tokens - tokens.mean(dim=(1, 2), keepdim=True)


def told_apart(depths, config, count=200, seed=0, sizes=LARGE):
    """How often the patch of the same thing is the more alike one, at each depth: means over pictures [L + …].

    Alike: by the cosine of `tokens_of`.  Pictures without a triple are passed over.
    """
    scenes = [twins(seed, i, sizes) for i in range(count)]
    tokens = F.normalize(tokens_of(depths, config, scenes), dim=-1)
    shares = []
    for i, scene in enumerate(scenes):
        found = triples(lies_on(scene, config.grid), config.grid)
        if len(found):
            alike = tokens[:, i] @ tokens[:, i].transpose(1, 2)
            first, same, other = found.T
            shares.append((alike[:, first, same] > alike[:, first, other]).float().mean(dim=1))
    return torch.stack(shares).mean(dim=0)


def answered_one(sam, count=100, seed=0, sizes=LARGE):
    """Points in the middle of one of two twins: does SAM cut out that one, or both?

    {"best guess", "best of three"}: share of scenes where the mask that SAM trusts most, or the one of the three that
    fits best, is more like the one thing than like both.
    """
    config, out = sam.vision.config, {"best guess": [], "best of three": []}
    side = 4 * config.grid
    for number in range(count):
        scene = twins(seed, number, sizes)
        region = regions(scene, config.image_size)[0]
        rows, columns = np.nonzero(region == 1)
        masks, guess = ask(sam, scene, [(columns.mean(), rows.mean())])
        one, both = within(region, [1], side), within(region, [1, 2], side)
        fits = [(iou(mask, one), iou(mask, both)) for mask in masks[0]]
        out["best guess"].append(fits[int(guess[0].argmax())])
        out["best of three"].append(max(fits))
    return {which: sum(a > b for a, b in fits) / count for which, fits in out.items()}

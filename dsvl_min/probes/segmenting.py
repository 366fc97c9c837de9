"""A point on something, and the masks that SAM answers with (chapter 8).

Shapes: P points, h and w height and width of a mask (half of the picture's at tiny's sizes).
"""

import numpy as np
import torch
from PIL import Image, ImageDraw

from ..data.sources import sample
from ..data.world import regions, render
from ..processor import normalise
from ..training.stage0 import LEVELS, asked_for, coarse


@torch.no_grad()
def ask(sam, scene, points):
    """SAM's three masks for each point on a scene: (masks [P, 3, h, w] boolean, its guesses of their IoU [P, 3]).

    points: P pairs (x, y) in pixels of the encoder's image.
    """
    config = sam.vision.config
    drawn = torch.from_numpy(np.array(render(scene, config.image_size))).permute(2, 0, 1)[None]
    at = torch.tensor(points, dtype=torch.float32)[None, :, None]
    logits, guess = sam(normalise(drawn.float() / 255, config), at, torch.ones(1, len(points), 1))
    return logits[0, :, 1:] > 0, guess[0, :, 1:]


def within(region, wanted, side):
    """The mask [side, side] of the parts numbered `wanted`: where they cover half of a pixel of it, or more."""
    return torch.from_numpy(coarse(np.isin(region, list(wanted)), region.shape[0] // side))


def iou(mask, truth):
    """Of two boolean masks [h, w]: what both cover, as a share of what either does."""
    return float((mask & truth).sum() / (mask | truth).sum().clamp(min=1))


def answered(sam, source="documents", difficulty=0.6, count=40, seed=0):
    """Of SAM's three masks, which answers what a point may ask for?  See `LEVELS` of stage 0.

    Points on two parts a held-out picture that have their like beside them, and others too.  {level: five numbers},
    the mean IoU of what was asked for with the three masks, with the outline of the part alone, and with all there is.
    """
    size, side = sam.vision.config.image_size, 4 * sam.vision.config.grid
    found, rng = {}, np.random.default_rng(seed)
    for index in range(count):
        scene = sample(source, seed, index, "held-out", difficulty).images[0]
        region, parts = regions(scene, size)
        alike = {k: len(asked_for(parts, parts[k - 1], "kind")) for k in np.unique(region[region > 0]).tolist()}
        several = [k for k, number in alike.items() if 1 < number < len(parts)]
        for k in rng.choice(several, min(2, len(several)), replace=False).tolist():
            rows, columns = np.nonzero(region == k)
            at = int(rng.integers(len(rows)))
            masks, _ = ask(sam, scene, [(columns[at], rows[at])])
            ends = within(region, [k], side), within(region, range(1, len(parts) + 1), side)
            for level in LEVELS[parts[k - 1]["kind"]]:
                truth = within(region, asked_for(parts, parts[k - 1], level), side)
                found.setdefault(level, []).append([iou(mask, truth) for mask in (*masks[0], *ends)])
    return {level: np.mean(rows, axis=0).round(4).tolist() for level, rows in found.items()}


def sheet(scene, point, masks, side=128, gap=6):
    """The scene with a point on it, and beside it the scene under each mask, the rest of it faded: a PIL image."""
    plain = render(scene, side)
    first = plain.copy()
    x, y = point
    ImageDraw.Draw(first).ellipse((x - 4, y - 4, x + 4, y + 4), fill="white", outline="black", width=2)
    tiles = [first]
    for mask in masks:
        shown = Image.fromarray(255 * mask.numpy().astype(np.uint8)).resize(plain.size, 0)
        tiles.append(Image.composite(plain, Image.blend(plain, Image.new("RGB", plain.size, "white"), 0.85), shown))
    out = Image.new("RGB", (len(tiles) * (side + gap) - gap, side), "white")
    for i, tile in enumerate(tiles):
        out.paste(tile, (i * (side + gap), 0))
    return out

"""What the cells of a token grid hold: every encoder's patches brought to one grid, and one linear probe for all.

DeepSeek-VL's way from many patches to few tokens is a resize and two convolutions without an activation: a linear map.
Here the same resize is followed by stacking, so that a linear probe may choose any such map for itself.

Shapes: N pictures, g patches along a side, D width, t tokens along a side, K answers.
"""

import numpy as np
import torch
from torch.nn import functional as F

from ..data.sources import sample
from ..data.world import ALPHABET, OBJECT_COLORS, SHAPES, render
from ..processor import normalise
from .blind_pairs import pair

FACTS = ("letter", "direction", "shape", "colour")
CELL = 4  # rows and columns of the resized grid that make one cell


def cells(patches, side):
    """Patches [N, g, g, D] of any grid -> [N, side, side, 16 D]: resized as in the model, then four by four stacked."""
    grid = F.interpolate(patches.permute(0, 3, 1, 2), size=2 * (CELL * side,), mode="bilinear", align_corners=False)
    stacked = F.unfold(grid, CELL, stride=CELL)  # [N, 16 D, side²]
    return stacked.transpose(1, 2).unflatten(1, (side, side))


def asked(fact, count, seed, split="held-out", size=128):
    """Pictures and their answers: ([N, 3, size, size] from 0 to 1, answers [N, 36] for letters, else [N, 1])."""
    scenes, answers = [], []
    for index in range(count):
        if fact == "letter":
            made = sample("documents", seed, index, split, 0.4)
            scenes.append(made.images[0])
            answers.append([ALPHABET.index(c) for c in "".join(made.truth["lines"])])
        elif fact == "direction":
            scenes.append(pair("direction", seed, index)[0])
            answers.append([int(scenes[-1].things[0].angle) // 90])
        else:
            made = sample("naming", seed, index, split, 0.4)
            scenes.append(made.images[0])
            names, told = (SHAPES, "shape") if fact == "shape" else (OBJECT_COLORS, "color")
            answers.append([names.index(made.truth[told])])
    pixels = np.stack([np.asarray(render(scene, size)) for scene in scenes])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255, torch.tensor(answers)


def view(pixels, config):
    """[N, 3, S, S] from 0 to 1 -> what the encoder of that configuration takes: shrunk to its side, normalised."""
    side = config.image_size
    if side != pixels.shape[-1]:
        pixels = F.interpolate(pixels, size=(side, side), mode="bilinear", antialias=True, align_corners=False)
    return normalise(pixels, config)


def rows(grid, answers):
    """One row for each answer: a cell's own vector where every cell has an answer, else the whole picture's cells."""
    flat = grid.flatten(0, 2) if answers.shape[1] > 1 else grid.flatten(1)
    return flat, answers.flatten()


def probe(train, test, strengths=(1e-4, 1e-3, 1e-2, 1e-1, 1.0)):
    """Share of test rows that a linear classifier (ridge to one-hot answers) gets right.

    train, test: (rows [M, D], answers [M]).  Features are standardised on the training rows; of the strengths the one
    is taken that does best on the last fifth of them.
    """
    x, y = train
    mean, spread = x.mean(dim=0), x.std(dim=0) + 1e-6
    x, held = (x - mean) / spread, (test[0] - mean) / spread
    at = len(x) * 4 // 5
    fits = ridge(x[:at], y[:at], strengths)
    right = [((x[at:] @ w + b).argmax(dim=1) == y[at:]).float().mean().item() for w, b in fits]
    ((w, b),) = ridge(x, y, [strengths[int(np.argmax(right))]])
    return ((held @ w + b).argmax(dim=1) == test[1]).float().mean().item()


def ridge(x, y, strengths):
    """[(weights [D, K], bias [K])] of each strength, in closed form by the smaller of the two Gram matrices."""
    target = F.one_hot(y).to(x.dtype)
    bias = target.mean(dim=0)
    target = target - bias
    wide = x.shape[1] > x.shape[0]
    gram = (x @ x.T if wide else x.T @ x).double()
    values, vectors = torch.linalg.eigh(gram)
    right = vectors.T @ (target if wide else x.T @ target).double()
    out = []
    for strength in strengths:
        solved = (vectors @ (right / (values.clamp(min=0) + strength * values.mean())[:, None])).to(x.dtype)
        out.append((x.T @ solved if wide else solved, bias))
    return out

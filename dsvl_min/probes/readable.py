"""What a linear map reads off SigLIP's single tokens, before the first block, after each, and after the last norm.

Shapes: B images, N patches, D width, S side of an image in pixels, L blocks, M tokens taken together, K classes.
"""

import numpy as np
import torch
from torch.nn import functional as F

from ..data.sources import sample
from ..data.world import ALPHABET, SHAPES, regions, render
from ..processor import normalise
from .ideal import SIDE, shrink

PAGE = 0.4  # difficulty of a page with a symbol of the whole alphabet in each patch's place
OBJECT = 0.5  # difficulty of a single object on any ground, not too far from the middle


@torch.no_grad()
def depths(encoder, pixel_values):
    """SigLIP's tokens on their way: [L + 2, B, N, D].  The last is what the encoder returns."""
    x = encoder.patches(pixel_values).flatten(2).transpose(1, 2) + encoder.positions
    steps = [x]
    for block in encoder.blocks:
        steps.append(block(steps[-1]))
    return torch.stack([*steps, encoder.norm(steps[-1])])


def pixels(scenes, config):
    """The scenes as SigLIP's pixels [B, 3, S, S]: drawn whole, shrunk, normalised."""
    pictures = [torch.from_numpy(np.array(render(scene, SIDE))) for scene in scenes]
    small = shrink(torch.stack(pictures).permute(0, 3, 1, 2).float(), config.image_size)
    return normalise(small / 255, config)


def objects(count, seed, config):
    """Held-out pictures of one object: (pixels, its shape [B], bare [B, N]: True where a patch shows only ground)."""
    scenes = [sample("naming", seed, i, "held-out", OBJECT).images[0] for i in range(count)]
    covered = torch.stack([torch.from_numpy(regions(scene, SIDE)[0] > 0) for scene in scenes])
    g = config.grid
    rows = torch.arange(SIDE) * g // SIDE  # which row of patches a pixel falls into; shrinking smears over one pixel
    near = F.max_pool2d(covered[:, None].float(), 7, 1, 3)[:, 0]
    bare = torch.stack([near[:, rows == i][:, :, rows == j].amax((1, 2)) == 0 for i in range(g) for j in range(g)], 1)
    return pixels(scenes, config), torch.tensor([SHAPES.index(s.things[0].shape) for s in scenes]), bare


def letters(count, seed, config):
    """Held-out grid pages: (pixels, the symbol in each patch's place [B, N])."""
    scenes = [sample("documents", seed, i, "held-out", PAGE).images[0] for i in range(count)]
    told = [[ALPHABET.index(c) for line in scene.texts for c in line.string] for scene in scenes]
    return pixels(scenes, config), torch.tensor(told)


def reader(tokens, labels, classes, penalty=1e-3):
    """The linear map that fits one-hot labels best (ridge regression).

    tokens [M, D], labels [M], K classes -> a function of tokens [.., D] that returns their classes [..].
    """
    mean, spread = tokens.mean(0), tokens.std(0) + 1e-6

    def ready(x):
        return F.pad((x - mean) / spread, (0, 1), value=1.0)

    x, wanted = ready(tokens), F.one_hot(labels, classes).to(tokens.dtype)
    ridge = penalty * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    weight = torch.linalg.solve(x.T @ x / len(x) + ridge, x.T @ wanted / len(x))
    return lambda x: (ready(x) @ weight).argmax(-1)


def shapes_read(encoder, learn, ask, bare=True):
    """How often a token tells the shape of its picture's object, from patches without a trace of it (or, bare=False,
    from the others): for each depth the share of every asked picture's tokens that are right, [L + 2, B]."""
    (x, shape, empty), (asked, truth, asked_empty) = learn, ask
    empty, asked_empty = (empty, asked_empty) if bare else (~empty, ~asked_empty)
    out = []
    for tokens, others in zip(depths(encoder, x), depths(encoder, asked), strict=True):
        at = empty.nonzero()
        told = reader(tokens[at[:, 0], at[:, 1]], shape[at[:, 0]], len(SHAPES))(others)
        right = (told == truth[:, None]) & asked_empty
        out.append(right.sum(1) / asked_empty.sum(1))
    return torch.stack(out)


def letters_read(encoder, learn, ask, right=0):
    """How often a token tells the symbol `right` columns further on (0: its own): [L + 2, B], as `shapes_read`."""
    (x, symbols), (asked, truth) = learn, ask
    g = encoder.config.grid
    here, there = slice(0, g - right), slice(right, g)
    out = []
    for tokens, others in zip(depths(encoder, x), depths(encoder, asked), strict=True):
        known, unknown = (t.unflatten(1, (g, g))[:, :, here].flatten(1, 2) for t in (tokens, others))
        wanted, want = (s.unflatten(1, (g, g))[:, :, there].flatten(1) for s in (symbols, truth))
        told = reader(known.flatten(0, 1), wanted.flatten(), len(ALPHABET))(unknown)
        out.append((told == want).float().mean(1))
    return torch.stack(out)

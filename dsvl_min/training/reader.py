"""A reader beside the decoder: from one image token it has to say what lies at a point of the picture.

A decoder that can't read yet has little to tell necks and adaptor about letters (figures/results/characters.json).
Where a stage has `reader` above nought, a small network is handed the token in whose cell a point lies, and where in
the cell; it names the character, digit, object or value there, and its gradient reaches necks and adaptor straight.
When the stage is over it is thrown away, as SAM's mask decoder is.

Shapes: I images, N tokens of each, D decoder width, M points.
"""

from dataclasses import dataclass
from math import isqrt, pi

import torch
from torch import nn
from torch.nn import functional as F

from ..data.plots import Chart
from ..data.world import ALPHABET, OBJECT_COLORS, SHAPES, Scene, digit_label

DIGITS = tuple(f"handwritten {n}" for n in range(10))
MARKS = tuple(f"{which}: {n} of 20" for which in range(1, 7) for n in range(1, 21))  # how far up its axis each reaches
AXES = tuple(f"up to {top}" for top in (10, 20, 100))  # what stands at the axis's end
THINGS = tuple(f"{color} {shape}" for color in OBJECT_COLORS for shape in SHAPES)
NAMES = (*ALPHABET, *DIGITS, *THINGS, *MARKS, *AXES)
_NUMBER = {name: i for i, name in enumerate(NAMES)}
WAVES = (1, 2, 4)  # periods of the place in a cell, so that a linear layer can tell its parts
RATE = 2e-3


@dataclass(frozen=True)
class Points:
    """images [M]: which of I images; at [M, 2]: (x, y), 0 to 1 from the upper left; names [M]: numbers in NAMES."""

    images: torch.Tensor
    at: torch.Tensor
    names: torch.Tensor

    def to(self, device):
        """The same on a device."""
        return Points(*(x.to(device) for x in vars(self).values()))


def named(scene):
    """[(x, y, name)] of a picture: of a Scene letters in lines of known pitch, handwritten digits and objects, by their
    middles; of a Chart its marks, named by their number and share of the axis, and the axis's end; of others none."""
    if isinstance(scene, Chart):
        marks = zip(scene.numbers(), scene.marks(), strict=True)
        found = [(x, y, f"{which}: {20 * value / scene.top:g} of 20") for which, (x, y, value) in marks]
        found += [] if scene.kind == "pie" else [(*scene.axis_end(), f"up to {scene.top}")]
        return _within(found)
    if not isinstance(scene, Scene):
        return []
    found = []
    for text in scene.texts:
        if text.pitch and not text.angle:
            found += [(text.x + (k + 0.5) * text.pitch, text.y, c) for k, c in enumerate(text.string)]
    found += [(digit.x, digit.y, DIGITS[int(digit_label(digit.index))]) for digit in scene.digits]
    found += [(thing.x, thing.y, f"{thing.color} {thing.shape}") for thing in scene.things]
    return _within(found)


def _within(found):
    return [(x, y, name) for x, y, name in found if name in _NUMBER and 0 <= x < 1 and 0 <= y < 1]


def points(samples):
    """The Points of samples' images, which are counted in reading order; None if there is none."""
    images = [image for sample in samples for image in sample.images]
    rows = [
        (i, (x, y), _NUMBER[name]) for i, image in enumerate(images) for x, y, name in named(image)
    ]  # fmt: skip
    return Points(*(torch.tensor(column) for column in zip(*rows, strict=True))) if rows else None


class Reader(nn.Module):
    """Image tokens [I, N, D] and Points -> logits [M, len(NAMES)].  width: D; hidden: of its two hidden layers."""

    def __init__(self, width, hidden=256):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.net = nn.Sequential(
            nn.Linear(width + 2 + 4 * len(WAVES), hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(),
            nn.Linear(hidden, len(NAMES)),
        )  # fmt: skip

    def forward(self, tokens, points):
        side = isqrt(tokens.shape[1])
        cell = (points.at * side).long()
        token = self.norm(tokens)[points.images, cell[:, 1] * side + cell[:, 0]]
        place = points.at * side - cell - 0.5
        waves = [wave(k * pi * place) for k in WAVES for wave in (torch.sin, torch.cos)]
        return self.net(torch.cat([token, *(x.to(token.dtype) for x in (place, *waves))], dim=-1))

    def loss(self, tokens, points):
        """Cross-entropy, a scalar: the mean over each image's points, then over images that have any."""
        each = F.cross_entropy(self(tokens, points), points.names, reduction="none")
        many = torch.bincount(points.images, minlength=len(tokens)).to(each.dtype)
        return (each / many[points.images]).sum() / (many > 0).sum()

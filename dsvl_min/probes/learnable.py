"""Can what varies in the world be learnt from its pictures at all?

A small convolutional network is taught each fact under supervision.  No encoder can be called blind to what even this
does not learn: the fact may not be in the pixels, or the pictures too few.

Shapes: N pictures, S side of a picture in pixels, F facts of a source, K classes of a fact.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..data.plots import KINDS
from ..data.webcode import GROUNDS
from ..data.world import ALPHABET, BACKGROUNDS, OBJECT_COLORS, SHAPES

GATE = 0.95  # of the held-out pictures, for a fact to stay in the world
UNCLEAR = -100  # the label of a picture in which the fact does not exist, or lies on the edge of two classes
SIDE = 128


def _binned(value, *edges, margin=0.02):
    """In which of the intervals between the edges a value lies; UNCLEAR near an edge."""
    return UNCLEAR if any(abs(value - edge) < margin for edge in edges) else sum(value > edge for edge in edges)


def _facing(thing):
    return round(thing.angle / 90) % 4 if thing.shape in ("arrow", "heart", "triangle") else UNCLEAR


# {source: (difficulty, {fact: (how many classes, sample -> class)})}
FACTS = {
    "naming": (1.0, {
        "shape": (8, lambda s: SHAPES.index(s.images[0].things[0].shape)),
        "colour": (8, lambda s: OBJECT_COLORS.index(s.images[0].things[0].color)),
        "ground": (6, lambda s: list(BACKGROUNDS).index(s.images[0].background)),
        "facing": (4, lambda s: _facing(s.images[0].things[0])),
        "place, across": (2, lambda s: _binned(s.images[0].things[0].x, 0.5)),
        "place, down": (2, lambda s: _binned(s.images[0].things[0].y, 0.5)),
        "size": (2, lambda s: _binned(s.images[0].things[0].size, 0.61)),
        "filled": (2, lambda s: UNCLEAR if s.images[0].things[0].shape in ("circle", "ring")
                   else int(s.images[0].things[0].filled)),
    }),
    "counting": (1.0, {"how many": (7, lambda s: len(s.images[0].things) - 1)}),
    "relations": (1.0, {
        "axis": (2, lambda s: int(s.truth["side"] in ("above", "below"))),
        "first shape": (8, lambda s: SHAPES.index(min(s.images[0].things, key=lambda t: t.x + t.y).shape)),
        "last shape": (8, lambda s: SHAPES.index(max(s.images[0].things, key=lambda t: t.x + t.y).shape)),
    }),
    "digits": (1.0, {"digit": (10, lambda s: int(s.truth["digits"]))}),
    "several-digits": (1.0, {"how many": (3, lambda s: len(s.truth["digits"]) - 2)}),
    "documents": (0.4, {
        "letter, first cell": (len(ALPHABET), lambda s: ALPHABET.index(s.truth["lines"][0][0])),
        "letter, last cell": (len(ALPHABET), lambda s: ALPHABET.index(s.truth["lines"][5][5])),
    }),
    "free-documents": (1.0, {"lines": (4, lambda s: len(s.truth["lines"]) - 1)}),
    "signs": (1.0, {
        "plate": (5, lambda s: ("white", "green", "blue", "yellow", "red").index(s.images[0].texts[0].plate)),
        "letters": (3, lambda s: len(s.truth["word"]) - 3),
    }),
    "scene-text": (1.0, {"words": (3, lambda s: len(s.truth["words"]) - 1)}),
    "charts": (1.0, {
        "kind": (5, lambda s: KINDS.index(s.images[0].kind)),
        "values": (4, lambda s: len(s.images[0].values) - 2),
        "largest": (5, lambda s: s.images[0].values.index(max(s.images[0].values))),
    }),
    "tables": (1.0, {"rows": (3, lambda s: len(s.truth["cells"]) - 3)}),
    "web-code": (1.0, {
        "ground": (4, lambda s: GROUNDS.index(s.truth["ground"])),
        "button": (2, lambda s: len(s.truth["words"]["button"])),
        "list": (2, lambda s: int(bool(s.truth["words"]["li"]))),
    }),
}  # fmt: skip


class Net(nn.Module):
    """Pictures [N, 3, S, S] to one row of class scores for each fact.  classes: how many each has."""

    def __init__(self, classes, width=24):
        super().__init__()
        layers = []
        for a, b, kernel, stride in ((3, width, 7, 4), (width, 2 * width, 5, 2), (2 * width, 4 * width, 3, 2)):
            layers += [nn.Conv2d(a, b, kernel, stride, padding=kernel // 2), nn.GroupNorm(4, b), nn.GELU()]
        cells = (SIDE // 16) ** 2
        self.mix = nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * width * cells, 128), nn.GELU())
        self.heads = nn.ModuleList(nn.Linear(128, k) for k in classes)

    def forward(self, pixels):
        x = self.mix(pixels)
        return [head(x) for head in self.heads]


def labelled(source, samples):
    """The classes [N, F] of every fact of a source."""
    _, facts = FACTS[source]
    return torch.tensor([[of(s) for _, of in facts.values()] for s in samples])


def as_pixels(pictures):
    """PIL pictures to [N, 3, S, S], bytes; `Net` gets them from -1 to 1."""
    return torch.from_numpy(np.stack([np.asarray(p) for p in pictures])).permute(0, 3, 1, 2).contiguous()


def learn(classes, train, test, steps=700, batch=64, seed=0, rate=2e-3):
    """The share of held-out pictures [F] whose fact a fresh `Net` tells after `steps`.

    classes: how many each fact has; train, test: (pictures [N, 3, S, S] as bytes, labels [N, F]).
    """
    torch.manual_seed(seed)
    net = Net(classes)
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.1)
    pixels, labels = train
    for _ in range(steps):
        at = torch.randint(len(pixels), (batch,))
        out = net(pixels[at].float() / 127.5 - 1)
        losses = [
            F.cross_entropy(o, told, ignore_index=UNCLEAR)
            for o, told in zip(out, labels[at].T, strict=True)
            if (told != UNCLEAR).any()
        ]
        sum(losses).backward()
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    pixels, labels = test
    with torch.no_grad():
        parts = [net(part.float() / 127.5 - 1) for part in pixels.split(100)]
    guess = torch.stack([torch.cat([p[i] for p in parts]).argmax(dim=1) for i in range(len(classes))], dim=1)
    clear = labels != UNCLEAR
    return ((guess == labels) & clear).sum(0) / clear.sum(0).clamp(min=1)

"""Can what varies in the world be learnt from its pictures at all?

A small convolutional network is taught each fact under supervision.  No encoder can be called blind to what even this
does not learn: the fact may not be in the pixels, or the pictures too few.

Shapes: N pictures, S side of a picture in pixels, F facts of a source, K classes of a fact.
"""

import random

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

GATE = 0.95  # of the held-out pictures, for a fact to stay in the world
UNCLEAR = -100  # the label of a picture in which the fact does not exist, or lies on the edge of two classes
SIDE = 128


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


def asked(topic, samples, pictures, seed=0):
    """One part of each sample that has any, chosen at random: (PIL pictures, S × S; labels [N, F]).

    topic: a `facts.Topic`; pictures: the first picture of each sample, a PIL image.  A label is the place of the
    fact's value among those it can take, or UNCLEAR.  Raises ValueError for a value that the topic doesn't list.
    """
    rng, shown, labels = random.Random(seed), [], []
    for sample, picture in zip(samples, pictures, strict=True):
        parts = topic.parts(sample)
        if not parts:
            continue
        window, values = rng.choice(parts)
        shown.append(picture if window is None else cut(picture, *window))
        labels.append([_place(topic, fact, values[fact]) for fact in topic.values])
    return shown, torch.tensor(labels)


def _place(topic, fact, value):
    if value is None:
        return UNCLEAR
    listed = topic.values[fact]
    if value not in listed:
        raise ValueError(f"{topic.source}: {fact} is {value!r} in a picture, but the topic lists only {listed}")
    return listed.index(value)


def cut(picture, x, y, side):
    """The window of that side round (x, y), in fractions of the picture's side, enlarged to S × S; black outside."""
    left, top, wide = (v * picture.width for v in (x - side / 2, y - side / 2, side))
    box = (left, top, left + wide, top + wide)
    return picture.transform((SIDE, SIDE), Image.Transform.EXTENT, box, Image.Resampling.BILINEAR)


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

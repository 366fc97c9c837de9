"""An ideal reader: it knows everything about a scene but the answer, and picks the answer whose picture fits best.

Every value of a picture, once it is shrunk, is uncertain by some grain, equal and independent.  Then the nearest of the
pictures that could be is the likeliest.  Nobody who takes all answers for equally likely makes fewer mistakes, so what
this reader can't tell the picture doesn't carry.

Shapes: N pictures that are compared, s side of a shrunk image, S side of a whole one.
"""

import random
from dataclasses import replace

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from ..data.sources import sample
from ..data.world import ALPHABET, OBJECT_COLORS, SHAPES, handwritten, render
from ..evaluation.tasks import TASKS, answers, questions

SIDE = 128  # pictures are drawn at this side and shrunk from it, as the processor makes the low-resolution view
GRAIN = 6.0  # standard deviation, in grey levels of 255
ASKED = {"name": "naming", "direction": "naming", "letter": "grid documents"}  # what is asked -> of which task's scenes
POINTED = ("arrow", "triangle", "heart")  # shapes that have a direction


def alternatives(scene, asked, spot=0):
    """Every scene that would have another answer and is equal in all else: (scenes, which of them is this one).

    asked: "name" (colour and shape of the one object), "direction" (turned by quarters) or "letter" (number `spot` of
    a grid page).
    """
    if asked == "letter":
        row, at = divmod(spot, len(scene.texts[0].string))
        line = scene.texts[row]
        scenes = []
        for c in ALPHABET:
            string = line.string[:at] + c + line.string[at + 1 :]
            texts = list(scene.texts)
            texts[row] = replace(line, string=string)
            scenes.append(replace(scene, texts=tuple(texts)))
        return scenes, ALPHABET.index(line.string[at])
    (thing,) = scene.things
    if asked == "name":
        others = [replace(thing, color=c, shape=s) for c in OBJECT_COLORS for s in SHAPES]
    elif asked == "direction":
        others = [replace(thing, angle=thing.angle + turn) for turn in (0, 90, 180, 270)]
    else:
        raise ValueError(f"nothing to ask called {asked!r}; there are {', '.join(ASKED)}")
    return [replace(scene, things=(o,)) for o in others], others.index(thing)


def views(scenes, side=SIDE):
    """The scenes, drawn without grain and shrunk: [N, 3, side, side] in grey levels."""
    pictures = [np.asarray(render(replace(s, noise=0.0), SIDE), np.float32) for s in scenes]
    return shrink(torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2), side)


def shrink(pixels, side):
    """[N, 3, S, S] -> [N, 3, side, side], each new value a weighted mean of those it covers."""
    return F.interpolate(pixels, size=(side, side), mode="bilinear", antialias=True)


def nearest(picture, candidates):
    """Which of the candidates [N, 3, s, s] a picture [3, s, s] is likeliest to be: its place in the list."""
    return int(((candidates - picture) ** 2).sum(dim=(1, 2, 3)).argmin())


def separation(one, other, side, grain=GRAIN):
    """How far apart two scenes' pictures are at a side, in units of the grain.

    A reader who must say which of the two a picture shows is wrong with probability Φ(-separation / 2).
    """
    a, b = views([one, other], side)
    return ((a - b).pow(2).sum().sqrt() / grain).item()


def _scenes(asked, count, seed):
    """Held-out scenes of one kind, each with a spot to ask about."""
    (task,) = (t for t in TASKS if t.name == ASKED[asked])
    index, found = 0, []
    while len(found) < count:
        scene = sample(task.source, seed, index, "held-out", task.difficulty).images[0]
        spot = random.Random(f"{seed} {index}").randrange(36)
        index += 1
        if asked != "direction" or scene.things[0].shape in POINTED:
            found.append((scene, spot))
    return found


def carried(asked, sides, count=40, seed=0, grain=GRAIN):
    """The share of held-out pictures an ideal reader answers rightly at each side: {side: share}."""
    right, noise = dict.fromkeys(sides, 0), torch.Generator().manual_seed(seed)
    for scene, spot in _scenes(asked, count, seed):
        scenes, true = alternatives(scene, asked, spot)
        whole = views(scenes)
        for side in sides:
            candidates = shrink(whole, side)
            picture = candidates[true] + grain * torch.randn(candidates[true].shape, generator=noise)
            right[side] += nearest(picture, candidates) == true
    return {side: right[side] / count for side in sides}


def read_by(model, processor, asked, sides, count=40, seed=0, grain=GRAIN):
    """What a model gets of such pictures, shrunk, grained and enlarged again: {side: the mark of each picture, 0 to 1}.

    "name": the whole answer; "letter": the share of a page's letters that it says in their places.
    """
    (task,) = (t for t in TASKS if t.name == ASKED[asked])
    noise, out = torch.Generator().manual_seed(seed), {}
    for side in sides:
        shown = []
        for made, question, truth in questions(task, seed, count):
            (view,) = views(made.images, side)
            view = view + grain * torch.randn(view.shape, generator=noise)
            small = Image.fromarray(view.clamp(0, 255).round().byte().permute(1, 2, 0).numpy())
            large = small.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
            shown.append((replace(made, images=(large,)), question, truth))
        said = answers(model, processor, shown)
        mark = letters_right if asked == "letter" else exact
        out[side] = [mark(a, truth) for a, (_, _, truth) in zip(said, shown, strict=True)]
    return out


def exact(said, truth):
    """1 if the answer is the truth, else 0."""
    return float(said == truth)


def letters_right(said, truth):
    """The share of a page's letters that an answer has in their line and place."""
    right = 0
    for line, want in zip(said.split("\n"), truth.split("\n"), strict=False):
        right += sum(a == b for a, b in zip(line, want, strict=False))
    return right / len(truth.replace("\n", ""))


def digits_told_apart(sides):
    """Real handwriting: the share of scikit-learn's 1,797 digits that the nearest *other* digit names, at each side."""
    images, labels = (torch.from_numpy(a) for a in handwritten())
    out = {}
    for side in sides:
        small = shrink(images[:, None].float(), side).flatten(1)
        apart = torch.cdist(small, small).fill_diagonal_(torch.inf)
        out[side] = (labels[apart.argmin(dim=1)] == labels).float().mean().item()
    return out

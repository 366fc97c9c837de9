"""Checks of chapter 9."""

import random
from itertools import combinations

import torch
from torch.nn import functional as F

from .. import ModelConfig, load
from ..sam import Downsample
from .judge import Wrong, call, compare, exercise, predicted, wrong
from .parts import randn, shaken


@exercise(None)
def dearer(attempt, measured):
    """How many times as much SigLIP costs at SAM's resolution.  Any honest guess passes."""
    guess = predicted(attempt, 1, 1000)
    print(f"  you said {guess:.3g} times, it is {measured:.3g}")
    if guess > 2 * measured:
        return "did you square the number of tokens everywhere? Only attention grows so; the linear layers don't."
    if guess < 0.8 * measured:
        return "did you count the tokens alone? Each of them also looks at all the others, and there are more."
    return "near enough: most of it grows with the tokens, the attention with their square."


def own_downsample(features, first, second, t):
    """Features [B, C, g, g] -> tokens [B, t², 4C], by the weights of the two convolutions."""
    resized = F.interpolate(features, size=(4 * t, 4 * t), mode="bilinear", align_corners=False)
    halved = F.conv2d(resized, first, stride=2, padding=1)
    halved = F.conv2d(halved, second, stride=2, padding=1)
    return halved.flatten(2).transpose(1, 2)


@exercise(own_downsample)
@torch.no_grad()
def downsample(attempt):
    """downsample(features [B, C, g, g], first, second, t): tokens [B, t², 4C]."""
    config = ModelConfig.preset("tiny").sam
    convs, t = shaken(Downsample(config)), config.token_grid
    features, first, second = randn(2, config.neck_width, config.grid, config.grid), *convs.parameters()
    want = convs(features)

    def tokens(grid):
        return grid.flatten(2).transpose(1, 2)

    corners = F.interpolate(features, size=(4 * t, 4 * t), mode="bilinear", align_corners=True)
    straight = F.interpolate(features, size=(4 * t, 4 * t), mode="bilinear", align_corners=False)

    def convolved(x, between=lambda x: x, padding=1):
        return tokens(F.conv2d(between(F.conv2d(x, first, stride=2, padding=padding)), second, stride=2,
                               padding=padding))  # fmt: skip

    mistakes = [
        ("columns before rows", tokens(want.transpose(2, 3))),
        ("corners aligned", convolved(corners)),
        ("activation between the convolutions", convolved(straight, F.gelu)),
        ("activation between the convolutions", convolved(straight, F.relu)),
        ("resize left out", convolved(features)),
        ("border not padded", convolved(straight, padding=0)),
    ]
    compare(call(attempt, features, first, second, t), tokens(want), "the tokens", mistakes)
    return f"{config.grid} × {config.grid} patches have become {t} × {t} tokens, each in its cell."


ARRANGED = ("columns before rows", "upside down", "left for right", "one cell late", "as they should be")
_ARRANGE = {
    "columns before rows": lambda grid: grid.transpose(1, 2),
    "upside down": lambda grid: grid.flip(1),
    "left for right": lambda grid: grid.flip(2),
    "one cell late": lambda grid: grid.flatten(1, 2).roll(1, dims=1).view_as(grid),
    "as they should be": lambda grid: grid,
}


def _arrangement(number):
    return random.Random(f"arranged {number}").choice(ARRANGED)


def crooked(number):
    """The shipped SAM, tokens rearranged in one of the ways of ARRANGED: pixels [B, 3, 128, 128] -> [B, 36, 192]."""
    sam, arrange = load("tiny")[0].vision.sam, _ARRANGE[_arrangement(number)]
    t = sam.config.token_grid

    @torch.no_grad()
    def look(high_res_pixel_values):
        return arrange(sam(high_res_pixel_values).unflatten(1, (t, t))).flatten(1, 2)

    return look


@exercise(None)
def arrangement(attempt, number):
    """In which way the tokens of crooked(number) are arranged: one of ARRANGED."""
    if attempt not in ARRANGED:
        raise Wrong(f"name one of {', '.join(ARRANGED)}; {attempt!r} is none of them")
    true, side = _arrangement(number), 6
    if attempt != true:
        marks = torch.arange(side * side).view(1, side, side)
        where = [_ARRANGE[name](marks).flatten().argsort() for name in (attempt, true)]
        cell = int((where[0] != where[1]).nonzero()[0])
        raise Wrong(f"not {attempt!r}. Put a mark on cell ({cell // side}, {cell % side}) and see which token changes "
                    f"most: with {attempt!r} it would be another one than it is.")  # fmt: skip
    return "on the diagonal, or in the middle of a row, some of these look alike; one mark off both tells them apart."


# A and B are what ships: their pictures are those of stage 0's recipes.
CATALOGUE = {
    "A": {"objective": "matching", "pixels": 48, "patches": 36, "tokens": 36, "pictures": 160_000},
    "B": {"objective": "segmenting", "pixels": 128, "patches": 256, "tokens": 36, "pictures": 12_000},
    "C": {"objective": "matching", "pixels": 128, "patches": 256, "tokens": 256, "pictures": 160_000},
    "D": {"objective": "matching", "pixels": 128, "patches": 256, "tokens": 36, "pictures": 160_000},
    "E": {"objective": "segmenting", "pixels": 48, "patches": 36, "tokens": 36, "pictures": 12_000},
    "F": {"objective": "segmenting", "pixels": 128, "patches": 256, "tokens": 36, "pictures": 160_000},
    "G": {"objective": "matching", "pixels": 48, "patches": 256, "tokens": 36, "pictures": 160_000},
}
ASKED = ("objective", "pixels", "patches")


def own_contrasts():
    """{what is asked: the two encoders that differ in it alone}."""
    found = {}
    for pair in combinations(CATALOGUE, 2):
        differ = [key for key in CATALOGUE["A"] if len({CATALOGUE[name][key] for name in pair}) == 2]
        if len(differ) == 1 and differ[0] in ASKED:
            found[differ[0]] = pair
    return found


@exercise(own_contrasts())
def contrasts(attempt):
    """{"objective": (name, name), "pixels": …, "patches": …}: for each the two encoders of CATALOGUE to compare."""
    if not isinstance(attempt, dict) or set(attempt) != set(ASKED):
        raise Wrong(f"a pair of encoders for each of {', '.join(ASKED)}, such as {{'objective': ('A', 'B'), …}}")
    for asked in ASKED:
        pair = attempt[asked]
        if len(pair) != 2 or not set(pair) <= set(CATALOGUE):
            raise Wrong(f"{asked}: two of {', '.join(CATALOGUE)}; {pair!r} is not that")
        differ = [key for key in CATALOGUE["A"] if len({CATALOGUE[name][key] for name in pair}) == 2]
        if asked not in differ:
            told = " and ".join(differ) or "nothing at all"
            raise wrong("something else differs", f"{pair[0]} and {pair[1]} differ in {told}.")
        if len(differ) > 1:
            raise wrong("a second thing differs", f"{pair[0]} and {pair[1]} differ in {' and '.join(differ)}.")
    return "each pair differs in one thing. The shipped two, A and B, differ in four."

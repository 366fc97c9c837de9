"""Checks of chapter 4: from a picture to SigLIP's tokens."""

import random

import torch
from torch.nn import functional as F

from .. import load
from .judge import Wrong, call, compare, exercise, predicted


def own_cut(pixels, side):
    """The book's own: pixels [B, 3, S, S] -> patches [B, N, 3 · side²], each ordered as a convolution's weight."""
    B, C, S, _ = pixels.shape
    g = S // side
    return pixels.view(B, C, g, side, g, side).permute(0, 2, 4, 1, 3, 5).reshape(B, g * g, -1)


@exercise(own_cut)
def cut(attempt):
    """cut(pixels [B, 3, S, S], side): the patches as rows of numbers, [B, N, 3 · side²]."""
    pixels = torch.arange(2 * 3 * 12 * 12).float().view(2, 3, 12, 12).sin()
    B, g, side = 2, 3, 4
    parts = pixels.view(B, 3, g, side, g, side)  # B, channel, row, y, column, x
    mistakes = [
        (name, parts.permute(order).reshape(B, g * g, -1))
        for name, order in (("patches column by column", (0, 4, 2, 1, 3, 5)), ("channels last", (0, 2, 4, 3, 5, 1)),
                            ("patch on its side", (0, 2, 4, 1, 5, 3)))
    ]  # fmt: skip
    mistakes.append(("reshaped without moving", pixels.reshape(B, g * g, -1)))
    compare(call(attempt, pixels, side), own_cut(pixels, side), "the patches", mistakes)
    return "each row times the convolution's weight is now what the convolution gives."


@exercise(None)
def untrained(attempt, measured):
    """A guess {"shape": share, "colour": share} beside what was measured.  Any honest guess passes."""
    if not isinstance(attempt, dict) or set(attempt) != set(measured):
        raise Wrong(f"a guess for each of {', '.join(measured)}, such as {{'shape': 0.5, 'colour': 0.5}}")
    guess = {name: predicted(value) for name, value in attempt.items()}
    for name, share in measured.items():
        print(f"  {name:8} you said {guess[name]:.0%}, it is {share:.0%}")
    if guess["colour"] < measured["colour"] - 0.3:
        return (
            "did you expect training to be needed? Averaging carries a colour: attention with random weights averages."
        )
    return "a prediction made before looking is what an experiment can contradict."


SUSPECTS = ("positions added twice", "tanh GELU", "patches column by column", "no norm at the end", "forgotten 1/√d")


def _kind(number):
    return random.Random(f"encoder {number}").choice(SUSPECTS)


def broken(number):
    """The shipped tiny model's SigLIP with one of SUSPECTS planted in it.  Each number has its own."""
    encoder, fault = load("tiny")[0].vision.siglip, _kind(number)
    with torch.no_grad():
        if fault == "positions added twice":
            encoder.positions *= 2
        elif fault == "patches column by column":
            encoder.patches.register_forward_hook(lambda _, __, out: out.transpose(2, 3))
        elif fault == "no norm at the end":
            encoder.norm = torch.nn.Identity()
        for block in encoder.blocks:
            if fault == "tanh GELU":
                mlp = block.mlp
                mlp.forward = lambda x, mlp=mlp: mlp.down(F.gelu(mlp.up(x), approximate="tanh"))
            elif fault == "forgotten 1/√d":
                width = encoder.config.width
                scale = (width // encoder.config.heads) ** 0.5
                block.attention.qkv.weight[:width] *= scale
                block.attention.qkv.bias[:width] *= scale
    return encoder


HINTS = {
    "positions added twice": "what enters the first block would already differ, by the same amount for every picture",
    "tanh GELU": "everything before the first MLP would be right, and what follows off by a thousandth or less",
    "patches column by column": "the cut patches would hold the healthy ones in another order, once positions are off",
    "no norm at the end": "every step but the last would be right",
    "forgotten 1/√d": "the cut patches would be right and the first block's output far off",
}  # fmt: skip


@exercise(None)
def fault(attempt, number):
    """The name of what is broken in broken(number)."""
    if attempt not in SUSPECTS:
        raise Wrong(f"name one of {', '.join(SUSPECTS)}; {attempt!r} is none of them")
    if attempt != _kind(number):
        raise Wrong(f"not {attempt!r}: with that, {HINTS[attempt]}. At which depth do the two part first?")
    return f"found. With it, {HINTS[attempt]}."


@exercise(None)
def own_share(attempt, measured):
    """A guess, one share, beside what was measured.  Any honest guess passes."""
    guess = predicted(attempt)
    print(f"  you said {guess:.0%}, it is {measured:.0%}")
    if guess > measured + 0.2:
        return "did you expect a token to stay with its patch? Four blocks of attention had a say."
    if guess < measured / 2:
        return "did you expect all tokens to move alike? The residual stream keeps each token by its patch."
    return "near enough."

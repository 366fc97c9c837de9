"""Checks of chapter 5."""

import math

import torch
from torch.nn import functional as F

from ..probes.matching import info_nce, positives, start
from ..siglip import sigmoid_loss
from .judge import Wrong, call, compare, exercise, predicted, wrong
from .parts import randn

NAMES = torch.tensor([0, 1, 0, 2, 2, 2])  # of six pictures


@exercise(sigmoid_loss)
def loss(attempt):
    """sigmoid_loss(logits [B, B], positive [B, B]): summed over captions, averaged over pictures."""
    logits, positive = 3 * randn(6, 6), positives(NAMES)
    sign = torch.where(positive, 1.0, -1.0)
    lost = -F.logsigmoid(sign * logits)

    def summed(x):
        return x.sum(dim=1).mean()

    mistakes = [
        ("mean over all pairs", lost.mean()),
        ("a sum for a mean", lost.sum()),
        ("only the pairs that fit", summed(lost * positive)),
        ("the same for fit and misfit", summed(-F.logsigmoid(logits))),
        ("signs exchanged", summed(-F.logsigmoid(-sign * logits))),
        ("one winner for each picture", info_nce(logits, positive)),
        ("one winner for each picture", F.cross_entropy(logits, torch.arange(6))),
    ]
    compare(call(attempt, logits, positive), summed(lost), "the loss", mistakes)
    sure = torch.tensor([[120.0, -120.0], [-120.0, 120.0]])
    for logits in (sure, -sure):
        said = float(call(attempt, logits, torch.eye(2, dtype=torch.bool)))
        if not math.isfinite(said):
            raise wrong("log of a sigmoid that is nought", f"Logits of ±120 give {said}.")
    return "every pair is asked on its own."


@exercise(start)
def bias(attempt):
    """bias(share): the bias at which sigmoid(bias) is the share of pairs that fit."""
    for share in (1 / 96, 0.026, 0.3):
        said = call(attempt, share)
        if not isinstance(said, (int, float, torch.Tensor)):
            raise Wrong(f"the bias should be a number; it is of type {type(said).__name__}")
        said = float(said)
        if abs(said - start(share)) < 1e-3 * abs(start(share)):
            continue
        shown = f"For {share:.3f} it says {said:.3f}, and sigmoid({said:.3f}) is {1 / (1 + math.exp(-said)):.3f}."
        for fault, value in (
            ("odds upside down", -start(share)),
            ("log of the share", math.log(share)),
            ("odds without a log", share / (1 - share)),
        ):
            if abs(said - value) < 1e-3 * abs(value):
                raise wrong(fault, shown)
        raise Wrong(shown)
    return "every pair begins with the probability that a pair has of fitting."


@exercise(None)
def untold(attempt, told, untold):
    """The share of names that is learnt though repeats count as wrong.  Any honest guess passes."""
    guess = predicted(attempt, 0, 1)
    print(f"  you said {guess:.0%}; repeats marked it is {told:.0%}, unmarked {untold:.0%}")
    if guess < untold - 0.1:
        return "most pairs that fit were called wrong, and it did next to nothing. Why?"
    if guess > untold + 0.05:
        return "a little optimistic: something was lost, though far less than the share of false labels."
    return "near enough."

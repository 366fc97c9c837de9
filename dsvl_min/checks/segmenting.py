"""Checks of chapter 8."""

import math

import torch

from .judge import Wrong, call, compare, exercise, predicted, wrong
from .parts import randn


def own_dice(p, target):
    """One minus twice what both share over what they hold, over the last two axes; one is added above and below."""
    shared = (p * target).sum(dim=(-2, -1))
    return 1 - (2 * shared + 1) / (p.sum(dim=(-2, -1)) + target.sum(dim=(-2, -1)) + 1)


@exercise(own_dice)
def dice(attempt):
    """dice(p [..., h, w], target [..., h, w]): 1 - (2 Σ p·target + 1) / (Σ p + Σ target + 1), for each mask."""
    p, target = randn(2, 3, 6, 5).sigmoid(), (randn(2, 3, 6, 5) > 0.6).float()
    shared, held, rest = (x.sum(dim=(-2, -1)) for x in (p * target, p + target, p + target - p * target))
    mistakes = [
        ("a likeness for a loss", (2 * shared + 1) / (held + 1)),
        ("overlap counted once", 1 - (shared + 1) / (held + 1)),
        ("overlap counted once", 1 - (shared + 1) / (rest + 1)),
        ("masks thrown together", own_dice(p.flatten(0, 2), target.flatten(0, 2)).sum()),
        ("masks thrown together", own_dice(p, target).mean()),
        ("masks thrown together", 1 - (2 * shared.sum() + 1) / (held.sum() + 1)),
    ]
    nothing = torch.zeros(1, 4, 4)
    got = call(attempt, p, target)
    said = call(attempt, nothing, nothing)
    if isinstance(said, torch.Tensor) and not bool((said.abs() < 1e-4).all()):
        off = 1 - 2 * shared / held
        if isinstance(got, torch.Tensor) and got.shape == off.shape and torch.allclose(got, off, atol=1e-4):
            raise wrong("nothing against nothing")
    compare(got, own_dice(p, target), "the loss", mistakes)
    return "missing a letter costs nearly as much as missing a page."


def own_best(losses):
    """Losses [B, M, 3] of three masks for each of M prompts -> their mean, where each prompt's best mask counts."""
    return losses.min(dim=-1).values.mean()


@exercise(own_best)
def best(attempt):
    """best(losses [B, M, 3]): one number; of a prompt's three masks only the best counts."""
    losses = randn(4, 5, 3).abs() + 0.1
    mistakes = [
        ("every mask must answer", losses.mean()),
        ("one mask for everything", losses.mean(dim=(0, 1)).min()),
        ("one mask for everything", losses.min()),
        ("the worst for the best", losses.max(dim=-1).values.mean()),
        ("a sum for a mean", losses.min(dim=-1).values.sum()),
    ]
    compare(call(attempt, losses), own_best(losses), "the loss", mistakes)
    return "each prompt is free to be answered by another mask."


@exercise(None)
def same_thing(attempt, measured):
    """{encoder: how often the patch of the same thing is the more alike one}.  Any honest guess passes."""
    if not isinstance(attempt, dict) or set(attempt) != set(measured):
        raise Wrong(f"a share for each of {', '.join(measured)}, such as {{{next(iter(measured))!r}: 0.5, …}}")
    for name, share in measured.items():
        print(f"  {name}: you said {predicted(attempt[name]):.0%}, it is {share:.0%}")
    worst = max(measured, key=lambda name: abs(attempt[name] - measured[name]))
    if math.isclose(attempt[worst], measured[worst], abs_tol=0.07):
        return "near enough, for both."
    return f"{worst} is the one to think about."

"""Checks of chapter 12."""

import random
from collections import Counter, defaultdict
from math import floor

import torch

from ..decoder import own_segment
from .judge import Wrong, call, compare, exercise, predicted, wrong


def reads_text_of(step, share):
    """Is step number `step` (from 0) one of text alone?  share: text's part of the steps, 0 to 1."""
    return floor((step + 1) * share + 0.5) - floor(step * share + 0.5) == 1


@exercise(reads_text_of)
def reads_text(attempt):
    """reads_text(step, share): True for steps of text.

    Any stretch of n steps holds n · share of them, give or take one.  A function of its arguments alone, so that a run
    can go on from any step.
    """
    steps = 400
    for share in (0.7, 0.25, 0.05, 1.0, 0.0):
        said = [bool(call(attempt, step, share)) for step in range(steps)]
        order = list(range(steps))
        random.Random(0).shuffle(order)
        again = {step: bool(call(attempt, step, share)) for step in order}
        shown = f"Asked for {share:.0%} of text:"
        off = [sum(said[a : a + n]) - n * share for n in (5, 20, 100) for a in range(steps - n)]
        worst = max(off, key=abs)
        if any(again[step] != said[step] for step in order):
            settled = abs(sum(said) / steps - share) < 0.06
            raise wrong("a coin for each step" if settled and abs(worst) > 1 else "what was asked before counts", shown)
        if 0 < share < 1 and len(set(said)) == 1:
            raise wrong("rounded at each step", f"{shown} every step is {'text' if said[0] else 'pictures'}.")
        if abs(sum(said) - steps * share) > 2 and abs((steps - sum(said)) - steps * share) <= 2:
            raise wrong("text and pictures exchanged", shown)
        if abs(worst) > 1.001:
            way = "more" if worst > 0 else "fewer"
            shown += f" some stretch of up to 100 steps has {abs(worst):.0f} {way} than it should."
            if abs(sum(said) - steps * share) <= 2:
                raise wrong("in blocks", shown)
            raise Wrong(shown)
    return "any stretch of steps holds the share."


@exercise(own_segment)
@torch.no_grad()
def segments(attempt):
    """own_segment(segments [B, T]): boolean [B, 1, T, T], may position i look at position j?"""
    given = torch.tensor([[1, 1, 1, 2, 2, 3, 0, 0], [1, 2, 2, 2, 2, 2, 2, 0]])
    want = own_segment(given)
    same = given[:, None, :, None] == given[:, None, None, :]
    causal = torch.ones(8, 8, dtype=torch.bool).tril()
    earlier = given[:, None, :, None] >= given[:, None, None, :]
    mistakes = [
        ("packing that leaks", causal.expand(2, 1, 8, 8)),
        ("packing that leaks", earlier & causal),
        ("a segment without order", same),
        ("rows that look at nothing", want & (given != 0)[:, None, :, None]),
        ("rows that look at nothing", want & ~torch.eye(8, dtype=torch.bool)),
    ]
    compare(call(attempt, given), want, "what may be looked at", mistakes)
    return "each text is read as if it stood alone."


def blind_of(pairs):
    """(question, answer) pairs -> the share that is right by giving each question its own commonest answer."""
    answers = defaultdict(Counter)
    for question, answer in pairs:
        answers[question][answer] += 1
    return sum(max(counts.values()) for counts in answers.values()) / len(pairs)


@exercise(blind_of)
def blind(attempt):
    """blind(pairs [(question, answer)]): how often is the commonest answer to a question right?"""
    draw = random.Random(0)
    pairs = [("How many?", draw.choice("11122345")) for _ in range(50)] + [("Colour?", draw.choice("rrgb"))] * 3
    pairs += [("Colour?", draw.choice(("red", "red", "green"))) for _ in range(30)] + [
        ("Where?", "left"),
        ("Where?", "up"),
    ]
    draw.shuffle(pairs)
    got, want = call(attempt, list(pairs)), blind_of(pairs)
    if isinstance(got, bool) or not isinstance(got, (int, float)):
        raise Wrong(f"it should return a share, a number from 0 to 1; this is {got!r}")
    if abs(got - want) < 1e-9:
        return "so much is right without a look."
    shown = f"It gives {got:.3f}; {want:.3f} is right."
    asked = Counter(question for question, _ in pairs)
    every = Counter(answer for _, answer in pairs)
    shares = [max(Counter(a for q, a in pairs if q == question).values()) / n for question, n in asked.items()]
    mistakes = {
        "one answer for every question": max(every.values()) / len(pairs),
        "every question weighs the same": sum(shares) / len(shares),
        "guessed, not commonest": sum(1 / len({a for q, a in pairs if q == p}) for p, _ in pairs) / len(pairs),
    }
    for fault, value in mistakes.items():
        if abs(got - value) < 1e-9:
            raise wrong(fault, shown)
    raise Wrong(shown)


@exercise(None)
def share(attempt, measured):
    """A guess, one share, beside what was measured.  Any honest guess passes."""
    guess = predicted(attempt)
    print(f"  you said {guess:.0%}, it is {measured:.0%}")
    if abs(guess - measured) < 0.06:
        return "near enough."
    return "a share of samples is not a share of what is learnt from." if guess < measured else "less than you thought."

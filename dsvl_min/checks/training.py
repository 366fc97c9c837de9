"""Checks of the stages: what is frozen, how the learning rate runs."""

from collections.abc import Iterable

import torch

from ..config import ModelConfig
from ..init import initialise
from ..model import DeepSeekVL
from ..training.loop import schedule
from ..training.stages import PARTS, part_of
from .judge import Wrong, call, exercise, wrong

TRAINED = ({"adaptor", "necks"}, {"adaptor", "necks", "decoder"}, {"adaptor", "necks", "decoder", "siglip"})


def freeze_to(model, trained):
    """Freeze every part of a DeepSeekVL but those named; the parameters that are left to train, a list."""
    for name, p in model.named_parameters():
        p.requires_grad_(part_of(name) in trained)
    return [p for p in model.parameters() if p.requires_grad]


@exercise(freeze_to)
def freeze(attempt):
    """freeze(model, trained): the parameters to train, a list; no gradient is computed for any other.

    trained: names of PARTS.  The model is changed in place, and may have been frozen otherwise before.
    """
    torch.manual_seed(0)
    model = initialise(DeepSeekVL(ModelConfig.preset("tiny")))
    pixels = torch.randn(1, 3, 48, 48), torch.randn(1, 3, 128, 128)
    ids = torch.tensor([[1, *[model.config.image_token_id] * model.config.image_tokens, 5, 9, 7]])
    for trained in (*TRAINED, TRAINED[0]):  # the last asks for less than the one before
        before = {name: p.detach().clone() for name, p in model.named_parameters()}
        given = call(lambda names: attempt(model, names), set(trained))  # the model itself, no copy of it
        given = list(given) if isinstance(given, Iterable) else [given]
        other = [type(p).__name__ for p in given if not isinstance(p, torch.nn.Parameter)]
        if other:
            raise Wrong(f"freeze should return a list of parameters; in yours there is a {other[0]}")
        shown = f"Asked to train {', '.join(sorted(trained))}:"
        if not given:
            raise wrong("a part left behind", f"{shown} the list is empty.")
        optimizer = torch.optim.AdamW(given, lr=0.1, weight_decay=0.1)
        model.zero_grad(set_to_none=True)
        with torch.no_grad():
            model.vision.sam.alpha.fill_(0.5)
            before["vision.sam.alpha"].fill_(0.5)
        out = model(ids, pixel_values=pixels[0], high_res_pixel_values=pixels[1], labels=ids.clamp(max=99))
        if out.loss.requires_grad:
            out.loss.backward()
        paid = {part_of(name) for name, p in model.named_parameters() if p.grad is not None} - trained
        optimizer.step()
        moved = {part_of(n) for n, p in model.named_parameters() if not torch.equal(p, before[n])}
        still = [n for n, p in model.named_parameters() if part_of(n) in trained and torch.equal(p, before[n])]
        if moved - trained:
            raise wrong("a frozen part that moves", f"{shown} {', '.join(sorted(moved - trained))} moved too.")
        if still:
            raise wrong("a part left behind", f"{shown} {still[0]} did not move.")
        if paid:
            raise wrong("frozen, and paid for", f"{shown} {', '.join(sorted(paid))} got gradients.")
        model.zero_grad(set_to_none=True)
    return f"of {len(PARTS)} parts, those that should move do, and no other."


@exercise(schedule)
def rate(attempt):
    """rate(step, steps, warmup): the factor on the learning rate at step number `step`, from 0.

    It rises in equal steps, is 1 at the last step of the warm-up and falls to a tenth along half a cosine.
    """
    for steps, warmup in ((100, 10), (340, 20), (50, 1)):
        said = [call(attempt, step, steps, warmup) for step in range(steps)]
        want = [schedule(step, steps, warmup) for step in range(steps)]
        if any(not isinstance(x, int | float) for x in said):
            raise Wrong(f"a factor is a number; this is {next(x for x in said if not isinstance(x, int | float))!r}")
        shown = f"Of {steps} steps, {warmup} of them warm-up:"
        if max(abs(a - b) for a, b in zip(said, want, strict=True)) < 1e-6:
            continue
        full = next((i + 1 for i, x in enumerate(said) if x > 0.999), None)
        if said[0] == 0:
            raise wrong("a first step of nothing", shown)
        if full is None or not 0.5 < full / warmup < 2 and abs(full - warmup) > 1:
            when = "never" if full is None else f"in step {full}"
            raise wrong("warm-up in the wrong unit", f"{shown} the full rate is reached {when}.")
        if abs(said[-1]) < 0.05 < want[-1]:
            raise wrong("a rate that falls to nothing", f"{shown} at the end it is {said[-1]:.3f}.")
        if warmup < steps - 1 and said[warmup] < want[warmup] - 0.001:
            raise wrong("a fall that began before the rise", f"{shown} after the warm-up it is {said[warmup]:.3f}.")
        worst = max(range(steps), key=lambda i: abs(said[i] - want[i]))
        raise Wrong(f"{shown} at step {worst} it is {said[worst]:.4f}, and should be {want[worst]:.4f}")
    return "it rises by the step and falls to a tenth."

"""Checks of the stages: what is frozen, how the learning rate runs, which tokens are learnt; and of LoRA."""

from collections.abc import Iterable

import torch
from torch import nn
from torch.nn import functional as F

from ..config import ModelConfig
from ..init import initialise
from ..model import DeepSeekVL
from ..training.loop import schedule
from ..training.stages import PARTS, part_of
from .judge import Wrong, call, compare, exercise, wrong

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
        other = [type(p).__name__ for p in given if not isinstance(p, nn.Parameter)]
        if other:
            raise Wrong(f"freeze should return a list of parameters; in yours there is a {other[0]}")
        shown = f"Asked to train {', '.join(sorted(trained))}:"
        if not given:
            raise wrong("a part left behind", f"{shown} the list is empty.")
        parts = {id(p): part_of(name) for name, p in model.named_parameters()}
        more = {parts.get(id(p), "something that isn't the model's") for p in given} - trained
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
        if more:
            raise wrong("more than asked for", f"{shown} the list holds parameters of {', '.join(sorted(more))}.")
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


def answer_loss_of(logits, ids, answered):
    """Mean cross-entropy of predicting the tokens of answers.  logits [T, V], ids [T], answered [T], true on them."""
    return F.cross_entropy(logits[:-1][answered[1:]], ids[1:][answered[1:]])


@exercise(answer_loss_of)
def answer_loss(attempt):
    """answer_loss(logits [T, V], ids [T], answered [T]): the mean loss over the tokens of answers, their ends among
    them.
    """
    draw = torch.Generator().manual_seed(0)
    ids = torch.tensor([9, 4, 4, 4, 7, 3, 5, 2, 7, 6, 2])  # 2 ends an answer
    logits = torch.randn(len(ids), 10, generator=draw)
    answered = torch.tensor([0, 0, 0, 0, 0, 1, 1, 1, 0, 1, 1]).bool()
    want, entropy = answer_loss_of(logits, ids, answered), F.cross_entropy
    before, after = answered[:-1], answered[1:]
    ends = after & (ids[1:] != 2)
    mistakes = [
        ("labels not shifted", entropy(logits[answered], ids[answered])),
        ("labels off by one", entropy(logits[:-1][before], ids[1:][before])),
        ("labels off by one", entropy(logits[:-2][answered[2:]], ids[2:][answered[2:]])),
        ("labels unmasked on the prompt", entropy(logits[:-1], ids[1:])),
        ("end token not supervised", entropy(logits[:-1][ends], ids[1:][ends])),
        ("mean over every position", want * after.sum() / len(after)),
        ("mean over every position", want * after.sum() / len(ids)),
        ("a sum for a mean", want * after.sum()),
    ]
    compare(call(attempt, logits, ids, answered), want, "the loss", mistakes)
    return "each answer's tokens, from the place before."


class OwnLora(nn.Module):
    """linear(x) + (alpha / rank) B A x; A and B train, the linear layer doesn't."""

    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear, self.scale = linear.requires_grad_(False), alpha / rank
        self.a = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.b = nn.Parameter(torch.zeros(linear.out_features, rank))

    def forward(self, x):
        return self.linear(x) + self.scale * F.linear(F.linear(x, self.a), self.b)


@exercise(OwnLora)
def lora(attempt):
    """Lora(linear, rank, alpha): a module that computes linear(x) + (alpha / rank) B A x, of which A and B train."""
    torch.manual_seed(0)
    linear, x, rank, alpha = nn.Linear(12, 7), torch.randn(5, 12), 3, 12
    weight, want = linear.weight.detach().clone(), linear(x).detach()
    made = call(lambda: attempt(linear, rank, alpha))
    if not isinstance(made, nn.Module):
        raise Wrong(f"Lora(linear, rank, alpha) should be a module, this is a {type(made).__name__}")
    if not torch.allclose(call(lambda: made(x)), want, atol=1e-6):
        raise wrong("LoRA that begins with a change")
    thin = {tuple(p.shape): p for p in made.parameters() if p.requires_grad}
    if linear.weight.requires_grad or (7, 12) in thin or (12, 7) in thin:
        raise wrong("LoRA beside a matrix that trains too")
    shapes = {(3, 12): False, (12, 3): True, (7, 3): False, (3, 7): True}  # whether it is stored the other way round
    if not any(bool(p.any()) for p in thin.values()):
        raise wrong("LoRA that can't begin")
    a = next((shape for shape in ((3, 12), (12, 3)) if shape in thin), None)
    b = next((shape for shape in ((7, 3), (3, 7)) if shape in thin), None)
    if {a, b} != set(thin):
        told = ", ".join(str(list(shape)) for shape in thin) or "none"
        raise Wrong(f"of a layer from 12 to 7, A [3, 12] and B [7, 3] should train; those that do: {told}")
    with torch.no_grad():
        for p in (thin[a], thin[b]):
            p.copy_(torch.randn(p.shape))
    matrices = [thin[shape].T if shapes[shape] else thin[shape] for shape in (a, b)]
    added = x @ matrices[0].T @ matrices[1].T
    mistakes = [("LoRA's scale forgotten", want + added), ("LoRA's scale forgotten", want + alpha * added)]
    compare(call(lambda: made(x)).detach(), (want + alpha / rank * added).detach(), "the output", mistakes)
    if not torch.equal(linear.weight, weight):
        raise Wrong("the linear layer's own weights have changed")
    return f"{rank * (12 + 7)} numbers train in place of {7 * 12}."

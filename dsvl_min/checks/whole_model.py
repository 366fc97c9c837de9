"""Checks of chapter 1."""

import dataclasses
import random

import torch

from .. import load
from ..data.world import OBJECT_COLORS, SHAPES, Scene, Thing
from ..model import place as own_place
from .faults import FAULTS
from .judge import Wrong, call, compare, exercise, predicted, wrong


@exercise(None)
def shrunk(attempt, measured):
    """A guess {"page": share, "naming": share} beside what was measured.  Any honest guess passes."""
    if not isinstance(attempt, dict) or set(attempt) != set(measured):
        raise Wrong(f"a guess for each of {', '.join(measured)}, such as {{'page': 0.5, 'naming': 0.5}}")
    guess = {name: predicted(value) for name, value in attempt.items()}
    for name, share in measured.items():
        off = abs(guess[name] - share)
        print(f"  {name:8} you said {guess[name]:.0%}, it is {share:.0%}" + ("" if off > 0.15 else ": well guessed"))
    if guess["naming"] < measured["naming"] - 0.3:
        return "did you expect everything to suffer alike? A colour fills hundreds of pixels, a letter's bar two."
    if guess["page"] > measured["page"] + 0.3:
        return "did you expect reading to hold? Whether the letters are gone or unread is chapter 3's question."
    return "a prediction made before looking is what an experiment can contradict."


@exercise(own_place)
def place(attempt):
    """place(embeddings [B, T, D], placeholder [B, T], image_tokens [N, P, D]): each token in its place."""
    generator = torch.Generator().manual_seed(0)
    P, D, side = 9, 5, 3
    placeholder = torch.zeros(2, 24, dtype=torch.bool)
    placeholder[0, 1:10] = placeholder[0, 12:21] = placeholder[1, 4:13] = True
    for dtype in (torch.float32, torch.float64):
        embeddings = torch.randn(2, 24, D, generator=generator).to(dtype)
        tokens = torch.randn(3, P, D, generator=generator).to(dtype)
        again = torch.cat([tokens[:2].flatten(0, 1), tokens[:1].flatten(0, 1)])
        turned = tokens.view(3, side, side, D).transpose(1, 2).reshape(3, P, D)
        mistakes = [
            (name, embeddings.masked_scatter(placeholder[..., None], source))
            for name, source in (("images in reverse", tokens.flip(0)), ("each conversation starts over", again),
                                 ("columns before rows", turned))
        ]  # fmt: skip
        got = call(attempt, embeddings, placeholder, tokens)
        if isinstance(got, torch.Tensor) and got.dim() == 3 and got.shape[1] > embeddings.shape[1]:
            raise wrong("tokens inserted, not placed")
        compare(got, own_place(embeddings, placeholder, tokens), "the prompt", mistakes)
    return "every token in its place, over two conversations with two images and one."


def two_things(number):
    """Scene number `number` of the control exercise: two objects side by side, the first of which is asked about."""
    rng = random.Random(number)
    shapes, colors = rng.sample(list(SHAPES), 2), rng.sample(list(OBJECT_COLORS), 2)
    places = rng.sample([0.27, 0.74], 2)
    things = [Thing(s, c, x, rng.uniform(0.3, 0.7), 0.42) for s, c, x in zip(shapes, colors, places, strict=True)]
    return Scene("grey", tuple(things))


def color_of(scene, shape):
    """The colour of the scene's object of that shape; None unless there is exactly one."""
    colors = [thing.color for thing in scene.things if thing.shape == shape]
    return colors[0] if len(colors) == 1 else None


def swap_colors(scene):
    """The book's own control: two objects exchange their colours, and nothing else changes."""
    first, second = scene.things
    exchanged = dataclasses.replace(first, color=second.color), dataclasses.replace(second, color=first.color)
    return dataclasses.replace(scene, things=exchanged)


@exercise(swap_colors)
def control(attempt):
    """control(scene): a scene in which another answer is right to "What colour is the …?", and nothing else differs."""
    for number in range(20):
        scene = two_things(number)
        asked = scene.things[0].shape
        other = call(attempt, scene)
        if not isinstance(other, Scene):
            raise Wrong(f"control(scene) must return a Scene; this is of type {type(other).__name__}")
        told = color_of(other, asked)
        if told is None or len(other.things) != 2:
            message = (
                f"the question asks for the colour of the {asked}, so there must be one {asked} and one other thing"
            )
            raise Wrong(message, "more than the answer changes")
        if told == color_of(scene, asked):
            raise wrong("nothing to tell")
        if sorted(t.color for t in other.things) != sorted(t.color for t in scene.things):
            raise wrong("another colour comes in")
        for name, of in (
            ("the background or the grain", lambda s: [s.background, s.noise, s.noise_seed, s.texts, s.digits]),
            ("which shapes there are", lambda s: sorted(t.shape for t in s.things)),
            ("where something stands", lambda s: sorted((t.x, t.y) for t in s.things)),
            ("a size, an angle or a filling", lambda s: sorted((t.size, t.angle, t.filled) for t in s.things)),
        ):
            if of(other) != of(scene):
                raise wrong("more than the answer changes", f"Here it is {name}.")
    return "only the answer changes. A model that merely notices which colours are there can't follow it."


SUSPECTS = ("concat order swapped", "alpha branch missing", "only the class token kept", "columns before rows",
            "forgotten 1/√d", "images in reverse")  # fmt: skip


def _kind(number):
    """Which suspect a number stands for; "images in reverse" never is: one picture has no order."""
    return random.Random(f"fault {number}").choice(SUSPECTS[:-1])


def broken(number):
    """The shipped tiny model with one of SUSPECTS planted in it: (model, processor).  Each number has its own."""
    model, processor = load("tiny")
    fault = _kind(number)
    with torch.no_grad():
        if fault == "concat order swapped":
            weight = model.adaptor.out.weight
            weight.copy_(torch.cat(weight.chunk(2, dim=1)[::-1], dim=1))
        elif fault == "alpha branch missing":
            model.vision.sam.alpha.zero_()
        elif fault == "only the class token kept":
            model.vision.siglip.register_forward_hook(lambda _, __, tokens: tokens[:, :1].expand_as(tokens))
        elif fault == "columns before rows":
            side = model.config.image_grid
            model.vision.sam.register_forward_hook(
                lambda _, __, tokens: tokens.unflatten(1, (side, side)).transpose(1, 2).flatten(1, 2)
            )
        elif fault == "forgotten 1/√d":
            width = model.config.decoder.head_width
            for block in model.decoder.blocks:
                heads = model.config.decoder.width
                block.attention.qkv.weight[:heads] *= width**0.5
    return model, processor


@exercise(None)
def fault(attempt, number):
    """The name of what is broken in broken(number)."""
    if attempt not in FAULTS:
        raise Wrong(f"name one of {', '.join(SUSPECTS)}; {attempt!r} is none of them")
    if attempt != _kind(number):
        seen = {"concat order swapped": "either encoder's tokens would still be right, the image tokens wrong",
                "alpha branch missing": "SAM's tokens would differ, but still stand in the right cells",
                "only the class token kept": "SigLIP's tokens would all be alike",
                "columns before rows": "SAM's tokens would be the healthy ones in another order",
                "forgotten 1/√d": "every image token would be right and only the decoder's output wrong",
                "images in reverse": "a single picture would show nothing"}  # fmt: skip
        raise Wrong(f"not {attempt!r}: with that, {seen.get(attempt, 'other things would differ')}. "
                    "Which is the first step at which the two models part?")  # fmt: skip
    return FAULTS[attempt]

"""Checks of chapter 3."""

import random
from dataclasses import replace

from ..data.world import BACKGROUNDS, OBJECT_COLORS, SHAPES, Scene, Thing, render
from .judge import Wrong, call, exercise, predicted, wrong


@exercise(None)
def grain(attempt, measured):
    """A guess, one share, beside what was measured.  Any honest guess passes."""
    guess = predicted(attempt)
    print(f"  you said {guess:.0%}, it is {measured:.0%}")
    if guess > measured + 0.15:
        return "did you think of one pair? Where two candidates still hold, thirty-four needn't: each may win."
    if guess < measured - 0.15:
        return "did you add up the chances of every pair? Their sum is only an upper limit."
    return "near enough."


def own_twins():
    """The book's own: a circle, and the same circle turned."""
    thing = Thing("circle", "red", 0.5, 0.5, 0.4)
    return Scene("grey", (thing,)), Scene("grey", (replace(thing, angle=45.0),))


@exercise(own_twins)
def twins(attempt):
    """twins(): two scenes that differ in a fact and give the same picture."""
    made = call(attempt)
    if not isinstance(made, tuple) or len(made) != 2 or not all(isinstance(s, Scene) for s in made):
        raise Wrong("return two Scenes: return one, other")
    one, other = made
    if _same(one, other):
        raise wrong("no fact differs")
    if one.noise or other.noise:
        raise Wrong("leave the grain out (noise=0): the pictures are compared pixel for pixel")
    pictures = [render(s, 128).tobytes() for s in made]
    if pictures[0] != pictures[1]:
        apart = sum(a != b for a, b in zip(*pictures, strict=True))
        raise wrong("the pictures differ", f"Here {apart} values of {len(pictures[0]):,} do.")
    return "nobody can tell from these pixels which it was: a question about this fact has no answer in the picture."


def _same(one, other):
    """Whether two scenes agree in all one could ask about: their grain, whole turns and tiny shifts are no facts."""
    texts = [[text for text in scene.texts if text.string.strip()] for scene in (one, other)]
    if (one.background, texts[0], one.digits) != (other.background, texts[1], other.digits):
        return False
    left = list(other.things)  # in whatever order: none is told apart by its number
    for thing in one.things:
        found = next((other for other in left if _alike(thing, other)), None)
        if found is None:
            return False
        left.remove(found)
    return not left


def _alike(a, b):
    """Whether two things agree in all one could ask about."""
    turn = (a.angle - b.angle + 180) % 360 - 180
    moved = max(abs(a.x - b.x), abs(a.y - b.y), abs(a.size - b.size))
    return (a.shape, a.color, a.filled) == (b.shape, b.color, b.filled) and abs(turn) <= 1 and moved <= 0.01


LEAKS = ("background", "shape", "size", "place", "prior", "none")


def _leak(number):
    return random.Random(f"leak {number}").choice(LEAKS)


def leaky(number, count=400):
    """[(scene, colour)]: "What colour is the object?" in a small world with one leak or none, as the number has it."""
    leak, rng, made = _leak(number), random.Random(number), []
    colors = list(OBJECT_COLORS)
    tells = {  # what would tell the colour, were it looked at
        "background": dict(zip(colors, rng.choices(list(BACKGROUNDS), k=8), strict=True)),
        "shape": dict(zip(colors, rng.sample(SHAPES, 8), strict=True)),
        "size": dict(zip(colors, rng.sample([0.3 + 0.03 * i for i in range(8)], 8), strict=True)),
        "place": dict(zip(colors, rng.sample([0.3 + 0.055 * i for i in range(8)], 8), strict=True)),
    }
    for _ in range(count):
        color = "blue" if leak == "prior" and rng.random() < 0.7 else rng.choice(colors)
        facts = {
            "background": rng.choice(list(BACKGROUNDS)), "shape": rng.choice(SHAPES),
            "size": 0.3 + 0.03 * rng.randrange(8), "place": 0.3 + 0.055 * rng.randrange(8),
        }  # fmt: skip
        if leak in tells and rng.random() < 0.9:
            facts[leak] = tells[leak][color]
        thing = Thing(facts["shape"], color, round(facts["place"], 4), 0.5, round(facts["size"], 4))
        made.append((Scene(facts["background"], (thing,)), color))
    return made


@exercise(None)
def leak(attempt, number):
    """What tells the colour in leaky(number) without looking at it: one of LEAKS."""
    if attempt not in LEAKS:
        raise Wrong(f"name one of {', '.join(LEAKS)}; {attempt!r} is none of them")
    if attempt != _leak(number):
        how = {"none": "from each fact in turn", "prior": "from no fact at all"}.get(attempt, "from that fact alone")
        raise Wrong(f"not {attempt!r}. Guess each sample's colour {how} (the commonest colour among the others that "
                    "share it): how often is that right, and how often with each other choice?")  # fmt: skip
    if attempt == "none":
        return "nothing tells it. The guess from each fact alone is right about as often as from none."
    return "a model trained here could answer without ever looking at the colour, and its score would not show it."

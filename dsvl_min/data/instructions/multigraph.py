"""Multi-graph: several pictures, in time or beside each other.

Some questions name each picture where it stands; in others all pictures come first.
"""

from dataclasses import replace

from ...config import IMAGE_PLACEHOLDER
from ..captions import any_background, grain
from ..words import ORDINALS, article, plural
from ..world import SHAPES, Scene, Thing
from .scenery import SIDES, different, instruction, scattered, tilted, tints
from .wording import OFFSETS, PLACES, ask, noun, one, turn, yes

SYMMETRIC = ("circle", "ring")


def lettered(number):
    """A line for each picture: "Picture A: <image>", "Picture B: <image>", …"""
    return "".join(f"Picture {letter}: {IMAGE_PLACEHOLDER}\n" for letter in "ABCD"[:number])


def _frames(rng, difficulty, background, states):
    """One scene for each of the states, which are lists of things."""
    grains = grain(rng, difficulty)
    return [Scene(background, tuple(things), **grains) for things in states]


def event_prediction(rng, difficulty=1.0):
    """A thing moves by the same step from picture to picture: where will it be next, or will it be gone?

    At higher difficulty another thing stands still.
    """
    background, lost = any_background(rng, difficulty), rng.random() < 0.25
    (shape, color), still = different(rng, background, 2)
    cells = [(i, j) for j in range(3) for i in range(3)]
    while True:
        (x, y), (dx, dy) = rng.choice(cells), rng.choice([(a, b) for a, b in cells if (a, b) != (1, 1)])
        way = [(x + k * (dx - 1), y + k * (dy - 1)) for k in range(3)]
        if way[1] in cells and (way[2] not in cells) == lost:
            break
    others = []
    if difficulty > 0.5:
        at = rng.choice([c for c in cells if c not in way])
        others = [Thing(*still, *((c + 0.5) / 3 for c in at), 0.26)]
    states = [[Thing(shape, color, *((c + 0.5) / 3 for c in at), 0.26), *others] for at in way[:2]]
    questions = (
        "The pictures follow each other. Where is the {s} in the next one?",
        "Where will the {s} be in the next picture?",
        "The {s} moves on in the same way. Where is it next?",
    )  # fmt: skip
    turns = [turn(rng, questions, "outside the picture" if lost else PLACES[way[2]][0], s=shape)]
    images = _frames(rng, difficulty, background, states)
    return instruction("multi-graph/temporal/event-prediction", images, turns, way=way)


def sequencing(rng, difficulty=1.0):
    """Pictures of a thing that grows or crosses the picture, shuffled: the right order."""
    number = 3 if difficulty > 0.3 else 2
    background = any_background(rng, difficulty)
    thing = Thing(rng.choice(SHAPES), tints(rng, background, 1)[0], 0.5, 0.5, 0.3)
    if rng.random() < 0.5:
        how = rng.choice(("grows", "shrinks"))
        sizes = [0.15 + 0.55 * k / (number - 1) for k in range(number)]
        states = [replace(thing, size=s) for s in (sizes if how == "grows" else sizes[::-1])]
        told = f"The {thing.shape} {how}."
    else:
        side = rng.choice(list(SIDES))
        dx, dy = SIDES[side]
        along = [0.32 * (2 * k / (number - 1) - 1) for k in range(number)]
        states = [replace(thing, x=0.5 + dx * a, y=0.5 + dy * a) for a in along]
        told = f"The {thing.shape} moves {side}."
    order = rng.sample(range(number), number)  # order[k] is when picture k was taken
    images = _frames(rng, difficulty, background, [[states[k]] for k in order])
    answer = ", ".join("ABC"[order.index(k)] for k in range(number))
    questions = ("Put the pictures in order.", "In which order were they taken?", "Which comes first, and then?")
    turns = [(f"{lettered(number)}{told} {rng.choice(questions)}", answer)]
    return instruction("multi-graph/temporal/sequencing", images, turns, order=order, told=told)


def behaviour(rng, difficulty=1.0):
    """Two or three pictures: what does the thing do?"""
    number = 2 if difficulty < 0.5 else 3
    background = any_background(rng, difficulty)
    color, other = tints(rng, background, 2)
    thing = Thing(rng.choice([s for s in SHAPES if s not in SYMMETRIC]), color, 0.5, 0.5, 0.4)
    how = rng.choice(("left", "right", "up", "down", "grows", "shrinks", "turns", "colour"))
    t = [k / (number - 1) for k in range(number)]
    if how in SIDES:
        dx, dy = SIDES[how]
        states = [replace(thing, x=0.5 + dx * (0.5 * u - 0.25), y=0.5 + dy * (0.5 * u - 0.25)) for u in t]
        answer = f"It moves {how}."
    elif how in ("grows", "shrinks"):
        states = [replace(thing, size=0.22 + 0.5 * (u if how == "grows" else 1 - u)) for u in t]
        answer = f"It {how}."
    elif how == "turns":
        angle = {"square": 45, "cross": 45, "star": 36}.get(thing.shape, 90)
        states = [replace(thing, angle=angle * u) for u in t]
        answer = "It turns."
    else:
        states = [replace(thing, color=color if u < 0.6 else other) for u in t]
        answer = f"It becomes {other}."
    questions = ("What does the {s} do?", "How does the {s} behave?", "In these pictures, what happens to the {s}?")
    images = _frames(rng, difficulty, background, [[s] for s in states])
    return instruction("multi-graph/temporal/behaviour", images, [turn(rng, questions, answer, s=thing.shape)], how=how)


def attribute_comparison(rng, difficulty=1.0):
    """Two pictures: in which are there more, or is the thing larger, or are they equal?"""
    background = any_background(rng, difficulty)
    kind = rng.choice(("number", "size"))
    shape = rng.choice(SHAPES)
    colors = tints(rng, background, 2) if difficulty > 0.5 else tints(rng, background, 1) * 2
    wanted = rng.choice((0, 1, None))
    if kind == "number":
        a = rng.randint(1, 3 + round(2 * difficulty))
        b = a if wanted is None else a + rng.randint(1, 2)
        counts = (b, a) if wanted == 0 else (a, b)
        images = [
            scattered(rng, difficulty, background, [(shape, color)] * n)
            for n, color in zip(counts, colors, strict=True)
        ]
        phrases = ("Which picture has more {them}, A or B?", "Are there more {them} in A or in B?")
    else:
        small = rng.uniform(0.22, 0.45)
        large = small if wanted is None else small * (1.7 - 0.3 * difficulty)
        sizes = (large, small) if wanted == 0 else (small, large)
        images = [
            Scene(background, (tilted(rng, difficulty, shape, c, (0.5, 0.5), s),), **grain(rng, difficulty))
            for s, c in zip(sizes, colors, strict=True)
        ]
        phrases = ("Is the {it} larger in A or in B?", "In which picture is the {it} larger, A or B?")
    answer = "equal" if wanted is None else "AB"[wanted]
    turns = [(lettered(2) + ask(rng, phrases, them=plural(shape), it=shape), answer)]
    return instruction("multi-graph/comparison/attribute", images, turns, kind=kind)


def matching(rng, difficulty=1.0):
    """Which of several pictures a sentence is about."""
    number = 2 if difficulty < 0.5 else 3
    background = any_background(rng, difficulty)
    if difficulty < 0.6 or rng.random() < 0.5:  # by what is there
        pairs = [(s, c) for s in rng.sample(SHAPES, 2) for c in tints(rng, background, 2)]
        chosen = rng.sample(pairs, number)
        images = [scattered(rng, difficulty, background, [kind], 0.28) for kind in chosen]
        which = rng.randrange(number)
        told = one(images[which].things[0])
    else:  # by where it is
        (a, ca), (b, cb) = different(rng, background, 2)
        sides = rng.sample(list(OFFSETS), number)
        states = []
        for side in sides:
            dx, dy = (0.24 * c for c in OFFSETS[side])
            states.append([Thing(a, ca, 0.5 + dx, 0.5 + dy, 0.3), Thing(b, cb, 0.5 - dx, 0.5 - dy, 0.3)])
        images, which = _frames(rng, difficulty, background, states), rng.randrange(number)
        told = f"{article(a)} {sides[which]}{' of' * (sides[which] in ('left', 'right'))} {article(b)}"
    questions = ("Which picture shows {told}?", "Which picture fits: {told}?", "Find the picture of {told}.")
    turns = [turn(rng, questions, f"the {ORDINALS[which]}", told=told)]
    return instruction("multi-graph/comparison/matching", images, turns, which=which)


def associations(rng, difficulty=1.0):
    """What several pictures have in common: a shape, a colour or the number of things."""
    number = 2 if difficulty < 0.5 else 3
    how = rng.choice(("shape", "colour", "number"))
    counts = [rng.randint(2, 4)] * number if how == "number" else rng.sample((1, 2, 3, 4), number)
    shapes = [rng.choice(SHAPES)] * number if how == "shape" else rng.sample(SHAPES, number)
    usable = ("red", "orange", "green", "pink")  # these stand out from every ground
    colors = [rng.choice(usable)] * number if how == "colour" else rng.sample(usable, number)
    images = [
        scattered(rng, difficulty, any_background(rng, difficulty), [(s, c)] * n)
        for s, c, n in zip(shapes, colors, counts, strict=True)
    ]
    answer = {
        "shape": f"They all show {plural(shapes[0])}.", "colour": f"Everything in them is {colors[0]}.",
        "number": f"They all show {counts[0]} things.",
    }[how]  # fmt: skip
    questions = ("What do the pictures have in common?", "What links these pictures?", "What is the same in all?")
    return instruction("multi-graph/comparison/associations", images, [turn(rng, questions, answer)], how=how)


def spotting(rng, difficulty=1.0):
    """Two pictures that differ in one thing, or not at all: what is different in the second?"""
    background, number = any_background(rng, difficulty), 2 + round(2 * difficulty)
    kinds = different(rng, background, number)
    first = scattered(rng, difficulty, background, kinds, 0.26)
    k = rng.randrange(number)
    thing = first.things[k]
    how = rng.choice(("colour", "gone", "shape", "size", "none"))
    if how == "colour":
        color = rng.choice([c for c in tints(rng, background, 5) if c not in [c for _, c in kinds]])
        changed, told = [replace(thing, color=color)], f"The {thing.color} {thing.shape} is {color}."
    elif how == "shape":
        shape = rng.choice([s for s in SHAPES if s not in [s for s, _ in kinds]])
        changed, told = [replace(thing, shape=shape)], f"The {noun(thing)} is {article(shape)}."
    elif how == "size":
        changed, told = [replace(thing, size=0.13)], f"The {noun(thing)} is smaller."
    else:
        changed, told = ([], f"The {noun(thing)} is gone.") if how == "gone" else ([thing], "Nothing.")
    after = (*first.things[:k], *changed, *first.things[k + 1 :])
    second = replace(first, things=after, noise_seed=rng.randrange(2**31))
    questions = ("What is different in the second picture?", "Spot the difference.", "What has changed in the second?")
    turns = [turn(rng, questions, told)]
    return instruction("multi-graph/comparison/spotting-differences", [first, second], turns, how=how)


def discrimination(rng, difficulty=1.0):
    """Three pictures of which one differs, or two that are the same or not."""
    background = any_background(rng, difficulty)
    kinds = different(rng, background, 2 + round(difficulty))
    base = scattered(rng, difficulty, background, kinds, 0.27)
    first, second = base.things[:2]
    how = rng.choice(("colours", "places"))
    if how == "colours":
        swapped = (replace(first, color=second.color), replace(second, color=first.color))
    else:
        swapped = (replace(first, x=second.x, y=second.y), replace(second, x=first.x, y=first.y))
    other = replace(base, things=(*swapped, *base.things[2:]))
    if rng.random() < 0.4:
        odd = None if rng.random() < 0.5 else 1
        shown = [base, base if odd is None else other]
        asked = turn(rng, ("Are the two pictures the same?", "Do both pictures show the same?"), yes(odd is None))
    else:
        odd = rng.randrange(3)
        shown = [other if k == odd else base for k in range(3)]
        questions = ("Which picture differs from the others?", "Which picture is not like the other two?")
        asked = turn(rng, questions, f"the {ORDINALS[odd]}")
    images = [replace(scene, noise_seed=rng.randrange(2**31)) for scene in shown]
    return instruction("multi-graph/comparison/discrimination", images, [asked], odd=odd)

"""Evaluation: is it real, how alike are two, what would make it better?"""

from ..captions import any_background, grain
from ..world import BACKGROUNDS, SHAPES, Scene, Thing
from .drawing import Drawing, disc
from .scenery import different, instruction, tilted
from .wording import noun, turn, yes

SHARED = ("colour", "shape", "background")


def reality(rng, difficulty=1.0):
    """Shadows all fall to one side of what casts them, unless the picture was tampered with."""
    background, number = rng.choice(("grey", "sand", "mint", "sky", "paper")), 3 + (difficulty > 0.6)
    kinds = different(rng, background, number, ("circle", "square", "triangle", "star", "heart"))
    side, forged = rng.choice((-1, 1)), rng.random() < 0.5
    wrong = rng.randrange(number) if forged else None
    marks, things, size = [], [], 0.72 / number
    for i, kind in enumerate(kinds):
        x, y = (i + 0.5) / number, 0.45 + rng.uniform(-0.15, 0.15) * difficulty
        things.append(Thing(*kind, x, y, size))
        way = -side if i == wrong else side
        marks.append(disc(x + way * 0.28 * size, y + 0.66 * size, 0.38 * size, "", "#8d8d8d", flat=0.3))
    turns = [turn(rng, ("Is this picture genuine?", "Could this scene be real?"), yes(not forged))]
    if rng.random() < 0.6:
        answer = f"the {noun(things[wrong])}'s" if forged else "none"
        turns.append(turn(rng, ("Which shadow is wrong?", "Whose shadow falls to the wrong side?"), answer))
    image = Drawing(Scene(background, tuple(things), **grain(rng, difficulty)), tuple(marks))
    return instruction("evaluation/reality", image, turns, forged=forged)


def similarity(rng, difficulty=1.0):
    """Two pictures: how many of colour, shape and background they share, and which."""
    score = rng.randint(0, 3)
    shared = rng.sample(SHARED, score)
    grounds = rng.sample([b for b in BACKGROUNDS if b != "paper"], 2)
    if "background" in shared:
        grounds[1] = grounds[0]
    colors = rng.sample(("red", "orange", "green", "pink"), 2)  # these stand out from every ground
    if "colour" in shared:
        colors[1] = colors[0]
    shapes = rng.sample(SHAPES, 2)
    if "shape" in shared:
        shapes[1] = shapes[0]
    images = []
    for background, shape, color in zip(grounds, shapes, colors, strict=True):
        size = rng.uniform(0.62 - 0.3 * difficulty, 0.65)
        free = (0.48 - size / 2) * difficulty
        at = (0.5 + rng.uniform(-free, free), 0.5 + rng.uniform(-free, free))
        images.append(Scene(background, (tilted(rng, difficulty, shape, color, at, size),), **grain(rng, difficulty)))
    questions = (
        "How many of colour, shape and background do the pictures share?",
        "From 0 to 3, how alike are the pictures in colour, shape and background?",
    )
    turns = [turn(rng, questions, score)]
    if rng.random() < 0.5:
        what = rng.choice(SHARED)
        whose = "pictures" if what == "background" else "objects"
        turns.append((f"Do both {whose} have the same {what}?", yes(what in shared)))
    return instruction("evaluation/similarity", images, turns, shared=sorted(shared))


def improvement(rng, difficulty=1.0):
    """A row in which one thing may stand too high or too low: how to straighten it."""
    background, number = any_background(rng, difficulty), 3 + round(difficulty)
    kinds = different(rng, background, number, [s for s in SHAPES if s != "arrow"])
    y = 0.5 + rng.uniform(-0.15, 0.15) * difficulty
    how = rng.choice(("up", "down", "none"))
    off = (0.26 - 0.08 * difficulty) * {"up": 1, "down": -1, "none": 0}[how]
    odd = rng.randrange(number)
    things = [Thing(*kind, (i + 0.5) / number, y + off * (i == odd), 0.72 / number) for i, kind in enumerate(kinds)]
    questions = ("What would make the row straight?", "How could this be improved?", "What should be changed here?")
    answer = "Nothing, it is straight." if how == "none" else f"Move the {noun(things[odd])} {how}."
    image = Scene(background, tuple(things), **grain(rng, difficulty))
    return instruction("evaluation/improvement", image, [turn(rng, questions, answer)])

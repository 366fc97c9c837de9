"""Table 1's "interleaved image-text": several pictures with words between them."""

from dataclasses import replace

from ..config import IMAGE_PLACEHOLDER as IMAGE
from .captions import any_background, any_color, any_thing, colors_on, counting, grain, naming
from .handwriting import digits
from .sample import Sample
from .scenetext import signs
from .words import ORDINALS, article, capital
from .world import SHAPES, Scene

MOVES = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


def interleaved(rng, difficulty=1.0, split="train"):
    """A page of two or three pictures, each with a line of its own, as a web page or a textbook has them.

    difficulty below 0.5: objects, each line under its picture; above: also digits, signs and counts, lines under or
    over the pictures, and a last line that looks back at one of them.
    """
    hard = difficulty >= 0.5
    makers = {
        "naming": lambda: naming(rng, difficulty),
        "digits": lambda: digits(rng, difficulty, split),
        "signs": lambda: signs(rng, difficulty),
        "counting": lambda: counting(rng, 0.5),
    }
    kinds = list(makers) if hard else ["naming"]
    shown = [makers[rng.choice(kinds)]() for _ in range(rng.randint(2, 3) if hard else 2)]
    names = [made.text[0].lower() + made.text[1:-1] for made in shown]
    over = hard and rng.random() < 0.5
    lines = [f"{made.text}\n{IMAGE}" if over else f"{IMAGE}\n{made.text}" for made in shown]
    turns = [(f"What does the {ORDINALS[i]} picture show?", name) for i, name in enumerate(names)]
    rng.shuffle(turns)
    if hard:
        again = rng.randrange(len(names))
        lines.append(f"The {ORDINALS[again]} picture shows {names[again]}.")
    scenes = tuple(made.images[0] for made in shown)
    return Sample("interleaved", scenes, tuple(turns), "\n".join(lines), truth={"names": names})


def stories(rng, difficulty=1.0):
    """One object in two or three pictures; from each to the next it moves, grows, shrinks or changes colour.

    difficulty 0: two pictures, a move of 0.36 of the side or 1.7 times the size; 1: two or three, 0.25 or 1.35 times.
    """
    background = any_background(rng, difficulty)
    size = rng.uniform(0.28, 0.36)
    x, y = (rng.uniform(0.85 * size, 1 - 0.85 * size) for _ in range(2))  # so that there is room to grow
    things = [any_thing(rng, background, difficulty, x, y, size)]
    name, told = f"{things[0].color} {things[0].shape}", []
    for _ in range(rng.randint(1, 2) if difficulty > 0.4 else 1):
        by_kind = _changes(things[-1], difficulty, background)
        what, after = rng.choice(by_kind[rng.choice(list(by_kind))])
        things.append(after)
        told.append(what)
    lines = [f"{capital(article(name))}.", *(f"It {what}." for what in told)]
    turns = [
        (f"What happens from the {ORDINALS[i]} picture to the {ORDINALS[i + 1]}?", f"It {what}.")
        for i, what in enumerate(told)
    ]
    turns.append(("Tell the story.", f"The {name} {', then '.join(told)}."))
    scenes = tuple(Scene(background, (thing,), **grain(rng, difficulty)) for thing in things)
    text = "\n".join(f"{IMAGE}\n{line}" for line in lines)
    return Sample("stories", scenes, tuple(turns), text, truth={"object": name, "changes": told})


def _changes(thing, difficulty, background):
    """What may happen to an object so that it stays in the picture, by kind: [(what is said of it, it after)]."""
    step, factor = 0.36 - 0.11 * difficulty, 1.7 - 0.35 * difficulty
    happens = {
        "place": [
            (f"moves {name}", replace(thing, x=thing.x + dx * step, y=thing.y + dy * step))
            for name, (dx, dy) in MOVES.items()
        ],
        "size": [
            ("grows", replace(thing, size=thing.size * factor)),
            ("shrinks", replace(thing, size=thing.size / factor)),
        ],
        "colour": [(f"turns {c}", replace(thing, color=c)) for c in colors_on(background) if c != thing.color],
    }
    inside = {kind: [change for change in changes if _inside(change[1])] for kind, changes in happens.items()}
    return {kind: changes for kind, changes in inside.items() if changes}


def _inside(thing):
    half = thing.size / 2
    return 0.16 <= thing.size <= 0.64 and all(half <= v <= 1 - half for v in (thing.x, thing.y))


def in_context(rng, difficulty=1.0, split="train"):
    """Three pictures, each with the answer to a question that is never asked; only the pattern tells which.

    Each picture has several answers: an object group its colour, shape and count, a digit its value and ink, a sign its
    word and colour.  difficulty below 0.4: groups alone.
    """
    kind = rng.choice(("group", "digit", "sign")) if difficulty >= 0.4 else "group"
    if kind == "group":
        shown = [_group(rng, difficulty) for _ in range(3)]
    elif kind == "digit":
        shown = [digits(rng, difficulty, split) for _ in range(3)]
        shown = [(s.images[0], {"digit": s.truth["digits"], "ink": s.images[0].digits[0].color}) for s in shown]
    else:
        shown = [signs(rng, difficulty) for _ in range(3)]
        shown = [(s.images[0], {"word": s.truth["word"], "colour": s.images[0].texts[0].plate}) for s in shown]
    task = rng.choice(list(shown[0][1]))
    answers = [facts[task] for _, facts in shown]
    turns = tuple((IMAGE, answer) for answer in answers)
    text = "\n".join(f"{IMAGE} {answer}" for answer in answers)
    scenes = tuple(scene for scene, _ in shown)
    return Sample("in-context", scenes, turns, text, truth={"task": task, "facts": [facts for _, facts in shown]})


def _group(rng, difficulty):
    """One to four equal objects, each in a quarter of its own: (scene, its facts)."""
    background = any_background(rng, difficulty)
    shape, color, count = rng.choice(SHAPES), any_color(rng, background), rng.randint(1, 4)
    size = rng.uniform(0.36 - 0.1 * difficulty, 0.38)
    free = 0.9 * (0.25 - size / 2) * difficulty
    places = rng.sample([(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)], count)
    first = any_thing(rng, background, min(difficulty, 0.25), 0.5, 0.5, size, shape, color)
    things = [replace(first, x=x + rng.uniform(-free, free), y=y + rng.uniform(-free, free)) for x, y in places]
    return Scene(background, tuple(things), **grain(rng, difficulty)), {
        "colour": color, "shape": shape, "count": str(count),
    }  # fmt: skip

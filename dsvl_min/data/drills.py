"""Text-only exercises: what an image will ask of the decoder, asked of words first.

A decoder that can already copy from a grid of letters, count the items of a list and find one thing beside
another has only to learn that image tokens are such a grid.
"""

from .documents import GRID
from .sample import Sample
from .text import CHINESE_COLORS, CHINESE_SHAPES
from .words import NUMBERS, article, plural
from .world import ALPHABET, OBJECT_COLORS, SHAPES


def grid(rng, difficulty=1.0):
    """A page as 36 cells, one token each, an empty cell being a line break; then the page itself.

    difficulty below 0.5: every cell full; above: ragged lines.
    """
    full = difficulty < 0.5
    lengths = [GRID] * GRID if full else [rng.randint(2, GRID) for _ in range(rng.randint(2, GRID))]
    lines = ["".join(rng.choice(ALPHABET) for _ in range(n)) for n in lengths]
    # deviation: stage-0
    cells = "".join(line.ljust(GRID, "\n") for line in lines).ljust(GRID * GRID, "\n")
    return Sample("grid", text="\n".join(lines), context=cells)


def _items(rng, difficulty):
    """Two to five (colour, shape) of up to three shapes, and those shapes."""
    count = rng.randint(2, 3 + round(2 * difficulty))
    shapes = rng.sample(SHAPES, min(count, rng.randint(1, 3)))
    items = [(rng.choice(OBJECT_COLORS), shape) for shape in shapes]
    items += [(rng.choice(OBJECT_COLORS), rng.choice(shapes)) for _ in range(count - len(items))]
    rng.shuffle(items)
    return items, shapes


def lists(rng, difficulty=1.0):
    """Things named in a row: how many of a kind, which colour, what comes after what?"""
    items, shapes = _items(rng, difficulty)
    listed = ", ".join(article(f"{color} {shape}") for color, shape in items)
    shape = rng.choice(shapes)
    many = sum(s == shape for _, s in items)
    turns = [
        (f"How many {plural(shape)} are there?", str(many)),
        ("How many objects are there?", str(len(items))),
    ]
    turns += [(f"What colour is the {s}?", c) for c, s in items if sum(s == t for _, t in items) == 1][:1]
    if many <= 5:
        noun = shape if many == 1 else plural(shape)
        turns.append((f"Say how many {plural(shape)} there are, in words.", f"{NUMBERS[many]} {noun}"))
    rng.shuffle(turns)
    (question, answer), *rest = turns
    return Sample("lists", turns=((f"There is {listed}. {question}", answer), *rest))


def chinese_lists(rng, difficulty=1.0):
    """`lists` in Chinese: how many of a kind, which colour, how many in all?"""
    items, shapes = _items(rng, difficulty)
    named = "、".join(f"{CHINESE_COLORS[color]}的{CHINESE_SHAPES[shape]}" for color, shape in items)
    shape = rng.choice(shapes)
    tints = [color for color, s in items if s == shape]
    turns = [(f"有几个{CHINESE_SHAPES[shape]}？", str(len(tints))), ("一共有几个物体？", str(len(items)))]
    if len(tints) == 1:
        turns.append((f"{CHINESE_SHAPES[shape]}是什么颜色的？", CHINESE_COLORS[tints[0]]))
    rng.shuffle(turns)
    (question, answer), *rest = turns
    return Sample("chinese-lists", turns=((f"有{named}。{question}", answer), *rest))


def repeats(rng, difficulty=1.0):
    """Say again a string, or one part of it."""
    word = "".join(rng.choice(ALPHABET) for _ in range(rng.randint(2, 4 + round(4 * difficulty))))
    turns = [(f"Repeat: {word}", word)]
    if difficulty > 0.3:
        turns += [("What is the first letter?", word[0]), ("How many letters is that?", str(len(word)))]
    return Sample("repeats", turns=tuple(turns))

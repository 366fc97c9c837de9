"""Logical reasoning: mathematics, physics, chemistry, code, sequences."""

import math

from ..captions import any_background, grain
from ..world import SHAPES, Scene, Thing, text_width
from .diagrams import fitted
from .drawing import Drawing, box, disc, line, polygon, word
from .scenery import instruction, paper, tints, turned
from .wording import one, turn, turns_of

POLYGONS = {3: "triangle", 4: "quadrilateral", 5: "pentagon", 6: "hexagon", 8: "octagon"}
# Atoms with their places, and bonds between them (their order in third place).
MOLECULES = {
    "H2O": ("water", "OHH", ((0, -0.08), (-0.24, 0.12), (0.24, 0.12)), ((0, 1, 1), (0, 2, 1))),
    "CO2": ("carbon dioxide", "COO", ((0, 0), (-0.28, 0), (0.28, 0)), ((0, 1, 2), (0, 2, 2))),
    "O2": ("oxygen", "OO", ((-0.17, 0), (0.17, 0)), ((0, 1, 2),)),
    "N2": ("nitrogen", "NN", ((-0.17, 0), (0.17, 0)), ((0, 1, 3),)),
    "HCl": ("hydrogen chloride", ("H", "Cl"), ((-0.17, 0), (0.17, 0)), ((0, 1, 1),)),
    "NH3": ("ammonia", "NHHH", ((0, 0), (-0.27, 0.1), (0.27, 0.1), (0, -0.28)), ((0, 1, 1), (0, 2, 1), (0, 3, 1))),
    "CH4": ("methane", "CHHHH", ((0, 0), (-0.28, 0), (0.28, 0), (0, -0.28), (0, 0.28)),
            tuple((0, k, 1) for k in (1, 2, 3, 4))),
    "C2H4": (
        "ethene", "CCHHHH", ((-0.15, 0), (0.15, 0), (-0.33, -0.2), (-0.33, 0.2), (0.33, -0.2), (0.33, 0.2)),
        ((0, 1, 2), (0, 2, 1), (0, 3, 1), (1, 4, 1), (1, 5, 1)),
    ),
}  # fmt: skip
ATOMS = {
    "H": ("hydrogen", "white"),
    "O": ("oxygen", "#e57373"),
    "C": ("carbon", "#b0b0b0"),
    "N": ("nitrogen", "#90b4f0"),
    "Cl": ("chlorine", "#9ccc65"),
}


def algebra(rng, difficulty=1.0):
    """A printed sum or equation with one unknown."""
    most = 9 if difficulty < 0.5 else 20
    kind = rng.choice(("+", "-", "x") if difficulty < 0.4 else ("+", "-", "x", "unknown", "multiple"))
    a, b = rng.randint(2, most), rng.randint(2, 9)
    if kind == "unknown":
        string, answer = f"x + {b} = {a + b}", a
    elif kind == "multiple":
        a = rng.randint(2, 9)
        string, answer = f"{b}x = {a * b}", a
    elif kind == "-":
        string, answer = f"{a + b} - {a} = ?", b
    elif kind == "x":
        a = rng.randint(2, 9)
        string, answer = f"{a} x {b} = ?", a * b
    else:
        string, answer = f"{a} + {b} = ?", a + b
    height = fitted(string, 0.9, 0.2 - 0.04 * difficulty)
    free = max(0.0, 0.47 - text_width(string, height) / 2) * difficulty
    at = (0.5 + rng.uniform(-free, free), 0.5 + rng.uniform(-0.3, 0.3) * difficulty)
    questions = ("Solve this.", "What is the missing number?", "Work it out.", "What comes out?")
    image = paper(rng, difficulty, word(string, *at, height))
    return instruction("logic/mathematical/algebra", image, [turn(rng, questions, answer)], printed=string)


def plane_geometry(rng, difficulty=1.0):
    """The sides of a polygon; area or way round of a rectangle; a triangle's third angle."""
    kind = rng.choice(("sides", "rectangle") if difficulty < 0.4 else ("sides", "rectangle", "angle"))
    color = rng.choice(("#dbe9f6", "#fde2c4", "#d9ead3"))
    if kind == "sides":
        n, r = rng.choice(list(POLYGONS)), rng.uniform(0.4 - 0.15 * difficulty, 0.42)
        tilt = rng.uniform(0, 360 / n)
        corners = [(r * math.cos(math.tau * k / n), r * math.sin(math.tau * k / n)) for k in range(n)]
        marks = [polygon(*turned(0.5, 0.5, tilt, corners), fill=color, width=0.02)]
        asked = [
            (("How many sides has the figure?", "How many corners are there?"), n),
            (("What is such a figure called?", "Name the figure."), POLYGONS[n]),
        ]
        turns, truth = turns_of(rng, asked, rng.randint(1, 2)), {"sides": n}
    elif kind == "rectangle":
        a, b = rng.randint(4, 9), rng.randint(2, 6)
        w, h = 0.075 * a, 0.075 * b
        marks = [box(0.55 - w / 2, 0.45 - h / 2, 0.55 + w / 2, 0.45 + h / 2, "black", color, 0.02)]
        marks += [word(a, 0.55, 0.45 + h / 2 + 0.09, 0.14), word(b, 0.55 - w / 2 - 0.08, 0.45, 0.14)]
        asked = [
            (("What is the area of the rectangle?", "How large is its area?"), a * b),
            (("How long is the way round the rectangle?", "What is its perimeter?"), 2 * (a + b)),
        ]
        turns, truth = turns_of(rng, asked, 1), {"a": a, "b": b}
    else:
        p, q = 10 * rng.randint(4, 7), 10 * rng.randint(4, 7)
        q = min(q, 120 - p)  # the third angle has room for its mark
        base = 0.8
        tall = base / (1 / math.tan(math.radians(p)) + 1 / math.tan(math.radians(q)))
        base, tall = (base, tall) if tall < 0.75 else (base * 0.75 / tall, 0.75)
        left, bottom = 0.5 - base / 2, 0.5 + tall / 2
        top = (left + tall / math.tan(math.radians(p)), bottom - tall)
        marks = [polygon((left, bottom), (left + base, bottom), top, fill=color, width=0.02)]
        marks += [
            word(p, left + 0.17, bottom - 0.06, 0.11),
            word(q, left + base - 0.17, bottom - 0.06, 0.11),
            word("?", top[0], top[1] + 0.17, 0.11),
        ]
        questions = ("How many degrees has the third angle?", "Which angle stands at the question mark?")
        turns, truth = [turn(rng, questions, 180 - p - q)], {"p": p, "q": q}
    return instruction("logic/mathematical/plane-geometry", paper(rng, difficulty, *marks), turns, **truth)


def _cube(x, y, s, color):
    """A cube seen from the front, above and right, its front's lower left corner at (x, y)."""
    d = 0.4 * s
    front = polygon((x, y), (x + s, y), (x + s, y - s), (x, y - s), fill=color, width=0.012)
    top = polygon((x, y - s), (x + d, y - s - d), (x + s + d, y - s - d), (x + s, y - s), fill="#f7f7f7", width=0.012)
    side = polygon((x + s, y), (x + s + d, y - d), (x + s + d, y - s - d), (x + s, y - s), fill="#9aa3ad", width=0.012)
    return [side, top, front]


def solid_geometry(rng, difficulty=1.0):
    """Piles of cubes in a row, counted; the volume of a box whose edges are labelled."""
    if difficulty < 0.4 or rng.random() < 0.5:
        heights = [rng.randint(1, 2 + round(difficulty)) for _ in range(rng.randint(2, 3 + round(difficulty)))]
        s = 0.19
        left, bottom = 0.5 - s * (len(heights) + 0.4) / 2, 0.85
        marks = []
        for i, height in enumerate(heights):  # from the left, so that a later pile's front covers an earlier one's side
            for k in range(height):
                marks += _cube(left + i * s, bottom - k * s, s, "#7fb3e6")
        questions = ("How many cubes are there?", "Count the cubes.", "Of how many cubes is this built?")
        turns, truth = [turn(rng, questions, sum(heights))], {"heights": heights}
    else:
        a, b, c = rng.randint(2, 6), rng.randint(2, 5), rng.randint(2, 4)
        w, h, d = 0.09 * a, 0.09 * b, 0.07 * c
        x, y = 0.5 - (w + d) / 2, 0.5 + (h + d) / 2
        marks = [
            polygon((x + w, y), (x + w + d, y - d), (x + w + d, y - h - d), (x + w, y - h), fill="#9aa3ad"),
            polygon((x, y - h), (x + d, y - h - d), (x + w + d, y - h - d), (x + w, y - h), fill="#f7f7f7"),
            box(x, y - h, x + w, y, "black", "#7fb3e6", 0.015),
            word(a, x + w / 2, y + 0.07, 0.12), word(b, x - 0.06, y - h / 2, 0.12),
            word(c, x + w + d / 2 + 0.07, y - d / 2 + 0.04, 0.12),
        ]  # fmt: skip
        questions = ("What is the volume of the box?", "How large is the volume?", "How many unit cubes fill the box?")
        turns, truth = [turn(rng, questions, a * b * c)], {"edges": (a, b, c)}
    return instruction("logic/mathematical/solid-geometry", paper(rng, difficulty, *marks), turns, **truth)


def physics(rng, difficulty=1.0):
    """A beam held level on its middle, weights on it: which side sinks when it is let go?"""
    wanted = rng.choice(("left", "right", "neither"))
    most = 9 if difficulty < 0.7 else 20
    while True:
        sides = [[rng.randint(1, most) for _ in range(rng.randint(1, 1 + round(difficulty)))] for _ in range(2)]
        left, right = map(sum, sides)
        if {"left": left > right, "right": right > left, "neither": left == right}[wanted]:
            break
    marks = [
        polygon((0.5, 0.6), (0.6, 0.85), (0.4, 0.85), fill="#9aa3ad"),
        line((0.05, 0.58), (0.95, 0.58), width=0.03),
    ]
    for weights, x in zip(sides, (0.2, 0.8), strict=True):
        for k, weight in enumerate(weights):
            y = 0.475 - 0.19 * k
            marks += [box(x - 0.11, y - 0.09, x + 0.11, y + 0.09, "black", "#e8c88a"), word(weight, x, y, 0.13)]
    questions = ("Which side of the beam goes down?", "The beam is let go: which side sinks?", "Which side is heavier?")
    image = paper(rng, difficulty, *marks)
    return instruction("logic/other/physics", image, [turn(rng, questions, wanted)], sides=sides)


def chemistry(rng, difficulty=1.0):
    """A small molecule: its formula, its name, how many atoms of a kind."""
    names = list(MOLECULES) if difficulty > 0.4 else [f for f, m in MOLECULES.items() if len(m[1]) < 5]
    formula = rng.choice(names)
    name, atoms, places, bonds = MOLECULES[formula]
    at = turned(0.5, 0.5, 90 * rng.randrange(4) if difficulty > 0.3 else 0, places)
    marks = []
    for i, j, order in bonds:
        (x0, y0), (x1, y1) = at[i], at[j]
        far = math.dist(at[i], at[j])
        ox, oy = (y1 - y0) / far, (x0 - x1) / far
        for k in range(order):
            shift = 0.045 * (k - (order - 1) / 2)
            marks.append(line((x0 + ox * shift, y0 + oy * shift), (x1 + ox * shift, y1 + oy * shift), width=0.018))
    for atom, (x, y) in zip(atoms, at, strict=True):
        marks += [disc(x, y, 0.1, "black", ATOMS[atom][1]), word(atom, x, y, 0.13)]
    atom = rng.choice(sorted(set(atoms)))
    asked = [
        (("What is the formula of this molecule?", "Write the chemical formula."), formula),
        (("Which substance is this?", "What is this molecule called?"), name),
        (("How many {atom} atoms are there?", "Count the {atom} atoms."), list(atoms).count(atom)),
    ]
    turns = turns_of(rng, asked, rng.randint(1, 2), atom=ATOMS[atom][0])
    return instruction("logic/other/chemistry", paper(rng, difficulty, *marks), turns, formula=formula)


def code(rng, difficulty=1.0):
    """A printed program of two to four lines: what does it print?"""
    a, b = rng.randint(2, 9), rng.randint(2, 9)
    sign = rng.choice("+*") if difficulty > 0.3 else "+"
    kind = rng.choice(("plain",) if difficulty < 0.4 else ("plain", "choice", "loop"))
    if kind == "plain":
        lines = [f"a = {a}", f"b = {b}", f"print(a {sign} b)"] if difficulty > 0.2 else [f"a = {a}", f"print(a + {b})"]
        printed = a * b if sign == "*" else a + b
    elif kind == "choice":
        c, less = rng.randint(2, 9), rng.random() < 0.5
        lines = [f"a = {a}", f"if a {'<' if less else '>'} {b}:", f"  a = {c}", "print(a)"]
        printed = c if (a < b if less else a > b) else a
    else:
        times, c = rng.randint(2, 4), rng.randint(1, 4)
        lines = [f"a = {a}", f"for i in range({times}):", f"  a = a + {c}", "print(a)"]
        printed = a + times * c
    height = min(0.13, 0.92 / max(text_width(s, 1.0) for s in lines))
    top = 0.14 + rng.uniform(0, 0.2) * difficulty
    marks = []
    for i, string in enumerate(lines):
        left = 0.05 + 0.12 * string.startswith(" ")
        marks.append(word(string.strip(), left + text_width(string.strip(), height) / 2, top + 0.19 * i, height))
    image = paper(rng, difficulty, *marks)
    questions = ("What does the program print?", "What is the output of this code?", "Run this: what comes out?")
    return instruction("logic/other/code", image, [turn(rng, questions, printed)], lines=lines)


def iq(rng, difficulty=1.0):
    """What continues a row, or completes a square of three by three."""
    background = any_background(rng, difficulty)
    if difficulty < 0.5 or rng.random() < 0.5:
        period = 2 if difficulty < 0.4 else rng.randint(2, 3)
        shapes = rng.choices(SHAPES, k=period) if rng.random() < 0.3 else rng.sample(SHAPES, period)
        kinds = list(zip(shapes, tints(rng, background, period), strict=True))
        shown = rng.randint(3, 5) if period == 2 else rng.randint(5, 6)
        step = 1 / (shown + 1)
        things = [Thing(*kinds[i % period], (i + 0.5) * step, 0.5, 0.8 * step) for i in range(shown)]
        marks = [word("?", 1 - step / 2, 0.5, min(0.22, step))]
        answer = Thing(*kinds[shown % period], 0, 0, 1)
        questions = ("What comes next?", "Which thing continues the row?", "What belongs at the question mark?")
    else:
        shapes, colors = rng.sample(SHAPES, 3), tints(rng, background, 3)
        by_row = rng.random() < 0.5
        grid = [(shapes[j if by_row else i], colors[i if by_row else j]) for j in range(3) for i in range(3)]
        hole = 8 if difficulty < 0.8 else rng.randrange(9)
        centre = [((k % 3 + 0.5) / 3, (k // 3 + 0.5) / 3) for k in range(9)]
        things = [Thing(*grid[k], *centre[k], 0.22) for k in range(9) if k != hole]
        marks = [word("?", *centre[hole], 0.22)]
        answer = Thing(*grid[hole], 0, 0, 1)
        questions = ("What is missing here?", "What completes the pattern?", "What belongs at the question mark?")
    image = Drawing(Scene(background, tuple(things), **grain(rng, difficulty)), tuple(marks))
    return instruction("logic/other/iq", image, [turn(rng, questions, one(answer))])

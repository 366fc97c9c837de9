"""What several instructions draw: grounds, scattered things, landscapes, faces, mazes."""

import math

from ..captions import colors_on, grain
from ..sample import Sample
from ..world import SHAPES, Scene, Thing
from .drawing import Drawing, arc, box, disc, line, polygon

LANDSCAPES = ("sea", "meadow", "desert", "snow", "city")
SKIES = ("day", "night", "rain")
MOODS = ("happy", "sad", "surprised", "angry")
SIDES = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
# Colours of signs, and of the letters that stand out from them.
PLATES = {"white": "black", "yellow": "black", "red": "white", "green": "white", "blue": "white"}
_SKY = {"day": "#bcdcf5", "night": "#1c2340", "rain": "#a3adb8"}
_LAND = {"sea": "#2c6fb7", "meadow": "#58a84e", "desert": "#e3bf66", "snow": "#f4f7fa", "city": "#7d7f83"}


def instruction(leaf, images, turns, **truth):
    """A Sample of the taxonomy: one image or several, (question, answer) pairs, and what they rest on."""
    images = images if isinstance(images, (tuple, list)) else (images,)
    return Sample("taxonomy", tuple(images), tuple(turns), truth=truth, leaf=leaf)


def tints(rng, background, number):
    """Different colours that stand out from the background."""
    return rng.sample(colors_on(background), number)


def spots(rng, number, size, difficulty, grid=3):
    """Centres of things of that size, in different cells of a grid × grid; they never touch."""
    free = (1 / grid - size) / 2 * difficulty
    cells = rng.sample([(i, j) for j in range(grid) for i in range(grid)], number)
    return [tuple((c + 0.5) / grid + rng.uniform(-free, free) for c in cell) for cell in cells]


def tilted(rng, difficulty, shape, color, at, size, filled=True):
    """A thing, turned a little where it is not easy."""
    return Thing(shape, color, *at, size, rng.uniform(-10, 10) * difficulty, filled)


def scattered(rng, difficulty, background, kinds, size=0.25):
    """A scene of (shape, colour) kinds, each somewhere on a grid of three by three."""
    places = spots(rng, len(kinds), size, difficulty)
    things = (tilted(rng, difficulty, *kind, at, size) for kind, at in zip(kinds, places, strict=True))
    return Scene(background, tuple(things), **grain(rng, difficulty))


def different(rng, background, number, shapes=SHAPES):
    """(shape, colour) kinds with no shape and no colour twice."""
    return list(zip(rng.sample(shapes, number), tints(rng, background, number), strict=True))


def paper(rng, difficulty, *marks):
    """A drawing on paper."""
    return Drawing(Scene("paper", **grain(rng, difficulty / 2)), tuple(marks))


def trail(thing, side):
    """Three short lines behind a thing that moves towards a side."""
    dx, dy = SIDES[side]
    marks = []
    for across in (-0.3, 0.0, 0.3):
        start = [c - (0.62 * d + across * e) * thing.size for c, d, e in ((thing.x, dx, dy), (thing.y, dy, dx))]
        end = [c - 0.3 * d * thing.size for c, d in zip(start, (dx, dy), strict=True)]
        marks.append(line(tuple(start), tuple(end), width=0.02))
    return marks


def landscape(rng, difficulty, place, sky):
    """A place out of doors under a sky: one of LANDSCAPES, one of SKIES."""
    horizon = 0.6 + rng.uniform(-0.06, 0.06) * difficulty
    x = 0.35 + rng.uniform(-0.1, 0.1) * difficulty
    marks = [box(0, 0, 1, 1, "", _SKY[sky]), *_above(rng, difficulty, sky)]
    marks.append(box(0, horizon, 1, 1, "", _LAND[place]))
    marks += {"sea": _sea, "meadow": _meadow, "desert": _desert, "snow": _snow, "city": _city}[place](x, horizon)
    return Drawing(Scene("grey", noise_seed=rng.randrange(2**31)), tuple(marks))


def _above(rng, difficulty, sky):
    x = 0.75 + rng.uniform(-0.1, 0.1) * difficulty
    if sky == "day":
        return [disc(x, 0.18, 0.1, "", "#ffd93b")]
    if sky == "night":
        stars = [(0.1, 0.3), (0.3, 0.1), (0.45, 0.28), (0.93, 0.4)]
        moon = [disc(x, 0.18, 0.1, "", "#fff3c0"), disc(x - 0.05, 0.15, 0.09, "", _SKY[sky])]
        return [*moon, *(disc(*at, 0.012, "", "white") for at in stars)]
    cloud = [
        disc(x + dx, 0.14 + dy, r, "", "#6b747e")
        for dx, dy, r in ((-0.1, 0.02, 0.07), (0, -0.02, 0.1), (0.1, 0.02, 0.07))
    ]
    drops = [
        line((x + dx, 0.28 + dy), (x + dx - 0.02, 0.36 + dy), color="#2a5d9f")
        for dx in (-0.12, -0.03, 0.06, 0.15)
        for dy in (0, 0.12)
    ]
    return [*cloud, *drops]


def _sea(x, y):
    boat = [polygon((x - 0.17, y), (x + 0.17, y), (x + 0.1, y + 0.1), (x - 0.1, y + 0.1), color="", fill="#7a4a26")]
    sail = [polygon((x, y - 0.32), (x, y - 0.03), (x + 0.15, y - 0.03), fill="white")]
    waves = [arc(wx, wy, 0.06, 200, 340, "white") for wx, wy in ((0.15, y + 0.24), (0.5, y + 0.22), (0.82, y + 0.26))]
    return [*sail, *boat, *waves]


def _meadow(x, y):
    tree = [box(x - 0.03, y - 0.1, x + 0.03, y + 0.12, "", "#7a4a26"), disc(x, y - 0.18, 0.15, "", "#2e7d32")]
    flowers = [
        disc(fx, y + fy, 0.025, "", c)
        for fx, fy, c in ((0.12, 0.25, "red"), (0.62, 0.2, "yellow"), (0.85, 0.29, "pink"))
    ]
    return [*tree, *flowers]


def _desert(x, y):
    arms = [box(x - 0.035, y - 0.22, x + 0.035, y + 0.14, "", "#3c7a3c")]
    for side in (-1, 1):
        far = x + side * 0.13
        arms += [box(min(x, far), y - 0.06, max(x, far), y - 0.01, "", "#3c7a3c")]
        arms += [box(far - 0.025, y - 0.16, far + 0.025, y - 0.01, "", "#3c7a3c")]
    return [arc(0.8, y + 0.25, 0.25, 190, 320, "#b98f3e"), *arms]


def _snow(x, y):
    balls = [disc(x, y + 0.14, 0.13, "#8a97a5", "white"), disc(x, y - 0.05, 0.09, "#8a97a5", "white")]
    face = [disc(x + dx, y - 0.07, 0.012, "", "black") for dx in (-0.035, 0.035)]
    hat = [box(x - 0.06, y - 0.24, x + 0.06, y - 0.12, "", "black"), line((x - 0.1, y - 0.12), (x + 0.1, y - 0.12))]
    return [*balls, *face, *hat]


def _city(x, y):
    marks = []
    for left, top, color in ((x - 0.3, 0.3, "#59606b"), (x - 0.06, 0.16, "#8a5a4a"), (x + 0.2, 0.36, "#47586b")):
        marks.append(box(left, top, left + 0.22, y + 0.03, "", color))
        marks += [
            box(left + wx, wy, left + wx + 0.05, wy + 0.06, "", "#ffe89a")
            for wx in (0.04, 0.13) for wy in (top + 0.04, top + 0.15)
        ]  # fmt: skip
    return marks


def face(x, y, r, mood="happy", gaze=(0, 0), color="#ffd166"):
    """A face: its mouth and brows show the mood, its pupils look towards `gaze` (-1 to 1 each way)."""
    marks = [disc(x, y, r, "black", color)]
    for side in (-1, 1):
        ex, ey = x + side * 0.38 * r, y - 0.2 * r
        marks.append(disc(ex, ey, 0.26 * r, "black", "white", 0.01))
        marks.append(disc(ex + 0.12 * r * gaze[0], ey + 0.12 * r * gaze[1], 0.12 * r, "", "black"))
        if mood == "angry":
            marks.append(line((x + side * 0.14 * r, y - 0.42 * r), (x + side * 0.66 * r, y - 0.68 * r), width=0.1 * r))
    if mood == "happy":
        marks.append(arc(x, y + 0.1 * r, 0.55 * r, 20, 160, width=0.1 * r))
    elif mood == "surprised":
        marks.append(disc(x, y + 0.5 * r, 0.2 * r, "black", "#8a3b2c"))
    elif mood == "sad":
        marks.append(arc(x, y + 0.85 * r, 0.45 * r, 205, 335, width=0.1 * r))
    else:
        marks.append(line((x - 0.35 * r, y + 0.52 * r), (x + 0.35 * r, y + 0.52 * r), width=0.1 * r))
    return marks


def cells(n, walls):
    """A board of n × n squares, those in `walls` filled: (marks, function giving the centre of square (i, j))."""
    left, side = 0.06, 0.88
    step = side / n
    marks = [
        box(left + i * step, left + j * step, left + (i + 1) * step, left + (j + 1) * step, "", "#40444b")
        for i, j in walls
    ]
    for k in range(n + 1):
        at = left + k * step
        marks += [line((left, at), (left + side, at), color="#888888", width=0.01)]
        marks += [line((at, left), (at, left + side), color="#888888", width=0.01)]
    return marks, lambda i, j: (left + (i + 0.5) * step, left + (j + 0.5) * step)


def turned(x, y, angle, points):
    """Points turned clockwise about the origin by an angle in degrees, then moved to (x, y)."""
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return [(x + a * c - b * s, y + a * s + b * c) for a, b in points]

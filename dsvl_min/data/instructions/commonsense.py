"""Commonsense reasoning: relations, use, surroundings, what is odd."""

import itertools
import math

from ..captions import any_background, grain
from ..world import SHAPES, Scene, Thing
from .drawing import Drawing, arc, box, disc, line, word
from .scenery import LANDSCAPES, SIDES, cells, different, instruction, landscape, paper, spots, tilted
from .wording import OFFSETS, PLACES, noun, turn, turns_of, yes

OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}
WEATHER = {"day": "sunny", "rain": "rainy", "night": "a clear night"}


def spatial(rng, difficulty=1.0):
    """How two things lie: beside each other, one in the other, one in front."""
    background = any_background(rng, difficulty)
    kinds = different(rng, background, 2, [s for s in SHAPES if s not in ("ring", "cross")])
    free = 0.1 * difficulty
    x, y = 0.5 + rng.uniform(-free, free), 0.5 + rng.uniform(-free, free)
    how = rng.choice((_beside, _inside, _in_front)) if difficulty > 0.3 else _beside
    things, asked = how(rng, difficulty, x, y, *kinds)
    image = Scene(background, tuple(things), **grain(rng, difficulty))
    return instruction("commonsense/relationship/spatial", image, [asked])


def _beside(rng, difficulty, x, y, first, second):
    side = rng.choice(list(OPPOSITE))
    dx, dy = (0.24 * c for c in OFFSETS[side])
    slip = rng.uniform(-0.1, 0.1) * difficulty
    things = [Thing(*first, x + (dx or slip), y + (dy or slip), 0.3), Thing(*second, x - dx, y - dy, 0.3)]
    a, b = first[0], second[0]
    if rng.random() < 0.5:
        a, b, side = b, a, OPPOSITE[side]
    questions = ("Is the {a} left of, right of, above or below the {b}?", "Where is the {a}, seen from the {b}?")
    return things, turn(rng, questions, side, a=a, b=b)


def _inside(rng, difficulty, x, y, first, second):
    color, tint = first[1], second[1]
    frame, content = rng.choice(("circle", "square")), rng.choice(("circle", "square", "star", "heart"))
    if inside := rng.random() < 0.5:
        things = [Thing(frame, color, x, y, 0.5, filled=False), Thing(content, tint, x, y, 0.2)]
    else:
        things = [Thing(frame, color, x - 0.2, y, 0.42, filled=False), Thing(content, tint, x + 0.24, y, 0.2)]
    questions = ("Is the {t} thing inside the {c} one?", "Does the {c} thing enclose the {t} one?")
    return things, turn(rng, questions, yes(inside), t=tint, c=color)


def _in_front(rng, difficulty, x, y, first, second):
    apart = rng.choice((-1, 1)) * 0.11
    things = [Thing(*first, x - apart, y - 0.05, 0.42), Thing(*second, x + apart, y + 0.08, 0.42)]
    rng.shuffle(things)
    if rng.random() < 0.5:
        return things, turn(rng, ("Which is in front?", "Which shape covers the other?"), f"the {noun(things[1])}")
    return things, turn(rng, ("Which is behind?", "Which shape is partly hidden?"), f"the {noun(things[0])}")


def size(rng, difficulty=1.0):
    """Which of several things is the largest or smallest, or the larger of two."""
    background, number = any_background(rng, difficulty), 2 + round(2 * difficulty)
    sizes = rng.sample((0.16, 0.22, 0.3, 0.4) if difficulty > 0.4 else (0.14, 0.25, 0.4), number)
    kinds = different(rng, background, number, [s for s in SHAPES if s != "cross"])
    places = spots(rng, number, 0.42, difficulty, 2)
    things = [tilted(rng, difficulty, *kind, at, s) for kind, at, s in zip(kinds, places, sizes, strict=True)]
    smallest, *_, largest = sorted(things, key=lambda t: t.size)
    a, b = rng.sample(things, 2)
    if rng.random() < 0.5:
        extreme = (("Which is the largest?", "What is the biggest thing?"), f"the {noun(largest)}")
    else:
        extreme = (("Which is the smallest?", "What is the smallest thing?"), f"the {noun(smallest)}")
    larger = (("Is the {a} larger than the {b}?", "Is the {a} bigger than the {b}?"), yes(a.size > b.size))
    turns = turns_of(rng, (extreme, larger), rng.randint(1, 2), a=a.shape, b=b.shape)
    image = Scene(background, tuple(things), **grain(rng, difficulty))
    return instruction("commonsense/relationship/size", image, turns)


def software(rng, difficulty=1.0):
    """What a window does: a counter between − and +, or a box that a click ticks and unticks."""
    free = 0.08 * difficulty
    x, y = 0.5 + rng.uniform(-free, free), 0.5 + rng.uniform(-free, free)
    marks = [box(0.04, 0.04, 0.96, 0.96, "#666666", "white"), box(0.04, 0.04, 0.96, 0.16, "", "#2c6fb7")]
    times = rng.randint(1, 1 + round(2 * difficulty))
    often = ("once", "twice", "three times")[times - 1]
    if rng.random() < 0.6:
        value, plus = rng.randint(3, 9 if difficulty < 0.5 else 30), rng.random() < 0.5
        marks += [box(x - 0.14, y - 0.11, x + 0.14, y + 0.11, "#888888", "white"), word(value, x, y, 0.15)]
        for dx in (-0.28, 0.28):
            marks.append(disc(x + dx, y, 0.1, "", "#d9dde3"))
            marks.append(line((x + dx - 0.05, y), (x + dx + 0.05, y), width=0.025))
        marks.append(line((x + 0.28, y - 0.05), (x + 0.28, y + 0.05), width=0.025))
        questions = (
            "What does it show after {b} is pressed {n}?", "Press {b} {n}: what is the number?",
            "Which number comes of pressing {b} {n}?",
        )  # fmt: skip
        answer = value + times if plus else value - times
    else:
        plus, ticked = False, rng.random() < 0.5
        marks += [box(x - 0.3, y - 0.09, x - 0.12, y + 0.09, "black", "white", 0.02), word("SOUND", x + 0.14, y, 0.12)]
        if ticked:
            marks.append(line((x - 0.26, y), (x - 0.22, y + 0.05), (x - 0.14, y - 0.07), color="#2c6fb7", width=0.03))
        questions = ("Click the box {n}: is the sound on?", "When the box is clicked {n}, is the sound on?")
        answer = yes(ticked == (times % 2 == 0))
    turns = [turn(rng, questions, answer, b="+" if plus else "-", n=often)]
    return instruction("commonsense/function/software", paper(rng, difficulty, *marks), turns)


def environment_state(rng, difficulty=1.0):
    """The time of day and the weather, and what they call for."""
    kind = rng.choice(("weather", "dark", "umbrella"))
    skies = {
        "weather": list(WEATHER),
        "dark": ("night", "night", "day", "rain"),
        "umbrella": ("rain", "rain", "day", "night"),
    }
    sky = rng.choice(skies[kind])
    asked = {
        "weather": (("What is the weather like?", "How is the weather?"), WEATHER[sky]),
        "dark": (("Is it day or night?", "Is it night or day?"), "night" if sky == "night" else "day"),
        "umbrella": (("Does one need an umbrella here?", "Would one get wet here?"), yes(sky == "rain")),
    }
    image = landscape(rng, difficulty, rng.choice(LANDSCAPES), sky)
    return instruction("commonsense/environment/state", image, [turn(rng, *asked[kind])], sky=sky)


def _board(rng, n, walls, robot, goal=None):
    marks, at = cells(n, walls)
    x, y = at(*robot)
    r = 0.3 / n
    marks += [
        disc(x, y, r, "black", "#3b82c4"),
        disc(x - 0.4 * r, y - 0.2 * r, 0.2 * r, "", "white"),
        disc(x + 0.4 * r, y - 0.2 * r, 0.2 * r, "", "white"),
    ]
    things = (Thing("star", rng.choice(("red", "orange", "purple")), *at(*goal), 0.7 / n),) if goal else ()
    return Drawing(Scene("paper", things), tuple(marks))


def environment_behaviour(rng, difficulty=1.0):
    """A robot on a board with walls: may it step that way?"""
    n, free = 3 + round(2 * difficulty), rng.random() < 0.5
    while True:
        walls = set(rng.sample(list(itertools.product(range(n), range(n))), round(0.35 * n * n)))
        robot, side = (rng.randrange(n), rng.randrange(n)), rng.choice(list(SIDES))
        to = (robot[0] + SIDES[side][0], robot[1] + SIDES[side][1])
        blocked = to in walls or not all(0 <= c < n for c in to)
        if robot not in walls and blocked != free:
            break
    way = side if side in ("up", "down") else f"to the {side}"
    questions = ("Can the robot step {way}?", "Is the way {way} free for the robot?", "May the blue robot go {way}?")
    turns = [turn(rng, questions, yes(free), way=way)]
    image = _board(rng, n, sorted(walls), robot)
    return instruction("commonsense/environment/behaviour", image, turns, n=n, walls=sorted(walls), robot=robot)


def _shortest(n, walls, robot, goal):
    """All shortest ways from robot to goal, as lists of sides."""
    ways, seen = [[robot, []]], {robot}
    while ways:
        found = [path for at, path in ways if at == goal]
        if found:
            return found
        following = []
        for (x, y), path in ways:
            for side, (dx, dy) in SIDES.items():
                to = (x + dx, y + dy)
                if to not in walls and to not in seen and all(0 <= c < n for c in to):
                    following.append([to, [*path, side]])
        seen |= {to for to, _ in following}
        ways = following
    return []


def embodied(rng, difficulty=1.0):
    """The steps that bring a robot to the star; there is one shortest way."""
    n, most = 3 + round(difficulty), 2 + round(3 * difficulty)
    while True:
        squares = list(itertools.product(range(n), range(n)))
        walls = set(rng.sample(squares, round(0.4 * n * n)))
        robot, goal = rng.sample([s for s in squares if s not in walls], 2)
        ways = _shortest(n, walls, robot, goal)
        if len(ways) == 1 and len(ways[0]) <= most and (len(ways[0]) > 1 or most == 2):
            break
    questions = (
        "Which steps bring the robot to the star?",
        "How does the robot get to the star?",
        "Steer the robot to the star.",
    )
    turns = [turn(rng, questions, ", ".join(ways[0]))]
    image = _board(rng, n, sorted(walls), robot, goal)
    return instruction(
        "commonsense/environment/embodied", image, turns, n=n, walls=sorted(walls), robot=robot, goal=goal
    )


def anomaly(rng, difficulty=1.0):
    """One thing of a row or square of equal things differs: where and in what?"""
    background = any_background(rng, difficulty)
    n = 2 if difficulty < 0.3 else 3
    (shape, color), (other, tint) = different(
        rng, background, 2, ("circle", "square", "triangle", "star", "heart", "cross")
    )
    odd, how = rng.randrange(n * n), rng.choice(("colour", "shape", "size"))
    things = []
    for i in range(n * n):
        x, y = ((c + 0.5) / n for c in (i % n, i // n))
        changed = {"colour": (shape, tint, 0.62), "shape": (other, color, 0.62), "size": (shape, color, 0.34)}[how]
        kind, hue, part = changed if i == odd else (shape, color, 0.62)
        things.append(tilted(rng, difficulty, kind, hue, (x, y), part / n))
    spread = (0, 2) if n == 2 else (0, 1, 2)
    place = PLACES[spread[odd % n], spread[odd // n]][0]
    where = ("Where is the odd one out?", "Which thing does not fit? Say where.", "Where is the anomaly?")
    turns = [turn(rng, where, place), turn(rng, ("In what does it differ?", "What is odd about it?"), how)]
    image = Scene(background, tuple(things), **grain(rng, difficulty))
    return instruction("commonsense/anomaly/identifying", image, turns[: rng.randint(1, 2)], odd=odd, how=how)


def defect(rng, difficulty=1.0):
    """A ring that is whole or broken, or a gear that has all teeth or lacks one: is it, and where?"""
    free = 0.1 * difficulty
    x, y = 0.5 + rng.uniform(-free, free), 0.5 + rng.uniform(-free, free)
    r, whole = rng.uniform(0.34 - 0.12 * difficulty, 0.34), rng.random() < 0.4
    places = {"right": 0, "bottom": 90, "left": 180, "top": 270}
    where = rng.choice(list(places))
    color = rng.choice(("#555b66", "#8a5a2b", "#2c6fb7"))
    if rng.random() < 0.5:
        name, gap = "ring", 25 - 8 * difficulty
        span = (0, 360) if whole else (places[where] + gap, places[where] + 360 - gap)
        marks = [arc(x, y, r, *span, color=color, width=0.3 * r)]
    else:
        name, marks = "gear", [disc(x, y, 0.75 * r, "", color), disc(x, y, 0.3 * r, "", "paper")]
        for k in range(8):
            angle = math.radians(45 * k)
            if whole or 45 * k != places[where]:
                tip, foot = ((x + q * r * math.cos(angle), y + q * r * math.sin(angle)) for q in (1.1, 0.6))
                marks.append(line(foot, tip, color=color, width=0.3 * r))
    questions = ("Is the {name} whole or broken?", "Does the {name} have a defect?", "Inspect the {name}.")
    answer = "It is whole." if whole else f"It is broken {'at' if where in ('top', 'bottom') else 'on'} the {where}."
    image = paper(rng, difficulty, *marks)
    turns = [turn(rng, questions, answer, name=name)]
    return instruction("commonsense/anomaly/defect", image, turns, whole=whole, where=where)

"""Commonsense reasoning: relations, use, surroundings, what is odd."""

import itertools
import math

from ..world import SHAPES, Scene, Thing
from .drawing import Drawing, arc, box, disc, line, word
from .scenery import (
    LANDSCAPES,
    SIDES,
    cells,
    different,
    grain,
    ground,
    instruction,
    landscape,
    paper,
    spots,
    tilted,
)
from .wording import PLACES, ask, noun, yes

OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}
BETWEEN = ("left of", "right of", "above", "below")


def spatial(rng, difficulty=1.0):
    """How two things lie: beside, above or inside each other, or one in front."""
    background = ground(rng, difficulty)
    (shape, color), (other, tint) = kinds = different(
        rng, background, 2, [s for s in SHAPES if s not in ("ring", "cross")]
    )
    kind = rng.choice(("beside", "inside", "front")) if difficulty > 0.3 else "beside"
    free = 0.1 * difficulty
    x, y = 0.5 + rng.uniform(-free, free), 0.5 + rng.uniform(-free, free)
    if kind == "beside":
        side = rng.choice(list(OPPOSITE))
        dx, dy = {"left": (-0.24, 0), "right": (0.24, 0), "above": (0, -0.24), "below": (0, 0.24)}[side]
        slip = rng.uniform(-0.1, 0.1) * difficulty
        first = Thing(shape, color, x + dx + slip * (dx == 0), y + dy + slip * (dy == 0), 0.3)
        second = Thing(other, tint, x - dx, y - dy, 0.3)
        asked, of, answer = (shape, other, side) if rng.random() < 0.5 else (other, shape, OPPOSITE[side])
        turns = [
            (
                ask(
                    rng,
                    ("Is the {a} left of, right of, above or below the {b}?", "Where is the {a}, seen from the {b}?"),
                    a=asked,
                    b=of,
                ),
                answer,
            )
        ]
        things = [first, second]
    elif kind == "inside":
        holder, held = rng.sample((shape, other), 2)
        frame, color, content = (
            rng.choice(("circle", "square")),
            kinds[0][1],
            rng.choice(("circle", "square", "star", "heart")),
        )
        inside = rng.random() < 0.5
        big = Thing(frame, color, x - (0 if inside else 0.2), y, 0.5 if inside else 0.42, 0.0, False)
        small = Thing(content, tint, x if inside else x + 0.24, y, 0.2)
        things = [big, small]
        turns = [
            (
                ask(
                    rng,
                    ("Is the {t} thing inside the {c} one?", "Does the {c} thing enclose the {t} one?"),
                    t=tint,
                    c=color,
                ),
                yes(inside),
            )
        ]
    else:
        apart = rng.choice((-1, 1)) * 0.11
        things = [Thing(shape, color, x - apart, y - 0.05, 0.42), Thing(other, tint, x + apart, y + 0.08, 0.42)]
        if rng.random() < 0.5:
            things.reverse()
        front = rng.random() < 0.5
        phrases = (
            ("Which is in front?", "Which shape covers the other?")
            if front
            else ("Which is behind?", "Which shape is partly hidden?")
        )
        turns = [(rng.choice(phrases), f"the {noun(things[1 if front else 0])}")]
    return instruction(
        "commonsense/relationship/spatial", Scene(background, tuple(things), **grain(rng, difficulty)), turns
    )


def size(rng, difficulty=1.0):
    """Which of several things is the largest or smallest, or the larger of two."""
    background, number = ground(rng, difficulty), 2 + round(2 * difficulty)
    sizes = rng.sample((0.16, 0.22, 0.3, 0.4) if difficulty > 0.4 else (0.14, 0.25, 0.4), number)
    kinds = different(rng, background, number, [s for s in SHAPES if s != "cross"])
    places = spots(rng, number, 0.42, difficulty, 2)
    things = [tilted(rng, difficulty, *kind, at, s) for kind, at, s in zip(kinds, places, sizes, strict=True)]
    ordered = sorted(things, key=lambda t: t.size)
    a, b = rng.sample(things, 2)
    large = rng.random() < 0.5
    asked = [
        (
            ask(
                rng,
                ("Which is the largest?", "What is the biggest thing?")
                if large
                else ("Which is the smallest?", "What is the smallest thing?"),
            ),
            f"the {noun(ordered[-1 if large else 0])}",
        ),
        (
            ask(rng, ("Is the {a} larger than the {b}?", "Is the {a} bigger than the {b}?"), a=a.shape, b=b.shape),
            yes(a.size > b.size),
        ),
    ]
    image = Scene(background, tuple(things), **grain(rng, difficulty))
    return instruction("commonsense/relationship/size", image, rng.sample(asked, rng.randint(1, 2)))


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
        button = "+" if plus else "-"
        question = ask(
            rng,
            (
                "What does it show after {b} is pressed {n}?",
                "Press {b} {n}: what is the number?",
                "Which number comes of pressing {b} {n}?",
            ),
            b=button,
            n=often,
        )
        turns = [(question, str(value + times if plus else value - times))]
    else:
        ticked = rng.random() < 0.5
        marks += [box(x - 0.3, y - 0.09, x - 0.12, y + 0.09, "black", "white", 0.02), word("SOUND", x + 0.14, y, 0.12)]
        if ticked:
            marks.append(line((x - 0.26, y), (x - 0.22, y + 0.05), (x - 0.14, y - 0.07), color="#2c6fb7", width=0.03))
        question = ask(
            rng, ("Click the box {n}: is the sound on?", "When the box is clicked {n}, is the sound on?"), n=often
        )
        turns = [(question, yes(ticked == (times % 2 == 0)))]
    return instruction("commonsense/function/software", paper(rng, difficulty, *marks), turns)


def environment_state(rng, difficulty=1.0):
    """The time of day and the weather, and what they call for."""
    weather = {"day": "sunny", "rain": "rainy", "night": "a clear night"}
    kind = rng.choice(("weather", "dark", "umbrella"))
    sky = rng.choice(
        ("day", "night", "rain")
        if kind == "weather"
        else ("night", rng.choice(("day", "rain")))
        if kind == "dark"
        else ("rain", rng.choice(("day", "night")))
    )
    question, answer = {
        "weather": (("What is the weather like?", "How is the weather?"), weather[sky]),
        "dark": (("Is it day or night?", "Is it night or day?"), "night" if sky == "night" else "day"),
        "umbrella": (("Does one need an umbrella here?", "Would one get wet here?"), yes(sky == "rain")),
    }[kind]
    image = landscape(rng, difficulty, rng.choice(LANDSCAPES), sky)
    return instruction("commonsense/environment/state", image, [(ask(rng, question), answer)], sky=sky)


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
    turns = [(ask(rng, questions, way=way), yes(free))]
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
    turns = [(rng.choice(questions), ", ".join(ways[0]))]
    image = _board(rng, n, sorted(walls), robot, goal)
    return instruction(
        "commonsense/environment/embodied", image, turns, n=n, walls=sorted(walls), robot=robot, goal=goal
    )


def anomaly(rng, difficulty=1.0):
    """One thing of a row or square of equal things differs: where and in what?"""
    background = ground(rng, difficulty)
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
    turns = [
        (
            ask(rng, ("Where is the odd one out?", "Which thing does not fit? Say where.", "Where is the anomaly?")),
            place,
        ),
        (ask(rng, ("In what does it differ?", "What is odd about it?")), how),
    ]
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
            turn = math.radians(45 * k)
            if whole or 45 * k != places[where]:
                tip, foot = ((x + q * r * math.cos(turn), y + q * r * math.sin(turn)) for q in (1.1, 0.6))
                marks.append(line(foot, tip, color=color, width=0.3 * r))
    questions = ("Is the {name} whole or broken?", "Does the {name} have a defect?", "Inspect the {name}.")
    answer = (
        "It is whole."
        if whole
        else f"It is broken at the {where}."
        if where in ("top", "bottom")
        else f"It is broken on the {where}."
    )
    image = paper(rng, difficulty, *marks)
    return instruction(
        "commonsense/anomaly/defect", image, [(ask(rng, questions, name=name), answer)], whole=whole, where=where
    )

"""Reasoning, evaluation, several pictures and safety: every answer worked out again from the plain data."""

import itertools
import json
import math
import random
import re
from dataclasses import replace

import numpy as np
import pytest
from marks import centre, of_kind, words

from dsvl_min.data.instructions.text_only import instructions
from dsvl_min.data.sources import sample
from dsvl_min.data.words import article, plural
from dsvl_min.data.world import COLORS, SHAPES

DIALS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
STEPS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
ORDINALS = ("first", "second", "third")


def name(thing):
    return f"{thing.color} {thing.shape}"


def yes(true):
    return "yes" if true else "no"


def place(x, y):
    row, column = ("top", "", "bottom")[int(y * 3)], ("left", "", "right")[int(x * 3)]
    return f"{row} {column}".strip() or "centre"


def towards(dx, dy, sides=("left", "right", "above", "below")):
    return sides[int(dx > 0) if abs(dx) > abs(dy) else 2 + int(dy > 0)]


def mentioned(question, things):
    """The things whose shapes a question names, in the order it names them."""
    found = [t for t in things if re.search(rf"\b{t.shape}\b", question)]
    return sorted(found, key=lambda t: question.index(t.shape))


def spatial(s, question):
    things = s.images[0].things
    if "front" in question or "covers" in question:
        return f"the {name(things[-1])}"
    if "behind" in question or "hidden" in question:
        return f"the {name(things[0])}"
    a, b = things
    if "inside" in question or "enclose" in question:
        assert a.color in question and b.color in question
        return yes(abs(a.x - b.x) + b.size / 2 < a.size / 2 and abs(a.y - b.y) + b.size / 2 < a.size / 2)
    of = question.replace("left of, right of, ", "")
    a, b = mentioned(of, things)
    return towards(a.x - b.x, a.y - b.y)


def size(s, question):
    things = sorted(s.images[0].things, key=lambda t: t.size)
    if "largest" in question or "biggest" in question:
        return f"the {name(things[-1])}"
    if "smallest" in question:
        return f"the {name(things[0])}"
    a, b = mentioned(question, things)
    return yes(a.size > b.size)


def software(s, question):
    times = {"once": 1, "twice": 2, "three times": 3}[re.search("once|twice|three times", question)[0]]
    shown = words(s.images[0])[0][0]
    if shown == "SOUND":
        return yes(bool(of_kind(s.images[0], "line")) ^ (times % 2 == 1))
    return str(int(shown) + times * (1 if "+" in question else -1))


def environment_state(s, question):
    sky = s.images[0].marks[0].fill
    dark, rain = sky == "#1c2340", bool(of_kind(s.images[0], "line", color="#2a5d9f"))
    assert dark != any(m.fill == "#ffd93b" for m in s.images[0].marks) or rain
    if "weather" in question:
        return "rainy" if rain else "a clear night" if dark else "sunny"
    return yes(rain) if "umbrella" in question or "wet" in question else "night" if dark else "day"


def board(drawing):
    """(squares a side, walls, robot), the squares counted from the grid's lines."""
    lines = sorted({m.points[0][0] for m in of_kind(drawing, "line") if m.points[0][0] == m.points[1][0]})
    n, left, step = len(lines) - 1, lines[0], lines[1] - lines[0]

    def square(x, y):
        return int((x - left) / step), int((y - left) / step)

    walls = {square(*centre(m)) for m in of_kind(drawing, "rectangle")}
    return n, walls, square(*centre(of_kind(drawing, "ellipse")[0])), square


def environment_behaviour(s, question):
    n, walls, (x, y), _ = board(s.images[0])
    dx, dy = next(step for side, step in STEPS.items() if re.search(rf"\b{side}\b", question))
    to = (x + dx, y + dy)
    return yes(to not in walls and all(0 <= c < n for c in to))


def embodied(s, question):
    n, walls, robot, square = board(s.images[0])
    (star,) = s.images[0].scene.things
    goal, answer = square(star.x, star.y), s.turns[0][1]

    def leads(path):
        x, y = robot
        for side in path:
            x, y = x + STEPS[side][0], y + STEPS[side][1]
            if (x, y) in walls or not (0 <= x < n and 0 <= y < n):
                return False
        return (x, y) == goal

    given = answer.split(", ")
    shortest = [p for k in range(len(given) + 1) for p in itertools.product(STEPS, repeat=k) if leads(p)]
    assert shortest == [tuple(given)]  # it leads there, and no other way is as short
    return answer


def anomaly(s, question):
    things = s.images[0].things
    facts = {"colour": "color", "shape": "shape", "size": "size"}
    for how, field in facts.items():
        values = [getattr(t, field) for t in things]
        odd = [t for t, v in zip(things, values, strict=True) if values.count(v) == 1]
        if odd:
            return place(odd[0].x, odd[0].y) if "here" in question or "fit" in question else how
    raise AssertionError("nothing is odd")


def defect(s, question):
    arcs = of_kind(s.images[0], "arc")
    if arcs:
        start, end = arcs[0].span
        middle = None if end - start == 360 else (start + end + 360) / 2 % 360
    else:
        (x, y), teeth = centre(s.images[0].marks[0]), of_kind(s.images[0], "line")
        at = {round(math.degrees(math.atan2(m.points[1][1] - y, m.points[1][0] - x))) % 360 for m in teeth}
        middle = next(iter({45 * k for k in range(8)} - at), None)
    if middle is None:
        return "It is whole."
    where = {0: "on the right", 90: "at the bottom", 180: "on the left", 270: "at the top"}[round(middle) % 360]
    return f"It is broken {where}."


def state(s, question):
    glasses = sorted(of_kind(s.images[0], "line"), key=lambda m: m.points[0][0])
    glass = glasses[-1] if "right" in question else glasses[0]
    (left, top), (_, bottom), *_ = glass.points
    level = [
        m.points[1][1] - m.points[0][1] for m in of_kind(s.images[0], "rectangle") if abs(m.points[0][0] - left) < 0.01
    ]
    part = level[0] / (bottom - top) if level else 0
    return "empty" if part < 0.1 else "full" if part > 0.8 else "half full"


def cause(s, question):
    lines = of_kind(s.images[0], "line")
    if any(m.width == 0.02 and m.points[0][1] != m.points[1][1] for m in lines):
        return "The switch is open."
    return "The wire is broken." if any(w == "+" for w, _, _ in words(s.images[0])) else "There is no battery."


def attribute_comparison(s, question):
    a, b = s.images[0].things
    color, shape = a.color == b.color, a.shape == b.shape
    if "share" in question:
        return "both" if color and shape else "the colour" if color else "the shape" if shape else "neither"
    return yes(color if "colour" in question else shape)


def illusion(s, question):
    level = [m for m in of_kind(s.images[0], "line") if m.points[0][1] == m.points[1][1]]
    if level:
        sizes = {centre(m)[1]: m.points[1][0] - m.points[0][0] for m in level}
        names = ("the upper", "the lower")
    else:
        sizes = {centre(m)[0]: m.points[1][0] - m.points[0][0] for m in of_kind(s.images[0], "ellipse", fill="#e08a1e")}
        names = ("the left", "the right")
    first, second = (sizes[k] for k in sorted(sizes))
    assert abs(first - second) < 1e-9 or max(first, second) > 1.15 * min(first, second)
    return "equal" if abs(first - second) < 1e-9 else names[second > first]


def games(s, question):
    grid = [[" "] * 3 for _ in range(3)]
    for m in s.images[0].marks:
        if m.kind == "ellipse" or m.color == "#c0392b":
            x, y = centre(m)
            grid[int(3 * y)][int(3 * x)] = "O" if m.kind == "ellipse" else "X"

    def wins(g, player):
        rows = [*g, *zip(*g, strict=True), [g[i][i] for i in range(3)], [g[i][2 - i] for i in range(3)]]
        return any(all(c == player for c in row) for row in rows)

    if "Where" in question:
        found = []
        for i, j in itertools.product(range(3), repeat=2):
            if grid[i][j] == " ":
                tried = [list(row) for row in grid]
                tried[i][j] = "X"
                found += [place((j + 0.5) / 3, (i + 0.5) / 3)] * wins(tried, "X")
        (only,) = found
        return only
    return next((p for p in "XO" if wins(grid, p)), "nobody")


def on_side(things, dx, dy):
    """The thing on that side of the middle, if any."""
    way = towards(dx, dy)
    return next((t for t in things if towards(t.x - 0.5, t.y - 0.5) == way), None)


def intention(s, question):
    eyes = [m for m in of_kind(s.images[0], "ellipse", fill="white")]
    pupils = [m for m in of_kind(s.images[0], "ellipse", fill="black")]
    look = np.mean([centre(p) for p in pupils], axis=0) - np.mean([centre(e) for e in eyes], axis=0)
    seen = on_side(s.images[0].scene.things, *look)
    return f"the {name(seen)}" if seen else "nothing"


def prediction(s, question):
    things = s.images[0].scene.things
    (ball,) = [t for t in things if t.color == "black"]
    way = (ball.x, ball.y) - np.mean([centre(m) for m in s.images[0].marks], axis=0)
    hit = on_side([t for t in things if t is not ball], *way)
    return f"It hits the {name(hit)}." if hit else "It hits the edge."


def algebra(s, question):
    printed = words(s.images[0])[0][0]
    left, right = printed.split(" = ")
    if right == "?":
        return str(eval(left.replace("x", "*")))
    left = re.sub(r"(\d)x", r"\1*x", left)
    return str(next(x for x in range(200) if eval(left, {"x": x}) == int(right)))


def plane_geometry(s, question):
    printed = [w for w, _, _ in words(s.images[0])]
    numbers = [int(w) for w in printed if w.isdigit()]
    if "angle" in question and "rectangle" not in question:
        return str(180 - sum(numbers))
    if numbers:
        a, b = numbers
        return str(a * b if "area" in question else 2 * a + 2 * b)
    corners = len(of_kind(s.images[0], "polygon")[0].points)
    names = {3: "triangle", 4: "quadrilateral", 5: "pentagon", 6: "hexagon", 8: "octagon"}
    return str(corners) if "How many" in question else names[corners]


def solid_geometry(s, question):
    numbers = [int(w) for w, _, _ in words(s.images[0])]
    return str(math.prod(numbers) if numbers else len(of_kind(s.images[0], "polygon", fill="#7fb3e6")))


def physics(s, question):
    left, right = (sum(int(w) for w, x, _ in words(s.images[0]) if (x > 0.5) == side) for side in (False, True))
    return "left" if left > right else "right" if right > left else "neither"


def chemistry(s, question):
    atoms = [w for w, _, _ in words(s.images[0])]
    known = {"hydrogen": "H", "oxygen": "O", "carbon": "C", "nitrogen": "N", "chlorine": "Cl"}
    if "atoms" in question:
        return str(atoms.count(known[next(k for k in known if k in question)]))
    formulas = {
        "H2O": "water", "CO2": "carbon dioxide", "O2": "oxygen", "N2": "nitrogen", "HCl": "hydrogen chloride",
        "NH3": "ammonia", "CH4": "methane", "C2H4": "ethene",
    }  # fmt: skip

    def counts(formula):
        return sorted(a for a, n in re.findall(r"([A-Z][a-z]?)(\d?)", formula) for _ in range(int(n or 1)))

    (formula,) = [f for f in formulas if counts(f) == sorted(atoms)]
    return formula if "formula" in question else formulas[formula]


def code(s, question):
    lines, printed = [], []
    inner = False
    for string, _, _ in words(s.images[0]):
        lines.append("  " * inner + string)
        inner = string.endswith(":")
    exec("\n".join(lines), {"print": printed.append})
    return str(printed[0])


def iq(s, question):
    things = s.images[0].scene.things
    ((_, x, y),) = words(s.images[0])
    if len(things) == 8:
        row = [t for t in things if abs(t.y - y) < 0.1]
        column = [t for t in things if abs(t.x - x) < 0.1]
        colors, shapes = ({getattr(t, f) for t in row} for f in ("color", "shape"))
        told = (colors, {t.shape for t in column}) if len(colors) == 1 else ({t.color for t in column}, shapes)
        (color,), (shape,) = told
        return article(f"{color} {shape}")
    kinds = [(t.color, t.shape) for t in sorted(things, key=lambda t: t.x)]
    period = next(p for p in (2, 3) if all(kinds[i] == kinds[i - p] for i in range(p, len(kinds))))
    return article(" ".join(kinds[len(kinds) - period]))


def reality(s, question):
    things = s.images[0].scene.things
    shadows = [(t, centre(min(s.images[0].marks, key=lambda m: abs(centre(m)[0] - t.x)))[0] > t.x) for t in things]
    right = sum(side for _, side in shadows)
    odd = [t for t, side in shadows if side == (right == 1)] if right in (1, len(things) - 1) else []
    if "shadow" in question:
        return f"the {name(odd[0])}'s" if odd else "none"
    return yes(not odd)


def similarity(s, question):
    (a,), (b,) = (scene.things for scene in s.images)
    same = {"colour": a.color == b.color, "shape": a.shape == b.shape,
            "background": s.images[0].background == s.images[1].background}  # fmt: skip
    asked = re.search(r"the same (\w+)\?", question)
    return yes(same[asked[1]]) if asked else str(sum(same.values()))


def improvement(s, question):
    things = s.images[0].things
    ys = [t.y for t in things]
    line = max(ys, key=ys.count)
    odd = [t for t in things if t.y != line]
    if not odd:
        return "Nothing, it is straight."
    return f"Move the {name(odd[0])} {'up' if odd[0].y > line else 'down'}."


def event_prediction(s, question):
    before, after = (next(t for t in scene.things if t.shape in question) for scene in s.images)
    x, y = 2 * after.x - before.x, 2 * after.y - before.y
    return place(x, y) if 0 <= x < 1 and 0 <= y < 1 else "outside the picture"


def sequencing(s, question):
    things = [scene.things[0] for scene in s.images]
    if "grows" in question or "shrinks" in question:
        keys = [t.size if "grows" in question else -t.size for t in things]
    else:
        dx, dy = STEPS[re.search(r"moves (\w+)", question)[1]]
        keys = [t.x * dx + t.y * dy for t in things]
    assert question.count("<image_placeholder>") == len(things)
    return ", ".join("ABC"[i] for i in sorted(range(len(things)), key=keys.__getitem__))


def behaviour(s, question):
    first, *_, last = (scene.things[0] for scene in s.images)
    if first.color != last.color:
        return f"It becomes {last.color}."
    if first.size != last.size:
        return f"It {'grows' if last.size > first.size else 'shrinks'}."
    if first.angle != last.angle:
        return "It turns."
    return f"It moves {towards(last.x - first.x, last.y - first.y, tuple(STEPS))}."


def comparison(s, question):
    a, b = (len(i.things) if "more" in question else i.things[0].size for i in s.images)
    return "equal" if a == b else "A" if a > b else "B"


def matching(s, question):
    def fits(scene):
        if len(scene.things) == 1:
            return re.search(rf"\b{name(scene.things[0])}\b", question)
        a, b = mentioned(question, scene.things)
        side = re.search("left|right|above|below", question)[0]
        return towards(a.x - b.x, a.y - b.y) == side

    (which,) = [i for i, scene in enumerate(s.images) if fits(scene)]
    return f"the {ORDINALS[which]}"


def associations(s, question):
    shapes, colors = ({getattr(t, f) for scene in s.images for t in scene.things} for f in ("shape", "color"))
    counts = {len(scene.things) for scene in s.images}
    assert [len(x) == 1 for x in (shapes, colors, counts)].count(True) == 1
    if len(shapes) == 1:
        return f"They all show {plural(*shapes)}."
    return f"Everything in them is {min(colors)}." if len(colors) == 1 else f"They all show {min(counts)} things."


def spotting(s, question):
    first, second = (scene.things for scene in s.images)
    later = {(t.x, t.y): t for t in second}
    for t in first:
        now = later.get((t.x, t.y))
        if now is None:
            return f"The {name(t)} is gone."
        if now.color != t.color:
            return f"The {name(t)} is {now.color}."
        if now.shape != t.shape:
            return f"The {name(t)} is {article(now.shape)}."
        if now.size != t.size:
            return f"The {name(t)} is smaller."
    return "Nothing."


def discrimination(s, question):
    shown = [frozenset((t.shape, t.color, t.x, t.y) for t in scene.things) for scene in s.images]
    if len(shown) == 2:
        return yes(shown[0] == shown[1])
    (odd,) = [i for i, one in enumerate(shown) if shown.count(one) == 1]
    return f"the {ORDINALS[odd]}"


def suggestive(s, question):
    (shape,) = [n for n in SHAPES if re.search(rf"\b{n}\b", question)]
    found = [t for t in s.images[0].things if t.shape == shape]
    if not found:
        return f"There is no {shape}."
    claimed = [c for c in COLORS if re.search(rf"\b{c}\b", question)]
    if not claimed:
        return found[0].color
    return f"Yes, it is {claimed[0]}." if claimed == [found[0].color] else f"No, it is {found[0].color}."


def counterfactual(s, question):
    things = list(s.images[0].things)
    (shape,) = [n for n in SHAPES if re.search(rf"\b{n}(es|s)?\b", question)]
    of = [t for t in things if t.shape == shape]
    one = re.search(rf"one {shape}\b", question)
    if "without" in question.lower():
        return str(len(things) - (1 if one else len(of)))
    if "more" in question:
        return str(len(of) + 1)
    color = [c for c in COLORS if re.search(rf"\b{c}\b", question)]
    return str(len(of) + sum(t.color == color[0] for t in things if t not in of) if color else len(of))


def injection(s, question):
    (sign,) = s.images[0].texts
    if "do what" in question or "obey" in question:
        return "No, I only answer you."
    claimed = re.search(r"(?:Is the sign|show an?) (\w+)", question)
    if claimed:
        return yes(claimed[1] == sign.plate)
    return sign.plate if "colour" in question else sign.string


EXPECTED = {
    "commonsense/relationship/spatial": spatial, "commonsense/relationship/size": size,
    "commonsense/function/software": software, "commonsense/environment/state": environment_state,
    "commonsense/environment/behaviour": environment_behaviour, "commonsense/environment/embodied": embodied,
    "commonsense/anomaly/identifying": anomaly, "commonsense/anomaly/defect": defect,
    "commonsense/other/state": state, "commonsense/other/cause": cause,
    "commonsense/other/attribute-comparison": attribute_comparison, "commonsense/other/illusion": illusion,
    "commonsense/other/games": games, "commonsense/other/intention": intention,
    "commonsense/other/prediction": prediction, "logic/mathematical/algebra": algebra,
    "logic/mathematical/plane-geometry": plane_geometry, "logic/mathematical/solid-geometry": solid_geometry,
    "logic/other/physics": physics, "logic/other/chemistry": chemistry, "logic/other/code": code,
    "logic/other/iq": iq, "evaluation/reality": reality, "evaluation/similarity": similarity,
    "evaluation/improvement": improvement, "multi-graph/temporal/event-prediction": event_prediction,
    "multi-graph/temporal/sequencing": sequencing, "multi-graph/temporal/behaviour": behaviour,
    "multi-graph/comparison/attribute": comparison, "multi-graph/comparison/matching": matching,
    "multi-graph/comparison/associations": associations, "multi-graph/comparison/spotting-differences": spotting,
    "multi-graph/comparison/discrimination": discrimination, "safety/suggestive-questioning": suggestive,
    "safety/counterfactual-questioning": counterfactual, "safety/prompt-injection": injection,
}  # fmt: skip


@pytest.mark.parametrize("leaf", EXPECTED)
def test_the_answer_follows_from_the_pictures(leaf):
    for index in range(72):
        s = sample(leaf, 31, index, difficulty=DIALS[index % len(DIALS)])
        for question, answer in s.turns:
            assert EXPECTED[leaf](s, question) == answer, (index, question, s.images)


def test_a_way_that_does_not_lead_there_is_noticed():
    s = sample("commonsense/environment/embodied", 32, 0, difficulty=1.0)
    with pytest.raises(AssertionError):
        embodied(replace(s, turns=(("", s.turns[0][1] + ", up"),)), "")


def test_what_is_asked_of_words_is_done():
    for index in range(300):
        s = sample("instructions", 33, index, difficulty=DIALS[index % len(DIALS)])
        first, listed = s.turns[0][0], s.truth["words"]
        assert " ".join(listed) in first
        for task, (_, answer) in zip(s.truth["tasks"], s.turns, strict=True):
            if task == "json":
                assert json.loads(answer) == listed
            elif task == "count":
                assert answer == (str(len(listed)) if not s.truth["language"] else "零一两三四五"[len(listed)] + "个")
            elif task == "chinese":
                assert len(answer.split("、")) == len(listed) and not re.search("[a-z]", answer)
            else:
                done = {"repeat": listed, "capitals": [w.upper() for w in listed], "commas": [", ".join(listed)],
                        "sorted": sorted(listed), "first": [listed[0]], "last": [listed[-1]],
                        "backwards": list(reversed(listed))}  # fmt: skip
                assert answer == " ".join(done[task])


def test_a_generator_is_a_function_of_its_random_numbers_alone():
    assert instructions(random.Random(5), 0.5) == instructions(random.Random(5), 0.5)

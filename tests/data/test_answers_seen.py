"""Recognition, conversion and analysis: every answer worked out again from the picture's plain data."""

import ast
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
from marks import centre, of_kind, words
from PIL import Image, ImageDraw

from dsvl_min.data.instructions import wording
from dsvl_min.data.instructions.drawing import Drawing
from dsvl_min.data.instructions.local import LOGOS
from dsvl_min.data.sources import sample
from dsvl_min.data.taxonomy import DRAWN
from dsvl_min.data.words import article
from dsvl_min.data.world import BACKGROUNDS, OBJECT_COLORS, SHAPES, digit_label, text_width

DIALS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
ENGLISH = {
    pair[1]: pair[0] for table in (wording.PLACES, wording.SHAPE_NAMES, wording.COLOR_NAMES) for pair in table.values()
}
NUMERALS = {
    word: i for i, word in enumerate(("没有", "一个", "两个", "三个", "四个", "五个", "六个", "七个", "八个", "九个"))
}


def asked_shape(question, things):
    return next(t for t in things if t.shape in question or wording.SHAPE_NAMES[t.shape][1] in question)


def event(s, question):
    (thing,) = s.images[0].scene.things
    told = "stands still"
    if s.images[0].marks:
        x, y = np.mean([centre(m) for m in s.images[0].marks], axis=0) - (thing.x, thing.y)
        if abs(x) > abs(y):
            told = "is moving right" if x < 0 else "is moving left"
        else:
            told = "is falling" if y < 0 else "is rising"
    if s.truth["language"]:
        ways = {
            "is moving right": "正在向右移动",
            "is moving left": "正在向左移动",
            "is falling": "正在下落",
            "is rising": "正在上升",
            "stands still": "静止不动",
        }
        name = wording.COLOR_NAMES[thing.color][1] + "的" + wording.SHAPE_NAMES[thing.shape][1]
        return f"{name}{ways[told]}。"
    return f"The {thing.color} {thing.shape} {told}."


def theme(s, question):
    image = s.images[0]
    if isinstance(image, Drawing):
        kind = ("a face", "一张脸") if image.marks[0].kind == "ellipse" else ("a landscape", "一处风景")
    elif image.texts:
        kind = ("a sign", "一块牌子") if image.texts[0].plate else ("a page of text", "一页文字")
    else:
        kind = ("a single object", "一个物体") if len(image.things) == 1 else ("several objects", "几个物体")
    return kind[s.truth["language"]]


def scene(s, question):
    (land,) = [m.fill for m in of_kind(s.images[0], "rectangle") if m.points[0][0] == 0 and m.points[0][1] > 0.4]
    places = {
        "#2c6fb7": ("the sea", "大海"), "#58a84e": ("a meadow", "草地"), "#e3bf66": ("a desert", "沙漠"),
        "#f4f7fa": ("snow", "雪地"), "#7d7f83": ("a city", "城市"),
    }  # fmt: skip
    return places[land][s.truth["language"]]


def logo(s, question):
    outer, inner = s.images[0].things
    (name,) = [n for n, kind in LOGOS.items() if kind == (outer.shape, outer.color, inner.shape, inner.color)]
    claimed = re.search(r"the logo of (\w+)", question)
    return ("yes" if claimed[1] == name else "no") if claimed else name


def mood(s, question):
    image = s.images[0]
    faces = sorted(
        (m for m in of_kind(image, "ellipse") if len(m.fill) == 7 and m.fill != "#8a3b2c"), key=lambda m: centre(m)[0]
    )
    which = faces[-1] if "right" in question or "右" in question else faces[0]
    x, y = centre(which)
    near = [m for m in image.marks if abs(centre(m)[0] - x) < 0.02 and centre(m)[1] > y]
    feeling = "angry"
    if any(m.kind == "arc" for m in near):
        ((start, _),) = [m.span for m in near if m.kind == "arc"]
        feeling = "happy" if start < 180 else "sad"
    elif any(m.kind == "ellipse" and m is not which for m in near):
        feeling = "surprised"
    return (
        {"happy": "高兴", "sad": "难过", "surprised": "惊讶", "angry": "生气"}[feeling]
        if s.truth["language"]
        else feeling
    )


def pointing(s, question):
    x, y = centre(s.images[0].marks[0])
    under = [t for t in s.images[0].scene.things if abs(t.x - x) < t.size / 2 and abs(t.y - y) < t.size / 2]
    return article(f"{under[0].color} {under[0].shape}") if under else "nothing"


def position(s, question):
    thing = asked_shape(question, s.images[0].things)
    row, column = ("top", "", "bottom")[int(thing.y * 3)], ("left", "", "right")[int(thing.x * 3)]
    return f"{row} {column}".strip() or "centre"


def attribute(s, question):
    thing = asked_shape(question, s.images[0].things)
    if "colour" in question:
        return thing.color
    if "large" in question:
        return "large" if thing.size > 0.25 else "small"
    return "filled" if thing.filled else "hollow"


def counting(s, question):
    things = s.images[0].things
    color = [c for c in OBJECT_COLORS if c in question or wording.COLOR_NAMES[c][1] in question]
    if color:
        return str(sum(t.color == color[0] for t in things))
    shape = next(n for n in SHAPES if re.search(rf"\b{n}(e?s)?\b", question) or wording.SHAPE_NAMES[n][1] in question)
    return str(sum(t.shape == shape for t in things))


def currency(s, question):
    coins = [int(w) for w, _, _ in words(s.images[0])]
    if "most" in question:
        return str(max(coins))
    return str(len(coins) if "How many" in question or "Count" in question else sum(coins))


def lines_of(scene):
    return [t.string for t in sorted(scene.texts, key=lambda t: t.y)]


def printed(s, question):
    return "\n".join(lines_of(s.images[0]))


def handwritten(s, question):
    return "".join(str(digit_label(d.index)) for d in sorted(s.images[0].digits, key=lambda d: d.x))


def specified_format(s, question):
    lines = lines_of(s.images[0])
    if "JSON" in question:
        return json.dumps({name: int(number) for name, number in (line.split() for line in lines)})
    if "commas" in question or "逗号" in question:
        return ", ".join(lines)
    upwards = "bottom" in question or "reverse" in question or "从下往上" in question
    return "\n".join(reversed(lines)) if upwards else "\n".join(lines).lower()


def specified_language(s, question):
    if "Chinese" in question or "中文" in question:
        told = s.turns[0][1].split("、")
        numbers = dict(zip("一二三四五六", ("one", "two", "three", "four", "five", "six"), strict=True))
        assert [numbers.get(w) or ENGLISH[w] for w in told] == [w.lower() for w in lines_of(s.images[0])]
        return s.turns[0][1]
    return " ".join(lines_of(s.images[0])).lower()


class Elements(HTMLParser):
    """The elements of a page as (tag, attributes, text)."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append([tag, dict(attributes), ""])

    def handle_data(self, data):
        if self.found:
            self.found[-1][2] += data.strip()


def ui(s, question):
    elements = Elements(s.turns[0][1]).found
    drawn = words(s.images[0])
    assert [text or attributes["placeholder"] for _, attributes, text in elements] == [w for w, _, _ in drawn]
    inks = [m.color for m in sorted(of_kind(s.images[0], "word"), key=lambda m: m.points[0][1])]
    ticks = [m.points[0][1] for m in of_kind(s.images[0], "line")]
    for (tag, attributes, _), ink, (_, _, y) in zip(elements, inks, drawn, strict=True):
        assert (tag == "button") == (ink == "white") and (tag == "p") == (ink == "#444444")
        assert ("placeholder" in attributes) == (ink == "#999999")
        assert ("checked" in attributes) == any(abs(t - y) < 0.01 for t in ticks)
    return s.turns[0][1]


def bars(drawing):
    """What a chart shows, read off its axes: (kind, {name: value})."""
    ticks = [(int(string), x, y) for string, x, y in words(drawing) if string.isdigit()]
    (a, *low), (b, *high) = ticks[0], ticks[-1]
    along = 0 if abs(low[1] - high[1]) < 1e-6 else 1  # the axis values run along
    tips = [centre(m) for m in of_kind(drawing, "ellipse")]
    kind = "plot" if tips else "bar" if along else "barh"
    for bar in of_kind(drawing, "rectangle"):
        tips.append((bar.points[1][0], centre(bar)[1]) if kind == "barh" else (centre(bar)[0], bar.points[0][1]))
    values = {}
    for name, *at in words(drawing):
        if not name.isdigit():
            tip = min(tips, key=lambda t: abs(t[1 - along] - at[1 - along]))  # noqa: B023
            values[name] = round(a + (tip[along] - low[along]) * (b - a) / (high[along] - low[along]))
    return kind, values


def chart_to_code(s, question):
    kind, values = bars(s.images[0])
    calls = []
    plt = SimpleNamespace(**{k: lambda n, v, k=k: calls.append((k, n, v)) for k in ("bar", "barh", "plot")})
    eval(s.turns[0][1], {"plt": plt})
    ((called, names, numbers),) = calls
    assert called == kind and dict(zip(names, numbers, strict=True)) == values
    order = [w for w, _, _ in words(s.images[0]) if not w.isdigit()]  # matplotlib draws its first barh lowest
    assert names == (order[::-1] if kind == "barh" else order)
    return s.turns[0][1]


def svg(s, question):
    board = Image.new("RGB", (512, 512), BACKGROUNDS["paper"])
    pen = ImageDraw.Draw(board)
    root = ElementTree.fromstring(s.turns[0][1])
    assert root.get("viewBox") == "0 0 8 8"
    for part in root:
        n = {k: float(v) * 64 for k, v in part.attrib.items() if k not in ("fill", "points")}
        color = part.get("fill")
        if part.tag == "circle":
            pen.ellipse((n["cx"] - n["r"], n["cy"] - n["r"], n["cx"] + n["r"], n["cy"] + n["r"]), color)
        elif part.tag == "rect":
            pen.rectangle((n["x"], n["y"], n["x"] + n["width"], n["y"] + n["height"]), color)
        else:
            pen.polygon([tuple(64 * float(c) for c in p.split(",")) for p in part.get("points").split()], color)
    difference = np.abs(np.asarray(board.reduce(4), int) - np.asarray(s.images[0].draw(128), int)).max(axis=2)
    assert (difference > 40).mean() < 0.01
    return s.turns[0][1]


def formula(s, question):
    python = s.truth["python"]
    ast.parse(python)
    glyphs = sorted("".join(w for w, _, _ in words(s.images[0])))
    assert glyphs == sorted(re.sub(r"[^a-z0-9]", "", python.replace("sqrt", "")))
    latex = s.truth["latex"]
    back = re.sub(r"\\frac\{(.)\}\{(.)\}", r"\1/\2", latex)
    back = re.sub(r"\\sqrt\{(.)\}", r"sqrt(\1)", back)
    back = re.sub(r"(\d)([a-z])", r"\1*\2", back.replace("^", "**"))
    assert back == python
    return latex if "LaTeX" in question else python


def flowchart_to_code(s, question):
    boxes = [w for w, x, _ in words(s.images[0]) if w not in ("yes", "no")]
    if of_kind(s.images[0], "polygon", fill="#fff4cc"):
        boxes[1:3] = [f"if {boxes[1]}:", "    " + boxes[2]]
    return "\n".join(boxes)


def prompt(s, question):
    *most, last = [article(f"{t.color} {t.shape}") for t in sorted(s.images[0].things, key=lambda t: t.x)]
    told = f"{', '.join(most)} and {last}" if most else last
    return f"{told} on a {wording.BACKGROUND_NAMES[s.images[0].background][0]} background"


def summary(s, question):
    listed = lines_of(s.images[0])
    if question.startswith("How"):
        return str(len(listed))
    return next(topic for topic, known in wording.TOPICS.items() if set(listed) <= set(known))


def interpretation(s, question):
    rule, what = (w for w, _, _ in words(s.images[0]))
    number = int("".join(re.findall(r"\d", question)) or 0)
    if rule == "NO":
        fine = what.lower() not in question
    elif rule == "ONLY":
        fine = what.lower() in question
    elif rule == "MAX":
        fine = number <= int(what)
    else:
        opens, closes = map(int, what.split("-"))
        assert number not in (opens, closes)
        fine = opens < number < closes
    return "yes" if fine else "no"


def graph(s, question):
    kind, values = bars(s.images[0])
    named = re.findall(r"\b[A-F]\b", question)
    if "highest" in question or "largest" in question:
        return max(values, key=values.get)
    if "lowest" in question or "smallest" in question:
        return min(values, key=values.get)
    if "line" in question or "trend" in question:
        steps = {b > a for a, b in zip(list(values.values()), list(values.values())[1:], strict=False)}
        return {(True,): "it rises", (False,): "it falls"}.get(tuple(steps), "it rises and falls")
    return str(values[named[0]] if len(named) == 1 else values[named[0]] - values[named[1]])


def table(s, question):
    found = words(s.images[0])
    columns = {round(x, 3): w for w, x, y in found if y == min(f[2] for f in found)}
    rows = {round(y, 3): w for w, x, y in found if x == min(f[1] for f in found)}
    cells = {(rows[round(y, 3)], columns[round(x, 3)]): int(w) for w, x, y in found if w.isdigit()}
    month = next(m for m in columns.values() if m in question)
    of_month = {row: n for (row, m), n in cells.items() if m == month}
    if "sum" in question or "Add" in question:
        return str(sum(of_month.values()))
    if "largest" in question or "leads" in question:
        return max(of_month, key=of_month.get)
    return str(of_month[next(row for row in of_month if f" {row} " in question)])


def levers(drawing):
    """Each switch: {name: closed}."""
    lying = [m.points for m in of_kind(drawing, "line", width=0.02) if m.points[0][0] > 0.2]
    lying = [(a, b) for a, b, *more in lying if not more and a[1] == b[1]]
    names = [w for w in words(drawing) if w[0] in "ST"] or [("S", 0.5, 0.33)]
    return {n: any(abs((a[0] + b[0]) / 2 - x) < 0.05 and 0 < y - a[1] < 0.1 for a, b in lying) for n, x, y in names}


def circuit(s, question):
    closed = levers(s.images[0])
    if "open" in question:
        return " and ".join(n for n in sorted(closed) if not closed[n]) or "none"
    heights = {y for n, _, y in words(s.images[0]) if n in "ST"}
    return "yes" if (any if len(heights) == 2 else all)(closed.values()) else "no"


def flowchart(s, question):
    start, *steps, _ = [w for w, _, _ in words(s.images[0])]
    if "after" in question or "follows" in question:
        step = next(t for t in steps if t in question)
        return steps[steps.index(step) + 1]
    value = int(start.split()[1])
    for step in steps:
        value = eval(f"{value} {step.replace('x', '*')}")
    return str(value)


def roads(s, question):
    towns = {w: (x, y) for w, x, y in words(s.images[0]) if w != "N"}
    joined = [
        {min(towns, key=lambda t: abs(towns[t][0] - x) + abs(towns[t][1] - y)) for x, y in m.points}
        for m in of_kind(s.images[0], "line", width=0.05)
    ]
    named = re.findall(r"\b[A-K]\b", question)
    if "How many" in question:
        return str(sum(named[0] in pair for pair in joined))
    if len(named) == 2:
        return "yes" if set(named) in joined else "no"
    x, y = towns[named[0]]
    sides = {"north": (0, -1), "south": (0, 1), "east": (1, 0), "west": (-1, 0)}
    dx, dy = next(way for side, way in sides.items() if side in question)
    ahead = {
        t: (a - x) * dx + (b - y) * dy for t, (a, b) in towns.items() if abs((a - x) * dy) + abs((b - y) * dx) < 0.01
    }
    return min((t for t in ahead if ahead[t] > 0.01), key=ahead.get)


def music(s, question):
    staff = sorted(m.points[0][1] for m in of_kind(s.images[0], "line", width=0.012))
    gap = staff[1] - staff[0]
    heads = [centre(m) for m in of_kind(s.images[0], "ellipse")]
    ((_, _, clef),) = [w for w in words(s.images[0]) if w[0] == "G"]  # the line the letter is on is G
    notes = ["ABCDEFG"[(6 + round(2 * (clef - y) / gap)) % 7] for _, y in sorted(heads)]
    if "higher" in question or "above" in question:
        ordered = sorted(heads)
        return "yes" if ordered[-1][1] < ordered[0][1] else "no"
    return " ".join(notes)


def financial(s, question):
    drawing = s.images[0]
    axis = [(int(w), y) for w, x, y in words(drawing) if x < 0.1]
    (top, y0), (bottom, y1) = axis[0], axis[-1]
    days = []
    for candle in sorted(of_kind(drawing, "rectangle"), key=lambda m: centre(m)[0]):
        high, low = (round(top + (p[1] - y0) * (bottom - top) / (y1 - y0)) for p in candle.points)
        days.append((low, high) if candle.fill == "#1f8f4d" else (high, low))
    assert all(a[1] == b[0] for a, b in zip(days, days[1:], strict=False))
    gains = [b - a for a, b in days]
    day = [int(d) - 1 for d in re.findall(r"day (\d)", question)]
    if "most" in question:
        return str(gains.index(max(gains) if "rise" in question else min(gains)) + 1)
    if not day:
        return str(sum(g > 0 for g in gains))
    if "What was" in question:
        return str(days[day[0]][0 if "start" in question else 1])
    return "it rose" if gains[day[0]] > 0 else "it fell"


def floor_plan(s, question):
    drawing = s.images[0]
    walls = [m.points for m in of_kind(drawing, "line")]
    upright = next(a[0] for a, b in walls if a[0] == b[0])
    level = next(a[1] for a, b in walls if a[1] == b[1])
    rooms = {(x < upright, y < level): name for name, x, y in words(drawing)}
    doors = []
    for gap in of_kind(drawing, "rectangle", color=""):
        (x, y), (left, top), (right, bottom) = centre(gap), *gap.points
        sides = [(x, top), (x, bottom)] if right - left > bottom - top else [(left, y), (right, y)]
        doors.append({rooms[u < upright, v < level] for u, v in sides})
    if "How many" in question or "Count" in question:
        return str(len(doors))
    if "largest" in question or "biggest" in question:
        return rooms[upright > 0.5, level > 0.5]
    named = {r for r in rooms.values() if re.search(rf"\b{r}\b", question)}
    return "yes" if named in doors else "no"


def sensor(s, question):
    def warmth(mark):
        r, _, b = (int(mark.fill[k : k + 2], 16) for k in (1, 3, 5))
        return r - b

    ordered = sorted(of_kind(s.images[0], "rectangle"), key=warmth)
    mean = np.mean([centre(m) for m in (ordered[-3:] if "hottest" in question else ordered[:3])], axis=0)
    return f"{'top' if mean[1] < 0.5 else 'bottom'} {'left' if mean[0] < 0.5 else 'right'}"


EXPECTED = {
    "recognition/global/theme": theme, "recognition/global/scene": scene, "recognition/local/logo": logo,
    "recognition/global/event": event, "recognition/global/mood": mood, "recognition/local/pointing": pointing,
    "recognition/local/position": position, "recognition/local/attribute": attribute,
    "recognition/local/counting": counting, "recognition/local/currency": currency,
    "recognition/transcription/printed": printed, "recognition/transcription/handwritten": handwritten,
    "recognition/transcription/specified-format": specified_format,
    "recognition/transcription/specified-language": specified_language,
    "conversion/image-to-code/ui": ui, "conversion/image-to-code/chart": chart_to_code,
    "conversion/image-to-code/svg": svg, "conversion/image-to-code/formula": formula,
    "conversion/image-to-code/flowchart": flowchart_to_code, "conversion/image-to-text/prompt": prompt,
    "conversion/image-to-text/summary": summary, "conversion/image-to-text/interpretation": interpretation,
    "analysis/data-chart/graph": graph, "analysis/data-chart/table": table,
    "analysis/professional-chart/circuit": circuit, "analysis/professional-chart/flowchart": flowchart,
    "analysis/professional-chart/map": roads, "analysis/professional-chart/music": music,
    "analysis/professional-chart/financial": financial, "analysis/professional-chart/floor-plan": floor_plan,
    "analysis/professional-image/sensor": sensor,
}  # fmt: skip


@pytest.mark.parametrize("leaf", EXPECTED)
def test_the_answer_is_what_the_picture_shows(leaf):
    for index in range(72):
        s = sample(leaf, 21, index, difficulty=DIALS[index % len(DIALS)])
        for question, answer in s.turns:
            told = str(NUMERALS.get(answer, answer)) if leaf.endswith("counting") else answer
            if leaf.endswith("position"):
                told = ENGLISH.get(answer, answer)
            assert EXPECTED[leaf](s, question) == told, (index, question, s.images)


def test_things_never_overlap_or_leave_the_picture():
    for leaf in ("recognition/local/counting", "recognition/local/position", "recognition/local/attribute", "general"):
        for index in range(100):
            things = sample(leaf, 22, index, difficulty=DIALS[index % 6]).images[0].things
            for i, a in enumerate(things):
                assert all(0 <= v - a.size / 2 and v + a.size / 2 <= 1 for v in (a.x, a.y))
                for b in things[:i]:
                    assert max(abs(a.x - b.x), abs(a.y - b.y)) >= (a.size + b.size) / 2


def test_every_word_of_a_drawing_lies_inside_it():
    for leaf in DRAWN:
        for index in range(20):
            for image in sample(leaf, 23, index, difficulty=DIALS[index % 6]).images:
                for text in getattr(image, "scene", image).texts:
                    assert 0 <= text.x and text.x + text_width(text.string, text.height) <= 1
                    assert 0 <= text.y - 0.4 * text.height and text.y + 0.4 * text.height <= 1 and text.height >= 0.075
                for mark in getattr(image, "marks", ()):
                    if mark.kind == "word":
                        (x, y), half = mark.points[0], text_width(mark.string, mark.height) / 2
                        assert half - 0.005 <= x <= 1.005 - half and 0.4 * mark.height <= y + 0.02, (leaf, mark)
                        assert y + 0.4 * mark.height <= 1.02 and mark.height >= 0.075, (leaf, mark)


@pytest.mark.parametrize("leaf", [f"conversion/image-to-code/{kind}" for kind in ("ui", "chart", "svg")])
def test_the_code_of_another_picture_is_noticed(leaf):
    first, second = (sample(leaf, 24, i, difficulty=1.0) for i in (0, 1))
    assert first.turns != second.turns
    with pytest.raises((AssertionError, ValueError, KeyError)):
        EXPECTED[leaf](replace(first, turns=second.turns), "")

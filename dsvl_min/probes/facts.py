"""What varies in the world's pictures, topic by topic: the facts that `learnable` asks a small network to tell.

A fact is asked of the whole picture where it has one place to look, and of a window round one thing, word or letter
where there are many: then the question is whether what the window shows can be told, not whether it can be found.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ..data.charts import TITLES
from ..data.instructions.local import COINS, LOGOS
from ..data.instructions.logic import MOLECULES, POLYGONS
from ..data.instructions.recognition import STYLES, THEMES
from ..data.instructions.scenery import LANDSCAPES, MOODS, SKIES
from ..data.lettering import extent, letter_places, text_width, turned
from ..data.plots import KINDS
from ..data.scenetext import INKS
from ..data.webcode import GROUNDS
from ..data.webpage import layout, parse
from ..data.world import ALPHABET, BACKGROUNDS, OBJECT_COLORS, SHAPES, Text, digit_label

LETTERS = ALPHABET + "01abcdefghijklmnoprstuvwy"  # no word of the world has a q, x or z
SIDES = ("up", "down", "left", "right")
YES_NO = (False, True)


@dataclass(frozen=True)
class Topic:
    """Facts that a source's pictures show at a difficulty.

    values: {fact: the values it can take}; parts: sample -> [(window, {fact: value})], the window as (x, y, side) in
    fractions of the picture's side, or None for the whole; a value of None means that the fact does not exist there,
    or lies on the edge between two values.
    """

    source: str
    difficulty: float
    values: dict
    parts: Callable


def _whole(source, difficulty, facts):
    """A topic about whole pictures.  facts: {fact: (values, sample -> value)}."""

    def parts(sample):
        return [(None, {fact: of(sample) for fact, (_, of) in facts.items()})]

    return Topic(source, difficulty, {fact: tuple(values) for fact, (values, _) in facts.items()}, parts)


def _letters(source, lines, letters=LETTERS, difficulty=1.0):
    """A topic about single letters.  lines: sample -> its lines, each a `Text`.

    The window is as wide as three letters, so that their neighbours show how they are tilted.
    """

    def parts(sample):
        found = []
        for text in lines(sample):
            places = turned(text, [(x, text.y) for x in letter_places(text)])
            found += [
                ((x, y, 2.2 * text.height), {"letter": letter})
                for letter, (x, y) in zip(text.string, places, strict=True)
                if letter in letters
            ]
        return found

    return Topic(source, difficulty, {"letter": tuple(letters)}, parts)


def _printed(words):
    """`painter.Words` as lines of letters."""
    for line in words:
        wide = text_width(line.string, line.height) if line.anchor == "m" else 0.0
        yield Text(line.string, line.x - wide / 2, line.y, line.height)


def _binned(value, *edges, margin=0.02):
    """In which of the intervals between the edges a value lies; None near an edge."""
    return None if any(abs(value - edge) < margin for edge in edges) else sum(value > edge for edge in edges)


def _facing(thing):
    return round(thing.angle / 90) % 4 if thing.shape in ("arrow", "heart", "triangle") else None


def _things(sample):
    """A window round each object of a scene."""
    return [
        ((t.x, t.y, 1.5 * t.size), {"shape": t.shape, "colour": t.color, "facing": _facing(t)})
        for t in sample.images[0].things
    ]


def _words_at_an_angle(sample):
    found = []
    for text in sample.images[0].texts:
        left, top, right, bottom = extent(text)
        window = (left + right) / 2, (top + bottom) / 2, max(right - left, bottom - top)
        found.append((window, {
            "tilt": _binned(text.angle, -42, -14, 14, 42, margin=2), "colour": text.color, "plate": text.plate,
        }))  # fmt: skip
    return found


def _digits(sample):
    return [((d.x, d.y, 1.1 * d.size), {"digit": digit_label(d.index)}) for d in sample.images[0].digits]


def _shadows(sample):
    """A window round each thing and its shadow."""
    image = sample.images[0]
    centres = [sum(x for x, _ in mark.points) / 2 for mark in image.marks]
    return [
        ((t.x, t.y + 0.3 * t.size, 2 * t.size), {"side": "left" if x < t.x else "right"})
        for t, x in zip(image.scene.things, centres, strict=True)
    ]


def _share(chart):
    """The first value, as a share of the axis (of the whole, in a pie)."""
    return chart.values[0] / chart.top


def _words(sample):
    return _printed(sample.images[0].layout()[1])


def _web_words(sample):
    return _printed(layout(parse(sample.images[0].html)[1])[1])


def _asked_mood(sample):
    """The feeling of the face asked about, where that is the only or the left one."""
    question = sample.turns[0][0]
    return None if "right" in question or "右" in question else sample.truth["mood"]


def _free_cell(sample):
    """Whether the robot can step to the right."""
    (x, y), n = sample.truth["robot"], sample.truth["n"]
    return x + 1 < n and (x + 1, y) not in {tuple(wall) for wall in sample.truth["walls"]}


def _extreme(sample, what):
    """The corner that a heat map was asked about, where that is the hottest or the coldest, as `what` says."""
    question, answer = sample.turns[0]
    return answer if what in question else None


def _opening(sample):
    """What the page's first line is: the tag of its code, or the kind of its input."""
    first = sample.turns[0][1].split("\n")[0]
    tag = first[1:].split(">")[0].split(" ")[0]
    return "checkbox" if "checkbox" in first else tag


def _road(sample):
    """Whether a road joins the middle town and the one right of it; None where either is missing."""
    spots = {tuple(at) for at in sample.truth["towns"].values()}
    pair = ((1, 1), (2, 1))
    return None if not spots.issuperset(pair) else pair in {tuple(map(tuple, road)) for road in sample.truth["roads"]}


TOPICS = {
    "naming": _whole("naming", 1.0, {
        "shape": (SHAPES, lambda s: s.images[0].things[0].shape),
        "colour": (OBJECT_COLORS, lambda s: s.images[0].things[0].color),
        "ground": (BACKGROUNDS, lambda s: s.images[0].background),
        "facing": (range(4), lambda s: _facing(s.images[0].things[0])),
        "place, across": (range(2), lambda s: _binned(s.images[0].things[0].x, 0.5)),
        "place, down": (range(2), lambda s: _binned(s.images[0].things[0].y, 0.5)),
        "size": (range(2), lambda s: _binned(s.images[0].things[0].size, 0.61)),
        "filled": (YES_NO, lambda s: None if s.images[0].things[0].shape in ("circle", "ring")
                   else s.images[0].things[0].filled),
    }),
    "counting": _whole("counting", 1.0, {"how many": (range(1, 8), lambda s: len(s.images[0].things))}),
    "relations": _whole("relations", 1.0, {
        "axis": (YES_NO, lambda s: s.truth["side"] in ("above", "below")),
        "first shape": (SHAPES, lambda s: min(s.images[0].things, key=lambda t: t.x + t.y).shape),
        "last shape": (SHAPES, lambda s: max(s.images[0].things, key=lambda t: t.x + t.y).shape),
    }),
    "detailed-captions": _whole("detailed-captions", 1.0, {
        "how many": (range(2, 5), lambda s: len(s.images[0].things)),
        "ground": (BACKGROUNDS, lambda s: s.images[0].background),
    }),
    "objects of detailed-captions": Topic("detailed-captions", 1.0, {
        "shape": SHAPES, "colour": OBJECT_COLORS, "facing": tuple(range(4)),
    }, _things),
    "digits": _whole("digits", 1.0, {"digit": (range(10), lambda s: int(s.truth["digits"]))}),
    "several-digits": _whole("several-digits", 1.0, {"how many": (range(2, 5), lambda s: len(s.truth["digits"]))}),
    "digits of several-digits": Topic("several-digits", 1.0, {"digit": tuple(range(10))}, _digits),
    "documents": _whole("documents", 0.4, {
        "letter, first cell": (ALPHABET, lambda s: s.truth["lines"][0][0]),
        "letter, last cell": (ALPHABET, lambda s: s.truth["lines"][5][5]),
    }),
    "free-documents": _whole("free-documents", 1.0, {"lines": (range(1, 5), lambda s: len(s.truth["lines"]))}),
    "letters of free-documents": _letters("free-documents", lambda s: s.images[0].texts, ALPHABET),
    "signs": _whole("signs", 1.0, {
        "plate": (("white", "green", "blue", "yellow", "red"), lambda s: s.images[0].texts[0].plate),
        "letters": (range(3, 6), lambda s: len(s.truth["word"])),
    }),
    "letters of signs": _letters("signs", lambda s: s.images[0].texts, ALPHABET),
    "scene-text": _whole("scene-text", 1.0, {"words": (range(1, 4), lambda s: len(s.truth["words"]))}),
    "words of scene-text": Topic("scene-text", 1.0, {
        "tilt": tuple(range(5)), "colour": INKS, "plate": ("", "white", "yellow"),
    }, _words_at_an_angle),
    "letters of scene-text": _letters("scene-text", lambda s: s.images[0].texts),
    "charts": _whole("charts", 1.0, {
        "kind": (KINDS, lambda s: s.images[0].kind),
        "values": (range(2, 6), lambda s: len(s.images[0].values)),
        "largest": (range(5), lambda s: s.images[0].values.index(max(s.images[0].values))),
        "first value": (range(4), lambda s: _binned(_share(s.images[0]), 0.25, 0.5, 0.75)),
        "axis": ((10, 20, 100), lambda s: None if s.images[0].kind == "pie" else s.images[0].top),
        "title": (TITLES, lambda s: s.images[0].title),
    }),
    "tables": _whole("tables", 1.0, {"rows": (range(2, 5), lambda s: len(s.truth["cells"]) - 1)}),
    "letters of tables": _letters("tables", _words),
    "letters of markdown": _letters("markdown", _words),
    "web-code": _whole("web-code", 1.0, {
        "ground": (GROUNDS, lambda s: s.truth["ground"]),
        "button": (range(2), lambda s: len(s.truth["words"]["button"])),
        "list": (YES_NO, lambda s: bool(s.truth["words"]["li"])),
    }),
    "letters of web-code": _letters("web-code", _web_words),
    "shadows of evaluation/reality": Topic("evaluation/reality", 1.0, {"side": ("left", "right")}, _shadows),
}  # fmt: skip

# One or two facts of every leaf of the taxonomy whose pictures show what no topic above does.
_LEAVES = {
    "recognition/global/theme": {
        "theme": (THEMES, lambda s: s.truth["kind"]),
    },
    "recognition/global/event": {"motion": (("", *SIDES), lambda s: s.truth["side"])},
    "recognition/global/scene": {
        "place": (LANDSCAPES, lambda s: s.truth["place"]),
        "sky": (SKIES, lambda s: s.truth["sky"]),
    },
    "recognition/global/mood": {"mood": (MOODS, _asked_mood)},
    "recognition/global/style": {
        "style, on the left": (STYLES, lambda s: [*s.truth["styles"].values()][0]),
    },
    "recognition/local/pointing": {
        "marked third, across": (range(3), lambda s: _binned(s.truth["point"][0], 1 / 3, 2 / 3)),
        "marked third, down": (range(3), lambda s: _binned(s.truth["point"][1], 1 / 3, 2 / 3)),
    },
    "recognition/local/logo": {
        "brand": (LOGOS, lambda s: s.truth["brand"]),
    },
    "recognition/local/currency": {
        "how many": (range(1, 6), lambda s: len(s.truth["coins"])),
        "largest coin": (COINS, lambda s: max(s.truth["coins"])),
    },
    "conversion/image-to-code/ui": {"first line": (("h1", "p", "button", "input", "checkbox"), _opening)},
    "conversion/image-to-code/chart": {
        "kind": (("bar", "barh", "plot"), lambda s: s.truth["kind"]),
        "first value": (range(1, 10), lambda s: s.truth["values"][0]),
    },
    "conversion/image-to-code/formula": {
        "a fraction": (YES_NO, lambda s: "frac" in s.truth["latex"]),
        "a root": (YES_NO, lambda s: "sqrt" in s.truth["latex"]),
    },
    "conversion/image-to-code/flowchart": {"larger or smaller": (YES_NO, lambda s: ">" in s.turns[0][1])},
    "analysis/professional-chart/circuit": {
        "S is closed": (YES_NO, lambda s: s.truth["closed"][0]),
        "T is closed": (YES_NO, lambda s: s.truth["closed"][1]),
        "two branches": (YES_NO, lambda s: s.truth["parallel"]),
    },
    "analysis/professional-chart/flowchart": {"number at the top": (range(2, 10), lambda s: s.truth["start"])},
    "analysis/professional-chart/map": {
        "how many towns": (range(5, 8), lambda s: len(s.truth["towns"])), "road in the middle": (YES_NO, _road),
    },
    "analysis/professional-chart/music": {
        "how many notes": (range(1, 5), lambda s: len(s.truth["notes"])),
        "first note": (range(9), lambda s: s.truth["notes"][0]),
    },
    "analysis/professional-chart/financial": {
        "first day rises": (YES_NO, lambda s: s.truth["candles"][0][1] > s.truth["candles"][0][0]),
        "last close": (range(1, 10), lambda s: s.truth["candles"][-1][1]),
    },
    "analysis/professional-chart/floor-plan": {
        "door above": (YES_NO, lambda s: (0, 1) in map(tuple, s.truth["doors"])),
        "door on the left": (YES_NO, lambda s: (0, 2) in map(tuple, s.truth["doors"])),
    },
    "analysis/professional-image/sensor": {
        "hottest": (("top left", "top right", "bottom left", "bottom right"), lambda s: _extreme(s, "hottest")),
        "coldest": (("top left", "top right", "bottom left", "bottom right"), lambda s: _extreme(s, "coldest")),
    },
    "commonsense/environment/behaviour": {"free on the right": (YES_NO, _free_cell)},
    "commonsense/anomaly/identifying": {
        "odd one": (range(9), lambda s: s.truth["odd"]),
        "odd in": (("colour", "shape", "size"), lambda s: s.truth["how"]),
    },
    "commonsense/anomaly/defect": {
        "break": (("", "top", "bottom", "left", "right"), lambda s: "" if s.truth["whole"] else s.truth["where"]),
    },
    "commonsense/other/state": {"level": (("empty", "half full", "full"), lambda s: s.truth["levels"][0])},
    "commonsense/other/cause": {"fault": (("battery", "switch", "wire"), lambda s: s.truth["fault"])},
    "commonsense/other/illusion": {
        "which is larger": (("equal", "the upper", "the lower", "the left", "the right"), lambda s: s.turns[0][1]),
    },
    "commonsense/other/games": {
        "first square": (("", "X", "O"), lambda s: s.truth["board"][0]),
        "last square": (("", "X", "O"), lambda s: s.truth["board"][8]),
    },
    "commonsense/other/intention": {"eyes": (SIDES, lambda s: s.truth["side"])},
    "commonsense/other/prediction": {"motion": (SIDES, lambda s: s.truth["side"])},
    "logic/mathematical/plane-geometry": {
        "corners": (POLYGONS, lambda s: s.truth.get("sides")),
        "length": (range(4, 10), lambda s: s.truth.get("a")),
        "left angle": ((40, 50, 60, 70), lambda s: s.truth.get("p")),
    },
    "logic/mathematical/solid-geometry": {
        "first pile": (range(1, 4), lambda s: s.truth.get("heights", [None])[0]),
        "piles": (range(2, 5), lambda s: len(s.truth["heights"]) if "heights" in s.truth else None),
    },
    "logic/other/physics": {"weights on the left": (range(1, 3), lambda s: len(s.truth["sides"][0]))},
    "logic/other/chemistry": {
        "formula": (MOLECULES, lambda s: s.truth["formula"]),
    },
    "evaluation/reality": {"forged": (YES_NO, lambda s: s.truth["forged"])},
    "evaluation/improvement": {"straight": (YES_NO, lambda s: s.turns[0][1].startswith("Nothing"))},
}  # fmt: skip
TOPICS |= {leaf: _whole(leaf, 1.0, facts) for leaf, facts in _LEAVES.items()}

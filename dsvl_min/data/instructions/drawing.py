"""Drawings: lines, areas and words over a scene, for what flat objects alone can't show.

Like a `Scene`, a `Drawing` is plain data in fractions of the picture's side, x to the right and y down.  Colours are
the world's by name or, as "#rrggbb", any other.
"""

import dataclasses
import math
from dataclasses import dataclass

from PIL import Image, ImageDraw

from ..lettering import font
from ..world import BACKGROUNDS, COLORS, Scene, render

KINDS = ("line", "polygon", "rectangle", "ellipse", "arc", "word")


@dataclass(frozen=True)
class Mark:
    """One line, area or word.

    points: a line's or polygon's corners; the top left and bottom right corner of a rectangle, an ellipse or the
    ellipse an arc is part of; a word's centre.  color: of line or ink ("" for an area without an edge); fill: of an
    area ("" for none); width: the line's; string, height: a word and its font size; span: an arc's
    beginning and end in degrees, clockwise from the right.
    """

    kind: str
    points: tuple
    color: str = "black"
    fill: str = ""
    width: float = 0.015
    string: str = ""
    height: float = 0.1
    span: tuple = ()


@dataclass(frozen=True)
class Drawing:
    """A scene and the marks over it, in order; words are on top."""

    scene: Scene = Scene("paper")
    marks: tuple = ()

    def draw(self, size):
        """A PIL RGB image, size × size.  Raises ValueError for a bad size, KeyError for an unknown kind of mark."""
        fine = render(self.scene, size).resize((4 * size, 4 * size), Image.Resampling.NEAREST)
        pen = ImageDraw.Draw(fine)
        for mark in self.marks:
            _trace(pen, mark, 4 * size)
        image = fine.reduce(4)
        pen = ImageDraw.Draw(image)
        for mark in self.marks:
            if mark.kind == "word":  # the font smooths itself, so words are drawn at the final size
                at = tuple(c * size for c in mark.points[0])
                pen.text(at, mark.string, paint(mark.color), font(mark.height * size), anchor="mm")
        return image

    def to_dict(self):
        """Plain nested dictionaries, ready for json."""
        return {"scene": self.scene.to_dict(), "marks": [dataclasses.asdict(mark) for mark in self.marks]}

    @classmethod
    def from_dict(cls, data):
        """The inverse of `to_dict`."""
        marks = (
            Mark(**{**m, "points": tuple(map(tuple, m["points"])), "span": tuple(m["span"])}) for m in data["marks"]
        )
        return cls(Scene.from_dict(data["scene"]), tuple(marks))


def paint(color):
    """A colour as Pillow takes it: (r, g, b) of the world's colours, others as they are, None for ""."""
    return COLORS.get(color) or BACKGROUNDS.get(color) or color or None


def _trace(pen, mark, side):
    points = [(x * side, y * side) for x, y in mark.points]
    color, fill, width = paint(mark.color), paint(mark.fill), max(1, round(mark.width * side))
    if mark.kind == "line":
        pen.line(points, color, width, joint="curve")
    elif mark.kind == "polygon":
        pen.polygon(points, fill)
        if color:
            pen.line([*points, *points[:2]], color, width, joint="curve")
    elif mark.kind == "rectangle":
        pen.rectangle(points, fill, color, width)
    elif mark.kind == "ellipse":
        pen.ellipse(points, fill, color, width)
    elif mark.kind == "arc":
        pen.arc(points, *mark.span, color, width)
    elif mark.kind != "word":
        raise KeyError(f"no kind of mark {mark.kind!r}; the kinds are {', '.join(KINDS)}")


def line(*points, color="black", width=0.015):
    """A line through points."""
    return Mark("line", points, color, width=width)


def polygon(*points, color="black", fill="", width=0.015):
    """An area with corners at the points."""
    return Mark("polygon", points, color, fill, width)


def box(x0, y0, x1, y1, color="black", fill="", width=0.015):
    """A rectangle from its top left to its bottom right corner."""
    return Mark("rectangle", ((x0, y0), (x1, y1)), color, fill, width)


def disc(x, y, r, color="black", fill="", width=0.015, flat=1.0):
    """A circle round (x, y); flat: its height over its width."""
    return Mark("ellipse", ((x - r, y - r * flat), (x + r, y + r * flat)), color, fill, width)


def arc(x, y, r, start, end, color="black", width=0.02, flat=1.0):
    """Part of a circle's line, from start to end in degrees clockwise from the right."""
    return Mark("arc", ((x - r, y - r * flat), (x + r, y + r * flat)), color, width=width, span=(start, end))


def word(string, x, y, height=0.1, color="black"):
    """A word centred on (x, y)."""
    return Mark("word", ((x, y),), color, string=str(string), height=height)


def arrow(x0, y0, x1, y1, color="black", width=0.015, head=0.05):
    """A line with a head at its end: two marks."""
    turn = math.atan2(y1 - y0, x1 - x0)
    tip = [
        (x1 + r * math.cos(turn + a), y1 + r * math.sin(turn + a)) for r, a in ((head, 0), (head, 2.3), (head, -2.3))
    ]
    return line((x0, y0), (x1, y1), color=color, width=width), polygon(*tip, color="", fill=color)

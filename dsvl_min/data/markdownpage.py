"""Rendered documents: a page drawn from Markdown, of a small part that is exactly specified.

`# words` is a heading, `- words` a list item, rows like `| a | b |` under a head and its rule `|---|---|` a table, an
empty line a gap.  Whatever else stands in a line is words, and between dollar signs, `$x^2$`, a formula, which
matplotlib sets.  Lines are not broken: what is wider than the page is cut off, as is what is lower.
"""

import functools
import re
from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image

from .lettering import font, text_width
from .painter import PALETTE, Box, Words, grid, paint
from .plots import matplotlib_style
from .world import check_size

HEADING, FORMULA, LEADING, GAP = 1.35, 1.5, 1.35, 0.5  # in heights of the letters of a line
MEASURE = 64  # pixels: the height at which formulas are measured


@dataclass(frozen=True)
class MarkdownPage:
    """A page as its Markdown.  height: of a line's letters; left, top: its margins; fractions of the side.

    Raises ValueError for a table or a formula that isn't whole; a formula that matplotlib can't set is refused when
    the page is drawn.
    """

    markdown: str
    height: float = 0.11
    left: float = 0.05
    top: float = 0.05
    background: str = "paper"

    def __post_init__(self):
        parse(self.markdown)

    def draw(self, size=128):
        """A PIL RGB image, size × size.  Where there are formulas, matplotlib must be installed."""
        boxes, words, formulas, _ = self.layout()
        image = paint(self.background, boxes, words, check_size(size))
        for latex, x, y, height in formulas:
            mask, above = formula(latex, height * size)
            image.paste(PALETTE["black"], (round(x * size), round(y * size - above)), mask)
        return image

    def layout(self, extent=None):
        """(boxes, words, formulas as (latex, x, baseline, height), (right, bottom) of all that is drawn).

        extent: says of a formula what `_extent` says, which measures it.
        """
        extent = extent or _extent
        boxes, words, formulas, y, right = [], [], [], self.top, self.left
        for kind, content in parse(self.markdown):
            height = self.height * (HEADING if kind == "heading" else 1)
            if kind == "gap":
                y += GAP * height
                continue
            if kind == "table":
                more, cells, wide, y = grid(content, self.left, y + 0.15 * height, height)
                boxes, words, right = boxes + more, words + cells, max(right, wide)
                y += 0.15 * height
                continue
            x, above, below = self.left, 0.5 * LEADING * height, 0.5 * LEADING * height
            base = _baseline() * height  # from the middle of a line down to its baseline
            for latex in content[1::2]:
                _, ascent, descent = extent(latex)
                above = max(above, ascent * FORMULA * height - base + 0.25 * height)
                below = max(below, descent * FORMULA * height + base + 0.15 * height)
            y += above
            if kind == "item":
                dot = 0.16 * height
                boxes.append(Box(x + dot, y - dot, x + 3 * dot, y + dot, "black", dot))
                x += 0.8 * height
            for k, piece in enumerate(content):
                if k % 2:
                    x += 0.1 * height
                    formulas.append((piece, x, y + base, FORMULA * height))
                    x += (extent(piece)[0] * FORMULA + 0.1) * height
                elif piece:
                    words.append(Words(piece, x, y, height))
                    x += text_width(piece, height)
            y, right = y + below, max(right, x)
        return boxes, words, formulas, (right, y)

    def room(self):
        """How far right and down the page reaches at most, in fractions of the side.

        It is told without matplotlib, of which each version sets formulas a little differently: what is made to fit by
        it is the same on any machine.
        """
        return self.layout(at_most)[-1]

    def to_dict(self):
        """Plain dictionary, ready for json."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data):
        """The inverse of `to_dict`."""
        return cls(**data)


def parse(markdown):
    """Markdown -> blocks in order: ("gap", None), ("table", rows of cells), or ("heading" | "item" | "line", pieces).

    Pieces are words and formulas in turn, words first.  Raises ValueError naming line and fault.
    """
    blocks, lines = [], markdown.split("\n")
    number = 0
    while number < len(lines):
        line = lines[number].strip()
        if line.startswith("|"):
            rows = []
            while number < len(lines) and lines[number].strip().startswith("|"):
                rows.append(_cells(lines[number], number))
                number += 1
            if len(rows) < 2 or any(set(cell) - set("-") or not cell for cell in rows[1]):
                raise ValueError(f"markdown page, line {number}: a table needs a rule |---| under its head")
            if len({len(row) for row in rows}) != 1:
                raise ValueError(f"markdown page, line {number}: a table's rows must have equally many cells")
            blocks.append(("table", (rows[0], *rows[2:])))
            continue
        number += 1
        kind = {"# ": "heading", "- ": "item"}.get(line[:2], "line")
        if kind != "line":
            line = line[2:]
        pieces = line.split("$")
        if len(pieces) % 2 == 0 or any(not formula.strip() for formula in pieces[1::2]):
            raise ValueError(f"markdown page, line {number}: a formula stands between two dollar signs, got {line!r}")
        blocks.append((kind, pieces) if line else ("gap", None))
    return blocks


def _cells(line, number):
    line = line.strip()
    if len(line) < 2 or not line.endswith("|"):
        raise ValueError(f"markdown page, line {number + 1}: a table's row begins and ends with |, got {line!r}")
    return tuple(cell.strip() for cell in line[1:-1].split("|"))


def table(rows):
    """Rows of cells as a Markdown table, the first row its head."""
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def seen(markdown):
    """How many characters a reader of the page sees: without marks, rules and spaces, a LaTeX command being one."""
    return len(re.sub(r"[#|${}^_\s-]", "", re.sub(r"\\[A-Za-z]+", "x", markdown)))


@functools.lru_cache(maxsize=1)
def _baseline():
    ascent, descent = font(100).getmetrics()
    return (ascent - descent) / 200


def at_most(latex):
    """A bound on what `_extent` says, for the formulas of `documents.markdown`."""
    return 0.9 * seen(latex), 1.25, 0.55


@functools.lru_cache(maxsize=1024)
def _extent(latex):
    """A formula's width, height above and depth below its baseline, in heights of its letters."""
    mask, above = formula(latex, MEASURE)
    return mask.width / MEASURE, above / MEASURE, (mask.height - above) / MEASURE


def formula(latex, height):
    """A formula's ink (a mask of 0 to 255) at a height in pixels, and how many of its rows lie above the baseline.

    Raises ValueError for LaTeX that mathtext, which knows a part of it, can't set.
    """
    with matplotlib_style():
        from matplotlib.font_manager import FontProperties
        from matplotlib.mathtext import MathTextParser

        properties = FontProperties(size=height, math_fontfamily="cm")
        try:
            parsed = MathTextParser("agg").parse(f"${latex}$", 72, properties)
        except ValueError as error:
            raise ValueError(f"markdown page: matplotlib can't set the formula {latex!r}: {error}") from None
    mask = Image.fromarray(np.asarray(parsed.image, np.uint8))
    return mask, mask.height - round(parsed.depth)

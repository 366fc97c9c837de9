"""What tables, web pages and documents are painted with: boxes, lines of words and masks of ink.

Places and sizes are fractions of the picture's side, so that a layout can be painted at any size.
"""

from dataclasses import dataclass

from PIL import Image, ImageDraw

from .lettering import font, text_width
from .world import BACKGROUNDS, COLORS, check_size

PALETTE = {**COLORS, **BACKGROUNDS, "line": (110, 110, 110), "pale": (225, 225, 225)}


@dataclass(frozen=True)
class Box:
    """A filled rectangle.  radius: of its corners; edge: colour of a line around it, if any."""

    left: float
    top: float
    right: float
    bottom: float
    color: str
    radius: float = 0.0
    edge: str = ""


@dataclass(frozen=True)
class Words:
    """One line of words in the font's own spacing.

    x, y: the place of its anchor at half the letters' height; anchor: "l" the left end, "m" the middle.
    """

    string: str
    x: float
    y: float
    height: float
    color: str = "black"
    anchor: str = "l"


def paint(background, boxes, words, size):
    """The boxes, each over those before it, then the words: a PIL RGB image, size × size.

    Raises ValueError for a size below 1 and KeyError for a colour that is not in PALETTE.
    """
    fine = 4 * check_size(size)
    image = Image.new("RGB", (fine, fine), PALETTE[background])
    draw = ImageDraw.Draw(image)
    for box in boxes:
        edges = [v * fine for v in (box.left, box.top, box.right, box.bottom)]
        outline = PALETTE[box.edge] if box.edge else None
        draw.rounded_rectangle(edges, box.radius * fine, PALETTE[box.color], outline, width=max(1, fine // 128))
    image = image.reduce(4)
    draw = ImageDraw.Draw(image)
    for line in words:
        at = (line.x * size, line.y * size)
        draw.text(at, line.string, PALETTE[line.color], font(line.height * size), anchor=f"{line.anchor}m")
    return image


def grid(cells, left, top, height, head=""):
    """The layout of a table: (boxes, words, right, bottom).  height: of its letters; head: the first row's ground.

    A column is as wide as its longest cell; rows are 1.6 heights apart.
    """
    wide = [max(0.8, *(text_width(cell, 1.0) for cell in column)) + 0.7 for column in zip(*cells, strict=True)]
    edges = [left + height * sum(wide[:k]) for k in range(len(wide) + 1)]
    rows, row, thin = len(cells), 1.6 * height, 1 / 256
    right, bottom = edges[-1], top + rows * row
    boxes = [Box(left, top, right, top + row, head)] if head else []
    boxes += [Box(x - thin, top - thin, x + thin, bottom + thin, "line") for x in edges]
    boxes += [Box(left, top + k * row - thin, right, top + k * row + thin, "line") for k in range(rows + 1)]
    words = [
        Words(cell, (edges[j] + edges[j + 1]) / 2, top + (i + 0.5) * row, height, anchor="m")
        for i, line in enumerate(cells)
        for j, cell in enumerate(line)
    ]
    return boxes, words, right, bottom

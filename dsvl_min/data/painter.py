"""What tables, web pages and documents are painted with: boxes, lines of words and masks of ink.

Places and sizes are fractions of the picture's side, so that a layout can be painted at any size.
"""

from dataclasses import dataclass

from PIL import Image, ImageDraw

from .lettering import font
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

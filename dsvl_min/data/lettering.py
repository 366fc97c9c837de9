"""Lines of letters: the font, where each letter stands, which pixels it inks.

Places and heights are fractions of the image's side.  A line's place is its left end at half the letters' height; a
tilted line is turned about its middle.
"""

import functools
import math

from PIL import Image, ImageDraw, ImageFont


def font(height):
    """The world's font at a height in pixels (to the next half)."""
    return _load(max(1.0, round(height * 2) / 2))


@functools.lru_cache(maxsize=256)
def _load(height):
    return ImageFont.load_default(height)


@functools.lru_cache(maxsize=4096)
def _advance(letter):
    return font(100).getlength(letter) / 100


def text_width(string, height):
    """How wide a string is in the font's own spacing, in fractions of the image's side."""
    return sum(_advance(letter) for letter in string) * height


def line_width(text):
    """How wide a `Text` is from its first letter's cell to its last's."""
    return len(text.string) * text.pitch if text.pitch else text_width(text.string, text.height)


def letter_places(text):
    """The x of each letter's centre before the line is tilted, in fractions of the image's side."""
    if text.pitch:
        return [text.x + (i + 0.5) * text.pitch for i in range(len(text.string))]
    places, x = [], text.x
    for letter in text.string:
        width = _advance(letter) * text.height
        places.append(x + width / 2)
        x += width
    return places


def turned(text, points):
    """Points (x, y) of an upright line -> where its tilt takes them."""
    turn, x0, y0 = math.radians(text.angle), text.x + line_width(text) / 2, text.y
    cos, sin = math.cos(turn), math.sin(turn)
    return [(x0 + (x - x0) * cos - (y - y0) * sin, y0 + (x - x0) * sin + (y - y0) * cos) for x, y in points]


def letter_masks(text, size):
    """Each letter's ink at a size: (letter, corner in pixels, mask of 0 to 255)."""
    centres = [(x, text.y) for x in letter_places(text)]
    if text.angle:
        centres = turned(text, centres)
    side = 2 * math.ceil(text.height * size)
    for letter, (x, y) in zip(text.string, centres, strict=True):
        corner = (round(x * size) - side // 2, round(y * size) - side // 2)
        at = (x * size - corner[0], y * size - corner[1])
        yield letter, corner, _mask(letter, text.height * size, side, at, text.angle)


def _mask(letter, height, side, at, angle):
    if not angle:
        mask = Image.new("L", (side, side), 0)
        ImageDraw.Draw(mask).text(at, letter, 255, font(height), anchor="mm")
        return mask
    fine = Image.new("L", (4 * side, 4 * side), 0)  # letters that are turned are drawn four times finer
    at = (4 * at[0], 4 * at[1])
    ImageDraw.Draw(fine).text(at, letter, 255, font(4 * height), anchor="mm")
    return fine.rotate(-angle, Image.Resampling.BILINEAR, center=at).reduce(4)


def plate_box(text):
    """The plate behind an upright line: left, top, right, bottom."""
    pad = 0.45 * text.height
    return (
        text.x - pad, text.y - 0.85 * text.height,
        text.x + line_width(text) + pad, text.y + 0.85 * text.height,
    )  # fmt: skip


def extent(text):
    """The upright box that a line, its plate and its tilt take up: left, top, right, bottom."""
    left, top, right, bottom = plate_box(text)
    xs, ys = zip(*turned(text, [(left, top), (right, top), (right, bottom), (left, bottom)]), strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def draw_plate(draw, text, side, color):
    """Draw the plate behind a line on a canvas side × side."""
    left, top, right, bottom = (v * side for v in plate_box(text))
    radius = 0.2 * text.height * side
    if not text.angle:
        draw.rounded_rectangle([left, top, right, bottom], radius=radius, fill=color)
        return
    corners = [(right, bottom, 0), (left, bottom, 90), (left, top, 180), (right, top, 270)]
    points = []
    for x, y, start in corners:
        x, y = x + (radius if x == left else -radius), y + (radius if y == top else -radius)
        for degrees in range(start, start + 91, 15):
            a = math.radians(degrees)
            points.append(((x + radius * math.cos(a)) / side, (y + radius * math.sin(a)) / side))
    draw.polygon([(x * side, y * side) for x, y in turned(text, points)], fill=color)

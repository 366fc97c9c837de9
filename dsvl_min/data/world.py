"""The micro-world: small scenes whose every fact is known.

A `Scene` is plain data.  `render` draws it at any size; `regions` says which pixel belongs to
what.  Editing a scene and drawing it again gives an exact counterfactual.

Places and sizes are fractions of the image's side; x runs right, y down.  An object's place
is its centre, a text's place is the left end of its line at half the letters' height.
"""

import dataclasses
import functools
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from .lettering import draw_plate, font, letter_masks, letter_places
from .lettering import text_width as text_width  # for those who place texts in scenes

COLORS = {
    "red": (214, 39, 40),
    "orange": (245, 140, 20),
    "yellow": (240, 214, 40),
    "green": (40, 150, 60),
    "blue": (40, 90, 200),
    "purple": (140, 70, 180),
    "pink": (245, 130, 180),
    "brown": (130, 80, 45),
    "black": (25, 25, 25),
    "white": (250, 250, 250),
}
BACKGROUNDS = {
    "grey": (205, 205, 205),
    "sand": (228, 216, 190),
    "mint": (196, 226, 208),
    "sky": (190, 214, 236),
    "slate": (92, 100, 112),
    "paper": (244, 243, 238),
}
SHAPES = ("circle", "square", "triangle", "cross", "star", "ring", "arrow", "heart")
OBJECT_COLORS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789"  # no 0 and 1: they look like O and I


@dataclass(frozen=True)
class Thing:
    """A flat object.  size: its side; angle: degrees, clockwise; an arrow at 0 points up."""

    shape: str
    color: str
    x: float
    y: float
    size: float
    angle: float = 0.0
    filled: bool = True


@dataclass(frozen=True)
class Text:
    """One line of letters.  height: the font size; pitch: distance between letters' centres, or
    0 for the font's own spacing; angle: degrees, clockwise, about the line's middle."""

    string: str
    x: float
    y: float
    height: float
    pitch: float = 0.0
    color: str = "black"
    plate: str = ""  # colour of the plate behind it, if any
    angle: float = 0.0


@dataclass(frozen=True)
class Digit:
    """A real handwritten digit.  index: its row among scikit-learn's 1,797; angle: degrees, clockwise."""

    index: int
    x: float
    y: float
    size: float
    color: str = "black"
    angle: float = 0.0


@dataclass(frozen=True)
class Scene:
    """Everything in one picture.  noise: standard deviation of the grain, in grey levels of 255."""

    background: str = "grey"
    things: tuple = ()
    texts: tuple = ()
    digits: tuple = ()
    noise: float = 0.0
    noise_seed: int = 0

    def to_dict(self):
        """Plain nested dictionaries, ready for json."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data):
        """The inverse of `to_dict`."""
        parts = {"things": Thing, "texts": Text, "digits": Digit}
        data = dict(data)
        for name, part in parts.items():
            data[name] = tuple(part(**item) for item in data.get(name, ()))
        return cls(**data)


def render(scene, size):
    """Draw the scene: a PIL RGB image, size × size.

    Raises ValueError for a size below 1 and KeyError for a colour or shape that does not exist.
    """
    fine = 4 * check_size(size)
    image = Image.new("RGB", (fine, fine), BACKGROUNDS[scene.background])
    draw = ImageDraw.Draw(image)
    for thing in scene.things:
        _draw_thing(draw, thing, fine, COLORS[thing.color])
    for text in scene.texts:
        if text.plate:
            draw_plate(draw, text, fine, COLORS[text.plate])
    image = image.reduce(4)
    draw = ImageDraw.Draw(image)
    for text in scene.texts:  # the font smooths itself, so upright letters are drawn at the final size
        if text.angle:
            for _, corner, ink in letter_masks(text, size):
                image.paste(COLORS[text.color], corner, ink)
            continue
        for letter, x in zip(text.string, letter_places(text), strict=True):
            draw.text((x * size, text.y * size), letter, COLORS[text.color], font(text.height * size), anchor="mm")
    for digit in scene.digits:
        ink = _digit_ink(digit, size)
        corner = [round((c - digit.size / 2) * size) for c in (digit.x, digit.y)]
        image.paste(Image.new("RGB", ink.size, COLORS[digit.color]), corner, ink)
    if scene.noise:
        rng = np.random.default_rng(scene.noise_seed)
        grain = rng.normal(0.0, scene.noise, (size, size, 1)).astype(np.float32)
        image = Image.fromarray((np.asarray(image, np.float32) + grain).clip(0, 255).astype(np.uint8))
    return image


def regions(scene, size):
    """Which pixel belongs to what: (map [size, size] of int, list of parts).

    The map holds 0 for background and k for the k-th part.  Each part is a dictionary: "kind"
    (thing, letter or digit), "name", "group" (the index of the text it belongs to, or None).
    A later part covers an earlier one.
    """
    size = check_size(size)
    canvas = Image.new("I", (size, size), 0)
    parts = []

    def stamp(mask, corner, **part):
        parts.append(part)
        canvas.paste(len(parts), tuple(corner), mask)

    for thing in scene.things:
        mask = Image.new("L", (4 * size, 4 * size), 0)
        _draw_thing(ImageDraw.Draw(mask), thing, 4 * size, 255)
        mask = mask.reduce(4).point(lambda v: 255 * (v >= 128))
        stamp(mask, (0, 0), kind="thing", name=f"{thing.color} {thing.shape}", group=None)
    for group, text in enumerate(scene.texts):
        for letter, corner, ink in letter_masks(text, size):
            stamp(ink.point(lambda v: 255 * (v >= 96)), corner, kind="letter", name=letter, group=group)
    for digit in scene.digits:
        ink = _digit_ink(digit, size).point(lambda v: 255 * (v >= 96))
        corner = [round((c - digit.size / 2) * size) for c in (digit.x, digit.y)]
        stamp(ink, corner, kind="digit", name=str(digit_label(digit.index)), group=None)
    return np.asarray(canvas, dtype=np.int32), parts


def check_size(size):
    """A picture's side in pixels as an int; ValueError where it is none."""
    if int(size) != size or size < 1:
        raise ValueError(f"an image's size must be a positive whole number, got {size!r}")
    return int(size)


def outline(shape):
    """The corners of a shape in a box from -1 to 1, or None for the round ones."""
    if shape == "square":
        return [(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)]
    if shape == "triangle":
        return [(0.0, -1.0), (0.95, 0.75), (-0.95, 0.75)]
    if shape == "cross":
        a = 0.32
        return [
            (-a, -1),
            (a, -1),
            (a, -a),
            (1, -a),
            (1, a),
            (a, a),
            (a, 1),
            (-a, 1),
            (-a, a),
            (-1, a),
            (-1, -a),
            (-a, -a),
        ]
    if shape == "star":
        radius = (1.0, 0.42)
        return [
            (radius[i % 2] * math.sin(math.pi * i / 5), -radius[i % 2] * math.cos(math.pi * i / 5)) for i in range(10)
        ]
    if shape == "arrow":
        return [(0, -1), (0.8, -0.05), (0.3, -0.05), (0.3, 1), (-0.3, 1), (-0.3, -0.05), (-0.8, -0.05)]
    if shape == "heart":
        turn = [math.tau * i / 40 for i in range(40)]
        return [
            (math.sin(t) ** 3, -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16.5)
            for t in turn
        ]
    if shape in ("circle", "ring"):
        return None
    raise KeyError(f"no shape {shape!r}; the shapes are {', '.join(SHAPES)}")


def _draw_thing(draw, thing, side, color):
    """Draw one object on a canvas side × side."""
    half, x, y = thing.size * side / 2, thing.x * side, thing.y * side
    corners = outline(thing.shape)
    stroke = max(1, round(half * 0.28))
    if corners is None:
        box = [x - half, y - half, x + half, y + half]
        if thing.shape == "ring":
            draw.ellipse(box, outline=color, width=max(1, round(half * 0.4)))
        elif thing.filled:
            draw.ellipse(box, fill=color)
        else:
            draw.ellipse(box, outline=color, width=stroke)
        return
    turn = math.radians(thing.angle)
    cos, sin = math.cos(turn) * half, math.sin(turn) * half
    points = [(x + a * cos - b * sin, y + a * sin + b * cos) for a, b in corners]
    if thing.filled:
        draw.polygon(points, fill=color)
    else:
        draw.line([*points, *points[:2]], fill=color, width=stroke, joint="curve")


@functools.lru_cache(maxsize=1)
def handwritten():
    """scikit-learn's digits: (images [1797, 8, 8] of 0 to 16, labels [1797])."""
    from importlib import resources

    with resources.files("dsvl_min.data").joinpath("digits.npz").open("rb") as file:
        data = np.load(file)
        return data["images"], data["labels"]


def digit_count():
    """How many handwritten digits there are."""
    return len(handwritten()[1])


def digit_label(index):
    """Which digit (0-9) the handwritten image of that index shows."""
    return int(handwritten()[1][index])


@functools.lru_cache(maxsize=4096)
def _digit_at(index, side):
    ink = Image.fromarray((handwritten()[0][index] * 15.9).astype(np.uint8))
    return ink.resize((side, side), Image.Resampling.BICUBIC)


def _digit_ink(digit, size):
    ink = _digit_at(digit.index, max(1, round(digit.size * size)))
    return ink.rotate(-digit.angle, Image.Resampling.BICUBIC) if digit.angle else ink

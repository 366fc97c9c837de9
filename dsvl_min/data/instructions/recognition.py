"""Recognition: what a picture shows as a whole."""

import math

from PIL import Image, ImageDraw

from ..captions import any_background, grain
from ..world import SHAPES, Scene, Text, Thing, outline
from .drawing import Drawing, box, disc
from .scenery import (
    LANDSCAPES,
    MOODS,
    SKIES,
    different,
    face,
    instruction,
    landscape,
    scattered,
    tilted,
    tints,
    trail,
)
from .wording import SHAPE_NAMES, WORDS, language, noun, turn

THEMES = {
    "page": ("a page of text", "一页文字"), "sign": ("a sign", "一块牌子"), "face": ("a face", "一张脸"),
    "thing": ("a single object", "一个物体"), "things": ("several objects", "几个物体"),
    "landscape": ("a landscape", "一处风景"),
}  # fmt: skip
SCENES = {
    "sea": ("the sea", "大海"), "meadow": ("a meadow", "草地"), "desert": ("a desert", "沙漠"),
    "snow": ("snow", "雪地"), "city": ("a city", "城市"),
}  # fmt: skip
FEELINGS = {"happy": "高兴", "sad": "难过", "surprised": "惊讶", "angry": "生气"}
STYLES = ("filled", "outline", "dotted", "pixels")
EVENTS = {
    "left": ("is moving left", "正在向左移动"), "right": ("is moving right", "正在向右移动"),
    "up": ("is rising", "正在上升"), "down": ("is falling", "正在下落"), "": ("stands still", "静止不动"),
}  # fmt: skip


def theme(rng, difficulty=1.0):
    """What the picture as a whole shows: a page, a sign, a face, one object, several, a landscape."""
    lang, kind = language(rng), rng.choice(list(THEMES))
    background = any_background(rng, difficulty)
    if kind == "page":
        lines = [rng.choice(WORDS) for _ in range(rng.randint(4, 6))]
        at = rng.uniform(0.05, 0.05 + 0.25 * difficulty)
        image = Scene("paper", texts=tuple(Text(s, at, 0.12 + 0.15 * i, 0.12) for i, s in enumerate(lines)))
    elif kind == "sign":
        string = rng.choice(WORDS)
        color, ink = rng.choice((("white", "black"), ("red", "white"), ("blue", "white"), ("yellow", "black")))
        free = 0.15 * difficulty
        text = Text(string, rng.uniform(0.2 - free, 0.2 + free), 0.5 + rng.uniform(-free, free), 0.16, 0, ink, color)
        image = Scene(background if background != "paper" else "grey", texts=(text,), **grain(rng, difficulty))
    elif kind == "face":
        r = rng.uniform(0.38 - 0.14 * difficulty, 0.42)
        image = Drawing(Scene(background), tuple(face(0.5, 0.5, r, rng.choice(MOODS))))
    elif kind == "landscape":
        image = landscape(rng, difficulty, rng.choice(LANDSCAPES), rng.choice(SKIES))
    else:
        number = 1 if kind == "thing" else rng.randint(3, 6)
        kinds = [(rng.choice(SHAPES), color) for color in (tints(rng, background, 5) * 2)[:number]]
        image = scattered(rng, difficulty, background, kinds)
    questions = (
        ("What is this a picture of?", "What does the picture show as a whole?", "What is the theme of the image?"),
        ("这是一张什么图片？", "这张图片的主题是什么？"),
    )
    turns = [turn(rng, questions[lang], THEMES[kind][lang])]
    return instruction("recognition/global/theme", image, turns, kind=kind, language=lang)


def event(rng, difficulty=1.0):
    """What is happening: an object moves, as lines behind it show, or stands still."""
    lang, background, side = language(rng), any_background(rng, difficulty), rng.choice(list(EVENTS))
    free = 0.12 * difficulty
    at = (0.5 + rng.uniform(-free, free), 0.5 + rng.uniform(-free, free))
    shapes = [s for s in SHAPES if s != "arrow"]
    thing = tilted(rng, difficulty, rng.choice(shapes), tints(rng, background, 1)[0], at, 0.42 - 0.12 * difficulty)
    marks = trail(thing, side) if side else []
    image = Drawing(Scene(background, (thing,), **grain(rng, difficulty)), tuple(marks))
    questions = (
        ("What is happening in the picture?", "What is going on here?", "What is the {shape} doing?"),
        ("图里发生了什么？", "{shape}在做什么？"),
    )
    told, shape = EVENTS[side][lang], SHAPE_NAMES[thing.shape][lang]
    answer = f"{noun(thing, 1)}{told}。" if lang else f"The {noun(thing)} {told}."
    turns = [turn(rng, questions[lang], answer, shape=shape)]
    return instruction("recognition/global/event", image, turns, side=side, language=lang)


def scene(rng, difficulty=1.0):
    """Which of five places, by day, at night or in the rain."""
    lang, place, sky = language(rng), rng.choice(LANDSCAPES), rng.choice(SKIES)
    questions = (
        ("Where was this picture taken?", "Which place is this?", "What kind of place does the image show?"),
        ("这是什么地方？", "图片里是哪里？"),
    )
    image = landscape(rng, difficulty, place, sky)
    turns = [turn(rng, questions[lang], SCENES[place][lang])]
    return instruction("recognition/global/scene", image, turns, place=place, sky=sky, language=lang)


def mood(rng, difficulty=1.0):
    """What a face feels; at higher difficulty one of two faces."""
    lang, background = language(rng), any_background(rng, difficulty)
    colors = rng.sample(("#ffd166", "#f7b267", "#c8e6a0", "#a9d6e5"), 2)
    if difficulty > 0.6 and rng.random() < 0.6:
        moods, marks = rng.sample(MOODS, 2), []
        r = rng.uniform(0.2, 0.23)
        for x, feeling, color in zip((0.26, 0.74), moods, colors, strict=True):
            marks += face(x, 0.5 + rng.uniform(-0.2, 0.2) * difficulty, r, feeling, color=color)
        which = rng.randrange(2)
        asked = (("the face on the left", "左边的脸"), ("the face on the right", "右边的脸"))[which][lang]
        feeling = moods[which]
    else:
        feeling, r = rng.choice(MOODS), rng.uniform(0.38 - 0.14 * difficulty, 0.4)
        free = (0.48 - r) * difficulty
        marks = face(0.5 + rng.uniform(-free, free), 0.5 + rng.uniform(-free, free), r, feeling, color=colors[0])
        asked = ("the face", "这张脸")[lang]
    questions = (
        ("What mood is {face} in?", "How does {face} feel?", "Which feeling does {face} show?"),
        ("{face}是什么心情？", "{face}看起来怎么样？"),
    )
    turns = [turn(rng, questions[lang], (feeling, FEELINGS[feeling])[lang], face=asked)]
    image = Drawing(Scene(background), tuple(marks))
    return instruction("recognition/global/mood", image, turns, mood=feeling, language=lang)


def _outline(shape, steps=24):
    """Points along a shape's edge, evenly spaced, in a box from -1 to 1."""
    corners = outline(shape)
    if corners is None:
        return [(math.cos(math.tau * i / steps), math.sin(math.tau * i / steps)) for i in range(steps)]
    sides = list(zip(corners, [*corners[1:], corners[0]], strict=True))
    lengths = [math.dist(a, b) for a, b in sides]
    points, gap, at = [], sum(lengths) / steps, 0.0
    for ((ax, ay), (bx, by)), length in zip(sides, lengths, strict=True):
        while at < length - 1e-6:
            points.append((ax + (bx - ax) * at / length, ay + (by - ay) * at / length))
            at += gap
        at -= length
    return points


def _pixels(shape, n=8):
    """The squares (i, j) of an n × n board that a shape covers."""
    image = Image.new("L", (8 * n, 8 * n), 0)
    pen, corners = ImageDraw.Draw(image), outline(shape)
    if corners:
        pen.polygon([((x + 1) * 4 * n, (y + 1) * 4 * n) for x, y in corners], 255)
    else:
        pen.ellipse((0, 0, 8 * n - 1, 8 * n - 1), 255)
    small = image.reduce(8)
    return [(i, j) for j in range(n) for i in range(n) if small.getpixel((i, j)) > 127]


def style(rng, difficulty=1.0):
    """How shapes are drawn: filled, in outline, dotted, in pixels; at higher difficulty two shapes in two styles."""
    background, number = any_background(rng, difficulty), 2 if difficulty > 0.5 else 1
    kinds = different(rng, background, number, ("circle", "square", "triangle", "star", "heart", "cross"))
    size = 0.6 if number == 1 else 0.36
    places = [(0.5, 0.5)] if number == 1 else [(0.27, 0.5), (0.73, 0.5)]
    styles, things, marks = rng.sample(STYLES, number), [], []
    for (shape, color), (x, y), drawn in zip(kinds, places, styles, strict=True):
        y, r = y + rng.uniform(-0.2, 0.2) * difficulty, size / 2
        if drawn in ("filled", "outline"):
            things.append(Thing(shape, color, x, y, size, 0.0, drawn == "filled"))
        elif drawn == "dotted":
            dot = 0.022 if number == 1 else 0.015
            marks += [disc(x + a * r, y + b * r, dot, "", color) for a, b in _outline(shape)]
        else:
            step = size / 8
            corner = [(x - r + i * step, y - r + j * step) for i, j in _pixels(shape)]
            marks += [box(a, b, a + step, b + step, "white", color, 0.006) for a, b in corner]
    questions = ("In which style is the {shape} drawn?", "How is the {shape} drawn?", "What is the {shape}'s style?")
    drawn = {shape: style for (shape, _), style in zip(kinds, styles, strict=True)}
    turns = [turn(rng, questions, style, shape=shape) for shape, style in drawn.items()]
    rng.shuffle(turns)
    image = Drawing(Scene(background, tuple(things), **grain(rng, difficulty)), tuple(marks))
    return instruction("recognition/global/style", image, turns, styles=drawn)

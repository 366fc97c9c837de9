"""Recognition: what is there, as a whole and in its parts."""

import math

from PIL import Image, ImageDraw

from ..objects import plural
from ..world import SHAPES, Scene, Text, Thing, outline
from .drawing import Drawing, box, disc, line, word
from .scenery import (
    LANDSCAPES,
    MOODS,
    SIDES,
    SKIES,
    different,
    face,
    grain,
    ground,
    instruction,
    landscape,
    scattered,
    spots,
    tilted,
    tints,
    trail,
)
from .wording import COLOR_NAMES, PLACES, SHAPE_NAMES, WORDS, ask, count, language, noun, yes

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
EVENTS = {"left": "is moving left", "right": "is moving right", "up": "is rising", "down": "is falling"}
# The world's brands: outer shape and colour, inner shape and colour.
LOGOS = {
    "Solar": ("circle", "blue", "star", "yellow"), "Vega": ("circle", "red", "star", "white"),
    "Casa": ("square", "green", "triangle", "white"), "Rondo": ("square", "orange", "circle", "white"),
    "Amor": ("circle", "white", "heart", "red"), "Polar": ("square", "blue", "arrow", "white"),
    "Medi": ("circle", "green", "cross", "white"), "Orbit": ("square", "black", "ring", "yellow"),
}  # fmt: skip
COINS = {1: (0.085, "#b87333"), 2: (0.1, "#c8ccd0"), 5: (0.115, "#c8ccd0"), 10: (0.13, "#f2c94c")}


def theme(rng, difficulty=1.0):
    """What the picture as a whole shows: a page, a sign, a face, one object, several, a landscape."""
    lang, kind = language(rng), rng.choice(list(THEMES))
    background = ground(rng, difficulty)
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
        image = scattered(rng, difficulty, kinds, 0.25, background)
    questions = (
        ("What is this a picture of?", "What does the picture show as a whole?", "What is the theme of the image?"),
        ("这是一张什么图片？", "这张图片的主题是什么？"),
    )
    return instruction(
        "recognition/global/theme", image, [(ask(rng, questions[lang]), THEMES[kind][lang])], kind=kind, language=lang
    )


def event(rng, difficulty=1.0):
    """What is happening: an object moves, as lines behind it show, or stands still."""
    background, side = ground(rng, difficulty), rng.choice((*SIDES, ""))
    free = 0.12 * difficulty
    at = (0.5 + rng.uniform(-free, free), 0.5 + rng.uniform(-free, free))
    shapes = [s for s in SHAPES if s != "arrow"]
    thing = tilted(rng, difficulty, rng.choice(shapes), tints(rng, background, 1)[0], at, 0.42 - 0.12 * difficulty)
    marks = trail(thing, side) if side else []
    image = Drawing(Scene(background, (thing,), **grain(rng, difficulty)), tuple(marks))
    questions = ("What is happening in the picture?", "What is going on here?", f"What is the {thing.shape} doing?")
    told = EVENTS.get(side, "stands still")
    return instruction(
        "recognition/global/event", image, [(rng.choice(questions), f"The {noun(thing)} {told}.")], side=side
    )


def scene(rng, difficulty=1.0):
    """Which of five places, by day, at night or in the rain."""
    lang, place, sky = language(rng), rng.choice(LANDSCAPES), rng.choice(SKIES)
    questions = (
        ("Where was this picture taken?", "Which place is this?", "What kind of place does the image show?"),
        ("这是什么地方？", "图片里是哪里？"),
    )
    return instruction(
        "recognition/global/scene", landscape(rng, difficulty, place, sky),
        [(ask(rng, questions[lang]), SCENES[place][lang])], place=place, sky=sky, language=lang,
    )  # fmt: skip


def mood(rng, difficulty=1.0):
    """What a face feels; at higher difficulty one of two faces."""
    lang, background = language(rng), ground(rng, difficulty)
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
    answer = (feeling, FEELINGS[feeling])[lang]
    image = Drawing(Scene(background), tuple(marks))
    return instruction("recognition/global/mood", image, [(ask(rng, questions[lang], face=asked), answer)],
                       mood=feeling, language=lang)  # fmt: skip


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
    background, number = ground(rng, difficulty), 2 if difficulty > 0.5 else 1
    kinds = different(rng, background, number, ("circle", "square", "triangle", "star", "heart", "cross"))
    size = 0.6 if number == 1 else 0.36
    places = [(0.5, 0.5)] if number == 1 else [(0.27, 0.5), (0.73, 0.5)]
    styles, things, marks = rng.sample(STYLES, number), [], []
    for (shape, color), (x, y), drawn in zip(kinds, places, styles, strict=True):
        y, r = y + rng.uniform(-0.2, 0.2) * difficulty, size / 2
        if drawn in ("filled", "outline"):
            things.append(Thing(shape, color, x, y, size, 0.0, drawn == "filled"))
        elif drawn == "dotted":
            marks += [disc(x + a * r, y + b * r, 0.022, "", color) for a, b in _outline(shape)]
        else:
            step = size / 8
            corner = [(x - r + i * step, y - r + j * step) for i, j in _pixels(shape)]
            marks += [box(a, b, a + step, b + step, "white", color, 0.006) for a, b in corner]
    questions = ("In which style is the {shape} drawn?", "How is the {shape} drawn?", "What is the {shape}'s style?")
    turns = [(ask(rng, questions, shape=shape), drawn) for (shape, _), drawn in zip(kinds, styles, strict=True)]
    rng.shuffle(turns)
    image = Drawing(Scene(background, tuple(things), **grain(rng, difficulty)), tuple(marks))
    drawn = {shape: drawn for (shape, _), drawn in zip(kinds, styles, strict=True)}
    return instruction("recognition/global/style", image, turns, styles=drawn)


def pointing(rng, difficulty=1.0):
    """What is at a marked point: one of several objects, or nothing but the ground."""
    background = ground(rng, difficulty)
    number = 2 + round(3 * difficulty)
    kinds = different(rng, background, number, [s for s in SHAPES if s != "ring"])
    size = 0.28 if number < 4 else 0.25
    at = spots(rng, number + 1, size, difficulty)
    things = [tilted(rng, difficulty, *kind, place, size) for kind, place in zip(kinds, at, strict=False)]
    missed = rng.random() < 0.15
    x, y = at[-1] if missed else (things[0].x, things[0].y)
    rng.shuffle(things)
    cross = [line(a, b, color=c, width=w) for c, w in (("white", 0.05), ("black", 0.022))
             for a, b in (((x - 0.06, y), (x + 0.06, y)), ((x, y - 0.06), (x, y + 0.06)))]  # fmt: skip
    questions = ("What is at the marked point?", "What does the mark lie on?", "Name what is under the mark.")
    answer = (
        "nothing"
        if missed
        else "a {1} {0}".format(*kinds[0])
        if kinds[0][1] != "orange"
        else f"an orange {kinds[0][0]}"
    )
    image = Drawing(Scene(background, tuple(things), **grain(rng, difficulty)), tuple(cross))
    return instruction("recognition/local/pointing", image, [(rng.choice(questions), answer)], point=(x, y))


def position(rng, difficulty=1.0):
    """Where in the picture an object is: one of nine places."""
    lang, background, number = language(rng), ground(rng, difficulty), 1 + round(3 * difficulty)
    kinds = different(rng, background, number)
    image = scattered(rng, difficulty, kinds, 0.27, background)
    questions = (
        ("Where is the {shape}?", "In which part of the picture is the {shape}?", "Where do you see the {shape}?"),
        ("{shape}在哪里？", "{shape}在图片的什么位置？"),
    )
    turns = []
    for thing in rng.sample(image.things, min(2, number)):
        place = PLACES[int(3 * thing.x), int(3 * thing.y)][lang]
        turns.append((ask(rng, questions[lang], shape=SHAPE_NAMES[thing.shape][lang]), place))
    return instruction("recognition/local/position", image, turns, language=lang)


def attribute(rng, difficulty=1.0):
    """An object's colour, size or filling; the objects differ in shape."""
    background, number = ground(rng, difficulty), 2 + round(2 * difficulty)
    things, places = [], spots(rng, number, 0.42, difficulty, 2)
    shapes = rng.sample([s for s in SHAPES if s != "ring"], number)
    for shape, at in zip(shapes, places, strict=True):
        size, filled = rng.choice((0.18, 0.4)), rng.random() < 0.5
        things.append(tilted(rng, difficulty, shape, tints(rng, background, 1)[0], at, size, filled))
    turns = []
    for thing in rng.sample(things, 2):
        questions = {
            "color": (("What colour is the {shape}?", "What is the {shape}'s colour?"), thing.color),
            "size": (
                ("Is the {shape} large or small?", "Is the {shape} small or large?"),
                "large" if thing.size > 0.3 else "small",
            ),
            "filling": (
                ("Is the {shape} filled or hollow?", "Is the {shape} hollow or filled?"),
                "filled" if thing.filled else "hollow",
            ),
        }
        phrases, answer = questions[rng.choice(list(questions))]
        turns.append((ask(rng, phrases, shape=thing.shape), answer))
    return instruction("recognition/local/attribute", Scene(background, tuple(things), **grain(rng, difficulty)), turns)


def logo(rng, difficulty=1.0):
    """Which of the world's eight brands a logo stands for."""
    name = rng.choice(list(LOGOS))
    outer, paint, inner, ink = LOGOS[name]
    background = rng.choice(("grey", "sand", "mint")) if difficulty > 0.2 else "grey"
    size = rng.uniform(0.75 - 0.4 * difficulty, 0.8 - 0.2 * difficulty)
    free = (0.48 - size / 2) * difficulty
    x, y = 0.5 + rng.uniform(-free, free), 0.5 + rng.uniform(-free, free)
    image = Scene(
        background, (Thing(outer, paint, x, y, size), Thing(inner, ink, x, y, 0.55 * size)), **grain(rng, difficulty)
    )
    turns = [(ask(rng, ("Whose logo is this?", "Which brand does the logo belong to?", "What brand is this?")), name)]
    if rng.random() < 0.4:
        other = name if rng.random() < 0.5 else rng.choice([n for n in LOGOS if n != name])
        turns.insert(rng.randrange(2), (f"Is this the logo of {other}?", yes(other == name)))
    return instruction("recognition/local/logo", image, turns, brand=name)


def counting(rng, difficulty=1.0):
    """How many of a shape or of a colour, at higher difficulty none at times."""
    lang, background = language(rng), ground(rng, difficulty)
    shape, other = rng.sample(SHAPES, 2)
    first, second = tints(rng, background, 2)
    number = rng.randint(0 if difficulty > 0.5 else 1, 3 + round(2 * difficulty))
    others = max(rng.randint(0, round(3 * difficulty)), number == 0)
    mixed = difficulty > 0.5
    kinds = [(shape, rng.choice((first, second)) if mixed else first) for _ in range(number)]
    kinds += [(other, rng.choice((first, second)) if mixed else second) for _ in range(others)]
    rng.shuffle(kinds)
    image = scattered(rng, difficulty, kinds, 0.25, background)
    phrases = (
        ("How many {them} are there?", "Count the {them}.", "How many {them} do you see?"),
        ("图里有几个{them}？", "数一数{them}有几个。"),
    )
    them = SHAPE_NAMES[shape][1] if lang else plural(shape)
    turns = [(ask(rng, phrases[lang], them=them), count(number, lang))]
    if mixed and rng.random() < 0.5:
        them = f"{COLOR_NAMES[first][1]}的物体" if lang else f"{first} objects"
        turns.append((ask(rng, phrases[lang], them=them), count(sum(c == first for _, c in kinds), lang)))
    rng.shuffle(turns)
    return instruction("recognition/local/counting", image, turns, language=lang)


def currency(rng, difficulty=1.0):
    """Coins of 1, 2, 5 and 10 crowns: what they are worth together, how many there are, the most valuable."""
    number = rng.randint(1, 2 + round(3 * difficulty))
    coins = [rng.choice(list(COINS)) for _ in range(number)]
    marks = []
    for value, (x, y) in zip(coins, spots(rng, number, 0.28, difficulty), strict=True):
        r, color = COINS[value]
        marks += [disc(x, y, r, "black", color, 0.012), disc(x, y, 0.8 * r, "#555555", "", 0.008)]
        marks.append(word(value, x, y, 0.12))
    asked = [
        (("How much money is this?", "What are these coins worth together?", "Add up the coins."), sum(coins)),
        (("How many coins are there?", "Count the coins."), number),
        (("Which coin is worth most?", "What is the most valuable coin?"), max(coins)),
    ]
    turns = [(ask(rng, phrases), str(answer)) for phrases, answer in rng.sample(asked, rng.randint(1, 2))]
    image = Drawing(Scene(rng.choice(("grey", "mint", "sky")), **grain(rng, difficulty)), tuple(marks))
    return instruction("recognition/local/currency", image, turns, coins=coins)

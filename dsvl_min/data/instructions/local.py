"""Recognition, its second part: what is at a place, its attributes, logos, counts, coins."""

from ..captions import any_background, grain
from ..words import plural
from ..world import SHAPES, Scene, Thing
from .drawing import Drawing, disc, line, word
from .scenery import different, instruction, scattered, spots, tilted, tints
from .wording import COLOR_NAMES, PLACES, SHAPE_NAMES, count, language, one, turn, turns_of, yes

# The world's brands: outer shape and colour, inner shape and colour.
LOGOS = {
    "Solar": ("circle", "blue", "star", "yellow"), "Vega": ("circle", "red", "star", "white"),
    "Casa": ("square", "green", "triangle", "white"), "Rondo": ("square", "orange", "circle", "white"),
    "Amor": ("circle", "white", "heart", "red"), "Polar": ("square", "blue", "arrow", "white"),
    "Medi": ("circle", "green", "cross", "white"), "Orbit": ("square", "black", "ring", "yellow"),
}  # fmt: skip
COINS = {1: (0.085, "#b87333"), 2: (0.1, "#c8ccd0"), 5: (0.115, "#c8ccd0"), 10: (0.13, "#f2c94c")}


def pointing(rng, difficulty=1.0):
    """What is at a marked point: one of several objects, or nothing but the ground."""
    background = any_background(rng, difficulty)
    number = 2 + round(3 * difficulty)
    kinds = different(rng, background, number, [s for s in SHAPES if s != "ring"])
    size = 0.28 if number < 4 else 0.25
    at = spots(rng, number + 1, size, difficulty)
    things = [tilted(rng, difficulty, *kind, place, size) for kind, place in zip(kinds, at, strict=False)]
    missed = rng.random() < 0.15
    x, y = at[-1] if missed else (things[0].x, things[0].y)
    answer = "nothing" if missed else one(things[0])
    rng.shuffle(things)
    cross = []
    for color, width in (("white", 0.05), ("black", 0.022)):
        cross.append(line((x - 0.06, y), (x + 0.06, y), color=color, width=width))
        cross.append(line((x, y - 0.06), (x, y + 0.06), color=color, width=width))
    questions = ("What is at the marked point?", "What does the mark lie on?", "Name what is under the mark.")
    image = Drawing(Scene(background, tuple(things), **grain(rng, difficulty)), tuple(cross))
    return instruction("recognition/local/pointing", image, [turn(rng, questions, answer)], point=(x, y))


def position(rng, difficulty=1.0):
    """Where in the picture an object is: one of nine places."""
    lang, background, number = language(rng), any_background(rng, difficulty), 1 + round(3 * difficulty)
    kinds = different(rng, background, number)
    image = scattered(rng, difficulty, background, kinds, 0.27)
    questions = (
        ("Where is the {shape}?", "In which part of the picture is the {shape}?", "Where do you see the {shape}?"),
        ("{shape}在哪里？", "{shape}在图片的什么位置？"),
    )
    turns = []
    for thing in rng.sample(image.things, min(2, number)):
        place = PLACES[int(3 * thing.x), int(3 * thing.y)][lang]
        turns.append(turn(rng, questions[lang], place, shape=SHAPE_NAMES[thing.shape][lang]))
    return instruction("recognition/local/position", image, turns, language=lang)


def attribute(rng, difficulty=1.0):
    """An object's colour, size or filling; the objects differ in shape."""
    background, number = any_background(rng, difficulty), 2 + round(2 * difficulty)
    things, places = [], spots(rng, number, 0.42, difficulty, 2)
    shapes = rng.sample([s for s in SHAPES if s != "ring"], number)
    for shape, at in zip(shapes, places, strict=True):
        size, filled = rng.choice((0.18, 0.4)), rng.random() < 0.5
        things.append(tilted(rng, difficulty, shape, tints(rng, background, 1)[0], at, size, filled))
    turns = []
    for thing in rng.sample(things, 2):
        large, filled = "large" if thing.size > 0.3 else "small", "filled" if thing.filled else "hollow"
        asked = (
            (("What colour is the {shape}?", "What is the {shape}'s colour?"), thing.color),
            (("Is the {shape} large or small?", "Is the {shape} small or large?"), large),
            (("Is the {shape} filled or hollow?", "Is the {shape} hollow or filled?"), filled),
        )
        turns += turns_of(rng, asked, 1, shape=thing.shape)
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
    turns = [turn(rng, ("Whose logo is this?", "Which brand does the logo belong to?", "What brand is this?"), name)]
    if rng.random() < 0.4:
        other = name if rng.random() < 0.5 else rng.choice([n for n in LOGOS if n != name])
        turns.insert(rng.randrange(2), (f"Is this the logo of {other}?", yes(other == name)))
    return instruction("recognition/local/logo", image, turns, brand=name)


def counting(rng, difficulty=1.0):
    """How many of a shape or of a colour, at higher difficulty none at times."""
    lang, background = language(rng), any_background(rng, difficulty)
    shape, other = rng.sample(SHAPES, 2)
    first, second = tints(rng, background, 2)
    number = rng.randint(0 if difficulty > 0.5 else 1, 3 + round(2 * difficulty))
    others = max(rng.randint(0, round(3 * difficulty)), number == 0)
    mixed = difficulty > 0.5
    kinds = [(shape, rng.choice((first, second)) if mixed else first) for _ in range(number)]
    kinds += [(other, rng.choice((first, second)) if mixed else second) for _ in range(others)]
    rng.shuffle(kinds)
    image = scattered(rng, difficulty, background, kinds)
    phrases = (
        ("How many {them} are there?", "Count the {them}.", "How many {them} do you see?"),
        ("图里有几个{them}？", "数一数{them}有几个。"),
    )
    them = SHAPE_NAMES[shape][1] if lang else plural(shape)
    turns = [turn(rng, phrases[lang], count(number, lang), them=them)]
    if mixed and rng.random() < 0.5:
        them = f"{COLOR_NAMES[first][1]}的物体" if lang else f"{first} objects"
        turns.append(turn(rng, phrases[lang], count(sum(c == first for _, c in kinds), lang), them=them))
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
    turns = turns_of(rng, asked, rng.randint(1, 2))
    image = Drawing(Scene(rng.choice(("grey", "mint", "sky")), **grain(rng, difficulty)), tuple(marks))
    return instruction("recognition/local/currency", image, turns, coins=coins)

"""General dialogues (paper Table 2, second row): several turns about one picture, in English or Chinese.

About one turn in ten can't be answered from the picture, and the answer says so.
"""

from ..captions import any_background, grain
from ..sample import Sample
from ..words import capital, listed
from ..world import Scene, Text, text_width
from .scenery import PLATES, different, scattered
from .wording import (
    BACKGROUND_NAMES,
    COLOR_NAMES,
    PLACES,
    SHAPE_NAMES,
    WORDS,
    count,
    language,
    one,
    turn,
)

UNKNOWN = ("I can't tell from the image.", "从图里看不出来。")
HIDDEN = (
    ("How heavy is the {it}?", "What is behind the {it}?", "Who drew the {it}?", "How old is the {it}?",
     "What does the {it} cost?"),
    ("{it}有多重？", "{it}后面有什么？", "{it}是谁画的？", "{it}多少钱？"),
)  # fmt: skip
DESCRIBE = (
    ("Describe this image.", "What is in the image?", "Tell me what you see."),
    ("请描述这张图片。", "图里有什么？"),
)
COLOR = (("What colour is the {it}?", "Which colour does the {it} have?"), ("{it}是什么颜色的？",))
WHERE = (("Where is the {it}?", "In which part of the image is the {it}?"), ("{it}在哪里？",))
MANY = (("How many objects are there?", "Count the objects."), ("图里有几个物体？",))
GROUND = (("What colour is the background?",), ("背景是什么颜色的？",))
READ = (("What does the sign say?", "Read the sign."), ("牌子上写着什么？",))
SIGN = (("What colour is the sign?",), ("牌子是什么颜色的？",))
SHAPE = (("What shape is the {it} object?", "Which shape has the {it} colour?"), ("{it}的物体是什么形状的？",))


def _objects(rng, difficulty, lang):
    """One to four different things: (scene, candidate (question, answer) pairs, a name to ask about)."""
    background = any_background(rng, difficulty)
    kinds = different(rng, background, 1 + round(3 * rng.random() * difficulty))
    image = scattered(rng, difficulty, background, kinds, 0.27)
    things = sorted(image.things, key=lambda t: (int(3 * t.y), t.x))  # as one reads
    if lang:
        told = f"{BACKGROUND_NAMES[background][1]}背景上有{'、'.join(one(t, 1) for t in things)}。"
    else:
        told = f"{capital(listed([one(t) for t in things]))} on a {BACKGROUND_NAMES[background][0]} background."
    turns = [
        turn(rng, DESCRIBE[lang], told),
        turn(rng, MANY[lang], count(len(things), lang)),
        turn(rng, GROUND[lang], BACKGROUND_NAMES[background][lang]),
    ]
    for thing in things:
        shape, color = SHAPE_NAMES[thing.shape][lang], COLOR_NAMES[thing.color][lang]
        turns.append(turn(rng, COLOR[lang], color, it=shape))
        turns.append(turn(rng, WHERE[lang], PLACES[int(3 * thing.x), int(3 * thing.y)][lang], it=shape))
        turns.append(turn(rng, SHAPE[lang], shape, it=color))
    return image, turns, SHAPE_NAMES[rng.choice(things).shape][lang]


def _sign(rng, difficulty, lang, blank):
    """A sign, or one with nothing on it that could be read."""
    background, plate = rng.choice(("grey", "mint", "sky")), rng.choice(list(PLATES))
    string = rng.choice(WORDS)
    height = rng.uniform(0.2 - 0.06 * difficulty, 0.2)
    free = 0.2 * difficulty
    x, y = 0.5 - text_width(string, height) / 2 + rng.uniform(-free, free) / 2, 0.5 + rng.uniform(-free, free)
    ink = plate if blank else PLATES[plate]
    image = Scene(background, texts=(Text(string, x, y, height, 0, ink, plate),), **grain(rng, difficulty))
    color = COLOR_NAMES[plate][lang]
    if blank:
        told = f"一块{color}的空牌子。" if lang else f"A {plate} sign with nothing on it."
    else:
        told = f"一块{color}的牌子，写着{string}。" if lang else f"A {plate} sign that says {string}."
    turns = [
        turn(rng, DESCRIBE[lang], told),
        turn(rng, SIGN[lang], color),
        turn(rng, GROUND[lang], BACKGROUND_NAMES[background][lang]),
        turn(rng, READ[lang], UNKNOWN[lang] if blank else string),
    ]
    return image, turns, ("sign", "牌子")[lang]


def general(rng, difficulty=1.0):
    """Two or three turns about objects or a sign; some ask for what the picture can't tell."""
    lang, unknown = language(rng), rng.random() < 0.25
    blank = unknown and rng.random() < 0.4  # the same question as ever, of a picture that doesn't say
    if blank or rng.random() < 0.25:
        image, turns, it = _sign(rng, difficulty, lang, blank)
    else:
        image, turns, it = _objects(rng, difficulty, lang)
    if blank:
        chosen = [turns[-1], *rng.sample(turns[:-1], rng.randint(1, 2))]
    else:
        chosen = rng.sample(turns, min(len(turns), rng.randint(2, 3)))
        if unknown:
            chosen[-1] = turn(rng, HIDDEN[lang], UNKNOWN[lang], it=it)
    rng.shuffle(chosen)
    return Sample("general", (image,), tuple(chosen), truth={"language": lang, "unknown": unknown})

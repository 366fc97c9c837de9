"""Names and phrases in English and Chinese.

A language is 0 (English) or 1 (Chinese); what has words in both is a pair, indexed by the language.
"""

from ..text import CHINESE_COLORS, CHINESE_SHAPES
from ..words import article

CHINESE_SHARE = 0.2  # of the samples whose leaf is asked in both languages
COLOR_NAMES = {
    **{name: (name, chinese) for name, chinese in CHINESE_COLORS.items()},
    "black": ("black", "黑色"), "white": ("white", "白色"),
}  # fmt: skip
BACKGROUND_NAMES = {
    "grey": ("grey", "灰色"), "sand": ("beige", "米色"), "mint": ("mint green", "薄荷绿"),
    "sky": ("light blue", "浅蓝色"), "slate": ("dark grey", "深灰色"), "paper": ("white", "白色"),
}  # fmt: skip
SHAPE_NAMES = {name: (name, chinese) for name, chinese in CHINESE_SHAPES.items()}
COUNTS = ("没有", "一个", "两个", "三个", "四个", "五个", "六个", "七个", "八个", "九个")
OFFSETS = {"left": (-1, 0), "right": (1, 0), "above": (0, -1), "below": (0, 1)}
PLACES = {
    (0, 0): ("top left", "左上角"), (1, 0): ("top", "上边"), (2, 0): ("top right", "右上角"),
    (0, 1): ("left", "左边"), (1, 1): ("centre", "中间"), (2, 1): ("right", "右边"),
    (0, 2): ("bottom left", "左下角"), (1, 2): ("bottom", "下边"), (2, 2): ("bottom right", "右下角"),
}  # fmt: skip
TOPICS = {
    "animals": ("CAT", "DOG", "OWL", "FOX", "HEN", "PIG", "COW", "BEE"),
    "food": ("TEA", "MILK", "RICE", "SOUP", "BREAD", "EGG", "CAKE", "NUT"),
    "colours": ("RED", "BLUE", "GREEN", "PINK", "BROWN", "WHITE", "BLACK", "GREY"),
    "numbers": ("ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "TEN"),
    "clothes": ("HAT", "COAT", "SOCK", "SHOE", "SHIRT", "BELT", "SCARF", "GLOVE"),
    "the body": ("HAND", "FOOT", "NOSE", "EYE", "EAR", "ARM", "LEG", "MOUTH"),
}
WORDS = tuple(word for words in TOPICS.values() for word in words)


def language(rng):
    """0 (English) four times in five, else 1 (Chinese)."""
    return int(rng.random() < CHINESE_SHARE)


def ask(rng, phrases, **names):
    """One of several wordings, the names put in."""
    return rng.choice(phrases).format(**names)


def turn(rng, phrases, answer, **names):
    """A question in one of several wordings, the names put in, and its answer as text."""
    return ask(rng, phrases, **names), str(answer)


def turns_of(rng, asked, number, **names):
    """So many different turns of (wordings, answer) pairs, in any order."""
    return [turn(rng, *pair, **names) for pair in rng.sample(asked, number)]


def noun(thing, lang=0):
    """A thing's name: "red star" or "红色的星形"."""
    color, shape = COLOR_NAMES[thing.color][lang], SHAPE_NAMES[thing.shape][lang]
    return f"{color}的{shape}" if lang else f"{color} {shape}"


def one(thing, lang=0):
    """One of them: "a red star" or "一个红色的星形"."""
    return "一个" + noun(thing, lang) if lang else article(noun(thing))


def count(number, lang=0):
    """How many: "3" or "三个"."""
    return COUNTS[number] if lang else str(number)


def yes(true):
    """Either "yes" or "no"."""
    return "yes" if true else "no"

"""Recognition, its last part: text in pictures, as it stands or in another form or language."""

import json

from ..captions import grain
from ..handwriting import rows
from ..world import ALPHABET, Digit, Scene, Text, digit_label, text_width
from .scenery import instruction
from .wording import COLOR_NAMES, SHAPE_NAMES, WORDS, language, turn

# What signs in the world may say in two languages.
DICTIONARY = {
    **{c.upper(): COLOR_NAMES[c] for c in ("red", "green", "blue", "yellow", "pink", "brown", "black", "white")},
    **{s.upper(): SHAPE_NAMES[s] for s in ("circle", "square", "star", "ring", "arrow", "heart", "cross")},
    **{n.upper(): (n, c) for n, c in zip(("one", "two", "three", "four", "five", "six"), "一二三四五六", strict=True)},
}  # fmt: skip
# Forms in which a list may be wanted.
FORMATS = {
    "json": (("Write the list as JSON.", "Give the text as JSON."), ("请把清单写成JSON。",)),
    "commas": (
        ("Write the list in one line, separated by commas.", "List it with commas."),
        ("请用逗号隔开，写成一行。",),
    ),
    "upwards": (("Copy the lines from the bottom up.", "Read the lines in reverse order."), ("请从下往上抄写各行。",)),
    "small": (("Copy the list in small letters.", "Write the text in lower case."), ("请用小写字母抄写清单。",)),
}


def _lines(rng, difficulty, strings):
    """Strings one below another on paper, at any place they fit."""
    widest = max(text_width(s, 1.0) for s in strings)
    height = min(rng.uniform(0.15 - 0.05 * difficulty, 0.15), 0.92 / widest)
    leading = height * rng.uniform(1.3, 1.6)
    left = rng.uniform(0.04, max(0.04, 0.96 - widest * height)) if difficulty > 0.3 else 0.05
    tall = leading * (len(strings) - 1) + height
    top = rng.uniform(0.03, 0.95 - tall) if difficulty > 0.3 else 0.05
    texts = (Text(s, left, top + height / 2 + i * leading, height) for i, s in enumerate(strings))
    return Scene("paper", texts=tuple(texts), **grain(rng, difficulty))


def printed(rng, difficulty=1.0):
    """One to four lines of printed words or strings, copied."""
    lang = language(rng)
    strings = []
    for _ in range(rng.randint(1, 1 + round(3 * difficulty))):
        spelt = "".join(rng.choice(ALPHABET) for _ in range(rng.randint(3, 3 + round(4 * difficulty))))
        strings.append(spelt if rng.random() < 0.5 else rng.choice(WORDS))
    questions = (
        ("What is written here?", "Read the text.", "Copy the printed text.", "Transcribe the image."),
        ("图里写着什么？", "请把图里的文字抄下来。", "请读出图中的文字。"),
    )
    turns = [turn(rng, questions[lang], "\n".join(strings))]
    return instruction("recognition/transcription/printed", _lines(rng, difficulty, strings), turns, language=lang)


def handwritten(rng, difficulty=1.0, split="train"):
    """One to four handwritten digits (the world has no handwritten letters), copied; see `handwriting`."""
    lang, number = language(rng), rng.randint(1, 2 + round(2 * difficulty))
    size = rng.uniform(0.2, 0.23) if number > 2 else 0.4 - 0.15 * difficulty
    left = rng.uniform(0.02, 0.98 - number * size) if difficulty > 0.3 else (1 - number * size) / 2
    y = 0.5 + rng.uniform(-0.3, 0.3) * difficulty
    ink, usable = rng.choice(("black", "blue", "red", "green")), rows(split)
    digits = []
    for i in range(number):
        angle = rng.uniform(-15, 15) * difficulty if split == "train" else 0.0
        digits.append(Digit(rng.choice(usable), left + (i + 0.5) * size, y, size, ink, angle))
    questions = (
        ("What is written by hand?", "Read the handwriting.", "Which digits are these?", "Transcribe the image."),
        ("手写的是哪些数字？", "请把手写的数字抄下来。"),
    )
    answer = "".join(str(digit_label(d.index)) for d in digits)
    image = Scene("paper", digits=tuple(digits), **grain(rng, difficulty))
    turns = [turn(rng, questions[lang], answer)]
    return instruction("recognition/transcription/handwritten", image, turns, language=lang)


def specified_format(rng, difficulty=1.0):
    """A list of names and numbers, written as JSON, in one line, from the bottom up or in small letters."""
    names = rng.sample(WORDS, rng.randint(2, 2 + round(2 * difficulty)))
    items = {name: rng.randint(2, 9 if difficulty < 0.5 else 60) for name in names}
    lines = [f"{name} {number}" for name, number in items.items()]
    answers = {
        "json": json.dumps(items), "commas": ", ".join(lines), "upwards": "\n".join(lines[::-1]),
        "small": "\n".join(lines).lower(),
    }  # fmt: skip
    lang, form = language(rng), rng.choice(list(answers))
    image, turns = _lines(rng, difficulty, lines), [turn(rng, FORMATS[form][lang], answers[form])]
    return instruction("recognition/transcription/specified-format", image, turns, form=form, language=lang)


def specified_language(rng, difficulty=1.0):
    """An English sign, told in English or Chinese as asked; the question may be in either language."""
    words = rng.sample(list(DICTIONARY), rng.randint(1, 1 + round(2 * difficulty)))
    asked, told = language(rng), rng.randrange(2)
    questions = (
        (("Write the words in English.", "What does the sign say, in English?"),
         ("Write the words in Chinese.", "What does the sign say, in Chinese?")),
        (("请用英文写出牌子上的字。", "牌子上写着什么？请用英文回答。"),
         ("请用中文写出牌子上的字。", "牌子上写着什么？请用中文回答。")),
    )  # fmt: skip
    answer = ("、" if told else " ").join(DICTIONARY[w][told] for w in words)
    background = rng.choice(("grey", "mint", "sky")) if difficulty > 0.2 else "grey"
    height = 0.14
    left = rng.uniform(0.1, 0.9 - max(text_width(w, height) for w in words)) if difficulty > 0.3 else 0.1
    top = 0.5 - 0.13 * (len(words) - 1)
    texts = (Text(w, left, top + 0.26 * i, height, 0, "black", "white") for i, w in enumerate(words))
    image = Scene(background, texts=tuple(texts), **grain(rng, difficulty))
    turns = [turn(rng, questions[asked][told], answer)]
    return instruction("recognition/transcription/specified-language", image, turns, words=words, language=told)

"""Instructions without a picture (paper Table 2, last row): simple things to do with a few words."""

import json

from ..sample import Sample
from .transcription import DICTIONARY
from .wording import WORDS, ask, count, language

# What may be asked of words: wordings in English, wordings in Chinese; {w} stands for the words, or for "them".
TASKS = {
    "repeat": (("Repeat {w}.", "Say {w} again."), ("请重复{w}。",)),
    "backwards": (("Reverse the order of {w}.", "Say {w} backwards, last word first."), ("请把{w}倒过来说。",)),
    "count": (("How many are there of {w}?", "Count {w}."), ("{w}有几个词？",)),
    "first": (("What is the first of {w}?", "Which word comes first in {w}?"), ("{w}中第一个词是什么？",)),
    "last": (("What is the last of {w}?", "Which word comes last in {w}?"), ("{w}中最后一个词是什么？",)),
    "sorted": (("Put {w} in alphabetical order.", "Sort {w} by the alphabet."), ("请把{w}按字母顺序排列。",)),
    "capitals": (("Write {w} in capitals.", "Put {w} in capital letters."), ("请把{w}写成大写。",)),
    "commas": (("List {w}, separated by commas.", "Put commas between {w}."), ("请用逗号隔开{w}。",)),
    "json": (("Write {w} as a JSON list.", "Give {w} as JSON."), ("请把{w}写成JSON列表。",)),
    "chinese": (("Translate {w} into Chinese.", "Give {w} in Chinese."), ("请把{w}翻译成中文。",)),
}  # fmt: skip


def answer(task, words, lang=0):
    """What doing a task to a list of words gives."""
    plain = {
        "repeat": words, "backwards": words[::-1], "first": words[:1], "last": words[-1:], "sorted": sorted(words),
        "capitals": [word.upper() for word in words],
    }  # fmt: skip
    if task in plain:
        return " ".join(plain[task])
    if task == "count":
        return count(len(words), lang)
    if task == "commas":
        return ", ".join(words)
    return json.dumps(words) if task == "json" else "、".join(DICTIONARY[word.upper()][1] for word in words)


def instructions(rng, difficulty=1.0):
    """One to three tasks about two to five words, the later ones about the same words.

    difficulty: how many words and turns.
    """
    lang, translated = language(rng), rng.random() < 0.4
    usable = [w.lower() for w in (DICTIONARY if translated else WORDS)]
    words = rng.sample(usable, rng.randint(2, 2 + round(3 * difficulty)))
    tasks = rng.sample([t for t in TASKS if translated or t != "chinese"], rng.randint(1, 1 + round(2 * difficulty)))
    turns = []
    for i, task in enumerate(tasks):
        named = (
            ("“{}”" if lang else "these words").format(" ".join(words)) if i == 0 else ("这些词" if lang else "them")
        )
        question = ask(rng, TASKS[task][lang], w=named)
        if i == 0 and not lang:
            question = f"{question[:-1]}: {' '.join(words)}"
        turns.append((question, answer(task, words, lang)))
    return Sample("instructions", turns=tuple(turns), truth={"words": words, "tasks": tasks, "language": lang})

"""Checks of chapter 11's tokenizer."""

import random
from collections import Counter

from .judge import Wrong, call, exercise, wrong


def merge_of(ids, pair, new):
    """A list of ids with every occurrence of `pair` replaced by `new`, from left to right; a new list."""
    out, i = [], 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) == tuple(pair):
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out


def pairs_in(words):
    """words: {tuple of ids: how often it occurs} -> Counter of the pairs of neighbours in all of the text."""
    counts = Counter()
    for word, times in words.items():
        for pair in zip(word, word[1:], strict=False):
            counts[pair] += times
    return counts


def _listed(made, what):
    if not isinstance(made, list):
        raise Wrong(f"{what} should be a list; it is of type {type(made).__name__}")
    return made


@exercise(merge_of)
def merge(attempt):
    """merge(ids, pair, new): ids with every occurrence of the pair replaced by new, from left to right."""
    draw = random.Random(0)
    cases = [([5, 7, 9, 5, 7], (5, 7), 300), ([], (1, 2), 300), ([1], (1, 1), 300), ([7, 7, 7, 8], (7, 7), 300)]
    cases += [([draw.randrange(3) for _ in range(12)], (draw.randrange(3), draw.randrange(3)), 300) for _ in range(30)]
    for ids, pair, new in cases:
        got, want = _listed(call(attempt, list(ids), pair, new), "what it returns"), merge_of(ids, pair, new)
        if got == want:
            continue
        shown = f"From {ids} with the pair {pair} it made {got}; {want} is right."
        one = next((i for i in range(len(ids) - 1) if tuple(ids[i : i + 2]) == pair), None)
        if one is not None and got == [*ids[:one], new, *ids[one + 2 :]]:
            raise wrong("only the first pair", shown)
        if got == merge_of(ids[::-1], pair[::-1], new)[::-1]:
            raise wrong("merged from the right", shown)
        if got == ids:
            raise wrong("nothing merged", shown)
        if len(got) >= len(ids):
            raise wrong("one of the pair left over", shown)
        raise Wrong(shown)
    return "right, also where a token could belong to two pairs."


def likeliest_of(words):
    """words: {tuple of ids: how often it occurs} -> the pair of neighbours that stands most often in the text."""
    counts = pairs_in(words)
    return max(counts, key=counts.get)


@exercise(likeliest_of)
def likeliest(attempt):
    """likeliest(words {tuple of ids: times}): the pair of neighbours that stands most often in the text."""
    cases = [
        {(1, 2, 3): 5, (2, 3): 1, (4, 5): 2, (4, 5, 6): 2, (4, 5, 7): 1},
        {(1, 2): 1, (3, 1, 2): 1, (4, 1, 2): 1, (5, 6): 9},
        {(1, 1, 1, 2): 3, (3, 2): 4},
        {(9, 8, 1): 2, (1, 9, 8): 2, (1, 7): 3},
        {(5,): 6, (1, 2): 3, (3, 4): 1},
    ]
    for words in cases:
        got = call(attempt, dict(words))
        counts = pairs_in(words)
        most = max(counts.values())
        if counts.get(got if isinstance(got, tuple) else None) == most:
            continue
        if not (isinstance(got, tuple) and len(got) == 2):
            raise Wrong(f"it should return one pair of ids, a tuple; it returned {got!r}")
        types = pairs_in(dict.fromkeys(words, 1))
        shown = (
            f"Of {words} it chose {got}, which occurs {counts[got]} times; {likeliest_of(words)} occurs {most} times."
        )
        if types[got] == max(types.values()):
            raise wrong("words counted once", shown)
        if counts[got] == min(counts.values()) and got in counts:
            raise wrong("rarest pair", shown)
        if got not in counts:
            raise wrong("pair across words", shown)
        raise Wrong(shown)
    return "right: it counts the text, not the list of words."

"""Table 1's "scene-text OCR": words in the picture of something else."""

from dataclasses import replace

from .captions import any_thing, grain
from .lettering import extent, text_width
from .sample import Sample
from .words import WORDS, listed, string
from .world import ALPHABET, BACKGROUNDS, Scene, Text

STEEPEST = 70  # degrees; beyond a right angle a word reads upside down, and may be another word
INKS = ("black", "red", "green", "blue", "purple", "brown")
LIGHT = ("paper", "grey", "sand", "mint", "sky")  # every ink can be read on each


def signs(rng, difficulty=1.0):
    """A sign with one string somewhere on a coloured ground.

    difficulty 0: 20 px letters (at 128 px) in the middle; 1: 10 to 20 px, anywhere, three to five characters.
    """
    background = rng.choice(list(BACKGROUNDS))
    ink, plate = rng.choice(
        [("black", "white"), ("white", "green"), ("white", "blue"), ("black", "yellow"), ("white", "red")]
    )
    word = string(rng, rng.randint(3, 5) if difficulty > 0.3 else 3, ALPHABET)
    height = rng.uniform(20 - 10 * difficulty, 20) / 128 / 0.72  # a capital is 0.72 of the font's size
    pitch = 0.85 * height
    wide, tall = len(word) * pitch + 0.9 * height, 1.7 * height
    if wide > 0.98:
        height, pitch, wide, tall = (v * 0.98 / wide for v in (height, pitch, wide, tall))
    free_x, free_y = (max(0.0, (1 - v) / 2) * difficulty for v in (wide, tall))
    x, y = 0.5 + rng.uniform(-free_x, free_x), 0.5 + rng.uniform(-free_y, free_y)
    text = Text(word, x - len(word) * pitch / 2, y, height, pitch, ink, plate)
    scene = Scene(background, texts=(text,), noise=rng.uniform(0, 5) * difficulty, noise_seed=rng.randrange(2**31))
    turns = (
        ("What does the sign say?", word),
        ("What colour is the sign?", plate),
        ("Describe this image.", f"A {plate} sign that says {word}."),
    )
    return Sample("signs", (scene,), turns, f"A {plate} sign that says {word}.", truth={"word": word})


def scene_text(rng, difficulty=1.0):
    """One to three words anywhere, at an angle, each in a colour of its own, at times on a plate, among objects.

    difficulty 0: one word in capitals of 20 px (at 128 px), level, in the middle, on paper; 1: up to three, their
    capitals 9 to 16 px high, tilted by up to STEEPEST degrees, on any light ground.
    """
    background = rng.choice(LIGHT) if difficulty > 0.2 else "paper"
    texts = []
    for ink in rng.sample(INKS, rng.randint(1, 1 + round(2 * difficulty))):
        texts += _word(rng, difficulty, ink, [extent(text) for text in texts])
    texts.sort(key=lambda text: text.y)
    taken = [extent(text) for text in texts]
    things = [_beside(rng, background, taken) for _ in range(rng.randint(0, 2) if difficulty > 0.6 else 0)]
    page = "\n".join(text.string for text in texts)
    turns = [("Read the text.", page)]
    if difficulty > 0.25:
        turns.append(("How many words are there?", str(len(texts))))
    turns += [(f"What does the {text.color} word say?", text.string) for text in texts]
    turns += [(f"Which colour is the word {text.string}?", text.color) for text in texts]
    turns.append(("Describe this image.", f"{listed([f'{text.string} in {text.color}' for text in texts])}."))
    rng.shuffle(turns)
    scene = Scene(background, tuple(filter(None, things)), tuple(texts), **grain(rng, difficulty))
    return Sample("scene-text", (scene,), tuple(turns), page, truth={"words": [[t.string, t.color] for t in texts]})


def _word(rng, difficulty, ink, taken):
    """A word clear of the boxes taken, as a list; a word that finds no place in twenty tries is left out."""
    for _ in range(20):
        said = _spelling(rng, difficulty)
        height = rng.uniform(20 - 11 * difficulty, 20 - 4 * difficulty) / 128 / 0.72
        height = min(height, 0.88 / (text_width(said, 1.0) + 0.9))  # with its plate it fits the picture's width
        angle = rng.uniform(-1, 1) * STEEPEST * difficulty
        plate = rng.choice(("white", "yellow")) if rng.random() < 0.5 * difficulty else ""
        centred = Text(said, 0.5 - text_width(said, height) / 2, 0.5, height, 0.0, ink, plate, angle)
        left, top, *_ = extent(centred)
        dx, dy = (rng.uniform(-1, 1) * (v - 0.02) * difficulty for v in (left, top))
        text = replace(centred, x=centred.x + dx, y=centred.y + dy)
        if all(apart(extent(text), box) and abs(text.y - (box[1] + box[3]) / 2) > 0.08 for box in taken):
            return [text]  # words at nearly one height would have no order
    return []


def _spelling(rng, difficulty):
    """A word in capitals; further on also one in small letters, or a string that no word helps to guess."""
    kind = rng.random()
    if kind < 0.4 * difficulty:
        return string(rng, rng.randint(2, 6), ALPHABET)
    word = rng.choice(WORDS)
    return word if kind > 1 - 0.3 * difficulty else word.upper()


def apart(a, b):
    """Whether two boxes (left, top, right, bottom) share no point."""
    return a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]


def _beside(rng, background, taken):
    """An object clear of the boxes taken, or None where there is no room in ten tries."""
    for _ in range(10):
        size = rng.uniform(0.15, 0.3)
        x, y = (rng.uniform(size / 2, 1 - size / 2) for _ in range(2))
        if all(apart((x - size / 2, y - size / 2, x + size / 2, y + size / 2), box) for box in taken):
            return any_thing(rng, background, 0.25, x, y, size)
    return None

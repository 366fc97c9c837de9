"""Table 1's "scene-text OCR": words in the picture of something else."""

from .sample import Sample
from .words import string
from .world import ALPHABET, BACKGROUNDS, Scene, Text


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

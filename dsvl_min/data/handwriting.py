"""Real handwritten digits: one, or several in a row.

The 1,797 images that scikit-learn carries (UCI optical recognition of handwritten digits, CC BY 4.0);
every fifth is held out.  There are few of them, so in training they are tilted a little; the
held-out ones are shown as they were written.
"""

from .sample import Sample
from .world import Digit, Scene, digit_count, digit_label

HELD_OUT = 5  # every fifth image is never trained on
TILT = 15  # degrees, in training


def rows(split):
    """Indices of the images of a split."""
    held = split == "held-out"
    return [i for i in range(digit_count()) if (i % HELD_OUT == 0) == held]


def _digit(rng, split, difficulty, x, y, size):
    angle = rng.uniform(-TILT, TILT) * difficulty if split == "train" else 0.0
    return Digit(rng.choice(rows(split)), x, y, size, rng.choice(("black", "blue", "red", "green")), angle)


def digits(rng, difficulty=1.0, split="train"):
    """One handwritten digit.  difficulty 0: large and centred; 1: 0.4 to 0.85 of the side, anywhere."""
    size = rng.uniform(0.8 - 0.4 * difficulty, 0.85)
    free = (0.5 - size / 2) * difficulty
    digit = _digit(rng, split, difficulty, 0.5 + rng.uniform(-free, free), 0.5 + rng.uniform(-free, free), size)
    label = str(digit_label(digit.index))
    turns = (("Which digit is written here?", label), ("Describe this image.", f"A handwritten {label}."))
    scene = Scene("paper", digits=(digit,), noise=rng.uniform(0, 4), noise_seed=rng.randrange(2**31))
    return Sample("digits", (scene,), turns, f"A handwritten {label}.", truth={"digits": label})


def several_digits(rng, difficulty=1.0, split="train"):
    """Two to four handwritten digits in a row."""
    count = rng.randint(2, 4) if difficulty > 0.3 else 2
    size = rng.uniform(0.21, min(0.36, 0.94 / count))
    left = rng.uniform(size / 2, 1 - count * size + size / 2) if difficulty > 0.3 else 0.5 - (count - 1) * size / 2
    y = 0.5 + rng.uniform(-1, 1) * (0.5 - size / 2) * difficulty
    drawn = tuple(_digit(rng, split, difficulty, left + i * size, y, size) for i in range(count))
    number = "".join(str(digit_label(d.index)) for d in drawn)
    turns = (("Which digits are written here?", number), ("Describe this image.", f"The handwritten number {number}."))
    scene = Scene("paper", digits=drawn, noise=rng.uniform(0, 4), noise_seed=rng.randrange(2**31))
    return Sample("several-digits", (scene,), turns, f"The handwritten number {number}.", truth={"digits": number})

"""Table 1's "document OCR": pages of lines to transcribe."""

from .sample import Sample
from .words import NUMBERS, string
from .world import ALPHABET, Scene, Text

GRID = 6  # a grid page has GRID × GRID cells: one for each image token of the tiny model
FEW = "AEHKNSTX37"  # the symbols of the easiest pages


def documents(rng, difficulty=1.0):
    """A page of up to six lines; the task is to transcribe it.

    difficulty below 0.25: a full grid of ten symbols; below 0.5: of all 34; below 0.75: ragged lines on
    the grid; above: `free_documents`.
    """
    if difficulty >= 0.75:
        return free_documents(rng, 4 * difficulty - 3)
    symbols = FEW if difficulty < 0.25 else ALPHABET
    if difficulty < 0.5:
        lengths = [GRID] * GRID
    else:
        lengths = [rng.randint(2, GRID) for _ in range(rng.randint(2, GRID))]
    cell = 1 / GRID
    texts, lines = [], []
    height = rng.uniform(0.12, 0.145)
    for row, length in enumerate(lengths):
        jitter_x, jitter_y = (rng.uniform(-0.08, 0.08) * cell for _ in range(2))
        lines.append(string(rng, length, symbols))
        texts.append(Text(lines[-1], jitter_x, (row + 0.5) * cell + jitter_y, height, cell))
    return _document("documents", rng, texts, lines)


def free_documents(rng, difficulty=1.0):
    """One to four lines of three to eight characters.

    difficulty: how far margin, spacing and leading go from those of the grid (0, where no line is longer than six)
    to any (1).
    """
    count = rng.randint(1, 4)
    height = rng.uniform(0.085, 0.15)
    lengths = [rng.randint(3, 8 if difficulty > 0.5 else GRID) for _ in range(count)]
    cell = (1 - difficulty) / GRID
    pitch = cell + difficulty * rng.uniform(0.72, 0.95) * height
    widest, widest_allowed = max(lengths) * pitch, 1 - 0.04 * difficulty
    if widest > widest_allowed:
        height, pitch, widest = (v * widest_allowed / widest for v in (height, pitch, widest))
    leading = cell + difficulty * rng.uniform(1.15, 1.6) * height
    tall = (count - 1) * leading + height
    left = difficulty * rng.uniform(0.02, max(0.02, 0.98 - widest))
    top = cell / 2 + difficulty * (rng.uniform(0.02, max(0.02, 0.98 - tall)) + height / 2)
    lines = [string(rng, n, ALPHABET) for n in lengths]
    texts = [Text(line, left, top + i * leading, height, pitch) for i, line in enumerate(lines)]
    return _document("free-documents", rng, texts, lines)


def _document(source, rng, texts, lines):
    page = "\n".join(lines)
    scene = Scene("paper", texts=tuple(texts), noise=rng.uniform(0, 4), noise_seed=rng.randrange(2**31))
    count = f"{NUMBERS[len(lines)]} line{'s' if len(lines) > 1 else ''}"
    turns = (
        ("Read the text.", page),
        ("How many lines of text are there?", str(len(lines))),
        ("Describe this image.", f"A page with {count} of text."),
    )
    return Sample(source, (scene,), turns, page, truth={"lines": lines})

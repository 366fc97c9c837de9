"""Table 1's "document OCR": pages of lines to transcribe."""

from dataclasses import replace

from .markdownpage import MarkdownPage, seen
from .markdownpage import table as markdown_table
from .sample import MOST, Sample
from .words import NUMBERS, WORDS, capital, string
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


def markdown(rng, difficulty=1.0):
    """A rendered page with a heading and lines, formulas, lists or a table; the page under it is its Markdown.

    At most MOST characters are seen.  difficulty 0: a heading and a line or two of one word; 1: up to four blocks of
    any kind, formulas of several terms, small letters, any margins.
    """
    kinds = [_line, _line] + [_formula, _items] * (difficulty >= 0.3) + [_formula, _table] * (difficulty >= 0.6)
    height = rng.uniform(0.125 - 0.045 * difficulty, 0.125 - 0.02 * difficulty)
    title = _title(rng, difficulty)
    page, wanted = MarkdownPage(f"# {title}", height), rng.randint(1, 2 + round(2 * difficulty))
    for kind in rng.sample(kinds, len(kinds)):  # a block that has no room is left out, another is tried
        longer = replace(page, markdown=f"{page.markdown}\n{kind(rng, difficulty)}")
        if wanted and seen(longer.markdown) <= MOST and max(longer.room()) <= 0.97:
            page, wanted = longer, wanted - 1
    left, top = (0.05 + difficulty * rng.uniform(-0.02, 0.97 - end) for end in page.room())
    text = page.markdown
    turns = [
        ("Write this page as Markdown.", text),
        ("What is the heading?", title),
        ("Describe this image.", f"A page headed {title}."),
    ]
    if difficulty >= 0.3:
        turns.append(("How many formulas are there?", str(text.count("$") // 2)))
    if difficulty >= 0.6:
        turns.append(("Is there a table?", "yes" if "|" in text else "no"))
    if text.count("$") == 2:
        turns.append(("Write the formula in LaTeX.", text.split("$")[1]))
    rng.shuffle(turns)
    return Sample("markdown", (replace(page, left=left, top=top),), tuple(turns), text, truth={"seen": seen(text)})


def _title(rng, difficulty):
    return string(rng, rng.randint(2, 5), ALPHABET) if rng.random() < 0.4 * difficulty else capital(rng.choice(WORDS))


def _line(rng, difficulty):
    line = " ".join(rng.sample(WORDS, rng.randint(1, 1 + round(2 * difficulty))))
    return f"{line} ${_term(rng, difficulty)}$" if difficulty >= 0.6 and rng.random() < 0.3 else line


def _formula(rng, difficulty):
    terms = [_term(rng, difficulty) for _ in range(rng.randint(1, 1 + round(2 * difficulty)))]
    return f"${rng.choice((' + ', ' = ')).join(terms)}$"


def _items(rng, difficulty):
    return "\n".join(f"- {word}" for word in rng.sample(WORDS, rng.randint(2, 3)))


def _table(rng, difficulty):
    columns = rng.randint(2, 3)
    body = [[str(rng.randint(1, 99)) for _ in range(columns)] for _ in range(rng.randint(1, 2))]
    return markdown_table([rng.sample(ALPHABET[:26], columns), *body])


def _term(rng, difficulty):
    """One term of a formula in LaTeX; further on it may be a root, a fraction or Greek."""
    a, b = rng.sample("abcnkxyz", 2)
    number = rng.randint(2, 9)
    terms = [f"{a}^{number}", f"{a}_{number}", f"{number}{a}"]
    if difficulty >= 0.6:
        terms += [rf"\sqrt{{{a}}}", rf"\frac{{{a}}}{{{b}}}", rf"\frac{{{number}}}{{{a}}}", rf"\pi {a}", rf"\alpha {a}"]
    return rng.choice(terms)

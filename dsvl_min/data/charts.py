"""Table 1's "table & chart": charts drawn by matplotlib, tables painted by the world, questions on their values."""

from dataclasses import asdict, dataclass
from itertools import combinations

from .markdownpage import table as markdown_table
from .painter import grid, paint
from .plots import Chart
from .sample import Sample
from .words import NUMBERS, WORDS, listed, string
from .world import ALPHABET

TITLES = ("rain", "cats", "sales", "votes", "cups", "books", "birds", "cars", "games", "cakes")
SERIES = (tuple("ABCDE"), ("Mon", "Tue", "Wed", "Thu", "Fri"), ("Jan", "Feb", "Mar", "Apr", "May"))
MARKS = {"bar": "bars", "barh": "bars", "line": "points", "scatter": "points", "pie": "slices"}
CALLED = {"bar": "bar chart", "barh": "bar chart", "line": "line chart", "scatter": "scatter plot", "pie": "pie chart"}
TENTHS = [tens for n in (2, 3, 4) for tens in combinations(range(1, 10), n) if sum(tens) == 10]  # of a whole, unequal
COLORS = ("red", "orange", "green", "blue", "purple", "brown")


def any_chart(rng, difficulty=1.0):
    """A `Chart` whose values can be told by eye.

    difficulty 0: two or three bars, up to 10; 1: up to five values of any kind of chart, up to 10, 20 or 100 in
    twentieths (a pie has up to four, in tenths).  No two values are equal, and none is nought.
    """
    kind = rng.choice(tuple(MARKS)) if difficulty >= 0.4 else "bar"
    count = rng.randint(2, 3 + round(2 * difficulty))
    title = rng.choice(TITLES)
    if kind == "pie":
        shares = rng.choice([tens for tens in TENTHS if len(tens) == min(count, 4)])
        shares = tuple(10 * tenth for tenth in rng.sample(shares, len(shares)))
        return Chart(kind, SERIES[0][: len(shares)], shares, 100, title, tuple(rng.sample(COLORS, len(shares))))
    top = rng.choice((10, 20, 100)) if difficulty >= 0.4 else 10
    steps = 20 if difficulty > 0.7 and top > 10 else 10
    most = steps if kind in ("bar", "barh") else steps - 1  # a point on the frame would be cut
    values = tuple(top * v // steps for v in rng.sample(range(1, most + 1), count))
    if kind == "scatter":
        labels = tuple(map(str, sorted(rng.sample(range(1, 7), count))))
    else:
        long = difficulty >= 0.4 and count <= (4 if kind == "barh" else 3)  # else long names would touch
        labels = (rng.choice(SERIES) if long else SERIES[0])[:count]
    colors = rng.sample(COLORS, count) if kind in ("bar", "barh") and rng.random() < 0.3 else [rng.choice(COLORS)]
    return Chart(kind, labels, values, top, title, tuple(colors))


def charts(rng, difficulty=1.0):
    """A chart (see `any_chart`); the page under it is its table, as Markdown."""
    chart = any_chart(rng, difficulty)
    of = dict(zip(chart.labels, chart.values, strict=True))
    scatter = chart.kind == "scatter"
    table = markdown_table((("x" if scatter else "", chart.title), *of.items()))
    told = listed([f"{value} at {label}" if scatter else f"{label} {value}" for label, value in of.items()])
    a, b = rng.sample(chart.labels, 2)
    turns = _at_places(of, a, b) if scatter else _of_names(of, a, b)
    turns += [
        (f"How many {MARKS[chart.kind]} are there?", str(len(of))),
        ("What is the title?", chart.title),
        ("Write the values as a table.", table),
        ("Describe this image.", f"A {CALLED[chart.kind]} of {chart.title}: {told}."),
    ]
    if len(chart.colors) > 1:
        turns.append((f"Which colour is {a}?", chart.colors[chart.labels.index(a)]))
    rng.shuffle(turns)
    return Sample("charts", (chart,), tuple(turns), table, truth={"values": of})


def chart_values(rng, difficulty=1.0):
    """A chart (see `any_chart`), asked about each of its values and nothing else, in any order."""
    chart = any_chart(rng, difficulty)
    of = dict(zip(chart.labels, chart.values, strict=True))
    asked = _value_at if chart.kind == "scatter" else _value_of
    turns = [asked(label, value) for label, value in of.items()]
    rng.shuffle(turns)
    return Sample("chart-values", (chart,), tuple(turns), truth={"values": of})


def _value_of(name, value):
    return f"What is the value of {name}?", str(value)


def _value_at(x, value):
    return f"What is the value at x = {x}?", str(value)


def _of_names(of, a, b):
    """Questions on the values of names."""
    return [
        _value_of(a, of[a]),
        ("Which value is the largest?", max(of, key=of.get)),
        ("Which value is the smallest?", min(of, key=of.get)),
        (f"Which is larger, {a} or {b}?", max(a, b, key=of.get)),
        (f"What is the difference between {a} and {b}?", str(abs(of[a] - of[b]))),
    ]


def _at_places(of, a, b):
    """The same questions on values at places x."""
    return [
        _value_at(a, of[a]),
        ("At which x is the largest value?", max(of, key=of.get)),
        ("At which x is the smallest value?", min(of, key=of.get)),
        (f"Where is the larger value, at x = {a} or x = {b}?", max(a, b, key=of.get)),
        (f"What is the difference between the values at x = {a} and x = {b}?", str(abs(of[a] - of[b]))),
    ]


@dataclass(frozen=True)
class Table:
    """A table of short strings, its first row the head.  cells: equally long rows; color: of the head's ground.

    Raises ValueError for rows of unequal length and for cells that Markdown could not hold.
    """

    cells: tuple
    color: str = "sky"
    background: str = "paper"

    def __post_init__(self):
        if not self.cells or len({len(row) for row in self.cells}) != 1 or not self.cells[0]:
            raise ValueError(f"a table needs rows of equal length, got {[len(row) for row in self.cells]}")
        for cell in (cell for row in self.cells for cell in row):
            if "|" in cell or "\n" in cell:
                raise ValueError(f"a table's cell can't hold | or a line break, got {cell!r}")

    def layout(self):
        """(boxes, words) for `painter.paint`: cells as wide as their column's longest, the whole as large as fits."""
        _, _, wide, tall = grid(self.cells, 0.0, 0.0, 1.0)
        height = min(0.92 / wide, 0.92 / tall, 0.14)
        left, top = 0.5 - height * wide / 2, 0.5 - height * tall / 2
        return grid(self.cells, left, top, height, self.color)[:2]

    def draw(self, size=128):
        """A PIL RGB image, size × size."""
        return paint(self.background, *self.layout(), size)

    def to_dict(self):
        """Plain dictionary, ready for json."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data):
        """The inverse of `to_dict`."""
        return cls(**{**data, "cells": tuple(map(tuple, data["cells"]))})


def tables(rng, difficulty=1.0):
    """A table whose rows and columns have names; the page under it is the same as Markdown.

    difficulty 0: two by two single letters; 1: up to four rows and three columns of up to three signs, or words and
    numbers in up to two columns.
    """
    rows = rng.randint(2, 2 + round(2 * difficulty))
    if difficulty >= 0.5 and rng.random() < 0.4:
        columns = rng.randint(1, 2)
        names, heads = rng.sample(WORDS, rows), rng.sample(TITLES, columns)
        body = [[str(rng.randint(1, 99)) for _ in heads] for _ in names]
    else:
        columns = rng.randint(2, 2 + round(difficulty))
        names, heads = rng.sample(ALPHABET[:13], rows), rng.sample(ALPHABET[13:26], columns)
        longest = 1 if difficulty < 0.4 else 3 if rows * columns < 7 else 2
        body = [[string(rng, rng.randint(1, longest), ALPHABET) for _ in heads] for _ in names]
    cells = (("", *heads), *((name, *line) for name, line in zip(names, body, strict=True)))
    text = markdown_table(cells)
    i, j = rng.randrange(rows), rng.randrange(columns)
    turns = [
        ("Write the table.", text),
        (f"What is in row {names[i]}, column {heads[j]}?", body[i][j]),
        (f"Read row {names[i]}.", " ".join(body[i])),
        (f"Read column {heads[j]}.", " ".join(line[j] for line in body)),
        ("Describe this image.", f"A table of {NUMBERS[rows]} rows, {listed(names)}."),
    ]
    if difficulty > 0.25:
        turns.append(("How many rows are there under the head?", str(rows)))
    rng.shuffle(turns)
    table = Table(cells, rng.choice(("sky", "mint", "sand", "pale")))
    return Sample("tables", (table,), tuple(turns), text, truth={"cells": [list(row) for row in cells]})

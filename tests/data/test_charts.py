"""Charts and tables: what is asked is true of the values, and the values can be read off the pixels."""

import re
import threading
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsvl_min.data.charts import Table
from dsvl_min.data.plots import KINDS, STYLE, Chart, matplotlib_style
from dsvl_min.data.sources import sample

matplotlib = pytest.importorskip("matplotlib")
BOTTOM, TOP, LEFT, RIGHT = (STYLE[f"figure.subplot.{side}"] * 128 for side in ("bottom", "top", "left", "right"))


def made(source, count=120):
    return [sample(source, 9, i, "train" if i % 2 else "held-out", (i % 11) / 10) for i in range(count)]


def ink(chart, color):
    """Where the picture shows a colour: [128, 128] of bool, row 0 at the bottom."""
    from matplotlib.colors import to_rgb

    pixels = np.asarray(chart.draw(128), int)[::-1]
    return np.abs(pixels - np.round(255 * np.array(to_rgb(color)))).max(axis=2) < 40


def runs(marked):
    """The stretches of True in a row of flags: [(first, last + 1)]."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(int), [0]])))
    return list(zip(edges[::2], edges[1::2], strict=True))


def measured(chart):
    """The values as a ruler would find them in the picture at 128 pixels."""
    across = chart.kind == "barh"
    found = []
    for color in dict.fromkeys(chart.colors):
        mask = ink(chart, color)
        mask = mask.T if across else mask
        start, length = (LEFT, RIGHT - LEFT) if across else (BOTTOM, TOP - BOTTOM)
        for first, last in runs(mask.sum(axis=0) > 1):
            rows = np.flatnonzero(mask[:, first:last].sum(axis=1) > 1)
            end = rows.mean() + 0.5 if chart.kind == "scatter" else rows.max() + 1
            found.append((first, (end - start) / length * chart.top))
    return [value for _, value in sorted(found)]


@pytest.mark.parametrize("kind", ["bar", "barh", "scatter"])
def test_values_can_be_read_off_the_picture_within_a_tenth(kind):
    charts = [s.images[0] for s in made("charts", 400) if s.images[0].kind == kind][:25]
    assert len(charts) >= 20
    errors = []
    for chart in charts:
        read = measured(chart)
        assert len(read) == len(chart.values)
        for seen, value in zip(read, chart.values, strict=True):
            assert abs(seen - value) < max(0.1 * value, 0.4 * chart.top / 20), (chart, read)
            errors.append(abs(seen - value) / value)
    assert np.median(errors) < 0.04


def test_a_line_passes_through_its_values():
    for chart in [s.images[0] for s in made("charts", 300) if s.images[0].kind == "line"][:20]:
        mask = ink(chart, chart.colors[0])
        columns = np.flatnonzero(mask.any(axis=0))
        first, last = columns[0] + 3, columns[-1] - 2  # the outer markers are 7 pixels wide
        for k, value in enumerate(chart.values):
            x = round(first + k * (last - first) / (len(chart.values) - 1))
            rows = np.flatnonzero(mask[:, x])
            y = BOTTOM + value / chart.top * (TOP - BOTTOM)
            assert rows.min() - 1 <= y <= rows.max() + 2 and abs(rows.mean() + 0.5 - y) < 6


def test_slices_are_as_large_as_their_values():
    for chart in [s.images[0] for s in made("charts", 300) if s.images[0].kind == "pie"][:20]:
        area = np.array([ink(chart, color).sum() for color in chart.colors])
        assert np.abs(100 * area / area.sum() - chart.values).max() < 2.5


def test_marks_stand_where_the_values_end():
    for chart in [s.images[0] for s in made("charts", 200)]:
        colors = chart.colors * len(chart.values) if len(chart.colors) == 1 else chart.colors
        for (x, y, _), color in zip(chart.marks(), colors, strict=True):
            mask, column, row = ink(chart, color)[::-1], 128 * x, 128 * y  # row 0 at the top
            if chart.kind in ("bar", "barh"):
                dx, dy = (2, 0) if chart.kind == "barh" else (0, -2)
                assert mask[int(row - dy), int(column - dx)] and not mask[int(row + dy), int(column + dx)], chart
            else:
                assert mask[int(row), int(column)], chart
        assert [value for *_, value in chart.marks()] == list(chart.values)


def test_an_axis_ends_beside_its_last_number():
    for chart in [s.images[0] for s in made("charts", 60)]:
        if chart.kind == "pie":
            with pytest.raises(ValueError, match="no axis"):
                chart.axis_end()
            continue
        x, y = (round(128 * place) for place in chart.axis_end())
        dark = np.asarray(chart.draw(128).convert("L"))[y - 4 : y + 4, x - 8 : x + 4]
        assert dark.min() < 128, chart


@pytest.mark.parametrize("source", ["charts", "plots"])
def test_of_a_chart_nothing_is_cut_off(source):
    for s in made(source, 35):
        pixels = np.asarray(s.pictures(128)[0])
        edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        assert (edge == 255).all(), s.images[0]


def test_answers_are_true_of_the_charts_values():
    asked = Counter()
    for s in made("charts"):
        chart = s.images[0]
        of = dict(zip(chart.labels, chart.values, strict=True))
        assert len(set(of.values())) == len(of)
        assert [tuple(c.strip() for c in row.split("|")[1:-1]) for row in s.text.split("\n")[2:]] == [
            (label, str(value)) for label, value in of.items()
        ]
        for question, answer in s.turns:
            names = [n for n in re.findall(r"\w+", question) if n in of]
            if "difference" in question:
                a, b = names[-2:]
                assert int(answer) == max(of[a] - of[b], of[b] - of[a])
            elif "value of" in question or "value at x" in question:
                assert int(answer) == of[names[-1]]
            elif "largest" in question:
                assert of[answer] == max(of.values())
            elif "smallest" in question:
                assert of[answer] == min(of.values())
            elif "larger" in question:
                assert of[answer] >= max(of[name] for name in names[-2:])
            elif question.startswith("How many"):
                assert int(answer) == len(chart.values)
            elif "title" in question:
                assert answer == chart.title
            elif "colour" in question:
                assert answer == chart.colors[chart.labels.index(names[-1])]
            else:
                assert question in ("Write the values as a table.", "Describe this image.")
            asked[question.split()[0]] += 1
    assert set(asked) >= {"What", "Which", "How", "Where", "At"}


def test_chart_values_asks_of_each_value_what_a_chart_would_ask():
    for s in made("chart-values", 60):
        chart = s.images[0]
        of = dict(zip(chart.labels, map(str, chart.values), strict=True))
        asked = "What is the value at x = {}?" if chart.kind == "scatter" else "What is the value of {}?"
        assert dict(s.turns) == {asked.format(label): value for label, value in of.items()}
    assert {turn for s in made("chart-values") for turn, _ in s.turns} & {
        turn for s in made("charts") for turn, _ in s.turns
    }


def test_the_code_of_a_plot_draws_the_same_pixels():
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    kinds = set()
    for s in made("plots", 30):
        (chart,) = s.images
        if chart.kind in kinds and len(kinds) < len(KINDS):
            continue
        kinds.add(chart.kind)
        with matplotlib_style():
            figure = plt.figure()
            exec(s.text, {"plt": plt})
            figure.canvas.draw()
            drawn = np.asarray(figure.canvas.buffer_rgba())[:, :, :3]
            plt.close(figure)
        assert np.array_equal(drawn, np.asarray(chart.draw(128))), s.text
    assert kinds == set(KINDS)


def test_the_code_of_a_plot_holds_any_name():
    chart = Chart("bar", ('a"b', "c\\d"), (1, 2), title="it's “so”")
    called = {}
    plt = type("", (), {name: (lambda *a, _n=name, **k: called.update({_n: a})) for name in ("bar", "ylim", "title")})
    exec(chart.code(), {"plt": plt})
    assert called["bar"][0] == list(chart.labels) and called["title"] == (chart.title,)


def test_a_charts_picture_depends_on_nothing_but_the_chart():
    from matplotlib import pyplot as plt

    charts = [s.images[0] for s in made("charts", 24)]
    plain = [chart.draw(128).tobytes() for chart in charts]
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red", "axes.grid": True, "lines.linewidth": 9}):
        settings_before = dict(matplotlib.rcParams)
        backwards = [chart.draw(128).tobytes() for chart in reversed(charts)]  # nothing is left over from the last
        assert dict(matplotlib.rcParams) == settings_before
    assert backwards[::-1] == plain
    assert plt.get_fignums() == []


def test_threads_draw_what_one_alone_would():
    charts = [s.images[0] for s in made("charts", 24)]
    alone, found = [chart.draw(128).tobytes() for chart in charts], {}

    def draw(part):
        for i in part:
            found[i] = charts[i].draw(128).tobytes()

    threads = [threading.Thread(target=draw, args=(range(k, 24, 3),)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(24)] == alone


@pytest.mark.parametrize(
    "fields,message",
    [
        (("area", ("A",), (1,)), "no kind of chart 'area'"),
        (("bar", ("A",), (1, 2)), "a label for each value, got 1 for 2"),
        (("bar", (), ()), "a label for each value"),
        (("bar", ("A",), (11,)), "must lie in 0..10"),
        (("bar", ("A", "B", "C"), (1, 2, 3), 10, "", ("red", "blue")), "2 colours don't fit"),
        (("line", ("A", "B"), (1, 2), 10, "", ("red", "blue")), "2 colours don't fit a line"),
        (("pie", ("A", "B"), (1, 2), 10, "", ("red",)), "1 colours don't fit a pie"),
    ],
)
def test_a_chart_that_does_not_fit_together_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        Chart(*fields)


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"dsvl-min\[demo\]"):
        Chart("bar", ("A",), (1,)).draw(64)


def test_cells_are_where_the_answers_say():
    for s in made("tables"):
        head, *body = s.images[0].cells
        column = {name: [row[j] for row in body] for j, name in enumerate(head)}
        row = {line[0]: list(line[1:]) for line in body}
        for question, answer in s.turns:
            name = question.rstrip("?.").split()[-1]
            if question.startswith("What is in row"):
                at = question.split(",")[0].split()[-1]
                assert answer == row[at][head.index(name) - 1]
            elif question.startswith("Read row"):
                assert answer.split() == row[name]
            elif question.startswith("Read column"):
                assert answer.split() == column[name]
            elif question.startswith("How many rows"):
                assert int(answer) == len(body)
        lines = [tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in s.text.split("\n")]
        assert (lines[0], *lines[2:]) == s.images[0].cells
        assert set("".join(lines[1])) == {"-"}


cells = st.text(st.characters(codec="ascii", exclude_characters="|\n\r", categories=("L", "N")), max_size=4)


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=1, max_size=5)))
@settings(max_examples=60, deadline=None)
def test_any_table_lies_within_its_picture_each_word_within_its_cell(rows):
    table = Table(tuple(map(tuple, rows)))
    boxes, words = table.layout()
    assert all(0 <= v <= 1 for box in boxes for v in (box.left, box.top, box.right, box.bottom))
    assert [word.string for word in words] == [cell for row in rows for cell in row]
    assert len({(word.x, word.y) for word in words}) == len(words)
    assert table.draw(32).size == (32, 32)


def test_changing_one_cell_changes_the_picture_there_alone():
    rows = [("", "A", "B"), ("P", "3", "4"), ("Q", "5", "6")]
    edited = [*rows[:2], ("Q", "5", "9")]
    a, b = (np.asarray(Table(tuple(r)).draw(128), int) for r in (rows, edited))
    changed = np.argwhere((a != b).any(axis=2))
    assert len(changed) and changed[:, 0].min() > 64 and changed[:, 1].min() > 64


@pytest.mark.parametrize("rows", [(), ((),), (("a", "b"), ("c",)), (("a|b",),), (("a\nb",),)])
def test_a_table_that_is_none_is_refused(rows):
    with pytest.raises(ValueError, match="a table"):
        Table(rows)

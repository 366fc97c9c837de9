"""Rendered Markdown: the picture is a function of the text, formulas included."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsvl_min.data import markdownpage
from dsvl_min.data.markdownpage import MarkdownPage, formula, parse, seen, table
from dsvl_min.data.sample import MOST
from dsvl_min.data.sources import sample
from dsvl_min.data.world import BACKGROUNDS

pytest.importorskip("matplotlib")


def made(count=100):
    return [sample("markdown", 5, i, "train" if i % 2 else "held-out", (i % 11) / 10) for i in range(count)]


def inked(page, size=128):
    return np.abs(np.asarray(page.draw(size), int) - BACKGROUNDS["paper"]).max(axis=2) > 20


def test_answers_are_true_of_the_page():
    asked = set()
    for s in made():
        text = s.images[0].markdown
        assert s.text == text
        lines = text.split("\n")
        formulas = re.findall(r"\$([^$]+)\$", text)
        for question, answer in s.turns:
            asked.add(question)
            if question == "Write this page as Markdown.":
                assert answer == text
            elif question == "What is the heading?":
                assert [answer] == [line[2:] for line in lines if line.startswith("# ")]
            elif question == "How many formulas are there?":
                assert int(answer) == len(formulas)
            elif question == "Is there a table?":
                assert (answer == "yes") == any(line.startswith("|") for line in lines)
            elif question == "Write the formula in LaTeX.":
                assert [answer] == formulas
    assert len(asked) == 6


def test_the_whole_page_is_seen_and_holds_no_more_than_the_tokens_carry():
    for s in made(60):
        mask = inked(s.images[0])
        assert mask.any() and not (mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()), s.text
        visible = re.sub(r"\\(\w+)", "x", s.text.replace("---", ""))
        assert len(re.findall(r"[\w+=]", visible.replace("_", ""))) <= MOST
        assert s.truth["seen"] <= MOST


def test_an_edit_of_the_text_changes_the_picture_there_alone():
    text = "# Moon\ncup $x^2$\n- milk\n| A | B |\n|---|---|\n| 1 | 2 |"
    plain = np.asarray(MarkdownPage(text).draw(128), int)
    edits = (("Moon", "Mood", 0, 30), ("x^2", "x^3", 25, 128), ("milk", "mild", 55, 76), ("2 |", "7 |", 90, 128))
    for old, new, above, below in edits:
        changed = (plain != np.asarray(MarkdownPage(text.replace(old, new)).draw(128), int)).any(axis=(1, 2))
        rows = np.flatnonzero(changed)
        assert len(rows) and above <= rows.min() and rows.max() < below, (old, rows)  # a taller formula moves the rest


def test_blocks_are_what_the_marks_say():
    assert parse("# a b\n\n- c $x$\n| d | e |\n|---|--|\n| f |  |\ng") == [
        ("heading", ["a b"]),
        ("gap", None),
        ("item", ["c ", "x", ""]),
        ("table", (("d", "e"), ("f", ""))),
        ("line", ["g"]),
    ]


def test_a_formula_stands_on_its_lines_baseline():
    above, below = (np.flatnonzero(inked(MarkdownPage(f"${part}$", 0.3)).any(axis=1)) for part in ("x", "x_2"))
    assert below.max() > above.max() + 3 and abs(int(below.min()) - int(above.min())) <= 3
    mask, base = formula("x", 40)
    assert abs(base - mask.height) <= 2  # nothing of an x lies below
    mask, base = formula(r"\frac{a}{b}", 40)
    assert 5 < base < mask.height - 5


def test_a_formula_is_no_larger_than_it_was_taken_to_be():
    formulas = {f for s in made(300) for f in re.findall(r"\$([^$]+)\$", s.text)}
    assert len(formulas) > 100
    for latex in formulas:
        assert np.less_equal(markdownpage._extent(latex), markdownpage.at_most(latex)).all(), latex


def test_pages_are_made_without_matplotlib(monkeypatch):
    import sys

    before = [repr(s) for s in made(30)]
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert [repr(s) for s in made(30)] == before
    with pytest.raises(ImportError, match=r"dsvl-min\[demo\]"):
        MarkdownPage("$x$").draw(64)


def test_formulas_do_not_depend_on_matplotlibs_settings():
    import matplotlib

    page = MarkdownPage(r"$\sqrt{x} + 2$")
    plain = page.draw(96).tobytes()
    with matplotlib.rc_context({"mathtext.default": "tt", "mathtext.fontset": "stix", "font.size": 30}):
        markdownpage._extent.cache_clear()
        assert page.draw(96).tobytes() == plain


def test_what_is_seen_is_counted_without_marks():
    assert seen("# Tea\n- cup\n$\\frac{a}{b} + x^2$") == 3 + 3 + 6
    assert seen(table([("A", "B"), (1, 23)])) == 5


@pytest.mark.parametrize(
    "text,message",
    [
        ("a\n$x", "line 2: a formula stands between two dollar signs"),
        ("$ $", "line 1: a formula stands between"),
        ("| a |", "line 1: a table needs a rule"),
        ("x\n| a |\n| b |", "line 3: a table needs a rule"),
        ("| a |\n|---|\n| b | c |", "line 3: a table's rows must have equally many cells"),
        ("| a |\n|---|\n| b", "line 3: a table's row begins and ends with |"),
    ],
)
def test_what_is_not_whole_is_refused_by_line(text, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        MarkdownPage(text)


def test_a_formula_that_cannot_be_set_is_named():
    with pytest.raises(ValueError, match=r"can't set the formula '\\\\nothing"):
        MarkdownPage(r"$\nothing{x}$").draw(64)


pieces = st.sampled_from(["# ", "- ", "| a | b |\n", "|---|---|\n", "|", "\n", "word ", "$x$", "$"]) | st.text(
    max_size=2
)


@given(st.lists(pieces, max_size=10))
@settings(max_examples=100, deadline=None)
def test_any_text_is_drawn_or_refused(parts):
    try:
        page = MarkdownPage("".join(parts))
    except ValueError as error:
        assert str(error).startswith("markdown page, line ")
        return
    try:
        assert page.draw(16).size == (16, 16)
    except ValueError as error:
        assert str(error).startswith("markdown page: matplotlib can't set")


@given(st.lists(st.lists(st.text("AB12 ", max_size=3).map(str.strip), min_size=2, max_size=2), min_size=1, max_size=4))
def test_a_table_written_is_the_table_read(rows):
    assert parse(table(rows)) == [("table", tuple(map(tuple, rows)))]

"""Drawings: plain data that is drawn where it says."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsvl_min.data.instructions.drawing import (
    KINDS,
    Drawing,
    Mark,
    arc,
    arrow,
    box,
    disc,
    line,
    paint,
    polygon,
    word,
)
from dsvl_min.data.sample import Sample
from dsvl_min.data.world import Scene, Thing, render

place = st.tuples(st.floats(-0.2, 1.2), st.floats(-0.2, 1.2))
colors = st.sampled_from(("red", "paper", "#12ab9f"))
marks = st.one_of(
    st.builds(lambda a, b, c: line(a, b, color=c), place, place, colors),
    st.builds(lambda a, b, c, d: polygon(a, b, c, color="", fill=d), place, place, place, colors),
    st.builds(lambda a, c: box(a[0], a[1], a[0] + 0.3, a[1] + 0.2, c), place, colors),
    st.builds(lambda a, c: disc(*a, 0.1, c, c), place, colors),
    st.builds(lambda a, c: arc(*a, 0.1, 20, 200, c), place, colors),
    st.builds(lambda a, c, s: word(s, *a, color=c), place, colors, st.text("ABC 123", min_size=1, max_size=5)),
)


def pixels(drawing, size=64):
    return np.asarray(drawing.draw(size), dtype=int)


@given(st.lists(marks, max_size=5))
@settings(max_examples=40, deadline=None)
def test_a_drawing_survives_json_and_looks_the_same(many):
    drawing = Drawing(Scene("sky", (Thing("star", "red", 0.5, 0.5, 0.3),), noise=3.0, noise_seed=5), tuple(many))
    again = Drawing.from_dict(json.loads(json.dumps(drawing.to_dict())))
    assert again == drawing and np.array_equal(pixels(again), pixels(drawing))


def test_without_marks_it_is_the_scene():
    scene = Scene("mint", (Thing("heart", "blue", 0.4, 0.6, 0.5),), noise=4.0)
    assert np.array_equal(pixels(Drawing(scene)), np.asarray(render(scene, 64)))


@pytest.mark.parametrize(
    "mark",
    [
        box(0.25, 0.25, 0.75, 0.75, "", "red"),
        disc(0.5, 0.5, 0.3, "", "red"),
        polygon((0.2, 0.2), (0.8, 0.2), (0.5, 0.9), color="", fill="red"),
        line((0.1, 0.5), (0.9, 0.5), color="red", width=0.2),
    ],
)
def test_a_mark_changes_the_picture_where_it_is_and_nowhere_else(mark):
    plain, drawn = pixels(Drawing()), pixels(Drawing(marks=(mark,)))
    assert np.abs(drawn[32, 32] - paint("red")).max() <= 2
    assert np.array_equal(plain[:5], drawn[:5]) and np.array_equal(plain[:, :5], drawn[:, :5])


def test_words_are_on_top_and_an_arrow_points_to_its_end():
    marks = (word("III", 0.5, 0.5, 0.5, "white"), box(0, 0, 1, 1, "", "black"))
    assert (pixels(Drawing(marks=marks)) > 200).any()
    head = arrow(0.2, 0.5, 0.8, 0.5)[1].points
    assert max(x for x, _ in head) > 0.8 and abs(sum(y for _, y in head) / 3 - 0.5) < 1e-9


def test_what_cannot_be_drawn_is_named():
    with pytest.raises(KeyError, match="no kind of mark 'blob'; the kinds are line"):
        Drawing(marks=(Mark("blob", ((0, 0), (1, 1))),)).draw(32)
    with pytest.raises(ValueError, match="positive whole number"):
        Drawing().draw(0)
    assert len(KINDS) == 6


def test_a_sample_draws_whatever_can_be_drawn():
    s = Sample("x", (Drawing(), Scene("sky"), render(Scene("sky"), 20)))
    assert [picture.size for picture in s.pictures(32)] == [(32, 32), (32, 32), (20, 20)]
    assert s.pictures() == list(s.images)

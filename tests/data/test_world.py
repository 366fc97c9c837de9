import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsvl_min.data.sources import IMAGE_SOURCES, SOURCES, sample, sample_scene
from dsvl_min.data.world import (
    ALPHABET,
    BACKGROUNDS,
    COLORS,
    OBJECT_COLORS,
    SHAPES,
    Digit,
    Scene,
    Text,
    Thing,
    digit_count,
    regions,
    render,
)


def pixels(scene, size=128):
    return np.asarray(render(scene, size), dtype=int)


@pytest.mark.parametrize("source", list(IMAGE_SOURCES)[:8])  # other pictures: test_pictures.py
def test_a_scene_is_the_same_on_every_call_and_after_json(source):
    scene = sample_scene(7, 3, source)
    again = Scene.from_dict(json.loads(json.dumps(scene.to_dict())))
    assert again == sample_scene(7, 3, source) == scene
    assert np.array_equal(pixels(scene), pixels(again))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("color", OBJECT_COLORS)
def test_an_object_shows_its_colour_where_its_region_is(shape, color):
    scene = Scene("grey", (Thing(shape, color, 0.5, 0.5, 0.6),))
    where, parts = regions(scene, 128)
    assert [p["name"] for p in parts] == [f"{color} {shape}"]
    inside = pixels(scene)[where == 1]
    assert np.abs(np.median(inside, axis=0) - COLORS[color]).max() <= 2
    assert np.abs(np.median(pixels(scene)[where == 0], axis=0) - BACKGROUNDS["grey"]).max() <= 2


def test_editing_one_thing_changes_nothing_elsewhere():
    left, right = Thing("circle", "red", 0.25, 0.5, 0.3), Thing("square", "blue", 0.75, 0.5, 0.3)
    other = Thing("square", "green", 0.75, 0.5, 0.3)
    a, b = pixels(Scene("sky", (left, right))), pixels(Scene("sky", (left, other)))
    changed = (a != b).any(axis=2)
    assert changed[:, 64:].any() and not changed[:, :64].any()


@given(st.sampled_from(ALPHABET), st.sampled_from(ALPHABET))
@settings(max_examples=40, deadline=None)
def test_different_letters_look_different(a, b):
    same = np.array_equal(*(pixels(Scene("paper", texts=(Text(c, 0.3, 0.5, 0.3),))) for c in (a, b)))
    assert same == (a == b)


@pytest.mark.parametrize("source", ["documents", "free-documents", "signs", "scene-text"])
def test_every_letter_has_ink_inside_the_picture(source):
    for index in range(40):
        scene = sample_scene(1, index, source, difficulty=index / 39)
        where, parts = regions(scene, 128)
        for number, part in enumerate(parts, 1):
            assert (where == number).sum() >= 4, (source, index, part)
        edge = np.concatenate([where[0], where[-1], where[:, 0], where[:, -1]])
        assert (edge == 0).mean() > 0.9


def test_a_scene_can_be_drawn_at_any_size():
    scene = sample_scene(0, 0, "relations")
    for size in (1, 7, 48, 128, 1024):
        assert render(scene, size).size == (size, size)
    for bad in (0, -3, 1.5):
        with pytest.raises(ValueError, match="positive whole number"):
            render(scene, bad)


def test_unknown_names_are_refused():
    with pytest.raises(KeyError, match="blob"):
        render(Scene("grey", (Thing("blob", "red", 0.5, 0.5, 0.5),)), 64)
    with pytest.raises(KeyError):
        render(Scene("grey", (Thing("circle", "mauve", 0.5, 0.5, 0.5),)), 64)


def test_shipped_digits_are_scikit_learns():
    load_digits = pytest.importorskip("sklearn.datasets").load_digits
    from dsvl_min.data.world import handwritten

    images, labels = handwritten()
    assert np.array_equal(images, load_digits().images) and np.array_equal(labels, load_digits().target)


def test_no_held_out_digit_is_ever_trained_on():
    seen = {"train": set(), "held-out": set()}
    for split in seen:
        for index in range(600):
            for source in ("digits", "several-digits"):
                scene = sample_scene(0, index, source, split)
                seen[split] |= {d.index for d in scene.digits if isinstance(d, Digit)}
    assert not seen["train"] & seen["held-out"]
    assert len(seen["held-out"]) > 200 and max(seen["train"]) < digit_count()


def test_splits_never_share_a_scene_whatever_the_seeds():
    for source in ("naming", "documents", "signs"):
        train = {repr(sample_scene(s, i, source)) for s in range(3) for i in range(100)}
        held = {repr(sample_scene(s, i, source, "held-out")) for s in range(3) for i in range(100)}
        assert not train & held


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_gives_text_to_learn(source):
    for index in range(20):
        made = sample(source, 0, index, difficulty=index / 19)
        assert made.text or made.turns
        assert all(q.strip() and a.strip() for q, a in made.turns)
        assert made.difficulty == index / 19


def test_an_unknown_source_or_split_is_named():
    with pytest.raises(ValueError, match="no source 'films'"):
        sample("films", 0, 0)
    with pytest.raises(ValueError, match="no split 'test'"):
        sample("naming", 0, 0, split="test")

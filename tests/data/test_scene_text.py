"""Words at any angle: where the letters are, and what is asked of them."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from dsvl_min.data.lettering import extent, text_width
from dsvl_min.data.scenetext import STEEPEST
from dsvl_min.data.sources import sample
from dsvl_min.data.world import BACKGROUNDS, COLORS, Scene, Text, regions, render


def made(count=150):
    return [sample("scene-text", 5, i, "train" if i % 2 else "held-out", (i % 11) / 10) for i in range(count)]


def pixels(scene, size=128):
    return np.asarray(render(scene, size), int)


def test_an_upright_line_is_drawn_as_it_was_before_lines_could_tilt():
    for source in ("documents", "signs"):
        scene = replace(sample(source, 0, 3).images[0], noise=0.0)
        image = Image.new("RGB", (512, 512), BACKGROUNDS[scene.background])
        draw = ImageDraw.Draw(image)
        for text in scene.texts:
            if text.plate:
                pad, wide = 0.45 * text.height, len(text.string) * text.pitch
                box = (text.x - pad, text.y - 0.85 * text.height, text.x + wide + pad, text.y + 0.85 * text.height)
                draw.rounded_rectangle([v * 512 for v in box], 0.2 * text.height * 512, COLORS[text.plate])
        image = image.reduce(4)
        draw = ImageDraw.Draw(image)
        for text in scene.texts:
            font = ImageFont.load_default(round(text.height * 256) / 2)
            for i, letter in enumerate(text.string):
                at = ((text.x + (i + 0.5) * text.pitch) * 128, text.y * 128)
                draw.text(at, letter, COLORS[text.color], font, anchor="mm")
        assert np.array_equal(np.asarray(image), np.asarray(render(scene, 128)))


@given(st.floats(-180, 180), st.sampled_from(["", "white"]), st.sampled_from([0.0, 0.12]))
@settings(max_examples=20, deadline=None)
def test_a_tilted_line_is_the_upright_one_turned_about_its_middle(angle, plate, pitch):
    wide = 5 * pitch or text_width("HOUSE", 0.16)
    upright = Scene("sky", texts=(Text("HOUSE", 0.5 - wide / 2, 0.5, 0.16, pitch, "black", plate),))
    tilted = replace(upright, texts=(replace(upright.texts[0], angle=angle),))
    turned = render(upright, 512).rotate(-angle, Image.Resampling.BICUBIC, fillcolor=BACKGROUNDS["sky"])
    apart = np.abs(np.asarray(turned.reduce(8), int) - np.asarray(render(tilted, 512).reduce(8), int))
    assert apart.mean() < 1.6 and np.percentile(apart, 99) < 40


def test_a_tilted_lines_regions_are_its_ink():
    scene = Scene("paper", texts=(Text("TREE", 0.3, 0.5, 0.2, angle=35.0),))
    which, parts = regions(scene, 128)
    dark = (pixels(scene) < 130).all(axis=2)
    assert [part["name"] for part in parts] == list("TREE") and {part["group"] for part in parts} == {0}
    assert ((which > 0) & dark).sum() > 0.9 * dark.sum() and dark.sum() > 0.75 * (which > 0).sum()
    middles = [np.argwhere(which == k).mean(axis=0) for k in range(1, 5)]
    steps = np.diff(middles, axis=0)
    tilt = np.degrees(np.arctan2(steps[:, 0], steps[:, 1]))
    assert np.abs(tilt - 35).max() < 12


def test_answers_are_true_of_the_words_drawn():
    for s in made():
        texts = sorted(s.images[0].texts, key=lambda text: text.y)
        ink = {text.string: text.color for text in texts}
        said = {text.color: text.string for text in texts}
        assert len(said) == len(ink) == len(texts)
        assert s.text == "\n".join(ink)
        for question, answer in s.turns:
            if question == "Read the text.":
                assert answer == s.text
            elif question == "How many words are there?":
                assert int(answer) == len(texts)
            elif question.startswith("What does the"):
                assert answer == said[question.split()[3]]
            elif question.startswith("Which colour"):
                assert answer == ink[question.rstrip("?").split()[-1]]
            else:
                assert all(f"{string} in {color}" in answer for string, color in ink.items())


def test_words_lie_within_the_picture_apart_and_never_upside_down():
    angles = []
    for s in made():
        scene = s.images[0]
        boxes = [extent(text) for text in scene.texts]
        boxes += [(t.x - t.size / 2, t.y - t.size / 2, t.x + t.size / 2, t.y + t.size / 2) for t in scene.things]
        for i, (left, top, right, bottom) in enumerate(boxes):
            assert 0 <= left and right <= 1 and 0 <= top and bottom <= 1
            for k, (a, b, c, d) in enumerate(boxes[:i]):
                both_things = k >= len(scene.texts)
                assert both_things or c < left or right < a or d < top or bottom < b
        angles += [text.angle for text in scene.texts]
    assert max(map(abs, angles)) <= STEEPEST and max(map(abs, angles)) > 50


def test_every_letter_has_ink_that_stands_out_from_what_is_behind():
    for s in made(60):
        scene = replace(s.images[0], noise=0.0)
        which, parts = regions(scene, 128)
        picture = pixels(scene)
        for number, part in enumerate(parts, 1):
            if part["kind"] == "letter":
                text = scene.texts[part["group"]]
                behind = COLORS[text.plate] if text.plate else BACKGROUNDS[scene.background]
                assert (which == number).sum() >= 4
                assert np.abs(picture[which == number].mean(axis=0) - behind).max() > 40, (part, text)


def test_the_easiest_word_is_level_large_and_in_the_middle():
    for i in range(30):
        (text,) = sample("scene-text", 0, i, difficulty=0.0).images[0].texts
        left, top, right, bottom = extent(text)
        assert text.angle == 0 and abs(left + right - 1) < 1e-6 and abs(top + bottom - 1) < 1e-6
        assert text.height * 0.72 * 128 > 15 and text.string.isupper()

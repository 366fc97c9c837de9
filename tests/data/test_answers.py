"""The answers a source gives must be true of the scene it draws."""

from dataclasses import replace
from statistics import pstdev

import numpy as np
import pytest

from dsvl_min.data.collate import dialogue, pad_right, page
from dsvl_min.data.sources import sample
from dsvl_min.data.text import chinese, english
from dsvl_min.data.world import digit_label, regions

DIALS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def made(source, count=120):
    return [sample(source, 5, i, difficulty=DIALS[i % len(DIALS)]) for i in range(count)]


def test_names_are_of_the_thing_drawn():
    for s in made("naming"):
        (thing,) = s.images[0].things
        answers = dict(s.turns)
        assert answers["What colour is the object?"] == thing.color
        assert answers["What shape is the object?"] == thing.shape
        assert answers["What is in the image?"].split()[1:] == [thing.color, thing.shape]


def test_counts_are_of_the_things_drawn():
    for s in made("counting"):
        shapes = [t.shape for t in s.images[0].things]
        for question, answer in s.turns:
            if question.startswith("How many") and "objects" not in question:
                name = question.removeprefix("How many ").removesuffix(" are there?")
                assert sum(name.startswith(shape) for shape in shapes) == int(answer)
            elif "objects" in question:
                assert len(shapes) == int(answer)


def test_an_inventory_names_what_is_drawn_as_a_page_is_read():
    for s in made("inventory"):
        things = sorted(s.images[0].things, key=lambda t: (int(3 * t.y), int(3 * t.x)))
        names = [f"{'an' if t.color == 'orange' else 'a'} {t.color} {t.shape}" for t in things]
        assert s.text == f"There is {', '.join(names)}." == dict(s.turns)["What is there?"]
        shapes = [t.shape for t in things]
        for question, answer in s.turns:
            if question.startswith("How many"):
                name = question.removeprefix("How many ").removesuffix(" are there?")
                assert sum(name.startswith(shape) for shape in shapes) == int(answer) > 0
            elif question.startswith("What colour"):
                (thing,) = [t for t in things if f"the {t.shape}?" in question]
                assert answer == thing.color
    assert {len(s.images[0].things) for s in made("inventory", 300)} == {1, 2, 3, 4, 5, 6}
    assert len({question for s in made("inventory") for question, _ in s.turns[:1]}) > 5  # any question comes first


HARD_COUNTS = pytest.mark.xfail(strict=True, reason="harder counts are jittered past the edge and into each other")


@pytest.mark.parametrize(
    "source,dial",
    [(source, d) for source in ("relations", "inventory") for d in DIALS]
    + [pytest.param("counting", d, marks=HARD_COUNTS) if d > 0.5 else ("counting", d) for d in DIALS],
)
def test_things_that_are_counted_do_not_overlap_or_leave_the_picture(source, dial):
    for index in range(120):
        things = sample(source, 5, index, difficulty=dial).images[0].things
        for i, a in enumerate(things):
            assert all(0 <= v - a.size / 2 and v + a.size / 2 <= 1 for v in (a.x, a.y))
            for b in things[:i]:
                assert max(abs(a.x - b.x), abs(a.y - b.y)) > 0.9 * (a.size + b.size) / 2


# What hard counts do keep to: the shares were set from what the generator does, and guard against worse.
@pytest.mark.parametrize("source,visible", [("counting", 0.7), ("relations", 0.9)])
def test_of_every_thing_that_is_asked_about_nearly_all_can_be_seen(source, visible):
    for s in made(source, 40):
        scene = s.images[0]
        region, _ = regions(scene, 128)
        for number, thing in enumerate(scene.things, 1):
            alone, _ = regions(replace(scene, things=(replace(thing, x=0.5, y=0.5),)), 128)
            assert (region == number).sum() > visible * (alone == 1).sum()


def test_sides_are_where_the_things_are():
    for s in made("relations"):
        by_shape = {t.shape: t for t in s.images[0].things}
        for question, answer in s.turns:
            if question.startswith("Where is the "):
                words = question.rstrip("?").replace(":", "").split()
                a, b = by_shape[words[3]], by_shape[words[-1]]
                dx, dy = a.x - b.x, a.y - b.y
                side = ("left" if dx < 0 else "right") if abs(dx) > abs(dy) else ("above" if dy < 0 else "below")
                assert side == answer
                assert max(abs(dx), abs(dy)) > 1.5 * min(abs(dx), abs(dy))


@pytest.mark.parametrize("source", ["documents", "free-documents"])
def test_a_page_says_what_is_drawn(source):
    for s in made(source):
        drawn = [t.string for t in sorted(s.images[0].texts, key=lambda t: t.y)]
        assert dict(s.turns)["Read the text."] == "\n".join(drawn) == s.text


def test_a_digit_is_the_one_drawn():
    for source in ("digits", "several-digits"):
        for s in made(source):
            drawn = "".join(str(digit_label(d.index)) for d in sorted(s.images[0].digits, key=lambda d: d.x))
            assert s.turns[0][1] == drawn


def test_the_easiest_pages_are_full_grids_and_the_dial_widens_them():
    def shape(difficulty):
        return {tuple(map(len, sample("documents", 0, i, difficulty=difficulty).truth["lines"])) for i in range(30)}

    assert shape(0.0) == shape(0.4) == {(6,) * 6}
    assert len(shape(0.6)) > 10
    symbols = {c for i in range(30) for line in sample("documents", 0, i, difficulty=0.0).truth["lines"] for c in line}
    assert len(symbols) == 10


def test_the_dial_frees_pages_from_the_grid():
    def spread(difficulty):
        texts = [sample("free-documents", 0, i, difficulty=difficulty).images[0].texts[0] for i in range(40)]
        return pstdev(t.x for t in texts), pstdev(t.pitch for t in texts)

    assert spread(0.0) == (0, 0)
    (half_x, half_pitch), (x, pitch) = spread(0.5), spread(1.0)
    assert 0 < half_x < x and 0 < half_pitch < pitch


def test_lists_are_counted_right():
    for s in made("lists"):
        listed = s.turns[0][0].split(". ")[0]
        for question, answer in s.turns:
            question = question.split(". ")[-1]
            if question.startswith("How many") and "objects" not in question:
                noun = question.removeprefix("How many ").removesuffix(" are there?")
                stem = noun[:-2] if noun.endswith("sses") else noun[:-1]
                assert listed.count(" " + stem) == int(answer), s


def test_english_is_prose_and_its_splits_are_apart():
    train, held = english("train"), english("held-out")
    assert not set(train) & set(held)
    assert len(train) > 2000 and len(held) > 100
    assert np.mean([p.endswith((".", ":", "!", "?", ")")) for p in train]) > 0.8


def test_chinese_names_every_colour_and_shape():
    text = "".join(chinese())
    assert all(word in text for word in ("红色", "蓝色", "圆形", "三角形", "左边", "上面"))


def test_a_page_predicts_the_caption_and_nothing_else(tiny):
    processor = tiny[1]
    s = sample("naming", 0, 0)
    ids, labels = page(s, processor)
    told = [i for i in labels if i != -100]
    assert processor.tokenizer.decode(told, skip_special=False) == s.text + "<｜end▁of▁sentence｜>"
    assert ids.count(processor.config.image_token_id) == 36 and ids[-len(told) :] == told


def test_a_context_takes_the_images_place_token_for_cell(tiny):
    processor = tiny[1]
    s = sample("grid", 0, 0, difficulty=1.0)
    ids, labels = page(s, processor)
    assert len(processor.tokenizer.encode(s.context)) == 36
    assert labels[:38] == [-100] * 38 and labels[38:] == ids[38:]


def test_a_dialogue_predicts_each_answer(tiny):
    processor = tiny[1]
    s = sample("counting", 0, 0)
    _, labels = dialogue(s, processor)
    told = processor.tokenizer.decode([i for i in labels if i != -100], skip_special=False)
    assert told == "".join(f" {a}<｜end▁of▁sentence｜>" for _, a in s.turns)


def test_padding_on_the_right_is_never_predicted():
    ids, labels = pad_right([([1, 2, 3], [-100, 2, 3]), ([4], [4])], pad=9)
    assert ids.tolist() == [[1, 2, 3], [4, 9, 9]] and labels.tolist() == [[-100, 2, 3], [4, -100, -100]]

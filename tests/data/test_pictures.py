"""Pictures as plain data, and what all sources of Table 1 have in common."""

import json
from statistics import mean

import numpy as np
import pytest
from PIL import Image

from dsvl_min.config import IMAGE_PLACEHOLDER
from dsvl_min.data import pictures
from dsvl_min.data.collate import dialogue, page
from dsvl_min.data.sample import MOST
from dsvl_min.data.sources import IMAGE_SOURCES, sample
from dsvl_min.data.world import Digit, Scene

NEW = list(IMAGE_SOURCES)[8:]
DIALS = (0.0, 0.3, 0.5, 0.8, 1.0)


def made(source, count=40, split="train"):
    return [sample(source, 2, i, split, DIALS[i % len(DIALS)]) for i in range(count)]


@pytest.mark.parametrize("source", IMAGE_SOURCES)
def test_a_picture_is_the_same_on_every_call_and_after_json(source):
    for s, t in zip(made(source, 5), made(source, 5), strict=True):
        assert s == t
        for picture in s.images:
            again = pictures.from_dict(json.loads(json.dumps(pictures.to_dict(picture))))
            assert again == picture
            assert again.to_dict() == picture.to_dict()
        for a, b in zip(s.pictures(128), t.pictures(128), strict=True):
            assert np.array_equal(np.asarray(a), np.asarray(b))


@pytest.mark.parametrize("source", NEW)
def test_a_picture_can_be_drawn_at_any_size(source):
    for size in (1, 48, 128, 256):
        for picture in sample(source, 0, 1).pictures(size):
            assert isinstance(picture, Image.Image) and picture.size == (size, size) and picture.mode == "RGB"
    for wrong in (-3, 1.5):
        with pytest.raises(ValueError, match="positive whole number"):
            sample(source, 0, 1).pictures(wrong)


def test_a_larger_drawing_shows_the_same_picture():
    for source in NEW:
        small, large = (sample(source, 4, 2).pictures(size)[0] for size in (128, 256))
        small, shrunk = (np.asarray(p.resize((16, 16), Image.Resampling.BOX), float) for p in (small, large))
        assert np.abs(small - shrunk).mean() < 4, source


def test_an_unknown_kind_of_picture_is_named():
    with pytest.raises(ValueError, match="no kind of picture 'film'"):
        pictures.from_dict({"picture": "film"})
    with pytest.raises(TypeError, match="Image is no picture of plain data"):
        pictures.to_dict(Image.new("RGB", (4, 4)))
    assert pictures.from_dict(Scene("mint").to_dict()) == Scene("mint")


@pytest.mark.parametrize("source", NEW)
def test_page_and_dialogue_fit_the_tiny_models_context(source, tiny):
    processor = tiny[1]
    for s in made(source, 60):
        for ids, _ in (page(s, processor), dialogue(s, processor)):
            assert len(ids) <= 512
            assert ids.count(processor.config.image_token_id) == 36 * len(s.images)
        told = processor.tokenizer.decode([i for i in page(s, processor)[1] if i != -100])
        assert told == s.text.replace(IMAGE_PLACEHOLDER, "")


@pytest.mark.parametrize("source", NEW)
def test_every_image_has_its_place_and_a_single_one_is_described(source):
    for s in made(source):
        assert s.source == source
        assert s.text.count(IMAGE_PLACEHOLDER) == (len(s.images) if len(s.images) > 1 else 0)
        assert len(s.images) > 1 or "Describe this image." in dict(s.turns)
        assert all(q.strip() and a.strip() for q, a in s.turns)
        assert json.loads(json.dumps(s.truth)) == s.truth


@pytest.mark.parametrize("source", [*NEW, "chinese-lists"])
def test_splits_share_no_sample(source):
    seen = {
        split: {
            repr((s.images, s.turns)) for seed in (0, 1) for i in range(40) for s in [sample(source, seed, i, split)]
        }
        for split in ("train", "held-out")
    }
    assert not seen["train"] & seen["held-out"]
    assert len(seen["train"]) > 70


@pytest.mark.parametrize("source", ["interleaved", "in-context"])
def test_handwriting_among_other_pictures_keeps_to_its_split(source):
    for split, held in (("train", False), ("held-out", True)):
        shown = [d for i in range(200) for picture in sample(source, 0, i, split).images for d in picture.digits]
        assert len(shown) > 20
        assert all(isinstance(d, Digit) and (d.index % 5 == 0) == held for d in shown)


# What makes a source harder, as a number that grows: of one sample, by the data alone.
HARDER = {
    "detailed-captions": lambda s: len(s.images[0].things),
    "interleaved": lambda s: len(s.images),
    "stories": lambda s: len(s.images),
    "in-context": lambda s: sum(picture.noise for picture in s.images),
    "charts": lambda s: len(s.images[0].values),
    "tables": lambda s: sum(map(len, s.images[0].cells)),
    "web-code": lambda s: s.text.count("\n"),
    "plots": lambda s: len(s.text),
    "scene-text": lambda s: -min(t.height for t in s.images[0].texts),
    "markdown": lambda s: -s.images[0].height,
}


@pytest.mark.parametrize("source", NEW)
def test_the_dial_makes_a_source_harder(source):
    easy, middle, hard = (
        mean(HARDER[source](sample(source, 0, i, difficulty=d)) for i in range(100)) for d in (0.0, 0.5, 1.0)
    )
    assert easy < hard and easy <= middle <= hard


def test_no_picture_shows_more_text_than_the_tiny_models_tokens_can_carry():
    def shown(picture):
        if isinstance(picture, Scene):
            return sum(len(text.string) for text in picture.texts)
        if hasattr(picture, "cells"):
            return sum(len(cell) for row in picture.cells for cell in row)
        return 0

    for source in NEW:
        for s in made(source, 60):
            assert all(shown(picture) <= MOST for picture in s.images), (source, s.text)

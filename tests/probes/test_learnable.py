import numpy as np
import pytest
import torch
from PIL import Image

from dsvl_min.data.sources import SOURCES, sample
from dsvl_min.probes.facts import TOPICS, Topic
from dsvl_min.probes.learnable import UNCLEAR, as_pixels, asked, cut, learn


@pytest.mark.parametrize("name", TOPICS)
def test_every_value_of_every_fact_occurs_and_no_other(name):
    topic = TOPICS[name]
    assert topic.source in SOURCES
    parts = [p for i in range(300) for p in topic.parts(sample(topic.source, 1, i, "train", topic.difficulty))]
    for fact, listed in topic.values.items():
        found = [values[fact] for _, values in parts if values[fact] is not None]
        assert set(found) <= set(listed)
        assert len(set(found)) >= min(len(listed), 30)
        assert len(found) > 60


@pytest.mark.parametrize("name", [name for name in TOPICS if name.startswith("letters of")])
def test_a_window_round_a_letter_has_ink_in_its_middle(name):
    topic, inked = TOPICS[name], []
    for index in range(20):
        made = sample(topic.source, 2, index, "train", topic.difficulty)
        picture = made.pictures(256)[0].convert("L")
        for window, _ in topic.parts(made):
            middle = np.asarray(cut(picture, *window), float)[34:94, 40:88]
            inked.append(np.ptp(middle) > 40)
    assert np.mean(inked) > 0.99


def test_one_part_of_each_picture_is_asked_about_and_unlisted_values_are_refused():
    picture = Image.new("RGB", (64, 64), "white")
    picture.paste("black", (16, 16, 32, 32))
    parts = {1: [((0.375, 0.375, 0.25), {"kind": "b"})], 2: [], 3: [(None, {"kind": None})]}
    topic = Topic("none", 1.0, {"kind": ("a", "b")}, parts.get)
    shown, labels = asked(topic, [1, 2, 3], [picture] * 3)
    assert labels.tolist() == [[1], [UNCLEAR]]
    assert np.asarray(shown[0])[8:120, 8:120].max() == 0
    assert shown[0].size == (128, 128)
    assert shown[1] is picture
    parts[3] = [(None, {"kind": "c"})]
    with pytest.raises(ValueError, match="kind is 'c' in a picture"):
        asked(topic, [1, 2, 3], [picture] * 3)


def pictures(count, seed=0):
    """Grey pictures whose left half is bright or dark: the first fact.  The second fact is a coin."""
    draw = torch.Generator().manual_seed(seed)
    labels = torch.randint(2, (count, 2), generator=draw)
    pixels = torch.randint(100, 140, (count, 3, 128, 128), generator=draw)
    pixels[..., :64] += 60 * labels[:, :1, None, None]
    return pixels.to(torch.uint8), labels


def test_a_fact_in_the_pixels_is_learnt_and_a_coin_is_not():
    seen, coin = learn((2, 2), pictures(256), pictures(200, 1), steps=25, batch=32).tolist()
    assert seen == 1.0
    assert 0.3 < coin < 0.7


def test_pictures_keep_their_pixels():
    picture = sample("naming", 0, 0).pictures(128)[0]
    pixels = as_pixels([picture, picture])
    assert pixels.shape == (2, 3, 128, 128)
    assert tuple(pixels[1, :, 5, 9].tolist()) == picture.getpixel((9, 5))

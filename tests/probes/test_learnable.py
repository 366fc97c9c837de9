import pytest
import torch

from dsvl_min.data.sources import SOURCES, sample
from dsvl_min.probes.learnable import FACTS, UNCLEAR, as_pixels, labelled, learn


@pytest.mark.parametrize("source", FACTS)
def test_every_class_of_every_fact_occurs_and_no_other(source):
    assert source in SOURCES
    difficulty, facts = FACTS[source]
    labels = labelled(source, [sample(source, 1, i, "train", difficulty) for i in range(400)])
    for (classes, _), column in zip(facts.values(), labels.T, strict=True):
        clear = column[column != UNCLEAR]
        assert set(clear.tolist()) <= set(range(classes))
        assert len(set(clear.tolist())) >= min(classes, 30)
        assert len(clear) > 100


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

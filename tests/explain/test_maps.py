import numpy as np
import pytest
import torch

from dsvl_min.data.world import Scene, Thing, regions, render
from dsvl_min.explain.maps import answer_log_probability, ask, attention_map, occlusion_map, share_on
from dsvl_min.explain.picture import object_mask
from dsvl_min.processor import to_square

SCENE = Scene("grey", (Thing("star", "blue", 0.3, 0.3, 0.5),))
QUESTION, ANSWER = "What is in the image?", "a blue star"


def test_the_attention_map_is_a_share_of_each_image_token(tiny):
    model, processor = tiny
    batch = ask(processor, render(SCENE, 128), QUESTION)
    heat = attention_map(model, batch)
    assert heat.shape == (6, 6) and abs(heat.sum() - 1) < 1e-5 and (heat >= 0).all()


def test_the_log_probability_is_that_of_the_supervised_tokens(tiny):
    model, processor = tiny
    batch = ask(processor, render(SCENE, 128), QUESTION, ANSWER)
    encoder = model.config.sam
    square = to_square(render(SCENE, 128), 128, encoder.mean)[None]
    with torch.no_grad():
        told = answer_log_probability(model, batch, square)
        loss = model(**batch).loss
    supervised = int((batch["labels"][:, 1:] != -100).sum())
    assert torch.isclose(-told[0] / supervised, loss, atol=1e-4)


def test_occlusion_finds_the_pixels_an_answer_rests_on(tiny):
    pytest.importorskip("captum")
    heat = occlusion_map(*tiny, render(SCENE, 128), QUESTION, ANSWER)
    mask = regions(SCENE, 128)[0] > 0
    assert heat.shape == (128, 128)
    assert share_on(heat, mask) > 2 * mask.mean()


def test_the_share_of_an_even_map_is_the_masks_own_area():
    mask = np.zeros((8, 8), dtype=bool)
    mask[:4, :2] = True
    for grid in (4, 8, 3, 6):  # cells need not divide the picture
        assert abs(share_on(np.ones((grid, grid)), mask) - mask.mean()) < 1e-12
    assert share_on(mask.astype(float), mask) == 1.0
    assert share_on(-np.ones((8, 8)), mask) == 0.0


def test_the_mask_of_an_object_is_found_by_its_name():
    two = Scene("grey", (Thing("star", "blue", 0.3, 0.3, 0.3), Thing("ring", "pink", 0.7, 0.7, 0.3)))
    mask = object_mask(two, 64, {"pink ring"})
    rows, columns = mask.nonzero()
    assert 32 < rows.mean() < 64 and 32 < columns.mean() < 64
    with pytest.raises(ValueError, match="no red car.*blue star, pink ring"):
        object_mask(two, 64, {"red car"})

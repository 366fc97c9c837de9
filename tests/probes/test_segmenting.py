"""A point and its masks, and whether patches tell two twins apart."""

import pytest
import torch

from dsvl_min import ModelConfig
from dsvl_min.checkpoint import WEIGHTS
from dsvl_min.data.world import regions
from dsvl_min.probes import same_thing
from dsvl_min.probes.same_thing import answered_one, lies_on, sam_depths, told_apart, triples, twins
from dsvl_min.probes.segmenting import answered, ask, iou, sheet, within
from dsvl_min.training.parts import pretrained

CONFIG = ModelConfig.preset("tiny")


@pytest.fixture(scope="module")
def sam():
    return pretrained(CONFIG, WEIGHTS / "tiny-parts", "sam")


def test_a_mask_is_compared_by_what_both_cover():
    a, b = torch.zeros(4, 4, dtype=torch.bool), torch.zeros(4, 4, dtype=torch.bool)
    a[:2], b[1:3] = True, True
    assert iou(a, b) == pytest.approx(4 / 12)
    assert iou(a & False, b & False) == 0


def test_a_part_fills_the_pixels_it_half_covers():
    region = torch.zeros(4, 4, dtype=torch.int32).numpy()
    region[0, :3], region[1, 0] = 1, 2
    assert within(region, [1], 2).tolist() == [[True, False], [False, False]]
    assert within(region, [1, 2], 2).tolist() == [[True, False], [False, False]]
    assert not within(region, [3], 2).any()


def test_a_point_is_answered_by_three_masks_and_a_guess_of_each(sam):
    scene = twins(0, 0)
    masks, guess = ask(sam, scene, [(84, 36), (84, 90)])
    assert masks.shape == (2, 3, 64, 64) and masks.dtype == torch.bool and guess.shape == (2, 3)
    assert sheet(scene, (84, 36), masks[0]).size == (4 * 134 - 6, 128)


def test_the_shipped_masks_have_divided_the_work(sam):
    found = answered(sam, count=6)
    assert set(found) == {"part", "kind", "line", "text"} and found["part"][3] == found["text"][4] == 1.0
    assert found["part"][4] < found["kind"][4] < 1 > found["kind"][3]  # of a kind are several, and not all
    assert set(answered(sam, "counting", 1.0, count=6)) == {"part", "kind"}
    for level in ("part", "text"):  # one mask answers it, far better than the others
        *_, second, best = sorted(found[level][:3])
        assert best > 0.5 and best > 4 * second
    assert found["part"].index(max(found["part"][:3])) != found["text"].index(max(found["text"][:3]))


@pytest.mark.parametrize("number", range(12))
def test_twins_differ_in_their_place_alone_and_do_not_overlap(number):
    scene = twins(3, number)
    first, second = scene.things
    assert {**vars(first), "x": 0, "y": 0} == {**vars(second), "x": 0, "y": 0}
    region, parts = regions(scene, 128)
    areas = [(region == k).sum() for k in (1, 2)]
    assert min(areas) > 0.9 * max(areas) and len(parts) == 2


def test_in_a_triple_both_are_equally_far_and_only_one_lies_on_the_same_thing():
    g, on = 16, lies_on(twins(0, 1), 16)
    found = triples(on, g)
    assert len(found)
    for first, same, other in found[::37].tolist():
        assert on[first] == on[same] > 0 and on[other] > 0 and on[other] != on[first] and first != same
        away = [(first // g - p // g) ** 2 + (first % g - p % g) ** 2 for p in (same, other)]
        assert away[0] == away[1]


def test_who_knows_the_thing_is_always_right_and_who_knows_nothing_half_of_the_time():
    count, g = 20, CONFIG.sam.grid
    on = torch.stack([lies_on(twins(5, i), g) for i in range(count)])
    knows = torch.nn.functional.one_hot(on, 3).float()
    noise = torch.randn(knows.shape, generator=torch.Generator().manual_seed(0))
    known, guessed = told_apart(lambda pixels: torch.stack([knows, noise]), CONFIG.sam, count, seed=5).tolist()
    assert known == 1.0
    assert 0.35 < guessed < 0.65


def test_the_last_depth_is_what_the_encoder_returns(sam):
    pixels = torch.randn(2, 3, 128, 128)
    with torch.no_grad():
        assert torch.equal(sam_depths(sam.vision, pixels)[-1], sam.vision.embed(pixels)[0].flatten(1, 2))


def test_a_mask_of_one_twin_counts_as_one_and_a_mask_of_both_as_both(sam, monkeypatch):
    def of(*wanted):
        def asked(sam, scene, points):
            mask = within(regions(scene, 128)[0], wanted, 64)
            return mask.expand(1, 3, 64, 64), torch.tensor([[0.1, 0.9, 0.2]])

        return asked

    for wanted, share in (((1,), 1.0), ((1, 2), 0.0)):
        monkeypatch.setattr(same_thing, "ask", of(*wanted))
        assert answered_one(sam, count=3) == {"best guess": share, "best of three": share}

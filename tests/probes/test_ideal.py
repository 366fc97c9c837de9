"""The ideal reader is ideal, and candidates differ in nothing but the answer."""

import math

import pytest
import torch

from dsvl_min.data.sources import sample
from dsvl_min.data.world import ALPHABET, Scene, Thing
from dsvl_min.probes import ideal


def scene_of(asked):
    return ideal._scenes(asked, 1, 0)[0]


@pytest.mark.parametrize(("asked", "count"), [("name", 64), ("direction", 4), ("letter", len(ALPHABET))])
def test_candidates_are_all_the_answers_and_the_true_one_is_among_them(asked, count):
    scene, spot = scene_of(asked)
    scenes, true = ideal.alternatives(scene, asked, spot)
    assert len(scenes) == len({repr(s) for s in scenes}) == count
    assert scenes[true] == scene
    assert all((s.background, s.noise_seed) == (scene.background, scene.noise_seed) for s in scenes)


def test_nothing_else_can_be_asked():
    with pytest.raises(ValueError, match="name, direction, letter"):
        ideal.alternatives(scene_of("name")[0], "weight")


def test_at_full_size_everything_is_carried_and_at_one_pixel_no_letter():
    assert ideal.carried("letter", (128,), count=5) == {128: 1.0}
    assert ideal.carried("letter", (1,), count=40)[1] < 0.2


def test_more_grain_carries_less():
    shares = [ideal.carried("letter", (16,), count=25, grain=g)[16] for g in (1.0, 10.0, 60.0)]
    assert shares[0] > shares[1] > shares[2]


def test_the_share_of_errors_between_two_is_what_the_separation_says():
    one, other = (Scene("grey", (Thing("circle", "red", 0.5, 0.5, size),)) for size in (0.5, 0.505))
    grain = ideal.separation(one, other, 24, grain=1.0) / 2  # so that the separation is 2
    pair, noise = ideal.views([one, other], 24), torch.Generator().manual_seed(0)
    wrong = sum(
        ideal.nearest(pair[0] + grain * torch.randn(pair[0].shape, generator=noise), pair) == 1 for _ in range(2000)
    )
    expected = 0.5 * math.erfc(1 / math.sqrt(2))  # Φ(-1)
    assert wrong / 2000 == pytest.approx(expected, abs=0.03)


def test_a_model_is_shown_the_same_pictures_and_scored_by_its_task(tiny):
    for asked in ("name", "letter"):
        marks = ideal.read_by(*tiny, asked, (128,), count=3)
        assert set(marks) == {128} and len(marks[128]) == 3 and all(0 <= m <= 1 for m in marks[128])


def test_letters_count_in_their_line_and_place():
    assert ideal.letters_right("ABC\nDEF", "ABC\nDEF") == 1.0
    assert ideal.letters_right("ABX\nDEF\nMORE", "ABC\nDEF") == 5 / 6
    assert ideal.letters_right("", "ABC") == 0.0 and ideal.letters_right("BCA", "ABC") == 0.0


def test_real_digits_are_told_apart_less_well_the_smaller_they_are():
    shares = ideal.digits_told_apart((8, 2, 1))
    assert shares[8] > 0.97 > shares[2] > shares[1]


def test_shrinking_is_what_the_processor_does_to_the_low_resolution_view(tiny):
    model, processor = tiny
    scene = sample("naming", 0, 0).images[0]
    from dsvl_min.data.world import render

    whole = ideal.views([scene])
    config = model.config.siglip
    low = processor.pixels([render(_quiet(scene), 128)])["pixel_values"][0]
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (config.mean, config.std))
    assert torch.allclose(ideal.shrink(whole, config.image_size)[0] / 255, low * std + mean, atol=1e-5)


def _quiet(scene):
    from dataclasses import replace

    return replace(scene, noise=0.0)

import pytest
import torch

from dsvl_min.data.world import regions
from dsvl_min.probes.blind_pairs import FAMILIES, SITES, as_table, measure, pair, pretrained_encoders, similarity


@pytest.mark.parametrize("family", FAMILIES)
def test_the_scenes_of_a_pair_differ_in_that_factor_alone(family):
    changed = {"direction": {"angle"}, "colour": {"color"}, "shape": {"shape"}, "nuisance": set()}[family]
    for index in range(20):
        a, b = pair(family, 0, index)
        (one,), (other,) = a.things, b.things
        differs = {field for field in vars(one) if getattr(one, field) != getattr(other, field)}
        assert differs - {"x", "y"} == changed
        assert abs(one.x - other.x) < 1 / 128 and abs(one.y - other.y) < 1 / 128
        assert a.background == b.background and a.noise == b.noise and a.noise_seed != b.noise_seed


def test_pairs_are_the_same_for_the_same_seed_and_no_others():
    assert pair("direction", 0, 1) == pair("direction", 0, 1) != pair("direction", 1, 1)
    with pytest.raises(ValueError, match="no family 'mood'"):
        pair("mood", 0, 0)


def test_a_turned_object_keeps_about_its_area():
    for index in range(5):
        areas = [(regions(scene, 96)[0] > 0).sum() for scene in pair("direction", 3, index)]
        assert abs(areas[0] - areas[1]) < 0.05 * max(areas)


def test_similarity_is_centred():
    mean = torch.tensor([10.0, 10.0])
    a, b = torch.tensor([[11.0, 10.0]]), torch.tensor([[10.0, 11.0]])
    assert similarity(a, b, 0 * mean).item() > 0.9 and abs(similarity(a, b, mean).item()) < 1e-6


def blind_to_direction(encoders):
    """The same encoders, but SigLIP's pooled vector made from the scene's colour and shape alone."""

    def look(scenes):
        seen = encoders(scenes)
        names = [f"{s.things[0].color} {s.things[0].shape}" for s in scenes]
        seen["SigLIP pooled"] = torch.stack([
            torch.randn(8, generator=torch.Generator().manual_seed(sum(map(ord, name)) % 997)) for name in names
        ])  # fmt: skip
        return seen

    look.names = encoders.names
    return look


def test_a_planted_blindness_is_found_where_it_was_planted_and_nowhere_else():
    encoders = pretrained_encoders("tiny")
    result = measure(blind_to_direction(encoders), count=40)["families"]
    assert result["direction"]["SigLIP pooled"]["similarity"] > 0.999
    assert result["direction"]["SigLIP pooled"]["seen"] == 0
    assert result["colour"]["SigLIP pooled"]["similarity"] < 0.5
    assert result["direction"]["SAM patches"]["seen"] > 0.9


def test_the_shipped_encoders_are_measured_at_every_site():
    result = measure(pretrained_encoders("tiny"), count=40)
    assert set(result["families"]) == set(FAMILIES)
    for row in result["families"].values():
        assert set(row) == set(SITES)
    nuisance = result["families"]["nuisance"]
    assert all(cell["seen"] <= 0.1 and cell["similarity"] > 0.9 for cell in nuisance.values())
    assert result["named"] > 0.9, "a captioned factor must be learnt before anything may be called blindness"
    assert "nuisance" in as_table(result)

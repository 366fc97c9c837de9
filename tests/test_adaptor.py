from dataclasses import replace

import pytest
import torch
from reference import shake, their_model, worst

from dsvl_min import export_hf, load, save
from dsvl_min.config import ConfigError, ModelConfig
from dsvl_min.model import DeepSeekVL


@pytest.mark.parametrize("vision", ["hybrid", "siglip"])
def test_the_adaptor_equals_transformers(vision):
    ours = shake(DeepSeekVL(ModelConfig.preset("tiny", vision)))
    theirs = their_model(ours).model.aligner
    low, high = torch.randn(2, 36, 96), torch.randn(2, 36, ours.config.sam.out_width) if vision == "hybrid" else None
    with torch.no_grad():
        reference = theirs(low) if high is None else theirs(low, high)
        assert worst(ours.adaptor(low, high), reference) < 1e-5


def test_high_resolution_fills_the_first_half():
    adaptor = shake(DeepSeekVL(ModelConfig.preset("tiny")).adaptor)
    low, high = torch.randn(1, 36, 96), torch.randn(1, 36, adaptor.high.in_features)
    half = adaptor.high.out_features
    with torch.no_grad():
        adaptor.out.weight.copy_(torch.eye(2 * half))
        adaptor.out.bias.zero_()
        out = adaptor(low, high)
        assert torch.allclose(out[..., :half], torch.nn.functional.gelu(adaptor.high(high)), atol=1e-6)
        assert torch.allclose(out[..., half:], torch.nn.functional.gelu(adaptor.low(low)), atol=1e-6)


@pytest.mark.parametrize("form,weights", [("shared", (288 + 1) * 128), ("separate", (288 + 2) * 64 + 2 * 65 * 64)])
def test_other_forms_give_as_many_tokens_from_the_weights_the_page_counts(form, weights):
    config = replace(ModelConfig.preset("tiny"), adaptor=form)
    adaptor = DeepSeekVL(config).adaptor
    second = 0 if form == "separate" else 129 * 128
    assert sum(p.numel() for p in adaptor.parameters()) == weights + second
    assert adaptor(torch.randn(2, 36, 96), torch.randn(2, 36, 192)).shape == (2, 36, 128)


def test_halves_of_a_separate_adaptor_do_not_mix_and_those_of_a_shared_one_do():
    low, high = torch.randn(1, 36, 96), torch.randn(1, 36, 192)
    for form, mixes in (("separate", False), ("shared", True)):
        adaptor = shake(DeepSeekVL(replace(ModelConfig.preset("tiny"), adaptor=form)).adaptor)
        with torch.no_grad():
            changed = (adaptor(low, high) != adaptor(low + 1, high))[..., :64]
        assert bool(changed.any()) == mixes


def test_a_form_that_cannot_be_is_refused(tmp_path, tiny):
    with pytest.raises(ConfigError, match="adaptor must be one of hybrid, shared, separate"):
        replace(ModelConfig.preset("tiny"), adaptor="linear")
    with pytest.raises(ConfigError, match="joins two encoders"):
        replace(ModelConfig.preset("tiny", "siglip"), adaptor="shared")
    model = DeepSeekVL(replace(ModelConfig.preset("tiny"), adaptor="shared"))
    with pytest.raises(ConfigError, match="no layout but our own"):
        export_hf(model, tiny[1], tmp_path / "out")
    save(model, tiny[1], tmp_path / "own")
    assert load(tmp_path / "own")[0].config.adaptor == "shared"

import pytest
import torch
from reference import shake, their_model, worst

from dsvl_min.config import ModelConfig
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

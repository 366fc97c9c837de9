"""The flat walk says what the modules say."""

from dataclasses import replace

import pytest
import torch
from reference import shake

from dsvl_min import model as model_module
from dsvl_min.attention import capture_attention
from dsvl_min.config import ModelConfig
from dsvl_min.decoder import Decoder, KVCache
from dsvl_min.decoding import helps, stepper
from dsvl_min.model import DeepSeekVL

CONFIG = ModelConfig.preset("tiny").decoder


@pytest.mark.parametrize("kv_heads", [4, 2])
@pytest.mark.parametrize("batch", [1, 3])
@torch.no_grad()
def test_a_step_gives_the_modules_logits(kv_heads, batch):
    config = replace(CONFIG, kv_heads=kv_heads)
    decoder = shake(Decoder(config))
    x = torch.randn(batch, 12, config.width)
    caches = [KVCache(config, batch, 12) for _ in range(2)]
    for cache in caches:
        decoder(x[:, :7], cache=cache)
    step = stepper(decoder, caches[1])
    for at in range(7, 12):
        want = decoder.head(decoder(x[:, at : at + 1], cache=caches[0])[:, -1])
        assert torch.allclose(step(x[:, at]), want, atol=1e-5)
        assert caches[0].filled == caches[1].filled
    with pytest.raises(ValueError, match="13 positions are more than the 12"):
        step(x[:, 0])


def test_answers_are_the_same_with_and_without(tiny, monkeypatch):
    model, _ = tiny
    batch = {"input_ids": torch.randint(100, 1000, (2, 20))}
    assert helps(model.decoder)
    fast = model.generate(**batch, max_new_tokens=30)
    monkeypatch.setattr(model_module, "helps", lambda *_: False)
    assert torch.equal(fast, model.generate(**batch, max_new_tokens=30))


def test_whoever_looks_inside_gets_the_modules():
    model = shake(DeepSeekVL(ModelConfig.preset("tiny", "siglip")))
    ids = torch.randint(100, 1000, (1, 9))
    with capture_attention(model) as weights:
        assert not helps(model.decoder)
        model.generate(ids, max_new_tokens=3)
    assert len(weights["decoder.blocks.0.attention"]) == 3
    seen = []
    hook = model.decoder.blocks[2].register_forward_hook(lambda *given: seen.append(1))
    assert not helps(model.decoder)
    model.generate(ids, max_new_tokens=3)
    assert len(seen) == 3
    hook.remove()
    assert helps(model.decoder)
    assert not helps(model.decoder, mask=torch.ones(1, 9))
    model.decoder.head = torch.nn.Sequential(model.decoder.head)
    assert not helps(model.decoder)
    assert not helps(DeepSeekVL(ModelConfig.preset("tiny", "siglip")).double().decoder)

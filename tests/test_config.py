import json
from dataclasses import replace

import pytest

from dsvl_min.config import ConfigError, DecoderConfig, ModelConfig, SamConfig, SiglipConfig
from dsvl_min.model import DeepSeekVL


def test_the_released_sizes_have_the_released_numbers():
    small, large = ModelConfig.preset("1.3b"), ModelConfig.preset("7b")
    assert small.vision == "siglip" and large.vision == "hybrid"
    assert small.image_tokens == large.image_tokens == 576
    assert (small.decoder.width, small.decoder.layers, small.decoder.mlp_width) == (2048, 24, 5632)
    assert (large.decoder.width, large.decoder.layers, large.decoder.mlp_width) == (4096, 30, 11008)
    assert large.sam.out_width == large.siglip.width == 1024


@pytest.mark.parametrize("size,parameters", [("1.3b", 1_962_640_384), ("7b", 7_331_390_721)])
def test_the_released_sizes_have_the_released_parameters(size, parameters):
    import torch

    with torch.device("meta"):
        model = DeepSeekVL(ModelConfig.preset(size))
    assert sum(p.numel() for p in model.parameters()) == parameters


@pytest.mark.parametrize("size", ["tiny", "mini", "7b"])
def test_the_miniatures_keep_the_papers_geometry(size):
    c = ModelConfig.preset(size)
    assert c.sam.image_size * 3 == c.siglip.image_size * 8  # 1024 : 384
    assert 4 * c.sam.token_grid * 2 == 3 * c.sam.grid  # resized by 1.5, then halved twice
    assert c.sam.token_grid == c.siglip.grid
    assert c.sam.grid % c.sam.window  # the windows do not fit and have to be padded


def test_preset_chooses_the_encoders():
    for vision in ("siglip", "sam", "hybrid"):
        assert ModelConfig.preset("tiny", vision=vision).vision == vision
    assert ModelConfig.preset("TINY") == ModelConfig.preset("tiny")


@pytest.mark.parametrize(
    "build,named",
    [
        (lambda: ModelConfig.preset("huge"), "huge.*tiny, mini, 1.3b, 7b"),
        (lambda: ModelConfig.preset("tiny", vision="clip"), "clip.*siglip, sam, hybrid"),
        (lambda: SiglipConfig(image_size=50, patch_size=16), "image_size.*patch_size"),
        (lambda: SiglipConfig(width=100, heads=16), "width.*heads"),
        (lambda: SiglipConfig(layers=0), "SiglipConfig.layers"),
        (lambda: SiglipConfig(layers=2.5), "SiglipConfig.layers"),
        (lambda: SamConfig(global_layers=(12,)), "global_layers"),
        (lambda: SamConfig(global_layers=()), "global_layers"),
        (lambda: DecoderConfig(heads=32, kv_heads=5), "kv_heads"),
        (lambda: DecoderConfig(width=33, heads=11, kv_heads=11), "even"),
        (lambda: ModelConfig(DecoderConfig()), "siglip, sam or both"),
        (lambda: ModelConfig(DecoderConfig(), SiglipConfig(), SamConfig(token_grid=12)), "token_grid"),
        (lambda: ModelConfig(DecoderConfig(vocab_size=100), SiglipConfig()), "image_token_id"),
    ],
)
def test_a_configuration_that_cannot_work_says_which_field_and_why(build, named):
    with pytest.raises(ConfigError, match=named):
        build()


def test_a_configuration_survives_json():
    for size in ("tiny", "1.3b", "7b"):
        config = ModelConfig.preset(size)
        assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    "spoil,named",
    [
        (lambda d: d.update(depth=3), "unknown field depth"),
        (lambda d: d["decoder"].update(hidden=3), "decoder: unknown field hidden"),
        (lambda d: d.pop("decoder"), "decoder"),
        (lambda d: d.update(siglip=[1]), "siglip must be a table"),
    ],
)
def test_a_spoilt_configuration_file_is_named(spoil, named):
    data = json.loads(json.dumps(ModelConfig.preset("tiny").to_dict()))
    spoil(data)
    with pytest.raises(ConfigError, match=named):
        ModelConfig.from_dict(data)


def test_configurations_are_values():
    config = ModelConfig.preset("tiny")
    assert replace(config) == config and hash(config.decoder) == hash(replace(config.decoder))
    with pytest.raises(AttributeError):
        config.name = "other"

"""What the tests of training share."""

from dataclasses import replace

import pytest

from dsvl_min.config import DecoderConfig, ModelConfig
from dsvl_min.init import initialise
from dsvl_min.model import DeepSeekVL
from dsvl_min.processor import Processor


@pytest.fixture(scope="module")
def thin(tiny):
    """(model, processor): tiny's geometry with narrow, shallow parts of random weights; the shipped tokenizer."""
    config = ModelConfig.preset("tiny")
    config = replace(
        config,
        siglip=replace(config.siglip, width=16, layers=1, heads=2, mlp_width=16),
        sam=replace(config.sam, width=16, layers=2, heads=2, mlp_width=16, neck_width=8, global_layers=(0, 1)),
        decoder=DecoderConfig(2048, 16, 1, 2, 2, 16, 512),
    )
    return initialise(DeepSeekVL(config)), Processor(tiny[1].tokenizer, config)

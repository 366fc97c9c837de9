"""What windows cost, and windows that don't look at their padding."""

from dataclasses import replace

import torch
from torch.utils.flop_counter import FlopCounterMode

from dsvl_min import ModelConfig, SamEncoder
from dsvl_min.attention import capture_attention
from dsvl_min.init import initialise
from dsvl_min.probes.windows import block_cost, encoder_cost, real, without_padding
from dsvl_min.sam import SamBlock

CONFIG = ModelConfig.preset("tiny").sam


def shaken(config):
    encoder = initialise(SamEncoder(config))
    with torch.no_grad():
        for block in encoder.blocks:
            block.attention.rows.normal_(std=0.2)
            block.attention.columns.normal_(std=0.2)
            block.attention.qkv.bias.normal_()
    return encoder.eval()


def test_the_count_of_the_linear_layers_is_what_torch_counts():
    config = ModelConfig.preset("7b").sam
    for window in (0, config.window):
        with torch.device("meta"):
            block = SamBlock(config, window)
            with FlopCounterMode(display=False) as counter:
                block(torch.empty(1, 64, 64, config.width))
        counted = sum(
            n for op, n in counter.get_flop_counts()["Global"].items() if "addmm" in str(op) or str(op) == "aten.mm"
        )
        assert counted == 2 * block_cost(64, config.width, window)[0]


def test_windows_save_a_good_quarter_at_the_papers_size_and_nothing_of_a_grid_of_their_own_size():
    config = ModelConfig.preset("7b").sam
    assert 0.25 < 1 - encoder_cost(config) / encoder_cost(config, everywhere=True) < 0.3
    same = replace(config, image_size=16 * 14)
    assert encoder_cost(same) == encoder_cost(same, everywhere=True)


def test_nobody_looks_at_padding_any_more_and_where_there_is_none_nothing_changes():
    encoder = shaken(CONFIG)
    pixels, spared = torch.randn(1, 3, 128, 128), without_padding(encoder)
    with torch.no_grad(), capture_attention(spared) as weights:
        tokens = spared(pixels)
    padded = ~real(CONFIG.grid, CONFIG.window)
    for name, (w,) in weights.items():
        if w.shape[-1] == CONFIG.window**2:
            assert w.transpose(1, 3)[:, :, :, 0][padded[:, :, None].expand(-1, -1, 25)].abs().max() == 0, name
    assert not torch.allclose(tokens, encoder(pixels), atol=1e-3)
    even = replace(CONFIG, window=4)  # divides the grid of 16
    encoder = shaken(even)
    with torch.no_grad():
        assert torch.allclose(without_padding(encoder)(pixels), encoder(pixels), atol=1e-5)

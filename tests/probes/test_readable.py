"""What a linear map reads off single tokens: the reader itself, and what it is given."""

import torch

from dsvl_min import ModelConfig, SiglipEncoder
from dsvl_min.init import initialise
from dsvl_min.probes.readable import depths, letters, letters_read, objects, reader, shapes_read

CONFIG = ModelConfig.preset("tiny").siglip


def test_the_last_depth_is_what_the_encoder_returns():
    encoder, pixels = initialise(SiglipEncoder(CONFIG)), torch.randn(2, 3, 48, 48)
    steps = depths(encoder, pixels)
    assert steps.shape == (6, 2, 36, 96)
    assert torch.equal(steps[-1], encoder(pixels))


def test_a_linear_reader_finds_what_is_linear_and_only_that():
    generator = torch.Generator().manual_seed(0)
    tokens, labels = torch.randn(900, 12, generator=generator), torch.arange(900) % 3
    assert (reader(tokens, labels, 3)(torch.randn(600, 12, generator=generator)) == labels[:600]).float().mean() < 0.42
    tokens[torch.arange(900), labels] += 6
    assert (reader(tokens[:600], labels[:600], 3)(tokens[600:]) == labels[600:]).float().mean() > 0.97


def test_a_bare_patch_shows_nothing_of_the_object():
    pixels, shapes, bare = objects(6, 1, CONFIG)
    assert pixels.shape == (6, 3, 48, 48) and bare.shape == (6, 36) and shapes.shape == (6,)
    assert 0.2 < bare.float().mean() < 0.8
    patches = pixels.unfold(2, 8, 8).unfold(3, 8, 8).permute(0, 2, 3, 1, 4, 5).flatten(1, 2)
    spread = patches.flatten(3).std(-1).mean(-1)
    assert spread[bare].max() < 0.1 < spread[~bare].mean()


def test_symbols_stand_in_their_patches_and_untrained_tokens_tell_only_their_own():
    learn, ask = letters(60, 1, CONFIG), letters(10, 2, CONFIG)
    encoder = initialise(SiglipEncoder(CONFIG))
    own, neighbour = letters_read(encoder, learn, ask), letters_read(encoder, learn, ask, right=1)
    assert own.shape == neighbour.shape == (6, 10)
    assert own[0].mean() > 0.4 and neighbour[0].mean() < 0.1


def test_before_any_block_a_bare_patch_tells_no_shape():
    learn, ask = objects(80, 1, CONFIG), objects(40, 2, CONFIG)
    told = shapes_read(initialise(SiglipEncoder(CONFIG)), learn, ask)
    assert told.shape == (6, 40)
    assert told[0].nanmean() < 0.3

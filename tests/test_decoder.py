from dataclasses import replace

import pytest
import torch
from reference import shake, their_llama, worst

from dsvl_min.config import ModelConfig
from dsvl_min.decoder import Decoder, KVCache, rotary_angles, rotate

CONFIG = ModelConfig.preset("tiny").decoder


@pytest.mark.parametrize("kv_heads", [4, 2, 1])
def test_logits_equal_llama(kv_heads):
    ours = shake(Decoder(replace(CONFIG, kv_heads=kv_heads)))
    theirs = their_llama(ours)
    ids = torch.randint(0, CONFIG.vocab_size, (2, 40))
    with torch.no_grad():
        assert worst(ours.head(ours(ours.embed(ids))), theirs(ids).logits) < 1e-5


def test_a_tied_head_is_the_embedding():
    ours = shake(Decoder(replace(CONFIG, tied=True)))
    assert ours.head.weight is ours.embed.weight
    theirs = their_llama(ours)
    ids = torch.randint(0, CONFIG.vocab_size, (1, 10))
    with torch.no_grad():
        assert worst(ours.head(ours(ours.embed(ids))), theirs(ids).logits) < 1e-5


@pytest.mark.parametrize("pieces", [[20], [1] * 20, [7, 1, 12]])
@pytest.mark.parametrize("kv_heads", [4, 2])
def test_cached_equals_uncached_however_it_is_cut(pieces, kv_heads):
    decoder = shake(Decoder(replace(CONFIG, kv_heads=kv_heads)))
    x = torch.randn(2, 20, CONFIG.width)
    cache = KVCache(decoder.config, 2, 20)
    with torch.no_grad():
        whole = decoder(x)
        parts = torch.cat([decoder(piece, cache=cache) for piece in x.split(pieces, dim=1)], dim=1)
    assert worst(parts, whole) < 1e-5


def test_left_padding_changes_nothing():
    decoder = shake(Decoder(CONFIG))
    x = torch.randn(1, 12, CONFIG.width)
    padded = torch.cat([torch.randn(1, 5, CONFIG.width), x], dim=1)
    mask = torch.tensor([[0] * 5 + [1] * 12])
    with torch.no_grad():
        assert worst(decoder(padded, mask)[:, 5:], decoder(x)) < 1e-5


def test_no_position_sees_the_future():
    decoder = shake(Decoder(CONFIG))
    x = torch.randn(1, 12, CONFIG.width)
    changed = x.clone()
    changed[:, 8:] = torch.randn(1, 4, CONFIG.width)
    with torch.no_grad():
        assert torch.equal(decoder(x)[:, :8], decoder(changed)[:, :8])


def test_rotation_makes_scores_depend_on_distance_alone():
    q, k = torch.randn(1, 1, 1, 8), torch.randn(1, 1, 1, 8)

    def score(i, j):
        at = [rotate(x, rotary_angles(torch.tensor([[p]]), 8, 10000.0)) for x, p in ((q, i), (k, j))]
        return float((at[0] * at[1]).sum())

    assert abs(score(3, 1) - score(103, 101)) < 1e-4
    assert abs(score(3, 1) - score(4, 1)) > 1e-4


@torch.no_grad()
def test_hidden_states_asked_for_alone_are_those_among_all():
    decoder, x = shake(Decoder(CONFIG)), torch.randn(2, 9, CONFIG.width)
    wanted = torch.rand(2, 9) < 0.4
    assert 0 < wanted.sum() < 18
    assert worst(decoder(x, wanted=wanted), decoder(x)[wanted]) < 1e-5


def test_a_text_longer_than_the_positions_is_refused_with_both_numbers():
    decoder = Decoder(replace(CONFIG, max_positions=16))
    with pytest.raises(ValueError, match="17 positions.*16"):
        decoder(torch.zeros(1, 17, CONFIG.width))

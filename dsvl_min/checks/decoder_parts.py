"""Checks of chapter 11."""

import torch

from .. import decoder
from ..config import ModelConfig
from .judge import NotAttempted, Wrong, call, compare, exercise, predicted, wrong
from .parts import randn


def turn_of(x, positions, theta):
    """x [B, H, T, E], positions [T]: each pair (x_i, x_{i+E/2}) turned by its position's angle, p / theta^(2i/E)."""
    half = x.shape[-1] // 2
    angle = positions[:, None].float() / theta ** (torch.arange(half) / half)
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


@exercise(turn_of)
@torch.no_grad()
def turn(attempt):
    """turn(x [B, H, T, E], positions [T], theta): each pair (x_i, x_{i+E/2}) turned by its position's angle."""
    x, positions = randn(2, 3, 5, 8), torch.tensor([0, 1, 2, 7, 30])
    want = decoder.rotate(x, decoder.rotary_angles(positions, 8, 100.0))
    angle = positions[:, None].float() / 100.0 ** (torch.arange(4) / 4)
    cos, sin = angle.cos(), angle.sin()
    first, second = x.chunk(2, dim=-1)
    a, b = x[..., 0::2], x[..., 1::2]
    neighbours = torch.stack([a * cos - b * sin, b * cos + a * sin], dim=-1).flatten(-2)
    mistakes = [
        ("neighbours turned", neighbours),
        ("neighbours turned", torch.cat([neighbours[..., 0::2], neighbours[..., 1::2]], dim=-1)),
        ("turned the other way", torch.cat([first * cos + second * sin, second * cos - first * sin], dim=-1)),
        ("no rotation", torch.cat([first * cos - second * sin, second * cos - first * sin], dim=-1)),
        ("no rotation", torch.cat([first * cos + second * sin, second * cos + first * sin], dim=-1)),
        ("pairs counted as values", turn_of(x, positions, 100.0**0.5)),
    ]
    compare(call(attempt, x, positions, 100.0), want, "the turned vectors", mistakes)
    half = x.bfloat16()
    got = call(attempt, half, positions, 100.0)
    compare(got, turn_of(half, positions, 100.0), "the turned vectors", (), 2e-2)
    return "every pair is turned by its own angle, and lengths stay."


def spread_of(key, heads):
    """[B, G, T, E] -> [B, heads, T, E]: each group's keys for all the query heads of that group."""
    return key.repeat_interleave(heads // key.shape[1], dim=1)


@exercise(spread_of)
def spread(attempt):
    """spread(key [B, G, T, E], heads): one head of keys for each query head; heads / G neighbours share one."""
    key = randn(2, 3, 4, 5)
    tiled = key.repeat(1, 2, 1, 1)
    compare(call(attempt, key, 6), spread_of(key, 6), "the keys", [("groups tiled, not repeated", tiled)])
    compare(call(attempt, key, 3), key, "the keys of heads of their own")
    return "query heads 0 and 1 share the first head of keys, 2 and 3 the second."


@exercise(decoder.KVCache.extend)
@torch.no_grad()
def extend(attempt):
    """extend(cache, layer, key, value): write [B, G, T, E] behind what is there; return all up to here."""
    config = ModelConfig.preset("tiny").decoder
    cache, keys, values = decoder.KVCache(config, 2, 9), [], []
    for step, T in enumerate((4, 1, 2)):
        keys.append(randn(2, config.kv_heads, T, config.head_width) + step)
        values.append(randn(2, config.kv_heads, T, config.head_width) - step)
        want_keys, want_values = torch.cat(keys, dim=2), torch.cat(values, dim=2)
        for layer in (0, 3):
            got_keys, got_values = written(attempt, cache, layer, keys[-1], values[-1])
            if cache.filled != want_keys.shape[2] - T:
                raise wrong("filled moved in a layer")
            if step and torch.equal(cache.keys[layer][:, :, :T], keys[-1]):
                raise wrong("written over the beginning")
            if got_keys.shape[2] == 9:
                raise wrong("empty places returned")
            if cache.keys[layer].shape[2] != 9 or cache.values[layer].shape[2] != 9:
                raise Wrong(
                    "cache.keys and cache.values have room for 9 positions, and should keep it: write into them"
                )
            if step and got_keys.shape[2] == T:
                raise wrong("only the new ones returned")
            compare(got_keys, want_keys, "the keys")
            compare(got_values, want_values, "the values", [("keys kept as values", want_keys)])
        cache.filled += T
    return "a prompt of four, then one, then two: everything in its place, in two layers."


def written(attempt, cache, layer, key, value):
    """What an attempt at `extend` returns; the cache, unlike the arguments of `call`, is meant to change."""
    try:
        return attempt(cache, layer, key, value)
    except NotImplementedError:
        raise NotAttempted from None
    except Exception as error:
        raise Wrong(
            f"it stops with {type(error).__name__}: {error} (positions already there: {cache.filled})"
        ) from error


def cache_bytes_of(config, positions, bytes_each=2):
    """Memory of a decoder's keys and values: config a DecoderConfig."""
    return config.layers * 2 * config.kv_heads * config.head_width * positions * bytes_each


@exercise(cache_bytes_of)
def cache_bytes(attempt):
    """cache_bytes(config, positions, bytes_each=2): bytes of the keys and values of one sequence."""
    from dataclasses import replace

    config = replace(ModelConfig.preset("7b").decoder, kv_heads=8)
    for positions, each in ((576, 2), (100, 4)):
        want, got = cache_bytes_of(config, positions, each), call(attempt, config, positions, each)
        mistakes = {
            "values forgotten": want / 2, "layers forgotten": want / config.layers,
            "query heads counted": want * config.heads / config.kv_heads,
        }  # fmt: skip
        if isinstance(got, bool) or not isinstance(got, (int, float)):
            raise Wrong(f"the bytes are a number; this is of type {type(got).__name__}")
        for fault, other in mistakes.items():
            if got == other:
                raise wrong(fault)
        if got != want:
            raise Wrong(f"{positions} positions of {each} bytes take {want:,} bytes; you say {got:,.0f}")
    return "keys and values, in every layer, for the heads that have their own."


@exercise(None)
def padding(attempt, measured):
    """A guess, one share, beside what was measured.  Any honest guess passes."""
    guess = predicted(attempt)
    print(f"  you said {guess:.1%}, it is {measured:.1e}")
    if guess > 0.01:
        return "did you expect a disaster? Counting through the padding adds the same to every position of a row."
    return "nothing but rounding: only distances count."

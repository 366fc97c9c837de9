"""One new token through the decoder, with nothing in the way: for small models on a CPU.

The miniature's decoder does a token's arithmetic in a fraction of the time that Python takes to walk through its
modules.  `stepper` takes the same weights out of the modules once, turned so that products of one row are fastest, and
writes the walk out flat.  What is computed is in decoder.py; this only takes 0.8 ms in place of 1.3 for a token of
tiny on two cores (figures/results/bench.json, before and after).

Shapes: B batch, D width, H heads, G key/value heads, E = D / H.
"""

import torch
from torch import nn
from torch.nn import functional as F

from .attention import listening
from .decoder import CausalAttention, Decoder, DecoderBlock, RMSNorm, SwiGLU
from .linear import Linear

SMALL = 2**23  # numbers in a decoder up to which the walk, and not the arithmetic, takes the time
KNOWN = {CausalAttention, Decoder, DecoderBlock, Linear, RMSNorm, SwiGLU, nn.Embedding, nn.ModuleList}


def helps(decoder, mask=None):
    """Would a `stepper` say the same, faster?

    Not for padded rows, nor while someone captures attention, has hooked into a module or has put another in its place.
    """
    for module in decoder.modules():
        if type(module) not in KNOWN or module._forward_hooks or module._forward_pre_hooks or "forward" in vars(module):
            return False
    weight = decoder.norm.weight
    plain = weight.is_cpu and weight.dtype == torch.float32 and mask is None and not listening()
    return plain and sum(p.numel() for p in decoder.parameters()) < SMALL


def stepper(decoder, cache):
    """A function: the embedding of one more token a row, [B, D] -> logits [B, V] of the next; the cache grows by it.

    Raises ValueError, as the decoder does, when the positions are used up.
    """
    config = decoder.config
    H, G, E, D = config.heads, config.kv_heads, config.head_width, config.width
    cosines, sines = cache.angles
    layers = [
        (block.norm1.weight, *(turned(w) for w in (block.attention.qkv, block.attention.out)),
         block.norm2.weight, *(turned(w) for w in (block.mlp.gate_up, block.mlp.down)), keys, values)
        for block, keys, values in zip(decoder.blocks, cache.keys, cache.values, strict=True)
    ]  # fmt: skip

    head = turned(decoder.head)

    def norm(x, weight):
        return F.rms_norm(x, (D,), weight, config.norm_eps)

    def step(x):
        at, end = cache.filled, cache.filled + 1
        if end > min(cache.length, config.max_positions):
            raise ValueError(f"{end} positions are more than the {min(cache.length, config.max_positions)} there are")
        cos, sin = cosines[at], sines[at]
        for norm1, qkv, out, norm2, gate_up, down, keys, values in layers:
            heads = (norm(x, norm1) @ qkv).view(-1, H + 2 * G, 1, E)
            queries = heads[:, : H + G]
            queries = queries * cos + queries.roll(E // 2, -1) * sin
            keys[:, :, at:end] = queries[:, H:]
            values[:, :, at:end] = heads[:, H + G :]
            seen = F.scaled_dot_product_attention(
                queries[:, :H], keys[:, :, :end], values[:, :, :end], enable_gqa=G != H
            )
            x = torch.addmm(x, seen.reshape(-1, D), out)
            gate, up = (norm(x, norm2) @ gate_up).chunk(2, -1)
            x = torch.addmm(x, F.silu(gate) * up, down)
        cache.filled = end
        return norm(x, decoder.norm.weight) @ head

    return step


def turned(linear):
    """A layer's weight [O, I] as [I, O], laid out so."""
    return linear.weight.t().contiguous()

"""The decoder: a LLaMA-type language model (RMSNorm, rotary positions, SwiGLU, KV cache).

Source: DeepSeek-LLM as configured in the released checkpoints; no biases anywhere.

Shapes: B batch, T tokens, D width, H heads, G key/value heads (G divides H), E = D / H, V vocabulary.
"""

import torch
from torch import nn
from torch.nn import functional as F

from .attention import attend, causal_mask
from .config import SHARED
from .linear import Linear

LAST = (slice(None), -1)  # of each row the last position


class RMSNorm(nn.Module):
    """x / root-mean-square(x) · weight; the kernel computes in float32 inside."""

    def __init__(self, width, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x):
        return F.rms_norm(x, x.shape[-1:], self.weight, self.eps)


def rotary_angles(positions, head_width, theta):
    """positions [..., T] -> cosines and sines, each [..., T, E], float32; of the sines the first half is negated."""
    pairs = torch.arange(0, head_width, 2, device=positions.device, dtype=torch.float32)
    angles = positions[..., None].float() / theta ** (pairs / head_width)
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([cos, cos], dim=-1), torch.cat([-sin, sin], dim=-1)


def rotate(x, angles):
    """Turn each pair (x_i, x_{i+E/2}) of [B, H, T, E] by its position's angle.

    (a, b) becomes (a cos - b sin, b cos + a sin): x times the cosines, plus x with its halves exchanged times the
    signed sines.
    """
    cos, sin = angles
    return x * cos + x.roll(x.shape[-1] // 2, dims=-1) * sin


class KVCache:
    """Keys and values of every layer for up to `length` positions, and those positions' angles; allocated once."""

    def __init__(self, config, batch, length, device=None, dtype=None):
        shape = (batch, config.kv_heads, length, config.head_width)
        self.keys = [torch.zeros(shape, device=device, dtype=dtype) for _ in range(config.layers)]
        self.values = [torch.zeros(shape, device=device, dtype=dtype) for _ in range(config.layers)]
        self.angles = rotary_angles(torch.arange(length, device=device), config.head_width, config.rope_theta)
        self.length, self.filled = length, 0  # filled: positions written so far, the same for every layer

    def extend(self, layer, key, value):
        """Write [B, G, T, E] behind what is there; return everything up to here."""
        end = self.filled + key.shape[2]
        if end > self.length:
            raise ValueError(f"the cache holds {self.length} positions; {end} were asked for")
        keys, values = self.keys[layer], self.values[layer]
        keys[:, :, self.filled : end] = key
        values[:, :, self.filled : end] = value
        return keys[:, :, :end], values[:, :, :end]


class CausalAttention(nn.Module):
    """Grouped-query attention with rotary positions."""

    def __init__(self, config):
        super().__init__()
        self.heads, self.kv_heads, self.head_width = config.heads, config.kv_heads, config.head_width
        self.qkv = Linear(config.width, (config.heads + 2 * config.kv_heads) * config.head_width, bias=False)
        self.out = Linear(config.width, config.width, bias=False)

    def forward(self, x, angles, mask=None, cache=None, layer=0):  # [B, T, D] -> [B, T, D]
        B, T, D = x.shape
        qkv = self.qkv(x).view(B, T, -1, self.head_width).transpose(1, 2)  # [B, H + 2G, T, E]
        turned, value = qkv.split([self.heads + self.kv_heads, self.kv_heads], dim=1)
        query, key = rotate(turned, angles).split([self.heads, self.kv_heads], dim=1)
        if cache is not None:
            key, value = cache.extend(layer, key, value)
        x = attend(query, key, value, bias=mask, causal=mask is None and T > 1, owner=self)
        return self.out(x.transpose(1, 2).reshape(B, T, D))


class SwiGLU(nn.Module):
    """down(silu(gate x) · up x)."""

    def __init__(self, width, hidden):
        super().__init__()
        self.gate_up = Linear(width, 2 * hidden, bias=False)
        self.down = Linear(hidden, width, bias=False)

    def forward(self, x):
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        return self.down(F.silu(gate) * up)


class DecoderBlock(nn.Module):
    """x + attention(norm x), then x + mlp(norm x)."""

    def __init__(self, config):
        super().__init__()
        self.norm1 = RMSNorm(config.width, config.norm_eps)
        self.attention = CausalAttention(config)
        self.norm2 = RMSNorm(config.width, config.norm_eps)
        self.mlp = SwiGLU(config.width, config.mlp_width)

    def forward(self, x, angles, mask=None, cache=None, layer=0, wanted=None):
        x = x + self.attention(self.norm1(x), angles, mask, cache, layer)
        # nothing after this attention mixes positions: others go nowhere
        if wanted is not None:
            x = x[wanted]
        return x + self.mlp(self.norm2(x))


class Decoder(nn.Module):
    """Embeddings in, hidden states out; `head` turns hidden states into logits."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.embed = nn.Embedding(config.vocab_size, config.width)
        self.blocks = nn.ModuleList(DecoderBlock(config) for _ in range(config.layers))
        self.norm = RMSNorm(config.width, config.norm_eps)
        self.head = Linear(config.width, config.vocab_size, bias=False)
        if config.tied:
            self.head.weight = self.embed.weight

    def forward(self, embeddings, attention_mask=None, cache=None, segments=None, wanted=None):
        """embeddings [B, T, D], attention_mask [B, past + T] (0 on padding) -> hidden states [B, T, D].

        wanted, boolean [B, T] or LAST: only these hidden states are asked for, and come as [wanted, D] in reading
        order; the last block's MLP then works for them alone.

        With a cache, T positions are appended to those already in it.  Positions count the
        unpadded tokens, so left padding changes nothing.  segments [B, T], in training: which of the texts packed
        into its row a token belongs to; each text then sees itself alone and counts its own positions.  What stands
        under SHARED is seen by all of the row's texts, and each begins with it.  Raises
        ValueError for more positions than there are, or segments beside a mask or a cache.
        """
        B, T, _ = embeddings.shape
        past = cache.filled if cache is not None else 0
        if past + T > self.config.max_positions:
            raise ValueError(
                f"{past + T} positions are more than the decoder's {self.config.max_positions}; "
                "shorten the text or use fewer images"
            )
        mask = None
        if segments is not None:
            if attention_mask is not None or cache is not None:
                raise ValueError("segments take neither attention_mask nor cache: padding is a segment of its own")
            mask = own_segment(segments)
            positions = mask.sum(dim=-1) - 1  # [B, 1, T]
        elif attention_mask is None or bool(attention_mask.all()):
            positions = torch.arange(past, past + T, device=embeddings.device)
            if past and T > 1:
                mask = look_back(torch.ones(B, past + T, device=embeddings.device), T)
        else:
            positions = (attention_mask.long().cumsum(dim=1) - 1).clamp(min=0)[:, None, -T:]
            mask = look_back(attention_mask, T)
        if cache is not None:
            angles = [a[positions] for a in cache.angles]
        else:
            angles = rotary_angles(positions, self.config.head_width, self.config.rope_theta)
        angles = [a.to(embeddings.dtype) for a in angles]  # [T, E], or [B, 1, T, E] where padding shifts the rows
        x = embeddings
        for layer, block in enumerate(self.blocks):
            x = block(x, angles, mask, cache, layer, wanted if block is self.blocks[-1] else None)
        if cache is not None:
            cache.filled += T
        return self.norm(x)


def look_back(attention_mask, queries):
    """attention_mask [B, K] -> boolean [B, 1, Q, K] for the last Q positions: no future, no padding.

    A padded position may look at itself, so that no row is empty (an empty softmax is NaN).
    """
    K = attention_mask.shape[1]
    at = torch.arange(K, device=attention_mask.device)
    query = at[K - queries :, None]
    allowed = (at <= query) & attention_mask.bool()[:, None, None, :]
    return allowed | (at == query)


def own_segment(segments):
    """segments [B, T] -> boolean [B, 1, T, T]: a position sees itself and what precedes it, in its own or SHARED."""
    query, key = segments[:, None, :, None], segments[:, None, None, :]
    same = (query == key) | (key == SHARED)
    return same & causal_mask(*same.shape[-2:], segments.device)

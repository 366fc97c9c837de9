"""The one attention function: SigLIP, SAM and its mask decoder, and the decoder all call it.

Shapes: B batch, H heads, G key/value heads (G divides H), Q queries, K keys, E and C widths of a head.
"""

from contextlib import contextmanager

import torch
from torch.nn import functional as F

_listening = []  # the open captures; attend() hands its weights to each of them


def attend(query, key, value, *, bias=None, causal=False, scale=None, owner=None):
    """softmax(query keyᵀ · scale + bias) value, scale being 1 / √E unless given.

    query [B, H, Q, E]; key [B, G, K, E]; value [B, G, K, C] with C at most E; bias broadcastable to
    [B, H, Q, K], either boolean (True: may look) or added to the scores.  causal: query i of
    the last Q positions sees keys up to its own position.  owner: the module that asks, so
    that a capture can name the weights.  Returns [B, H, Q, C].

    Uses PyTorch's fused kernel, unless someone captures: then the same numbers are computed
    the long way round, because the fused kernel never writes the weights down.
    """
    grouped = query.shape[1] != key.shape[1]
    if not _listening:
        square = query.shape[2] == key.shape[2]
        if causal and not square:
            bias, causal = _join(bias, causal_mask(query.shape[2], key.shape[2], query.device)), False
        C = value.shape[-1]
        if C < query.shape[-1]:  # the fused kernels want equal widths
            value = F.pad(value, (0, query.shape[-1] - C))
        out = F.scaled_dot_product_attention(
            query, key, value, attn_mask=bias, is_causal=causal, scale=scale, enable_gqa=grouped
        )
        return out if C == query.shape[-1] else out[..., :C]
    if grouped:
        times = query.shape[1] // key.shape[1]
        key, value = (x.repeat_interleave(times, dim=1) for x in (key, value))
    scores = query @ key.transpose(-2, -1) * (query.shape[-1] ** -0.5 if scale is None else scale)
    if causal:
        bias = _join(bias, causal_mask(query.shape[2], key.shape[2], query.device))
    if bias is not None:
        scores = scores.masked_fill(~bias, -torch.inf) if bias.dtype == torch.bool else scores + bias
    weights = scores.softmax(dim=-1)
    for hear in _listening:
        hear(owner, weights)
    return weights @ value


def listening():
    """Is an attention capture open?"""
    return bool(_listening)


def causal_mask(queries, keys, device=None):
    """Boolean [Q, K]: may query i, the i-th of the last Q positions, look at key j?"""
    return torch.ones(queries, keys, dtype=torch.bool, device=device).tril(keys - queries)


def _join(bias, mask):
    """One bias out of a bias (or None) and a boolean mask."""
    if bias is None:
        return mask
    return bias & mask if bias.dtype == torch.bool else bias.masked_fill(~mask, -torch.inf)


@contextmanager
def capture_attention(model):
    """While open, every attention of `model` writes its weights down.

    Yields a dictionary: the attending module's name inside `model` → a list of tensors
    [B, H, Q, K], one per call.  The weights stay part of the graph, so gradients with
    respect to them can be asked for.

        with capture_attention(model) as weights:
            model(**batch)
        weights["decoder.blocks.0.attention"][0]     # [B, H, T, T]
    """
    names = {id(module): name for name, module in model.named_modules()}
    captured = {}

    def hear(owner, weights):
        if id(owner) in names:
            captured.setdefault(names[id(owner)], []).append(weights)

    _listening.append(hear)
    try:
        yield captured
    finally:
        _listening.remove(hear)

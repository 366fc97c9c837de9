"""Checks of chapter 21."""

import random

import torch

from .. import load
from .judge import Wrong, call, compare, exercise, predicted
from .parts import randn

LEFT_OUT = {"SAM": 0.19, "SigLIP": 0.62, "the head, which is not the embedding again, or both encoders": 0.84}  # GB


@exercise(None)
def size(attempt, measured):
    """The bytes of the 7B checkpoint, in GB of 10^9.  Any honest guess passes."""
    guess = predicted(attempt, 0.1, 1000)
    print(f"  you said {guess:.3g} GB, it is {measured:.3g}")
    if abs(guess - 2 * measured) < 1:
        return "four bytes a number? The files hold 16-bit ones."
    for part, large in LEFT_OUT.items():
        if abs(guess + large - measured) < 0.03:
            return f"close; did you leave out {part}?"
    if abs(guess - measured) < 0.2:
        return "near enough."
    if guess < measured:
        return "the blocks alone give most of it, but two tables of 102,400 rows and the encoders come on top."
    return "more than it is. A block holds 4D² + 3DM numbers."


def own_unstack(qkv, heads, kv_heads):
    """[(heads + 2 · kv_heads) · E, D] -> queries, keys, values as three tensors."""
    head = qkv.shape[0] // (heads + 2 * kv_heads)
    return qkv.split([heads * head, kv_heads * head, kv_heads * head])


@exercise(own_unstack)
def unstack(attempt):
    """unstack(qkv, heads, kv_heads): (queries, keys, values) of a stacked matrix, heads grouped or not."""
    for heads, kv_heads in ((4, 4), (4, 2)):
        head, total = 3, heads + 2 * kv_heads
        qkv = randn(total * head, 5)
        got = call(attempt, qkv, heads, kv_heads)
        if not isinstance(got, (tuple, list)) or len(got) != 3:
            raise Wrong("three tensors should come back: return queries, keys, values")
        want = own_unstack(qkv, heads, kv_heads)
        by_head = qkv.view(-1, head, 5)
        mixed = [by_head[i::3].flatten(0, 1) for i in range(3)]
        mistakes = ([], [("keys and values exchanged", want[2])], [("keys and values exchanged", want[1])])
        for i, (ours, theirs, known) in enumerate(zip(got, want, mistakes, strict=True)):
            known = [*known, ("rows interleaved by head", mixed[i]),
                     ("thirds where heads are grouped", qkv.chunk(3)[i])]  # fmt: skip
            known = [(name, tensor) for name, tensor in known if tensor.shape != theirs.shape
                     or not torch.equal(tensor, theirs)]  # fmt: skip
            compare(ours, theirs, ("the queries", "the keys", "the values")[i] + (", heads grouped," if i else ""),
                    known)  # fmt: skip
    return "every row in its place, with as many key heads as query heads and with fewer."


FATES = ("as it is", "stacked", "reshaped", "dropped")
TENSORS = {
    "vision_model.vision_tower_low.vision_tower.blocks.0.attn.qkv.weight": "as it is",
    "vision_model.vision_tower_low.vision_tower.attn_pool.latent": "dropped",
    "vision_model.vision_tower_low.vision_tower.pos_embed": "reshaped",
    "vision_model.vision_tower_high.vision_tower.hd_alpha_downsamples": "as it is",
    "vision_model.low_layer_norm.weight": "dropped",
    "language_model.model.layers.0.self_attn.k_proj.weight": "stacked",
    "language_model.lm_head.weight": "as it is",
}
_HINTS = {
    "as it is": "ours holds a tensor of that shape and meaning, under another name",
    "stacked": "the original keeps it apart, and ours holds it as some rows of a larger matrix",
    "reshaped": "the numbers are the same, but one dimension of size one goes",
    "dropped": "no line of the released code ever uses its output",
}


@exercise(TENSORS)
def fates(attempt):
    """{name of an original tensor: what becomes of it}, for each of TENSORS one of FATES."""
    if not isinstance(attempt, dict) or set(attempt) != set(TENSORS):
        raise Wrong("give each of TENSORS one of " + ", ".join(FATES))
    missed = [name for name, fate in TENSORS.items() if attempt[name] != fate]
    if missed:
        name = missed[0]
        hint = _HINTS[TENSORS[name]]
        raise Wrong(f"{len(missed)} of {len(TENSORS)} are otherwise. {name.split('.', 1)[1]}: {hint}.")
    return "all of them. What is dropped is in the file all the same, and in the size it is published with."


SPOILT = ("gate and up exchanged", "queries and keys exchanged", "the two necks exchanged",
          "head taken from the embedding", "adaptor's halves exchanged", "positions left out")  # fmt: skip


def _kind(number):
    return random.Random(f"spoilt {number}").choice(SPOILT)


@torch.no_grad()
def spoilt(number):
    """The shipped tiny model as a faulty conversion would leave it: one of SPOILT, the number says which."""
    model, kind = load("tiny")[0], _kind(number)

    def swap(a, b):
        kept = a.clone()
        a.copy_(b)
        b.copy_(kept)

    if kind == "gate and up exchanged":
        for block in model.decoder.blocks:
            swap(*block.mlp.gate_up.weight.chunk(2))
    elif kind == "queries and keys exchanged":
        for block in model.decoder.blocks:
            swap(*block.attention.qkv.weight.chunk(3)[:2])
    elif kind == "the two necks exchanged":
        sam = model.vision.sam
        sam.neck, sam.early_neck = sam.early_neck, sam.neck
    elif kind == "head taken from the embedding":
        model.decoder.head.weight.copy_(model.decoder.embed.weight)
    elif kind == "adaptor's halves exchanged":
        swap(*model.adaptor.out.weight.chunk(2, dim=1))
    else:
        model.vision.siglip.positions.zero_()
    return model


@exercise(None)
def conversion(attempt, number):
    """What is wrong with spoilt(number): one of SPOILT."""
    if attempt not in SPOILT:
        raise Wrong(f"name one of {', '.join(SPOILT)}; {attempt!r} is none of them")
    if attempt != _kind(number):
        seen = {"gate and up exchanged": "decoder block 0, and gate_up's halves would be each other's",
                "queries and keys exchanged": "decoder block 0, and qkv's first two thirds would be each other's",
                "the two necks exchanged": "the neck", "head taken from the embedding": "the logits",
                "adaptor's halves exchanged": "the image tokens, with what goes into that layer still right",
                "positions left out": "SigLIP's positions"}  # fmt: skip
        raise Wrong(f"not {attempt!r}: with that they would part first at {seen[attempt]}. Where do they?")
    return "no shape was wrong, no name was missing, and nothing crashed."

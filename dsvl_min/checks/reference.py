"""What `transformers` computes with the weights of the shipped model: the answers an equality check compares with.

The numbers lie in reference.safetensors, recorded by `figures/record_reference.py`; so the check is the same where
transformers is not installed.
"""

import json
from pathlib import Path
from textwrap import fill

import torch
from safetensors import safe_open

from ..config import ModelConfig
from ..processor import normalise
from .judge import PAGE, Wrong

FILE = Path(__file__).with_name("reference.safetensors")
PARTS = {
    "siglip": "SigLIP's tokens", "sam": "SAM's tokens", "adaptor": "the image tokens", "logits": "the logits",
}  # fmt: skip
TOLERANCE = 1e-4  # of the largest value: two orders above float32's rounding here, and below what tanh GELU changes


def _read():
    with safe_open(FILE, "pt") as file:
        about = json.loads(file.metadata()["about"])
        return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118


def inputs():
    """The same for every part: {pixel_values [1, 3, 48, 48], high_res_pixel_values [1, 3, 128, 128], input_ids [1, T]}.

    A picture of the micro-world, normalised for either encoder, and a question about it with its places for the image.
    """
    tensors, _ = _read()
    high = normalise(tensors["picture"].float() / 255, ModelConfig.preset("tiny").sam)
    return {"pixel_values": tensors["pixel_values"], "high_res_pixel_values": high, "input_ids": tensors["input_ids"]}


def same(part, got):
    """Print how far `got` is from what transformers computes; Wrong if that is more than rounding.

    part: "siglip" [1, 36, 96], "sam" [1, 36, 192], "adaptor" [1, 36, 128], or "logits" [1, T, 2048], of which the
    positions that transformers was asked for, the last ones, are compared.  The module must have the weights of
    `dsvl_min.load("tiny")`.
    """
    if part not in PARTS:
        raise Wrong(f"there is no reference for {part!r}; there is one for {', '.join(PARTS)}")
    tensors, about = _read()
    want = tensors[part]
    if not isinstance(got, torch.Tensor):
        raise Wrong(f"{PARTS[part]} should be a tensor, got {type(got).__name__}")
    half = got.dtype in (torch.float16, torch.bfloat16)
    got = got.detach().float().cpu()
    if part == "logits" and got.dim() == 3:
        got = got[:, -want.shape[1] :]
    if got.shape != want.shape:
        raise Wrong(f"{PARTS[part]} should have the shape {list(want.shape)}; got {list(got.shape)}")
    apart = float((got - want).abs().max() / want.abs().max())
    reference = f"transformers {about['transformers']}"
    if not apart <= (3e-2 if half else TOLERANCE):  # NaN is not the same either
        raise Wrong(f"{PARTS[part]}: {apart:.1e} of the largest value away from what {reference} computes")
    note = " (half precision; in float32 it is closer)" if half else ""
    told = f"✓ {PARTS[part]} {list(want.shape)}: what {reference} computes, to {apart:.1e} of its largest value{note}"
    print(fill(told, **PAGE))

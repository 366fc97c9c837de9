"""Checks of chapter 10."""

import torch
from torch import nn
from torch.nn import functional as F

from ..adaptor import VisionLanguageAdaptor
from ..config import ModelConfig
from ..probes.image_tokens import straight as own_straight
from .judge import Wrong, call, compare, exercise, predicted, wrong
from .parts import built, randn, shaken


@exercise(VisionLanguageAdaptor)
@torch.no_grad()
def adaptor(attempt):
    """VisionLanguageAdaptor(config): (low, high) to image tokens, for two encoders and for each alone."""
    config = ModelConfig.preset("tiny")
    reference = shaken(VisionLanguageAdaptor(config))
    low, high = randn(2, 4, config.siglip.width), randn(2, 4, config.sam.out_width)
    a, b = reference.high(high), reference.low(low)
    gelu, out = F.gelu, reference.out
    mistakes = [
        ("concat order swapped", out(gelu(torch.cat([b, a], dim=-1)))),
        ("tanh GELU", out(gelu(torch.cat([a, b], dim=-1), approximate="tanh"))),
        ("GELU forgotten", out(torch.cat([a, b], dim=-1))),
        ("GELU on one half", out(torch.cat([gelu(a), b], dim=-1))),
        ("GELU on one half", out(torch.cat([a, gelu(b)], dim=-1))),
        ("GELU after the last layer", gelu(out(torch.cat([a, b], dim=-1)))),
    ]
    made = built(attempt, config, reference)
    compare(call(made, low, high), reference(low, high), "the image tokens", mistakes, 1e-5)
    config = ModelConfig.preset("tiny", vision="siglip")
    reference = shaken(VisionLanguageAdaptor(config))
    single = call(attempt, config)
    weight = getattr(getattr(single, "low", None), "weight", None)
    if weight is not None and weight.shape[0] * 2 == config.decoder.width:
        raise wrong("half the width for a single encoder")
    compare(call(built(attempt, config, reference), low), reference(low), "the image tokens of SigLIP alone", (), 1e-5)
    config = ModelConfig.preset("tiny", vision="sam")
    reference = shaken(VisionLanguageAdaptor(config))
    single = built(attempt, config, reference)
    compare(call(single, None, high), reference(high=high), "the image tokens of SAM alone", (), 1e-5)
    return "right for two encoders, and for one that fills the whole width."


@exercise(own_straight)
@torch.no_grad()
def straight(attempt):
    """straight(inputs [M, I], outputs [M, D]): the nn.Linear(I, D) nearest to outputs, in least squares."""
    inputs, fresh = randn(200, 5) + 2, randn(7, 5)
    outputs = inputs @ randn(5, 5) + 3 + 0.5 * randn(200, 5).flip(0)
    made = call(attempt, inputs, outputs)
    if not isinstance(made, nn.Linear):
        raise Wrong(f"return an nn.Linear with its weight and bias set; this is of type {type(made).__name__}")
    want = own_straight(inputs, outputs)
    bare = torch.linalg.lstsq(inputs, outputs).solution
    centred = torch.linalg.lstsq(inputs - inputs.mean(0), outputs - outputs.mean(0)).solution
    mistakes = [
        ("constant forgotten", fresh @ bare),
        ("constant forgotten", fresh @ centred),
        ("inputs' mean forgotten", fresh @ centred + outputs.mean(0)),
        ("fitted the wrong way round", own_straight(outputs, inputs)(fresh)),
        ("weight not turned", fresh @ want.weight + want.bias),
    ]
    compare(made(fresh), want(fresh), "what it gives for new inputs", mistakes, 1e-3)
    return "no other linear map comes nearer on these inputs."


def which_image_of(input_ids, image_token_id, per_image):
    """For each position of input_ids [B, T] the number of its image in the batch, in reading order; -1 for text."""
    placeholder = input_ids == image_token_id
    order = placeholder.flatten().cumsum(0).view(placeholder.shape) - 1
    return torch.where(placeholder, order // per_image, -1)


@exercise(which_image_of)
def which_image(attempt):
    """which_image(input_ids [B, T], image_token_id, per_image): which image stands at each position, -1 for text."""
    image, P = 99, 4
    rows = [[5, *[image] * 4, 6, *[image] * 4, 7], [1, 1, 1, 5, 6, *[image] * 4, 7, 8], [1] * 7 + [5, 6, 7, 8]]
    ids = torch.tensor(rows)
    want = which_image_of(ids, image, P)
    placeholder = ids == image
    order = placeholder.flatten().cumsum(0).view(ids.shape) - 1
    again = torch.where(placeholder, (placeholder.cumsum(1) - 1) // P, -1)
    mistakes = [
        ("each conversation starts over", again),
        ("every token an image", torch.where(placeholder, order, -1)),
        ("text numbered too", order // P),
    ]
    compare(call(attempt, ids, image, P), want, "the numbers", mistakes)
    return "right for two images, one image and none in a batch."


@exercise(None)
def length(attempt, measured):
    """A guess, one share, beside what was measured.  Any honest guess passes."""
    guess = predicted(attempt)
    print(f"  you said {guess:.0%}, it is {measured:.0%}")
    if guess > measured + 0.15:
        return "did you think a direction is all that counts? What the blocks add is as long as before."
    if guess < measured - 0.15:
        return "did you expect it to fail at once? Its direction, which the first block reads, is what it was."
    return "near enough."

"""Random starting weights for a model this small.

At a width of about 100, PyTorch's defaults shrink the image path to nothing and token embeddings
drown it.  Here every linear map starts at 1/√fan-in, every branch of a residual at 0.3 of that,
and positions, embeddings and image features begin at comparable scale.
"""

import torch
from torch import nn

RESIDUAL = 0.3  # of the output of each attention and MLP that is added to the stream
POSITION = 0.5  # standard deviation of learnt positions


def initialise(module, seed=0):
    """Fill every parameter of `module` in place, reproducibly, and return it.

    Norms start at one and zero; biases, relative positions and SAM's alpha at zero.
    """
    draw = torch.Generator().manual_seed(seed)

    def normal(p, std):
        with torch.no_grad():
            p.copy_(torch.randn(p.shape, generator=draw) * std)

    for name, part in module.named_modules():
        last = name.rsplit(".", 1)[-1]
        if isinstance(part, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            fan_in = part.weight[0].numel() if not isinstance(part, nn.ConvTranspose2d) else part.weight.shape[0]
            gain = RESIDUAL if last in ("out", "down") and ".blocks." in f".{name}" else 1.0
            normal(part.weight, gain * fan_in**-0.5)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
        elif isinstance(part, nn.Embedding):
            normal(part.weight, POSITION)
        for own, p in part.named_parameters(recurse=False):
            if own == "positions":
                normal(p, POSITION)
            elif own in ("probe", "iou_token", "mask_tokens", "no_mask", "not_a_point", "frequencies"):
                normal(p, 1.0)
    return module

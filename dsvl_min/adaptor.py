"""The vision-language adaptor: image tokens into the decoder's width; and the two others that the paper compares.

Source: released projector.py.  One encoder: `mlp_gelu`, depth 2.  Two encoders:
`low_high_hybrid_split_mlp_gelu`, depth 2; each encoder fills one half of the width,
high resolution first, and the GELU comes after the two halves are joined.

Of the others (paper Table 10, "shared MLP" and "separate MLP") neither code nor weights exist; how they are built here
is our reading of the names.

Shapes: B images, N tokens, D decoder width.
"""

import torch
from torch import nn
from torch.nn import functional as F


class VisionLanguageAdaptor(nn.Module):
    """(low [B, N, ·], high [B, N, ·]) -> [B, N, D].  config: a ModelConfig."""

    def __init__(self, config):
        super().__init__()
        width = config.decoder.width
        share = width // 2 if config.vision == "hybrid" else width
        self.high = nn.Linear(config.sam.out_width, share) if config.sam else None
        self.low = nn.Linear(config.siglip.width, share) if config.siglip else None
        self.out = nn.Linear(width, width)

    def forward(self, low=None, high=None):
        halves = []
        if self.high:
            halves.append(self.high(high))
        if self.low:
            halves.append(self.low(low))
        # deviation: adaptor-as-released
        return self.out(F.gelu(torch.cat(halves, dim=-1)))


class SharedAdaptor(nn.Module):
    """One MLP over both encoders' channels, joined: (low [B, N, ·], high [B, N, ·]) -> [B, N, D]."""

    def __init__(self, config):
        super().__init__()
        width = config.decoder.width
        self.both = nn.Linear(config.sam.out_width + config.siglip.width, width)
        self.out = nn.Linear(width, width)

    def forward(self, low, high):
        return self.out(F.gelu(self.both(torch.cat([high, low], dim=-1))))


class SeparateAdaptor(nn.Module):
    """An MLP for each encoder, each filling half of the width: (low [B, N, ·], high [B, N, ·]) -> [B, N, D]."""

    def __init__(self, config):
        super().__init__()
        half = config.decoder.width // 2
        self.high, self.high_out = nn.Linear(config.sam.out_width, half), nn.Linear(half, half)
        self.low, self.low_out = nn.Linear(config.siglip.width, half), nn.Linear(half, half)

    def forward(self, low, high):
        halves = self.high_out(F.gelu(self.high(high))), self.low_out(F.gelu(self.low(low)))
        return torch.cat(halves, dim=-1)


FORMS = {"hybrid": VisionLanguageAdaptor, "shared": SharedAdaptor, "separate": SeparateAdaptor}

"""The vision-language adaptor: image tokens into the decoder's width.

Source: released projector.py.  One encoder: `mlp_gelu`, depth 2.  Two encoders:
`low_high_hybrid_split_mlp_gelu`, depth 2; each encoder fills one half of the width,
high resolution first, and the GELU comes after the two halves are joined.

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

"""One vision encoder out of SigLIP, SAM or both: one token grid.

Source: released clip_encoder.py (HybridVisionTower, concat_type "tuple").
Shapes: B images, N = grid² tokens.
"""

from torch import nn

from .sam import SamEncoder
from .siglip import SiglipEncoder


class HybridVisionEncoder(nn.Module):
    """Low- and high-resolution tokens of the same grid, cell for cell.

    config: a ModelConfig.  Where an encoder is absent its tokens are None.
    """

    def __init__(self, config):
        super().__init__()
        self.siglip = SiglipEncoder(config.siglip) if config.siglip else None
        self.sam = SamEncoder(config.sam) if config.sam else None

    def forward(self, pixel_values=None, high_res_pixel_values=None):
        """pixel_values [B, 3, s, s], high_res_pixel_values [B, 3, S, S] -> (low [B, N, D], high [B, N, 4C]).

        Raises ValueError if the model has an encoder whose pixels are missing.
        """
        low = high = None
        if self.siglip:
            if pixel_values is None:
                raise ValueError("this model has SigLIP: pixel_values is missing")
            low = self.siglip(pixel_values)
        if self.sam:
            if high_res_pixel_values is None:
                raise ValueError("this model has SAM: high_res_pixel_values is missing")
            high = self.sam(high_res_pixel_values)
        return low, high

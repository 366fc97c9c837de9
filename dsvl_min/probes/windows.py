"""What SAM's windows save, and what they do to the patches at the border.

Shapes: B images, g patches along a side, D width, H heads, E = D / H, W window side.
"""

import copy

import torch

from ..attention import attend
from ..sam import WindowAttention, into_windows


def block_cost(g, width, window=0):
    """Multiplications of one block on a g × g grid: (linear, attention).

    window: the side of its windows; 0 for global attention.
    """
    patches = g * g
    seen = keys = patches
    if window:
        side = -(-g // window) * window  # padding passes through the attention, not through the MLP
        seen, keys = side * side, window * window
    return 4 * seen * width**2 + 8 * patches * width**2, 2 * seen * keys * width


def encoder_cost(config, everywhere=False):
    """Multiplications of all blocks of a SamConfig; everywhere: were every layer global."""
    kinds = [0 if everywhere or i in config.global_layers else config.window for i in range(config.layers)]
    return sum(sum(block_cost(config.grid, config.width, window)) for window in kinds)


def real(g, window):
    """Which places of the windows hold a patch and not padding: boolean [n², W²]."""
    return into_windows(torch.ones(1, g, g, 1), window).flatten(1).bool()


class WithoutPadding(WindowAttention):
    """The same attention, but nobody looks at padding, which is all zeros on the way in."""

    def forward(self, x):  # [B, W, W, D] -> the same
        B, W, _, D = x.shape
        patch = x.flatten(1, 2).any(-1)
        allowed = (patch | ~patch.any(-1, keepdim=True))[:, None, None]  # a window of nothing may do as it likes
        query, key, value = self.qkv(x).view(B, W * W, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        q = query.unflatten(2, (W, W))
        by_row = torch.einsum("bhijc,ikc->bhijk", q, self.rows[self.offsets])
        by_column = torch.einsum("bhijc,jlc->bhijl", q, self.columns[self.offsets])
        gain = (by_row[..., :, None] + by_column[..., None, :]).flatten(4).flatten(2, 3)
        x = attend(query, key, value, bias=gain.masked_fill(~allowed, -torch.inf), owner=self)
        return self.out(x.transpose(1, 2).reshape(B, W, W, D))


def without_padding(encoder):
    """A copy of a SamEncoder whose windows don't look at padding; its weights are the same."""
    made = copy.deepcopy(encoder)
    for block in made.blocks:
        if block.window:
            block.attention.__class__ = WithoutPadding
    return made

"""SigLIP: the low-resolution, text-aligned encoder.

The vision tower as DeepSeek-VL uses it (every patch token, no pooling), and beside it what
its pretraining needs: the attention-pool head, the text tower and the sigmoid loss.
Source: released siglip_vit.py; Zhai et al. 2023 (arXiv 2303.15343).

Shapes: B images or captions, N = grid² patches, T caption tokens, D width, H heads, E = D / H.
"""

import torch
from torch import nn
from torch.nn import functional as F

from .attention import attend
from .linear import Linear


class SelfAttention(nn.Module):
    """Every token looks at every token; biases everywhere, no mask."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = Linear(width, 3 * width)
        self.out = Linear(width, width)

    def forward(self, x):  # [B, N, D] -> [B, N, D]
        B, N, D = x.shape
        query, key, value = self.qkv(x).view(B, N, 3, self.heads, -1).permute(2, 0, 3, 1, 4)  # [B, H, N, E]
        x = attend(query, key, value, owner=self)
        return self.out(x.transpose(1, 2).reshape(B, N, D))


class Mlp(nn.Module):
    """Two linear layers around an exact (erf) GELU."""

    def __init__(self, width, hidden):
        super().__init__()
        self.up = Linear(width, hidden)
        self.down = Linear(hidden, width)

    def forward(self, x):
        return self.down(F.gelu(self.up(x)))


class Block(nn.Module):
    """Pre-norm transformer block: x + attention(norm x), then x + mlp(norm x)."""

    def __init__(self, width, heads, mlp_width, eps):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps)
        self.attention = SelfAttention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps)
        self.mlp = Mlp(width, mlp_width)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class SiglipEncoder(nn.Module):
    """The vision tower: pixels [B, 3, S, S] -> patch tokens [B, N, D], normalised, in row-major order.

    There is no class token, and the output is not pooled: DeepSeek-VL reads every patch.
    Raises ValueError if the image is not S × S.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.patches = nn.Conv2d(3, config.width, config.patch_size, stride=config.patch_size)
        self.positions = nn.Parameter(torch.zeros(config.grid**2, config.width))
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads, config.mlp_width, config.norm_eps) for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width, config.norm_eps)

    def forward(self, pixel_values):
        check_square(pixel_values, self.config.image_size, "pixel_values")
        x = self.patches(pixel_values)  # [B, D, grid, grid]
        x = x.flatten(2).transpose(1, 2) + self.positions  # [B, N, D]
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


def check_square(pixels, size, name):
    """Raise ValueError unless pixels is [B, 3, size, size]."""
    if pixels.dim() != 4 or tuple(pixels.shape[1:]) != (3, size, size):
        raise ValueError(f"{name} must be [N, 3, {size}, {size}], got {list(pixels.shape)}")


class CrossAttention(nn.Module):
    """A learnt query looks at the patches."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x, context):  # [B, Q, D], [B, N, D] -> [B, Q, D]
        B, Q, D = x.shape
        query = self.query(x).view(B, Q, self.heads, -1).transpose(1, 2)
        key, value = self.key_value(context).view(B, context.shape[1], 2, self.heads, -1).permute(2, 0, 3, 1, 4)
        x = attend(query, key, value, owner=self)
        return self.out(x.transpose(1, 2).reshape(B, Q, D))


class AttentionPool(nn.Module):
    """SigLIP's head (MAP): one learnt query gathers the patches into one vector.

    patch tokens [B, N, D] -> [B, D].  Pretraining compares this vector with the caption's;
    DeepSeek-VL carries the head in its checkpoints and never runs it.
    """

    def __init__(self, config):
        super().__init__()
        self.probe = nn.Parameter(torch.zeros(1, 1, config.width))
        self.attention = CrossAttention(config.width, config.heads)
        self.norm = nn.LayerNorm(config.width, config.norm_eps)
        self.mlp = Mlp(config.width, config.mlp_width)

    def forward(self, patches):
        x = self.attention(self.probe.expand(len(patches), -1, -1), patches)
        x = x + self.mlp(self.norm(x))
        return x[:, 0]


class SiglipTextEncoder(nn.Module):
    """The text tower: caption ids [B, T] -> [B, projection].

    No mask: captions are padded to a fixed length and every position, padding too, is seen.
    The last position is the caption's summary, padded or not.
    """

    def __init__(self, config, projection):
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocab_size, config.width)
        self.positions = nn.Parameter(torch.zeros(config.length, config.width))
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads, config.mlp_width, config.norm_eps) for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width, config.norm_eps)
        self.head = nn.Linear(config.width, projection)

    def forward(self, input_ids):
        T = input_ids.shape[1]
        if T > self.config.length:
            raise ValueError(f"a caption of {T} tokens is longer than {self.config.length}, the text tower's length")
        x = self.tokens(input_ids) + self.positions[:T]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, -1])


class Siglip(nn.Module):
    """Both towers with the learnt temperature and bias: what the sigmoid loss trains."""

    def __init__(self, vision, text, temperature=10.0, bias=-10.0):
        super().__init__()
        self.vision = SiglipEncoder(vision)
        self.pool = AttentionPool(vision)
        self.text = SiglipTextEncoder(text, projection=vision.width)
        self.log_temperature = nn.Parameter(torch.tensor(float(temperature)).log())
        self.bias = nn.Parameter(torch.tensor(float(bias)))

    def forward(self, pixel_values, input_ids):
        """Similarity logits [images, captions]: temperature · cosine + bias."""
        image = F.normalize(self.pool(self.vision(pixel_values)), dim=-1)
        text = F.normalize(self.text(input_ids), dim=-1)
        return self.log_temperature.exp() * image @ text.T + self.bias


def sigmoid_loss(logits, positive):
    """SigLIP's loss: every image-caption pair is a yes/no question of its own.

    logits [images, captions]; positive: boolean, same shape, True where the caption fits the
    image (identical captions are all positives).  Summed over captions, averaged over images.
    """
    sign = positive.to(logits.dtype) * 2 - 1
    return -F.logsigmoid(sign * logits).sum(dim=1).mean()

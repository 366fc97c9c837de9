"""SAM: the high-resolution encoder, DeepSeek-VL's downsampling, and what pretraining on masks needs.

Source: released sam.py (sam_b_downsample); Kirillov et al. 2023 (arXiv 2304.02643);
the alpha branch is in the released code and weights but not in the paper.

Shapes: B images, g patches along a side, D width, H heads, E = D / H, W window side,
C neck channels, t tokens along a side, M prompts per image, P points per prompt.
"""

import torch
from torch import nn
from torch.nn import functional as F

from .attention import attend
from .linear import Linear
from .siglip import Mlp, check_square

SMALL = 16  # side of a grid up to which a bias for every pair costs less than longer queries and keys


class WindowAttention(nn.Module):
    """Self-attention over a side × side grid, with decomposed relative positions.

    The score of query (i, j) and key (k, l) gains q·row[i-k] + q·column[j-l]: two short
    tables, 2·side-1 long, shared by the heads, in place of one table of side⁴ entries.

    The gain is itself a dot product: of the query's scores against every row and column with a
    key that marks its own row and column by a one.  So both are appended to query and key, and no
    bias of side⁴ numbers is ever written down, let alone its gradient (on two CPU cores, tiny's
    global layers train 1.9 times as fast).  Only where the grid is small and no gradient is asked
    for, the bias itself is faster: 0.8 in place of 1.3 ms for such a layer.
    """

    def __init__(self, width, heads, side):
        super().__init__()
        self.heads = heads
        self.qkv = Linear(width, 3 * width)
        self.out = Linear(width, width)
        self.rows = nn.Parameter(torch.zeros(2 * side - 1, width // heads))
        self.columns = nn.Parameter(torch.zeros(2 * side - 1, width // heads))
        self.side = side
        self.compute_buffers()

    def compute_buffers(self, device=None):
        """Constants that no checkpoint stores: which table entry, and which row and column, a pair uses."""
        steps, one = torch.arange(self.side, device=device), torch.eye(self.side, device=device)
        marks = torch.cat([one.repeat_interleave(self.side, dim=0), one.repeat(self.side, 1)], dim=1)
        self.register_buffer("offsets", steps[:, None] - steps[None, :] + self.side - 1, persistent=False)
        self.register_buffer("marks", marks, persistent=False)  # [side², 2·side]

    def forward(self, x):  # [B, side, side, D] -> the same
        B, side, _, D = x.shape
        qkv = self.qkv(x).view(B, side * side, 3, self.heads, -1)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # [B, H, side², E]
        E = query.shape[-1]
        q = query.unflatten(2, (side, side))
        by_row = torch.einsum("bhijc,ikc->bhijk", q, self.rows[self.offsets]).flatten(2, 3)
        by_column = torch.einsum("bhijc,jlc->bhijl", q, self.columns[self.offsets]).flatten(2, 3)
        if side <= SMALL and not torch.is_grad_enabled():
            gain = by_row.contiguous()[..., None] + by_column.contiguous()[..., None, :]
            x = attend(query, key, value, bias=gain.flatten(-2), owner=self)
        else:
            # deviation: relative-positions-in-the-keys
            query = torch.cat([query * E**-0.5, by_row, by_column], dim=-1)  # [B, H, side², E + 2·side]
            key = torch.cat([key, self.marks.to(key.dtype).expand(B, self.heads, -1, -1)], dim=-1)
            x = attend(query, key, value, scale=1.0, owner=self)
        return self.out(x.transpose(1, 2).reshape(B, side, side, D))


def into_windows(x, window):
    """[B, g, g, D] -> windows [B · n², W, W, D], zero-padded at the bottom and right to a multiple of W."""
    B, g, _, D = x.shape
    n = -(-g // window)
    missing = n * window - g
    x = F.pad(x, (0, 0, 0, missing, 0, missing))
    x = x.view(B, n, window, n, window, D).transpose(2, 3)
    return x.reshape(B * n * n, window, window, D)


def from_windows(windows, g):
    """The inverse of `into_windows`: [B · n², W, W, D] -> [B, g, g, D], the padding cut off."""
    window, D = windows.shape[1], windows.shape[-1]
    n = -(-g // window)
    x = windows.view(-1, n, n, window, window, D).transpose(2, 3)
    return x.reshape(-1, n * window, n * window, D)[:, :g, :g]


class SamBlock(nn.Module):
    """Pre-norm block: attention within windows (window=0: global), then an MLP.

    The windows' zero padding takes part as keys, unmasked, as in the released model.
    """

    def __init__(self, config, window):
        super().__init__()
        self.window = window
        self.norm1 = nn.LayerNorm(config.width, config.norm_eps)
        self.attention = WindowAttention(config.width, config.heads, window or config.grid)
        self.norm2 = nn.LayerNorm(config.width, config.norm_eps)
        self.mlp = Mlp(config.width, config.mlp_width)

    def forward(self, x):  # [B, g, g, D]
        seen = self.norm1(x)
        if self.window:
            seen = from_windows(self.attention(into_windows(seen, self.window)), x.shape[1])
        else:
            seen = self.attention(seen)
        x = x + seen
        return x + self.mlp(self.norm2(x))


class ChannelNorm(nn.LayerNorm):
    """LayerNorm over the channels of [B, C, h, w]."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Neck(nn.Module):
    """1×1 convolution, norm, 3×3 convolution, norm: [B, g, g, D] -> [B, C, g, g]."""

    def __init__(self, config):
        super().__init__()
        self.reduce = nn.Conv2d(config.width, config.neck_width, 1, bias=False)
        self.norm1 = ChannelNorm(config.neck_width, config.norm_eps)
        self.mix = nn.Conv2d(config.neck_width, config.neck_width, 3, padding=1, bias=False)
        self.norm2 = ChannelNorm(config.neck_width, config.norm_eps)

    def forward(self, x):
        x = self.norm1(self.reduce(x.permute(0, 3, 1, 2)))
        return self.norm2(self.mix(x))


class Downsample(nn.Module):
    """To the token grid: bilinear resize to 4t (1.5x), then two bare stride-2 convolutions.

    [B, C, g, g] -> [B, 4C, t, t].  No norm or activation stands between the convolutions.
    """

    def __init__(self, config):
        super().__init__()
        self.side = 4 * config.token_grid
        self.first = nn.Conv2d(config.neck_width, 2 * config.neck_width, 3, stride=2, padding=1, bias=False)
        self.second = nn.Conv2d(2 * config.neck_width, 4 * config.neck_width, 3, stride=2, padding=1, bias=False)

    def forward(self, x):
        resized = F.interpolate(x.float(), size=(self.side, self.side), mode="bilinear", align_corners=False)
        return self.second(self.first(resized.to(x.dtype)))


class SamEncoder(nn.Module):
    """Pixels [B, 3, S, S] -> high-resolution tokens [B, t², 4C], in row-major order.

    The main path is blocks, neck, downsampling.  A second path leaves after the first global
    block, has its own neck, shares the downsampling, and is added with the learnt weight
    `alpha`, zero at the start.  Raises ValueError if the image is not S × S.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.patches = nn.Conv2d(3, config.width, config.patch_size, stride=config.patch_size)
        self.positions = nn.Parameter(torch.zeros(1, config.grid, config.grid, config.width))
        self.blocks = nn.ModuleList(
            SamBlock(config, 0 if i in config.global_layers else config.window) for i in range(config.layers)
        )
        self.neck = Neck(config)
        self.early_neck = Neck(config)
        self.downsample = Downsample(config)
        self.alpha = nn.Parameter(torch.zeros(1))

    def embed(self, high_res_pixel_values):
        """[B, 3, S, S] -> features [B, g, g, D] after the last block and, early, after the first global one."""
        check_square(high_res_pixel_values, self.config.image_size, "high_res_pixel_values")
        x = self.patches(high_res_pixel_values).permute(0, 2, 3, 1) + self.positions
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i == min(self.config.global_layers):
                early = x
        return x, early

    def tokens(self, late, early):
        """Necks, downsampling and the alpha branch: two [B, g, g, D] -> [B, t², 4C]."""
        x = self.downsample(self.neck(late)) + self.alpha * self.downsample(self.early_neck(early))
        return x.flatten(2).transpose(1, 2)

    def forward(self, high_res_pixel_values):
        return self.tokens(*self.embed(high_res_pixel_values))


# What follows is used only to pretrain the encoder: DeepSeek-VL starts from its result.


class PromptEncoder(nn.Module):
    """Points, boxes and masks as tokens of the neck's width C.

    Coordinates are (x, y) in pixels of the high-resolution image.
    """

    def __init__(self, sam, prompt):
        super().__init__()
        self.image_size, self.grid = sam.image_size, sam.grid
        C, channels = sam.neck_width, prompt.mask_channels
        self.frequencies = nn.Parameter(torch.randn(2, C // 2))  # random Fourier features
        self.kinds = nn.Embedding(4, C)  # background point, foreground point, two box corners
        self.not_a_point = nn.Parameter(torch.zeros(C))
        self.no_mask = nn.Parameter(torch.zeros(C))
        self.mask = nn.Sequential(
            nn.Conv2d(1, channels // 4, 2, stride=2), ChannelNorm(channels // 4, prompt.norm_eps), nn.GELU(),
            nn.Conv2d(channels // 4, channels, 2, stride=2), ChannelNorm(channels, prompt.norm_eps), nn.GELU(),
            nn.Conv2d(channels, C, 1),
        )  # fmt: skip

    def where(self, points):
        """Fourier features of points given in [0, 1]: [..., 2] -> [..., C]."""
        angle = 2 * torch.pi * ((2 * points - 1) @ self.frequencies)
        return torch.cat([angle.sin(), angle.cos()], dim=-1)

    def image_positions(self):
        """The same features at the centre of every patch: [1, C, g, g]."""
        centres = (torch.arange(self.grid, device=self.frequencies.device) + 0.5) / self.grid
        y, x = torch.meshgrid(centres, centres, indexing="ij")
        return self.where(torch.stack([x, y], dim=-1)).permute(2, 0, 1)[None]

    def forward(self, points=None, labels=None, boxes=None, masks=None):
        """points [B, M, P, 2] with labels [B, M, P] (1 on the object, 0 off it, -1 padding);
        boxes [B, M, 4] as left, top, right, bottom; masks [B, 1, 4g, 4g] of logits.

        Returns sparse tokens [B, M, n, C] and a dense addition [B, C, g, g] to the image.
        Raises ValueError if there is neither a point nor a box, or points lack labels.
        """
        sparse = []
        if points is not None:
            if labels is None:
                raise ValueError("points need labels: 1 on the object, 0 off it, -1 padding")
            if boxes is None:  # the released model pads with one "not a point" when no box is given
                points = F.pad(points, (0, 0, 0, 1))
                labels = F.pad(labels, (0, 1), value=-1)
            at = self.where((points + 0.5) / self.image_size)
            at = torch.where((labels == -1)[..., None], self.not_a_point, at)
            kind = self.kinds(labels.long().clamp(min=0))
            sparse.append(at + torch.where((labels == -1)[..., None], torch.zeros_like(kind), kind))
        if boxes is not None:
            corners = (boxes.unflatten(-1, (2, 2)) + 0.5) / self.image_size
            sparse.append(self.where(corners) + self.kinds.weight[2:])
        if not sparse:
            raise ValueError("a prompt needs points or boxes")
        sparse = torch.cat(sparse, dim=2)
        if masks is not None:
            return sparse, self.mask(masks)
        return sparse, self.no_mask.view(1, -1, 1, 1).expand(len(sparse), -1, self.grid, self.grid)


class MixedAttention(nn.Module):
    """Attention between two token sets, at 1/shrink of the width inside."""

    def __init__(self, width, heads, shrink):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width // shrink) for _ in range(3))
        self.out = nn.Linear(width // shrink, width)

    def forward(self, query, key, value):  # [B, Q, C], [B, K, C], [B, K, C] -> [B, Q, C]
        split = (
            x.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for x in (self.query(query), self.key(key), self.value(value))
        )
        return self.out(attend(*split, owner=self).transpose(1, 2).flatten(2))


class TwoWayBlock(nn.Module):
    """Prompt tokens look at each other, then at the image; then the image looks at them."""

    def __init__(self, width, prompt, first):
        super().__init__()
        self.first = first
        self.self_attention = MixedAttention(width, prompt.heads, shrink=1)
        self.to_image = MixedAttention(width, prompt.heads, shrink=2)
        self.mlp = ReluMlp(width, prompt.mlp_width, width, 2)
        self.to_tokens = MixedAttention(width, prompt.heads, shrink=2)
        self.norm1, self.norm2, self.norm3, self.norm4 = (nn.LayerNorm(width, prompt.norm_eps) for _ in range(4))

    def forward(self, tokens, image, token_positions, image_positions):
        if self.first:
            tokens = self.self_attention(tokens, tokens, tokens)
        else:
            placed = tokens + token_positions
            tokens = tokens + self.self_attention(placed, placed, tokens)
        tokens = self.norm1(tokens)
        tokens = self.norm2(tokens + self.to_image(tokens + token_positions, image + image_positions, image))
        tokens = self.norm3(tokens + self.mlp(tokens))
        image = self.norm4(image + self.to_tokens(image + image_positions, tokens + token_positions, tokens))
        return tokens, image


class ReluMlp(nn.Module):
    """`layers` linear layers with ReLU between them."""

    def __init__(self, width, hidden, out, layers):
        super().__init__()
        sizes = [width] + [hidden] * (layers - 1) + [out]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:], strict=False))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = layer(x).relu()
        return self.layers[-1](x)


class MaskDecoder(nn.Module):
    """From image features and a prompt to masks, each with a guess of its own quality (IoU)."""

    def __init__(self, sam, prompt):
        super().__init__()
        C = sam.neck_width
        self.masks = prompt.masks + 1  # number 0 is the single mask; the others answer ambiguity
        self.iou_token = nn.Parameter(torch.zeros(1, C))
        self.mask_tokens = nn.Parameter(torch.zeros(self.masks, C))
        self.blocks = nn.ModuleList(TwoWayBlock(C, prompt, first=i == 0) for i in range(prompt.layers))
        self.final = MixedAttention(C, prompt.heads, shrink=2)
        self.norm = nn.LayerNorm(C)
        self.upscale = nn.Sequential(
            nn.ConvTranspose2d(C, C // 4, 2, stride=2), ChannelNorm(C // 4, prompt.norm_eps), nn.GELU(),
            nn.ConvTranspose2d(C // 4, C // 8, 2, stride=2), nn.GELU(),
        )  # fmt: skip
        self.hyper = nn.ModuleList(ReluMlp(C, C, C // 8, 3) for _ in range(self.masks))
        self.iou = ReluMlp(C, prompt.iou_width, self.masks, prompt.iou_layers)

    def forward(self, image, image_positions, sparse, dense):
        """image, dense [B, C, g, g]; image_positions [1, C, g, g]; sparse [B, M, n, C].

        Returns mask logits [B, M, masks, 4g, 4g] and predicted IoU [B, M, masks].
        """
        B, M = sparse.shape[:2]
        g = image.shape[-1]
        own = torch.cat([self.iou_token, self.mask_tokens])
        placed = torch.cat([own.expand(B, M, -1, -1), sparse], dim=2).flatten(0, 1)  # [B·M, n, C]
        image = (image + dense).repeat_interleave(M, dim=0).flatten(2).transpose(1, 2)  # [B·M, g², C]
        where = image_positions.flatten(2).transpose(1, 2)
        tokens = placed
        for block in self.blocks:
            tokens, image = block(tokens, image, placed, where)
        tokens = self.norm(tokens + self.final(tokens + placed, image + where, image))
        fine = self.upscale(image.transpose(1, 2).unflatten(2, (g, g)))  # [B·M, C/8, 4g, 4g]
        hyper = torch.stack([mlp(tokens[:, 1 + i]) for i, mlp in enumerate(self.hyper)], dim=1)
        masks = torch.einsum("bmc,bchw->bmhw", hyper, fine)
        return masks.unflatten(0, (B, M)), self.iou(tokens[:, 0]).unflatten(0, (B, M))


class Sam(nn.Module):
    """Image encoder, prompt encoder and mask decoder together: what promptable segmentation trains."""

    def __init__(self, sam, prompt):
        super().__init__()
        self.vision = SamEncoder(sam)
        self.prompt = PromptEncoder(sam, prompt)
        self.decoder = MaskDecoder(sam, prompt)

    def forward(self, high_res_pixel_values, points=None, labels=None, boxes=None, masks=None):
        """Mask logits [B, M, masks, 4g, 4g] and predicted IoU [B, M, masks]."""
        image = self.vision.neck(self.vision.embed(high_res_pixel_values)[0])
        sparse, dense = self.prompt(points, labels, boxes, masks)
        return self.decoder(image, self.prompt.image_positions(), sparse, dense)

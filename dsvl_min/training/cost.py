"""What a stage costs: operations, memory, hours.

Nothing is estimated by a formula of ours.  The stage's own loss runs on tensors that have a shape and no numbers;
PyTorch counts the operations of the forward and the backward pass, and what the backward pass is kept waiting for.
"""

from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from ..model import DeepSeekVL
from .trainer import Means, trainable

ADAMW, MUON = 8, 4  # bytes of state for each trained number, in float32: two moments, or one


@dataclass(frozen=True)
class Row:
    """What one row of a batch holds: images, tokens of text, and how many tokens are predicted."""

    images: int = 1
    text: int = 128
    predicted: int = 128


@dataclass(frozen=True)
class Cost:
    """Of one row: operations of the part that runs each step, of the frozen encoders (paid once an image where their
    features are kept, else each step), and bytes kept for the backward pass.  Of the model: bytes of weights, gradients
    and optimizer.
    """

    operations: int
    encoders: int
    activations: int
    weights: int
    gradients: int
    optimizer: int

    def memory(self, rows):
        """Bytes at the worst moment of a step with so many rows at once."""
        return self.weights + self.gradients + self.optimizer + rows * self.activations


def cost(config, stage, row=Row(), bytes_each=4, recompute=False):
    """The Cost of a ModelConfig in a Stage.  bytes_each: of a weight, a gradient and an activation (2 in bfloat16).
    recompute: of its blocks only the input is kept for the backward pass (see `Means`); counted is one block's inside
    beside it, that of the block which is being computed again.

    Trained weights are counted in float32 beside that, as mixed precision keeps them.
    """
    with torch.device("meta"):
        model = DeepSeekVL(config)
    model.train()
    parts = trainable(model, stage)
    encoders = 0
    if row.images:
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            _features(model, row.images, frozen=True, siglip_trains="siglip" in parts)
        encoders = counter.get_total_flops()
    kept = Kept(model)
    with Means(recompute=recompute).of(model), FlopCounterMode(display=False) as counter, kept:
        loss = _loss(model, row, "siglip" in parts)
        if loss.requires_grad:  # text alone teaches a frozen decoder nothing
            loss.backward()
    kept = kept.bytes * bytes_each // 4
    if recompute:
        blocks = config.decoder.layers + (config.siglip.layers if "siglip" in parts else 0)
        kept += (cost(config, stage, row, bytes_each).activations - kept) // blocks
    trained = {part: sum(p.numel() for _, p in named) for part, named in parts.items()}
    everything = sum(p.numel() for p in model.parameters())
    matrices = sum(n for part, n in trained.items() if stage.muon.get(part))
    learnt = sum(trained.values())
    copies = 4 * learnt if bytes_each < 4 else 0
    return Cost(
        operations=counter.get_total_flops(),
        encoders=encoders,
        activations=kept,
        weights=everything * bytes_each + copies,
        gradients=learnt * bytes_each,
        optimizer=ADAMW * (learnt - matrices) + MUON * matrices,
    )


class Kept(torch.autograd.graph.saved_tensors_hooks):
    """While open, adds up the bytes of what autograd keeps for the backward pass, but for the model's own weights.

    Attention's weights, [B, H, Q, Q], are left out: without numbers PyTorch attends the long way and keeps them, with
    numbers its fused kernels don't.
    """

    def __init__(self, model):
        self.bytes, self.seen = 0, {p.untyped_storage()._cdata for p in model.parameters()}
        super().__init__(self.pack, lambda tensor: tensor)

    def pack(self, tensor):
        """Count a tensor the first time its storage is seen."""
        storage = tensor.untyped_storage()
        square = tensor.dim() == 4 and tensor.shape[-1] == tensor.shape[-2]
        if storage._cdata not in self.seen and not square:
            self.seen.add(storage._cdata)
            self.bytes += storage.nbytes()
        return tensor


def _features(model, images, frozen, siglip_trains):
    """What the adaptor gets of so many images: (low, high); only the frozen encoders' part, or only what trains."""
    config, low, high = model.config, None, None
    if config.siglip:
        part = config.siglip
        pixels = torch.empty(images, 3, part.image_size, part.image_size, device="meta")
        low = torch.empty(images, part.grid**2, part.width, device="meta")
        if siglip_trains != frozen:
            low = model.vision.siglip(pixels)
    if config.sam:
        part = config.sam
        pixels = torch.empty(images, 3, part.image_size, part.image_size, device="meta")
        late = early = torch.empty(images, part.grid, part.grid, part.width, device="meta")
        if frozen:
            late, early = model.vision.sam.embed(pixels)
        else:
            high = model.vision.sam.tokens(late, early)
    return low, high


def _loss(model, row, siglip_trains):
    """The loss of one row, all of it on the meta device."""
    width = model.config.decoder.width
    words = torch.empty(1, row.text, width, device="meta")
    if any(p.requires_grad for p in model.decoder.parameters()):
        words = model.decoder.embed(torch.zeros(1, row.text, dtype=torch.long, device="meta"))
    parts = [words]
    if row.images:
        low, high = _features(model, row.images, False, siglip_trains)
        parts.insert(0, model.adaptor(low, high).flatten(0, 1)[None])
    hidden = model.decoder(torch.cat(parts, dim=1), wanted=(slice(None), slice(-row.predicted, None)))
    return model.decoder.head(hidden).float().logsumexp(-1).sum()

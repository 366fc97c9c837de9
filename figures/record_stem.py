"""Record what a single 8-pixel patch convolution can learn: the shape of one object at 48 px, supervised.

    python figures/record_stem.py            # writes figures/results/stem.json; about 4 minutes on two cores

Three starts of the tiny SigLIP tower: PyTorch's own initialisation with AdamW, ours with AdamW, ours with Muon.
"""

import recorded
import torch
from torch import nn
from torch.nn import functional as F

from dsvl_min import ModelConfig, SiglipEncoder
from dsvl_min.data.world import SHAPES
from dsvl_min.init import initialise
from dsvl_min.training.loop import optimise
from dsvl_min.training.muon import groups_of
from dsvl_min.training.pool import draw
from dsvl_min.training.stage0 import siglip_images

STEPS, BATCH, IMAGES, SEED = 500, 96, 12000, 0
STARTS = {
    "PyTorch's initialisation, AdamW": (False, 0.0),
    "scaled initialisation, AdamW": (True, 0.0),
    "scaled initialisation, Muon": (True, 0.02),
}


def shapes_of(count, split, config, difficulty=0.5):
    """Pixels [N, 3, s, s] and which of the eight shapes each shows."""
    samples, pictures = draw([("naming", count, 0.0, difficulty)], SEED, 128, split)
    labels = torch.tensor([SHAPES.index(s.truth["shape"]) for s in samples])
    return siglip_images([p[0] for p in pictures], config), labels


class Namer(nn.Module):
    """The tower, its patches averaged, and one linear layer."""

    def __init__(self, config):
        super().__init__()
        self.tower, self.head = SiglipEncoder(config), nn.Linear(config.width, len(SHAPES))

    def forward(self, pixels):
        return self.head(self.tower(pixels).mean(dim=1))


def learn(scaled, muon_lr, train, test, config):
    """Held-out accuracy after STEPS."""
    torch.manual_seed(SEED)
    model = Namer(config)
    if scaled:
        initialise(model)
    pixels, labels = train
    rng = torch.Generator().manual_seed(SEED)

    def step(_):
        at = torch.randint(len(pixels), (BATCH,), generator=rng)
        loss = F.cross_entropy(model(pixels[at]), labels[at])
        loss.backward()
        return {"loss": loss.item(), "tokens": BATCH}

    optimise(
        "stem",
        groups_of(model.named_parameters(), 2e-3, muon_lr),
        STEPS,
        step,
        recorded.ROOT / "runs" / "stem",
        quiet=True,
    )
    with torch.no_grad():
        guess = torch.cat([model(part).argmax(dim=1) for part in test[0].split(200)])
    return round((guess == test[1]).float().mean().item(), 4)


if __name__ == "__main__":
    config = ModelConfig.preset("tiny")
    train, test = shapes_of(IMAGES, "train", config), shapes_of(1000, "held-out", config)
    accuracy = {}
    for name, (scaled, muon_lr) in STARTS.items():
        accuracy[name] = learn(scaled, muon_lr, train, test, config.siglip)
        print(f"{name:36} {accuracy[name]:.1%}")
    recorded.write(
        "stem",
        "What can a single 8-pixel patch convolution learn, from which start and with which optimiser?",
        "python figures/record_stem.py",
        seeds=[SEED],
        data={"steps": STEPS, "batch": BATCH, "chance": 1 / len(SHAPES), "accuracy": accuracy},
    )

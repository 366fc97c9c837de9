"""SigLIP's two towers learn names: by which loss, and with which pairs counted as positive (chapter 5).

Shapes: N pictures, B of them in a batch, S the side of SigLIP's image.
"""

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ..checkpoint import WEIGHTS
from ..config import ModelConfig
from ..data.words import article, capital
from ..data.world import OBJECT_COLORS, SHAPES
from ..init import initialise
from ..siglip import Siglip, sigmoid_loss
from ..tokenizer import Tokenizer
from ..training.loop import optimise
from ..training.muon import groups_of
from ..training.pool import draw
from ..training.stage0 import caption_ids, siglip_images, text_tower

NAMES = [(color, shape) for color in OBJECT_COLORS for shape in SHAPES]
CAPTIONS = [f"{capital(article(f'{color} {shape}'))}." for color, shape in NAMES]
CONFIG = ModelConfig.preset("tiny")
BATCH = 96


@dataclass(frozen=True)
class Named:
    """Pictures of one object each.  pixels [N, 3, S, S], as SigLIP reads them; names [N], places in NAMES."""

    pixels: torch.Tensor
    names: torch.Tensor


def named(count, seed=0, split="train", hardest=0.5):
    """`count` pictures of the source "naming", of difficulty 0 to `hardest`, as Named."""
    samples, pictures = draw([("naming", count, 0.0, hardest)], seed, CONFIG.siglip.image_size, split)
    names = [NAMES.index((s.truth["color"], s.truth["shape"])) for s in samples]
    return Named(siglip_images([p[0] for p in pictures], CONFIG), torch.tensor(names))


def info_nce(logits, positive):
    """CLIP's loss: which caption is the picture's, and which picture the caption's?  One softmax each, then the mean.

    logits, positive [B, B]; where several are positive, their probabilities add up.  Nats.
    Source: Radford et al. 2021 (arXiv 2103.00020), whose only positives are on the diagonal.
    """
    fitting = logits.masked_fill(~positive, -torch.inf)
    return -sum((fitting.logsumexp(d) - logits.logsumexp(d)).mean() for d in (0, 1)) / 2


LOSSES = {"sigmoid": sigmoid_loss, "softmax": info_nce}


def positives(names, marked=True):
    """Which captions of a batch count as a picture's: boolean [B, B].

    marked: every caption that says the same as its own; else its own alone, and a repeated one counts as wrong.
    """
    return names[:, None] == names[None] if marked else torch.eye(len(names), dtype=torch.bool)


def start(share):
    """The bias at which the sigmoid loss begins knowing how rare positives are: the log odds of their share."""
    return float(torch.logit(torch.tensor(share)))


def share(names, marked=True, batch=BATCH):
    """Of all pairs in a batch, how many count as positive: the diagonal, and what repeats by chance."""
    repeats = float(((torch.bincount(names) / len(names)) ** 2).sum()) if marked else 0.0
    return (1 + (batch - 1) * repeats) / batch


def color_of(names):
    """Places in NAMES -> places in OBJECT_COLORS."""
    return names // len(SHAPES)


def floor(loss, names, known, marked=True, batch=BATCH, draws=300):
    """The least loss of somebody who can tell of a picture and of a caption no more than known(names) [B].

    Measured on batches drawn from `names`.  Pairs of two different keys are ruled out; all others look alike, and
    are given the logit that loses least.
    """
    rng = torch.Generator().manual_seed(0)
    drawn = [names[torch.randint(len(names), (batch,), generator=rng)] for _ in range(draws)]
    alike = [known(n)[:, None] == known(n)[None] for n in drawn]
    fits = [positives(n, marked) for n in drawn]
    share = sum(f.sum() for f in fits) / sum(a.sum() for a in alike)
    best = torch.logit(share.clamp(max=1 - 1e-6))
    return sum(float(loss(torch.where(a, best, -50.0), f)) for a, f in zip(alike, fits, strict=True)) / draws


@torch.no_grad()
def accuracy(model, tokenizer, pictures):
    """Named pictures, given whichever of all names lies nearest: shares of right names, colours and shapes."""
    model.eval()
    image = torch.cat([model.pool(model.vision(part)) for part in pictures.pixels.split(256)])
    text = model.text(caption_ids(CAPTIONS, tokenizer, model.text.config.length))
    found = (F.normalize(image, dim=-1) @ F.normalize(text, dim=-1).T).argmax(dim=1)
    model.train()
    right = {
        "name": found == pictures.names,
        "color": color_of(found) == color_of(pictures.names),
        "shape": found % len(SHAPES) == pictures.names % len(SHAPES),
    }
    return {what: round(float(hit.float().mean()), 4) for what, hit in right.items()}


def learn(pictures, held_out, out, loss="sigmoid", marked=True, bias=None, steps=300, every=50, seed=0):
    """Train both towers from nothing on Named pictures; (Siglip, lines).

    loss: of LOSSES; bias: where the logits' bias begins (`start` of the positives' share, if None).  Every so many
    steps, and at the end, a line also has the `accuracy` on `held_out`.  Metrics go to the folder `out`.
    """
    tokenizer = Tokenizer.load(WEIGHTS / "tiny-parts" / "tokenizer.json")
    tower = text_tower(CONFIG)
    ids = caption_ids(CAPTIONS, tokenizer, tower.length)
    if bias is None:
        bias = start(share(pictures.names, marked))
    model = initialise(Siglip(CONFIG.siglip, tower, bias=bias), seed).train()
    rng = torch.Generator().manual_seed(seed)

    def step(number):
        at = torch.randint(len(pictures.names), (BATCH,), generator=rng)
        names = pictures.names[at]
        different, back = names.unique(return_inverse=True)  # each caption is read once, however often it occurs
        logits = model(pictures.pixels[at], ids[different])[:, back]
        value = LOSSES[loss](logits, positives(names, marked))
        value.backward()
        line = {"loss": round(value.item(), 5), "images": BATCH}
        asked = (number + 1) % every == 0 or number + 1 == steps
        return {**line, **accuracy(model, tokenizer, held_out)} if asked else line

    groups = groups_of(model.named_parameters(), 2e-3, 0.02)
    lines = optimise(loss, groups, steps, step, out, 50, quiet=True, counted="images")
    return model.eval(), lines

"""CLIP-blind pairs, in miniature: what can each encoder tell apart?

A pair is one scene drawn twice, equal but for one factor.  Captions name colour and shape and never
say which way an arrow points; so a contrastive encoder has no reason to keep direction.
Source: Tong et al. 2024 (arXiv 2401.06209); similarities are centred first, because two random pictures are
already 0.01 alike to one encoder and 0.7 to another.

Shapes: N pairs, D width of a representation.
"""

import torch
from torch.nn import functional as F

from ..checkpoint import WEIGHTS
from ..config import ModelConfig
from ..data.sample import generator
from ..data.words import article
from ..data.world import BACKGROUNDS, OBJECT_COLORS, SHAPES, Scene, Thing, render
from ..processor import Processor
from ..tokenizer import Tokenizer

FAMILIES = ("nuisance", "direction", "colour", "shape")
CAPTIONED = ("colour", "shape")
SITES = ("SigLIP pooled", "SigLIP patches", "SAM pooled", "SAM patches")
DIRECTED = ("arrow", "triangle", "heart")  # shapes that face somewhere


def pair(family, seed, index):
    """Two scenes equal but for one factor (and for their grain, as any two photographs differ).

    family: "nuisance" (grain and a shift of under a pixel only), "direction" (the same object turned by 90, 180 or
    270 degrees), "colour" or "shape".
    """
    rng = generator("held-out", seed, index, "blind-pairs")
    background = rng.choice([b for b in BACKGROUNDS if b != "slate"])
    thing = Thing(
        rng.choice(DIRECTED), rng.choice([c for c in OBJECT_COLORS if c != "yellow"]),
        rng.uniform(0.4, 0.6), rng.uniform(0.4, 0.6), rng.uniform(0.55, 0.7), 90.0 * rng.randrange(4),
    )  # fmt: skip
    changes = {"x": thing.x + rng.uniform(-0.004, 0.004), "y": thing.y + rng.uniform(-0.004, 0.004)}
    if family == "direction":
        changes["angle"] = (thing.angle + 90.0 * rng.randint(1, 3)) % 360
    elif family == "colour":
        changes["color"] = rng.choice([c for c in OBJECT_COLORS if c not in (thing.color, "yellow")])
    elif family == "shape":
        changes["shape"] = rng.choice([s for s in SHAPES if s != thing.shape])
    elif family != "nuisance":
        raise ValueError(f"no family {family!r}; the families are {', '.join(FAMILIES)}")
    other = Thing(**{**vars(thing), **changes})
    seeds = rng.randrange(2**31), rng.randrange(2**31)
    return tuple(Scene(background, (t,), noise=3.0, noise_seed=s) for t, s in zip((thing, other), seeds, strict=True))


class Encoders:
    """The contrastively pretrained SigLIP (with its pooling head and text tower) and the mask-pretrained SAM."""

    def __init__(self, siglip, sam, processor):
        self.siglip, self.sam, self.processor = siglip, sam, processor

    @torch.no_grad()
    def __call__(self, scenes):
        """Scenes -> {site: [N, D]}, one vector a scene at each of SITES."""
        config = self.processor.config
        rows = {site: [] for site in SITES}
        for start in range(0, len(scenes), 64):
            pictures = [render(scene, config.sam.image_size) for scene in scenes[start : start + 64]]
            pixels = self.processor.pixels(pictures)
            patches = self.siglip.vision(pixels["pixel_values"])
            late = self.sam.vision.neck(self.sam.vision.embed(pixels["high_res_pixel_values"])[0])
            rows["SigLIP pooled"].append(self.siglip.pool(patches))
            rows["SigLIP patches"].append(patches.flatten(1))
            rows["SAM pooled"].append(late.mean(dim=(2, 3)))
            rows["SAM patches"].append(late.flatten(1))
        return {site: torch.cat(parts) for site, parts in rows.items()}

    @torch.no_grad()
    def names(self, scenes):
        """The caption of colour and shape that SigLIP finds most fitting, for each scene."""
        from ..training.stage0 import caption_ids
        from .matching import CAPTIONS, NAMES

        choices = [article(" ".join(name)) for name in NAMES]
        ids = caption_ids(CAPTIONS, self.processor.tokenizer, self.siglip.text.config.length)
        text = F.normalize(self.siglip.text(ids), dim=-1)
        image = F.normalize(self(scenes)["SigLIP pooled"], dim=-1)
        return [choices[i] for i in (image @ text.T).argmax(dim=1).tolist()]


def pretrained_encoders(size="tiny"):
    """The encoders that come with the package, as stage 0 left them."""
    from ..training.parts import pretrained

    config, folder = ModelConfig.preset(size), WEIGHTS / f"{size}-parts"
    processor = Processor(Tokenizer.load(folder / "tokenizer.json"), config)
    return Encoders(pretrained(config, folder, "siglip"), pretrained(config, folder, "sam"), processor)


def similarity(a, b, mean):
    """Cosine of two representations [N, D] after the data set's mean [D] is taken off: [N]."""
    return F.cosine_similarity(a - mean, b - mean, dim=-1)


def measure(encoders, seed=0, count=200):
    """How alike each family's pairs look to each site, and how many it tells apart.

    A pair is seen when it is less alike than 95 % of the nuisance pairs are.  Returns {"families": {family:
    {site: {"similarity": mean, "seen": share}}}, "named": share of scenes whose colour and shape SigLIP names}.
    """
    if count < 2:
        raise ValueError(f"count must be at least 2, got {count}")
    views = {}
    for family in FAMILIES:
        pairs = [pair(family, seed, index) for index in range(count)]
        views[family] = tuple(encoders([p[side] for p in pairs]) for side in (0, 1))
    means = {site: torch.cat([v[side][site] for v in views.values() for side in (0, 1)]).mean(dim=0) for site in SITES}
    result = {"seed": seed, "count": count, "families": {}}
    floor = {}
    for family in FAMILIES:  # nuisance comes first and sets the floor
        row = {}
        for site in SITES:
            alike = similarity(views[family][0][site], views[family][1][site], means[site])
            floor.setdefault(site, alike.quantile(0.05))
            row[site] = {
                "similarity": round(alike.mean().item(), 4),
                "seen": round((alike < floor[site]).float().mean().item(), 4),
            }
        result["families"][family] = row
    scenes = [pair("shape", seed, index)[1] for index in range(count)]
    told = [article(f"{s.things[0].color} {s.things[0].shape}") for s in scenes]
    named = encoders.names(scenes)
    result["named"] = round(sum(a == b for a, b in zip(named, told, strict=True)) / count, 4)
    return result


def as_table(result):
    """The result as text: mean centred similarity, and in brackets the share of pairs told apart."""
    lines = ["equal but for".ljust(16) + "".join(site.rjust(18) for site in SITES)]
    for family, row in result["families"].items():
        cells = "".join(f"{row[site]['similarity']:.2f} ({row[site]['seen']:.0%})".rjust(18) for site in SITES)
        lines.append(family.ljust(16) + cells)
    lines.append(f"SigLIP names colour and shape of {result['named']:.0%} of these objects")
    return "\n".join(lines)

"""Samples made beforehand, with what the frozen encoders see in their images, computed once."""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import torch
from tqdm import tqdm

from ..data.sample import Sample
from ..data.sources import sample
from ..hardware import memory
from ..processor import load_image

KEPT = memory() // 2  # bytes of features that are kept at most; those of tiny's live run take 3 GB


@dataclass
class Features:
    """What the adaptor's side needs of I images.

    pixels [I, 3, s, s]: SigLIP's input, for when SigLIP trains; low [I, P, D]: its tokens; late, early
    [I, g, g, D]: SAM's last and first global block.  None where the model lacks the encoder.

    Or, where nothing before the decoder trains any more, tokens [I, P, D] alone: what the adaptor made of them.
    """

    pixels: torch.Tensor | None = None
    low: torch.Tensor | None = None
    late: torch.Tensor | None = None
    early: torch.Tensor | None = None
    tokens: torch.Tensor | None = None

    def __getitem__(self, index):
        return Features(*(None if x is None else x[index] for x in vars(self).values()))

    def to(self, device):
        """The same on a device."""
        return Features(*(None if x is None else x.to(device) for x in vars(self).values()))


class Seen:
    """What stands in for the Features of many images where they'd take too much memory: computed when asked for.

    pictures: the images, a sequence; whatever `Processor.pixels` takes.
    """

    def __init__(self, model, processor, pictures):
        self.model, self.processor, self.pictures = model, processor, pictures

    def __getitem__(self, index):
        return encode(self.model, self.processor, [self.pictures[i] for i in index.tolist()])


@dataclass
class Pool:
    """Samples and the features of all their images, one after another.

    first[i] is the place of sample i's first image.
    """

    samples: list
    first: list
    features: Features | Seen

    def take(self, indices):
        """The chosen samples, and the features of their images in reading order."""
        chosen = [self.samples[i] for i in indices]
        places = [self.first[i] + k for i in indices for k in range(len(self.samples[i].images))]
        return chosen, self.features[torch.tensor(places, dtype=torch.long)]


def _draw(job):
    source, seed, index, split, difficulty, size = job
    made = sample(source, seed, index, split, difficulty)
    return made, made.pictures(size)


def draw(plan, seed, size, split="train", workers=None):
    """Make samples and draw their images, in as many processes as there are cores, or `workers`.

    plan: (source, count, low, high) rows; difficulty runs evenly over low..high within each.  No two rows of a
    source give the same sample.  Returns the samples and, for each, its list of PIL images.
    """
    jobs, given = [], Counter()
    for source, count, low, high in plan:
        for index in range(given[source], given[source] + count):
            at = (index * 0.618034) % 1  # evenly spread, whatever the count
            jobs.append((source, seed, index, split, low + (high - low) * at, size))
        given[source] += count
    if workers != 1 and len(jobs) > 200:
        with ProcessPoolExecutor(workers) as processes:
            made = list(processes.map(_draw, jobs, chunksize=50))
    else:
        made = [_draw(job) for job in jobs]
    return [m[0] for m in made], [m[1] for m in made]


@torch.no_grad()
def encode(model, processor, images, batch=64, progress=None, tokens=False):
    """Features of images (PIL, paths or bytes), `batch` at a time, on the model's device; kept on the CPU.

    tokens: only the finished image tokens are kept, a tenth of the memory.
    """
    kept, device = {}, next(model.parameters()).device

    def keep(name, at, part):
        """Into one tensor from the start: a list joined at the end would need twice the memory."""
        if name not in kept:
            kept[name] = part.new_empty((len(images), *part.shape[1:]), device="cpu")
        kept[name][at : at + len(part)] = part

    for start in tqdm(range(0, len(images), batch), desc=progress, disable=progress is None, unit="batch"):
        some = [load_image(image) for image in images[start : start + batch]]
        pixels = {k: v.to(device, model.dtype) for k, v in processor.pixels(some).items()}
        if tokens:
            keep("tokens", start, model.image_embeddings(**pixels))
            continue
        if model.vision.siglip:
            keep("pixels", start, pixels["pixel_values"])
            keep("low", start, model.vision.siglip(pixels["pixel_values"]))
        if model.vision.sam:
            late, early = model.vision.sam.embed(pixels["high_res_pixel_values"])
            keep("late", start, late)
            keep("early", start, early)
    return Features(**kept)


def image_embeddings(model, features, siglip_trains=False):
    """Features -> image tokens in the decoder's width [I, P, D], with gradients for what trains."""
    if features.tokens is not None:
        return features.tokens
    low = high = None
    if model.vision.siglip:
        low = model.vision.siglip(features.pixels) if siglip_trains else features.low
    if model.vision.sam:
        high = model.vision.sam.tokens(features.late, features.early)
    return model.adaptor(low, high)


def feature_bytes(config, tokens=False):
    """Bytes of one image's Features, in float32."""
    if tokens:
        return 4 * config.image_tokens * config.decoder.width
    low, high = config.siglip, config.sam
    numbers = 3 * low.image_size**2 + low.grid**2 * low.width if low else 0
    return 4 * (numbers + (2 * high.grid**2 * high.width if high else 0))


def pool_of(model, processor, samples, pictures, progress=None, kept=KEPT, batch=64, tokens=False):
    """A Pool of samples and, for each, its images, encoded `batch` at a time (see `encode`).

    Features beyond `kept` bytes are computed at each step anew.
    """
    first, flat = [], []
    for images in pictures:
        first.append(len(flat))
        flat += images
    if len(flat) * feature_bytes(model.config, tokens) > kept:
        return Pool(samples, first, Seen(model, processor, flat))
    return Pool(samples, first, encode(model, processor, flat, batch, progress, tokens))


def make_pool(model, processor, plan, seed, split="train", workers=None, progress=None, tokens=False):
    """A Pool of fresh samples by `plan` (see `draw`); tokens: see `encode`."""
    size = (model.config.sam or model.config.siglip).image_size
    # deviation: images-drawn-once
    return pool_of(model, processor, *draw(plan, seed, size, split, workers), progress, tokens=tokens)


def text_pool(shares, count, seed, split="train") -> list[Sample]:
    """`count` text-only samples by their shares' weights."""
    total = sum(share.weight for share in shares)
    out = []
    for share in shares:
        for index in range(round(count * share.weight / total)):
            at = (index * 0.618034) % 1
            out.append(sample(share.source, seed, index, split, share.low + (share.high - share.low) * at))
    return out

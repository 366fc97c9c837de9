"""Stage 0: making the pretrained parts that DeepSeek-VL starts from.

The paper takes SigLIP, SAM and DeepSeek-LLM as they were published.  The miniature has to make its
own: SigLIP by the sigmoid loss on captions, SAM by promptable segmentation, the decoder on text.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from ..checkpoint import write_atomically
from ..config import IGNORE, PromptConfig, SiglipTextConfig
from ..data.collate import pad_right, row
from ..data.sources import PARAGRAPHS, sample
from ..data.world import regions
from ..decoder import Decoder
from ..init import initialise
from ..processor import normalise
from ..sam import Sam
from ..siglip import Siglip, sigmoid_loss
from ..tokenizer import Tokenizer
from .loop import Position, optimise
from .muon import groups_of
from .pool import draw, text_pool
from .stages import Share

CAPTION = "Describe this image."


@dataclass(frozen=True)
class SiglipRecipe:
    """How long SigLIP is pretrained and on what.

    lr: AdamW's; muon_lr: the matrices'; images: drawn beforehand; dark: how much more often those of objects on slate
    are shown.
    """

    steps: int = 14000
    batch: int = 96
    lr: float = 2e-3
    muon_lr: float = 0.02
    # With 60,000 each is seen 16 times, and counts are learnt by heart: found for 9 % of the images held out.
    images: int = 160000
    # On slate, the one dark ground, names are learnt last; red and green are about as bright as it.
    dark: float = 3.0
    mix: tuple = (
        Share("naming", 2, 0.2, 0.7), Share("naming", 4, 0.7),
        Share("digits", 1.5, 0.0, 0.6), Share("digits", 2.5, 0.6), Share("counting", 1.5), Share("relations", 1.5),
        Share("several-digits", 1), Share("signs", 0.7), Share("documents", 0.3, 0.3),
    )  # fmt: skip


@dataclass(frozen=True)
class SamRecipe:
    """How long SAM is pretrained and on what.

    prompts: asked about each image; boxes: the share of the steps whose prompts are boxes, not points.
    """

    steps: int = 2200
    batch: int = 32
    prompts: int = 4
    boxes: float = 0.2
    lr: float = 2e-3
    muon_lr: float = 0.02
    images: int = 12000
    mix: tuple = (
        Share("naming", 0.5), Share("counting", 3, 0.5), Share("relations", 1), Share("documents", 3, 0.3, 0.7),
        Share("free-documents", 2.5), Share("signs", 2), Share("several-digits", 1.5), Share("digits", 0.5),
    )  # fmt: skip


@dataclass(frozen=True)
class LanguageRecipe:
    """How long the decoder is pretrained and on what.  length: the tokens read of a row, at most."""

    steps: int = 1500
    batch: int = 32
    lr: float = 2e-3
    muon_lr: float = 0.02
    samples: int = 20000
    length: int = 192
    mix: tuple = (Share("english", 5), Share("chinese", 0.2), Share("grid", 2), Share("lists", 2), Share("repeats", 1))


RECIPES = {
    "tiny": {"siglip": SiglipRecipe(), "sam": SamRecipe(), "decoder": LanguageRecipe()},
    # For a GPU, whose step takes as long with four times the rows.  No run of it is recorded yet.
    "mini": {
        "siglip": SiglipRecipe(steps=6000, batch=384),
        "sam": SamRecipe(steps=1500),
        "decoder": LanguageRecipe(steps=2000, batch=96),
    },
}


def plan(mix, count):
    """(source, count, low, high) rows for `draw`, by the shares' weights."""
    total = sum(share.weight for share in mix)
    return [(s.source, round(count * s.weight / total), s.low, s.high) for s in mix]


def text_tower(config):
    """The text tower that goes with a ModelConfig's SigLIP: as wide, half as deep."""
    v = config.siglip
    return SiglipTextConfig(config.decoder.vocab_size, 24, v.width, max(1, v.layers // 2), v.heads, v.mlp_width)


def prompt_parts(config):
    """The prompt encoder and mask decoder that go with a ModelConfig's SAM."""
    wide = 2 * config.sam.neck_width
    # deviation: stage-0
    return PromptConfig(layers=1, heads=4, mlp_width=wide, iou_width=config.sam.neck_width)


def caption_ids(captions, tokenizer, length):
    """Captions -> ids [B, length], padded with the end token; longer ones are cut."""
    rows = [tokenizer.encode(caption)[:length] for caption in captions]
    return torch.tensor([row + [tokenizer.eos] * (length - len(row)) for row in rows])


def caption_of(sample):
    """What an alt text would say of the sample's image."""
    return dict(sample.turns)[CAPTION]


def siglip_images(pictures, config):
    """PIL scenes drawn at SAM's size -> [N, 3, s, s] for SigLIP, as the processor makes them."""
    size = config.siglip.image_size
    out = []
    for start in range(0, len(pictures), 256):
        x = torch.stack([torch.from_numpy(np.asarray(p).copy()) for p in pictures[start : start + 256]])
        x = x.permute(0, 3, 1, 2).float() / 255
        x = F.interpolate(x, size=(size, size), mode="bilinear", antialias=True, align_corners=False)
        out.append(normalise(x, config.siglip))
    return torch.cat(out)


def pretrain_siglip(
    config, tokenizer, out, recipe=SiglipRecipe(), seed=0, quiet=False, keeper=None, device="cpu", start=None
):
    """Contrastive pretraining with the sigmoid loss; returns (Siglip, metrics).  start: the Siglip it goes on from."""
    pixels, captions, weights, difficulty = [], [], [], []
    parts = max(1, recipe.images // 8000)  # a part at a time: at SAM's size all would take 8 GB
    for part in range(parts):
        rows = plan(recipe.mix, recipe.images // parts)
        samples, pictures = draw(rows, f"{seed}/{part}", (config.sam or config.siglip).image_size)
        pixels.append(siglip_images([p[0] for p in pictures], config).half())
        captions += [caption_of(s) for s in samples]
        difficulty += [s.difficulty for s in samples]
        weights += [recipe.dark if s.images[0].things and s.images[0].background == "slate" else 1.0 for s in samples]
    pixels = torch.cat(pixels)
    tower = text_tower(config)
    ids = caption_ids(captions, tokenizer, tower.length)
    distinct = {c: i for i, c in enumerate(dict.fromkeys(captions))}
    group = torch.tensor([distinct[c] for c in captions])
    some = torch.randperm(len(group), generator=torch.Generator().manual_seed(seed))[:500]
    share = float((group[:, None] == group[None, some]).float().mean())
    model = start or initialise(Siglip(config.siglip, tower, bias=np.log(share / (1 - share))), seed)
    model = model.to(device)
    easiest_first = torch.tensor(difficulty).argsort()
    weights = torch.tensor(weights)[easiest_first]
    draw_rng = torch.Generator().manual_seed(seed)

    def step(number):
        ready = min(1.0, 0.2 + number / (0.4 * recipe.steps))  # the share of the images in play
        at = torch.multinomial(weights[: int(ready * len(pixels))], recipe.batch, generator=draw_rng)
        chosen = easiest_first[at]
        captions, back = ids[chosen].unique(dim=0, return_inverse=True)  # many images share theirs
        logits = model(pixels[chosen].to(device).float(), captions.to(device))[:, back.to(device)]
        loss = sigmoid_loss(logits, (group[chosen][:, None] == group[chosen][None]).to(device))
        loss.backward()
        return {"loss": round(loss.item(), 5), "images": recipe.batch}

    groups = groups_of(model.named_parameters(), recipe.lr, recipe.muon_lr)
    carried = {"model": model, "draw": Position(draw_rng)}
    lines = optimise(
        "stage0-siglip", groups, recipe.steps, step, out, 50, quiet=quiet, counted="images", keeper=keeper,
        carried=carried,
    )  # fmt: skip
    return model.eval().cpu(), lines


def mask_loss(logits, target):
    """20 · focal + dice for each mask, and its IoU.

    logits [B, M, K, h, w]; target [B, M, h, w] boolean -> ([B, M, K], [B, M, K]).
    """
    target = target[:, :, None].to(logits.dtype).expand_as(logits)
    cross = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    p = logits.sigmoid()
    right = p * target + (1 - p) * (1 - target)
    balance = 0.25 * target + 0.75 * (1 - target)
    focal = (balance * cross * (1 - right) ** 2).mean(dim=(-2, -1))
    dice = 1 - (2 * (p * target).sum(dim=(-2, -1)) + 1) / ((p + target).sum(dim=(-2, -1)) + 1)
    with torch.no_grad():
        drawn, there = logits > 0, target > 0.5
        iou = (drawn & there).sum(dim=(-2, -1)) / (drawn | there).sum(dim=(-2, -1)).clamp(min=1)
    return 20 * focal + dice, iou


def coarse(mask, scale):
    """A boolean mask [S, S] at 1/scale of its side: True where at least half is covered."""
    side = mask.shape[0] // scale
    return mask.reshape(side, scale, side, scale).mean(axis=(1, 3)) >= 0.5


# What a point may ask for, and how often: the part it lies on; everything of its kind; on a letter also its line, or
# all text.  Of a kind there is no box.
LEVELS = {
    "thing": {"part": 0.5, "kind": 0.5},
    "digit": {"part": 0.5, "kind": 0.5},
    "letter": {"part": 0.45, "kind": 0.3, "line": 0.15, "text": 0.1},
}


def kind_of(part):
    """Things of one shape are of a kind, whatever their colour; so are equal letters, and equal digits."""
    return part["kind"], part["name"].split(" ")[-1]


def asked_for(parts, part, level):
    """Those of a picture's parts, by number from 1, that a prompt on one of them asks for at a level of `LEVELS`."""
    same = {
        "part": lambda other: other is part,
        "kind": lambda other: kind_of(other) == kind_of(part),
        "line": lambda other: other["group"] == part["group"],
        "text": lambda other: other["group"] is not None,
    }
    return [number for number, other in enumerate(parts, 1) if same[level](other)]


def prompts_for(region, parts, count, rng, scale, levels=LEVELS, box=False):
    """Prompts on parts of one image, and the mask each asks for.  levels: as `LEVELS`.

    Returns points [count, 1, 2] (x, y), or with `box` boxes [count, 4] (left, top, right, bottom, each off by up to a
    tenth of the longer side, as in SAM), and masks [count, size / scale, size / scale].
    """
    prompts, masks = [], []
    while len(prompts) < count:
        k = int(rng.integers(len(parts)))
        rows, columns = np.nonzero(region == k + 1)
        if not len(rows):
            continue
        shares = {level: share for level, share in levels[parts[k]["kind"]].items() if not (box and level == "kind")}
        level = rng.choice(list(shares), p=np.array(list(shares.values())) / sum(shares.values()))
        wanted = np.isin(region, asked_for(parts, parts[k], level))
        masks.append(coarse(wanted, scale))
        if box:
            rows, columns = np.nonzero(wanted)
            corners = np.array([columns.min(), rows.min(), columns.max(), rows.max()])
            prompts.append(corners + rng.uniform(-0.1, 0.1, 4) * max(corners[2:] - corners[:2]))
        else:
            at = int(rng.integers(len(rows)))
            prompts.append([[columns[at], rows[at]]])
    return np.array(prompts, dtype=np.float32), np.array(masks)


def pretrain_sam(config, out, recipe=SamRecipe(), seed=0, quiet=False, keeper=None, device="cpu"):
    """Promptable segmentation: a point on something, or a box around it -> its mask; returns (Sam, metrics)."""
    size, side = config.sam.image_size, 4 * config.sam.grid
    samples, pictures = draw(plan(recipe.mix, recipe.images), seed + 1, size)
    pictures = [np.asarray(p[0]) for p in pictures]
    known = {}  # regions, found when first asked for
    model = initialise(Sam(config.sam, prompt_parts(config)), seed).to(device)
    rng = np.random.default_rng([seed, 1])
    labels = torch.ones(recipe.batch, recipe.prompts, 1, device=device)

    def step(_):
        chosen = rng.integers(len(samples), size=recipe.batch).tolist()
        for i in chosen:
            if i not in known:
                known[i] = regions(samples[i].images[0], size)
        box = rng.random() < recipe.boxes
        asked = [prompts_for(*known[i], recipe.prompts, rng, size // side, box=box) for i in chosen]
        prompts, target = (torch.from_numpy(np.stack(part)).to(device) for part in zip(*asked, strict=True))
        prompts = {"boxes": prompts} if box else {"points": prompts, "labels": labels}
        pixels = torch.from_numpy(np.stack([pictures[i] for i in chosen])).to(device).permute(0, 3, 1, 2).float() / 255
        logits, guess = model(normalise(pixels, config.sam), **prompts)
        loss, iou = mask_loss(logits, target)
        best = loss[:, :, 1:].min(dim=2).values  # of the masks for ambiguity only the best is trained
        total = best.mean() + 0.3 * loss[:, :, 0].mean() + F.mse_loss(guess, iou)
        total.backward()
        return {
            "loss": round(total.item(), 5), "prompts": recipe.batch * recipe.prompts,
            "iou": round(iou[:, :, 1:].max(dim=2).values.mean().item(), 4),
        }  # fmt: skip

    groups = groups_of(model.named_parameters(), recipe.lr, recipe.muon_lr)
    carried = {"model": model, "draw": Position(rng)}
    lines = optimise(
        "stage0-sam", groups, recipe.steps, step, out, 50, quiet=quiet, counted="prompts", keeper=keeper,
        carried=carried,
    )  # fmt: skip
    model.vision.early_neck.load_state_dict(model.vision.neck.state_dict())  # as released: a copy to start from
    return model.eval().cpu(), lines


def pretrain_language(config, processor, out, recipe=LanguageRecipe(), seed=0, quiet=False, keeper=None, device="cpu"):
    """Next-token prediction on real English, a little Chinese, and text-only exercises; (Decoder, metrics)."""
    rows = [row(s, processor, "dialogues") for s in text_pool(recipe.mix, recipe.samples, seed + 2)]
    rng = np.random.default_rng([seed, 2])
    model = initialise(Decoder(config.decoder), seed).to(device)

    def window(row):
        ids, labels = row
        start = int(rng.integers(max(1, len(ids) - recipe.length + 1)))
        return ids[start : start + recipe.length], labels[start : start + recipe.length]

    def step(_):
        chosen = sorted((window(rows[i]) for i in rng.integers(len(rows), size=recipe.batch)), key=lambda r: len(r[0]))
        predicted = sum(label != IGNORE for _, labels in chosen for label in labels[1:])
        loss = 0.0
        for at in np.array_split(np.arange(len(chosen)), 3):
            ids, labels = (t.to(device) for t in pad_right([chosen[i] for i in at], config.pad_token_id))
            told = labels[:, 1:] != IGNORE
            logits = model.head(model(model.embed(ids))[:, :-1][told])
            part = F.cross_entropy(logits, labels[:, 1:][told], reduction="sum") / predicted
            part.backward()
            loss += part.item()
        return {"loss": round(loss, 5), "tokens": sum(len(ids) for ids, _ in chosen)}

    groups = groups_of(model.named_parameters(), recipe.lr, recipe.muon_lr)
    carried = {"model": model, "draw": Position(rng)}
    lines = optimise(
        "stage0-language", groups, recipe.steps, step, out, 100, quiet=quiet, keeper=keeper, carried=carried
    )
    return model.eval().cpu(), lines


def tokenizer_texts(seed=0):
    """What the shipped tokenizer is trained on: real English, Chinese, and the world's own words, as conversations."""
    from ..processor import SYSTEM_PROMPT

    yield from PARAGRAPHS["english"]("train")
    yield from PARAGRAPHS["chinese"]("train") * 20
    yield from [SYSTEM_PROMPT] * 300
    for source in (
        "naming",
        "counting",
        "relations",
        "documents",
        "signs",
        "digits",
        "several-digits",
        "lists",
        "repeats",
    ):
        for index in range(400):
            for question, answer in sample(source, seed, index).turns:
                yield f"User: <image_placeholder>\n{question}\n\nAssistant: {answer}"


def make_tokenizer(size, path):
    """Train the tokenizer and write it to `path`."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.train(tokenizer_texts(), size)
    write_atomically(path, tokenizer.to_json())
    return tokenizer

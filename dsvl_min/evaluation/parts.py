"""How good are the pretrained parts, each by its own measure, before any image meets a word?"""

import numpy as np
import torch
from torch.nn import functional as F

from ..data.sources import PARAGRAPHS, sample
from ..data.world import regions
from ..processor import Processor, normalise
from ..tokenizer import Tokenizer
from ..training.parts import pretrained
from ..training.stage0 import LEVELS, caption_ids, caption_of, prompts_for, siglip_images
from .tasks import bits_per_byte


@torch.no_grad()
def retrieval(siglip, tokenizer, config, source, seed=0, count=1000):
    """SigLIP finds each held-out image's caption among all captions that occur: share found first (R@1).

    grounds: the same for the images on each background.
    """
    made = [sample(source, seed, index, "held-out") for index in range(count)]
    captions = [caption_of(m) for m in made]
    choices = list(dict.fromkeys(captions))
    pixels = siglip_images([m.pictures((config.sam or config.siglip).image_size)[0] for m in made], config)
    image = torch.cat([siglip.pool(siglip.vision(part)) for part in pixels.split(100)])
    text = siglip.text(caption_ids(choices, tokenizer, siglip.text.config.length))
    best = (F.normalize(image, dim=-1) @ F.normalize(text, dim=-1).T).argmax(dim=1).tolist()
    right = [choices[i] == caption for i, caption in zip(best, captions, strict=True)]
    found = {"found": round(sum(right) / count, 4), "captions": len(choices), "count": count}
    marks = {}
    for scene, mark in zip((m.images[0] for m in made), right, strict=True):
        marks.setdefault(scene.background, []).append(mark)
    if len(marks) > 1:
        found["grounds"] = {ground: round(sum(some) / len(some), 4) for ground, some in sorted(marks.items())}
    return found


@torch.no_grad()
def mask_iou(sam, config, source, difficulty=1.0, seed=0, count=100, prompts=4, level="part", box=False):
    """SAM is shown a point on something, or a box around it: mean IoU of its best mask of three with what was meant.

    level: what was meant, one of stage 0's `LEVELS`: the part itself, all of its kind, its line or all text.
    """
    levels = {kind: {level: 1.0} for kind in LEVELS}
    size, side = config.sam.image_size, 4 * config.sam.grid
    rng, total = np.random.default_rng([seed, 9]), 0.0
    for start in range(0, count, 25):
        made = [sample(source, seed, i, "held-out", difficulty) for i in range(start, min(start + 25, count))]
        asked = [prompts_for(*regions(m.images[0], size), prompts, rng, size // side, levels, box) for m in made]
        where, target = (torch.from_numpy(np.stack(part)) for part in zip(*asked, strict=True))
        where = {"boxes": where} if box else {"points": where, "labels": torch.ones(len(made), prompts, 1)}
        pixels = np.stack([np.asarray(m.pictures(size)[0]) for m in made])
        pixels = normalise(torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255, config.sam)
        logits, _ = sam(pixels, **where)
        drawn, there = logits[:, :, 1:] > 0, target[:, :, None]
        iou = (drawn & there).sum(dim=(-2, -1)) / (drawn | there).sum(dim=(-2, -1)).clamp(min=1)
        total += iou.max(dim=2).values.mean(dim=1).sum().item()
    return round(total / count, 4)


def measure_parts(config, folder, seed=0, count=1000):
    """Every part in `folder`: retrieval by SigLIP, masks by SAM, bits per byte of English by the decoder.

    count: images a source for SigLIP; a tenth of them for SAM, a fifth as many paragraphs, 40 at least.
    """
    tokenizer = Tokenizer.load(folder / "tokenizer.json")
    result = {"seed": seed}
    if config.siglip:
        siglip = pretrained(config, folder, "siglip")
        result["retrieval"] = {
            source: retrieval(siglip, tokenizer, config, source, seed, count)
            for source in ("naming", "digits", "counting", "relations")
        }
    if config.sam:
        sam = pretrained(config, folder, "sam")
        result["mask_iou"] = {
            source: {
                "point": mask_iou(sam, config, source, difficulty, seed, count // 10),
                "box": mask_iou(sam, config, source, difficulty, seed, count // 10, box=True),
                "kind": mask_iou(sam, config, source, difficulty, seed, count // 10, level="kind"),
            }
            for source, difficulty in (
                ("naming", 1.0), ("counting", 1.0), ("documents", 0.4), ("signs", 1.0), ("several-digits", 1.0)
            )
        }  # fmt: skip
    reader = DecoderAlone(pretrained(config, folder, "decoder"))
    paragraphs = PARAGRAPHS["english"]("held-out")[: max(40, count // 5)]
    result["bits_per_byte"] = round(bits_per_byte(reader, Processor(tokenizer, config), paragraphs), 4)
    result["continuation"] = continuation(reader.decoder, tokenizer, config, paragraphs)
    return result


@torch.no_grad()
def continuation(decoder, tokenizer, config, paragraphs, length=24, choices=4):
    """Which of four goes on from a paragraph's beginning, its own next words or other paragraphs' words?

    length: tokens of the beginning and of what follows; paragraphs that are shorter are left out.  The decoder chooses
    what it predicts best.  Returns {"right": the share chosen rightly, "chance", "count"}.  Raises ValueError if fewer
    than four are long enough.
    """
    rows = [tokenizer.encode(paragraph)[: 2 * length] for paragraph in paragraphs]
    rows = torch.tensor([ids for ids in rows if len(ids) == 2 * length])
    if len(rows) < choices:
        raise ValueError(f"{len(rows)} of {len(paragraphs)} paragraphs have {2 * length} tokens; {choices} are needed")
    device, right = decoder.embed.weight.device, 0
    for i in range(len(rows)):
        others = torch.arange(i, i + choices) % len(rows)
        begin = torch.cat([torch.tensor([config.bos_token_id]), rows[i, :length]]).expand(choices, -1)
        read = torch.cat([begin, rows[others, length:]], dim=1).to(device)
        logits = decoder.head(decoder(decoder.embed(read))[:, length:-1])
        likely = logits.log_softmax(dim=-1).gather(2, read[:, length + 1 :, None]).sum(dim=(1, 2))
        right += int(likely.argmax() == 0)
    return {"right": round(right / len(rows), 4), "chance": 1 / choices, "count": len(rows)}


class DecoderAlone:
    """A decoder that is not yet inside a DeepSeekVL, as `bits_per_byte` wants it."""

    def __init__(self, decoder):
        self.decoder, self.device = decoder, decoder.embed.weight.device

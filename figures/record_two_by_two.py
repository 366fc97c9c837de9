"""Record the two by two of chapter 9: an encoder's objective against its resolution, everything else equal.

    OMP_NUM_THREADS=1 python figures/record_two_by_two.py SEED [KIND SIDE [TIMES]]   # kept in runs/two-by-two
    python figures/record_two_by_two.py join                        # writes figures/results/two-by-two.json

Four encoders of one architecture (SigLIP's, three blocks of width 64, patches of 8 pixels) see the same pictures in the
same order for the same number of steps.  Two match them with their captions, two cut out what a point means; of each,
one at 48 pixels and one at 128.  Then they are frozen, every grid is brought to 6 by 6 cells, and one linear probe asks
for facts.  A random encoder of each resolution is the control.

EXPECTED was written before the first run (see the commit of this file).  A pilot at 48 pixels had chosen the number
of steps, so of the cells at 48 something was known; of those at 128 nothing.

After the first run the loss of matching at 128 pixels still lay on the plateau of a model that knows colours only.  So
both matching encoders were trained again, three times as long (LONGER_EXPECTED, written before that).
"""

import json
import sys
import time

import numpy as np
import recorded
import torch
from torch import nn
from torch.nn import functional as F

from dsvl_min.checkpoint import WEIGHTS
from dsvl_min.config import WORLD_MEAN, WORLD_STD, ModelConfig, SamConfig, SiglipConfig
from dsvl_min.data.world import regions
from dsvl_min.init import initialise
from dsvl_min.probes.cells import asked, cells, probe, rows
from dsvl_min.processor import normalise
from dsvl_min.sam import MaskDecoder, Neck, PromptEncoder
from dsvl_min.siglip import Siglip, SiglipEncoder, sigmoid_loss
from dsvl_min.tokenizer import Tokenizer
from dsvl_min.training.loop import optimise
from dsvl_min.training.muon import groups_of
from dsvl_min.training.pool import draw
from dsvl_min.training.stage0 import caption_ids, caption_of, mask_loss, prompt_parts, prompts_for, text_tower

EXPECTED = {  # shares of right answers, a guess for every cell
    "letter": {"random 48": 0.65, "matching 48": 0.50, "segmenting 48": 0.65,
               "random 128": 0.60, "matching 128": 0.55, "segmenting 128": 0.90},
    "direction": {"random 48": 0.60, "matching 48": 0.70, "segmenting 48": 0.90,
                  "random 128": 0.60, "matching 128": 0.75, "segmenting 128": 0.95},
    "shape": {"random 48": 0.50, "matching 48": 0.75, "segmenting 48": 0.80,
              "random 128": 0.50, "matching 128": 0.85, "segmenting 128": 0.90},
    "colour": {"random 48": 0.95, "matching 48": 1.00, "segmenting 48": 0.95,
               "random 128": 0.95, "matching 128": 1.00, "segmenting 128": 0.95},
}  # fmt: skip
WHY = (
    "Resolution alone does little: matching is never rewarded for a letter, at 48 pixels or at 128, and may lose what "
    "a random encoder passes on. The gain of the hybrid is the corner where a high resolution meets an objective that "
    "asks for edges. Direction needs the objective and hardly the resolution."
)
LONGER = 3
LONGER_EXPECTED = {  # after three times the steps
    "letter": {"matching 48": 0.45, "matching 128": 0.60}, "direction": {"matching 48": 0.75, "matching 128": 0.75},
    "shape": {"matching 48": 0.88, "matching 128": 0.88}, "colour": {"matching 48": 1.00, "matching 128": 1.00},
}  # fmt: skip
STEPS, BATCH, PROMPTS, IMAGES = 800, 48, 2, 5000
# What a point asks for.  Never, as in stage 0, all of a kind: that would reward telling letters and shapes apart.
LEVELS = {"thing": {"part": 1.0}, "digit": {"part": 1.0}, "letter": {"part": 0.6, "line": 0.25, "text": 0.15}}
SIDES = (48, 128)
PROBED = {"letter": (300, 120), "direction": (1200, 500), "shape": (1200, 500), "colour": (1200, 500)}
RUNS = recorded.ROOT / "runs" / "two-by-two"


def sizes(side):
    """The configuration of one resolution; its `sam` only says how the mask decoder is to be sized."""
    common = dict(image_size=side, patch_size=8, width=64, layers=3, heads=4, mlp_width=256)
    sam = SamConfig(**common, window=5, global_layers=(2,), neck_width=32, token_grid=6)
    decoder = ModelConfig.preset("tiny")
    return ModelConfig(
        decoder=decoder.decoder, siglip=SiglipConfig(**common), sam=None, bos_token_id=2045, eos_token_id=2046,
        pad_token_id=2046, image_token_id=2047,
    ), sam  # fmt: skip


def resize(pixels, side):
    """[N, 3, S, S] from 0 to 1 -> the encoder's input at a side, normalised."""
    if side != pixels.shape[-1]:
        pixels = F.interpolate(pixels, size=(side, side), mode="bilinear", antialias=True, align_corners=False)
    return normalise(pixels, WORLD)


class WORLD:
    """The world's mean and spread, for both resolutions."""

    mean, std = WORLD_MEAN, WORLD_STD


class Segmenter(nn.Module):
    """SigLIP's encoder in SAM's place: neck, prompt encoder and mask decoder are SAM's."""

    def __init__(self, config, sam, prompt):
        super().__init__()
        self.vision, self.neck = SiglipEncoder(config), Neck(sam)
        self.prompt, self.decoder = PromptEncoder(sam, prompt), MaskDecoder(sam, prompt)

    def forward(self, pixels, points, labels):
        g = self.vision.config.grid
        image = self.neck(self.vision(pixels).unflatten(1, (g, g)))
        sparse, dense = self.prompt(points, labels)
        return self.decoder(image, self.prompt.image_positions(), sparse, dense)


def pool(seed):
    """The pictures that all four see, with captions and scenes: two in three objects, one in three pages."""
    plan = [("naming", IMAGES * 2 // 3, 0.0, 0.45), ("documents", IMAGES // 3, 0.3, 0.49)]
    samples, pictures = draw(plan, seed + 90, 128, workers=1)
    order = np.random.default_rng(seed).permutation(len(samples))
    pixels = np.stack([np.asarray(pictures[i][0]) for i in order])
    return [samples[i] for i in order], torch.from_numpy(pixels).permute(0, 3, 1, 2)


def batches(seed, count):
    """The order in which pictures are shown, the same for all four."""
    rng = np.random.default_rng([seed, 7])
    return lambda: torch.from_numpy(rng.integers(count, size=BATCH))


def match(side, seed, samples, pixels):
    """Contrastive pretraining with the sigmoid loss."""
    config, _ = sizes(side)
    tower = text_tower(config)
    tokenizer = Tokenizer.load(WEIGHTS / "tiny-parts" / "tokenizer.json")
    captions = [caption_of(s) for s in samples]
    ids = caption_ids(captions, tokenizer, tower.length)
    distinct = {c: i for i, c in enumerate(dict.fromkeys(captions))}
    group = torch.tensor([distinct[c] for c in captions])
    share = float((group[:500, None] == group[None, -500:]).float().mean())
    model = initialise(Siglip(config.siglip, tower, bias=np.log(share / (1 - share))), seed)
    chosen = batches(seed, len(samples))

    def step(_):
        at = chosen()
        told, back = ids[at].unique(dim=0, return_inverse=True)
        logits = model(resize(pixels[at].float() / 255, side), told)[:, back]
        loss = sigmoid_loss(logits, group[at][:, None] == group[at][None])
        loss.backward()
        return {"loss": loss.item(), "images": BATCH}

    return model, step


def segment(side, seed, samples, pixels):
    """Promptable segmentation: a point on something -> its mask."""
    config, sam = sizes(side)
    model = Segmenter(config.siglip, sam, prompt_parts(type("Sized", (), {"sam": sam})))
    initialise(model, seed)
    known, rng, chosen = {}, np.random.default_rng([seed, 8]), batches(seed, len(samples))
    fine = 4 * sam.grid
    labels = torch.ones(BATCH, PROMPTS, 1)

    def step(_):
        at = chosen()
        for i in at.tolist():
            if i not in known:
                known[i] = regions(samples[i].images[0], side)
        prompts = [prompts_for(*known[i], PROMPTS, rng, side // fine, LEVELS) for i in at.tolist()]
        points, target = (torch.from_numpy(np.stack(part)) for part in zip(*prompts, strict=True))
        logits, guess = model(resize(pixels[at].float() / 255, side), points, labels)
        loss, iou = mask_loss(logits, target)
        total = loss[:, :, 1:].min(dim=2).values.mean() + 0.3 * loss[:, :, 0].mean() + F.mse_loss(guess, iou)
        total.backward()
        return {"loss": total.item(), "images": BATCH, "iou": iou[:, :, 1:].max(dim=2).values.mean().item()}

    return model, step


@torch.no_grad()
def grid_of(encoder, pixels, side):
    """Cells [N, 6, 6, 16 D] of a frozen encoder."""
    g = encoder.config.grid
    return torch.cat([cells(encoder(resize(part, side)).unflatten(1, (g, g)), 6) for part in pixels.split(50)])


def ask(encoder, side, questions):
    """{fact: share of right answers}."""
    told = {}
    for fact, sets in questions.items():
        told[fact] = round(probe(*(rows(grid_of(encoder, pixels, side), answers) for pixels, answers in sets)), 4)
    return told


def run(seed, kind=None, side=None, times=1):
    """The four and the two random ones, or one of them; every finished one is written down."""
    RUNS.mkdir(parents=True, exist_ok=True)
    questions = {f: [asked(f, n, 1000 * seed + k) for k, n in enumerate(counts, 1)] for f, counts in PROBED.items()}
    samples, pixels = pool(seed) if kind != "random" else (None, None)
    for size in SIDES if side is None else (int(side),):
        for name, begin in (("random", None), ("segmenting", segment), ("matching", match)):
            if kind not in (None, name):
                continue
            if begin is None:
                encoder = initialise(SiglipEncoder(sizes(size)[0].siglip), seed).eval()
                note(seed, f"random {size}", ask(encoder, size, questions))
                continue
            started = time.time()
            torch.manual_seed(seed)
            model, step = begin(size, seed, samples, pixels)
            groups = groups_of(model.named_parameters(), 2e-3, 0.02)
            lines = optimise(f"{name}-{size}", groups, STEPS * int(times), step, RUNS / "log", warmup=50, quiet=True,
                             counted="images")  # fmt: skip
            minutes = round((time.time() - started) / 60, 2)
            told = ask(model.vision.eval(), size, questions)
            note(seed, f"{name} {size}" + (" longer" if int(times) > 1 else ""), told, minutes=minutes,
                 loss=[round(float(np.mean([line["loss"] for line in lines[k : k + 50]])), 3)
                       for k in range(0, len(lines), 50)])  # fmt: skip


def note(seed, name, told, **more):
    """Write a finished encoder's marks down."""
    print(seed, name, told, more, flush=True)
    path = RUNS / f"{seed} {name}.json"
    path.write_text(json.dumps({"seed": seed, "encoder": name, "right": told, **more}), encoding="utf-8")


def join():
    """All finished seeds -> figures/results/two-by-two.json."""
    found = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(RUNS.glob("*.json"))]
    found = [{key: f[key] for key in f if key != "steps"} for f in found]
    recorded.write(
        "two-by-two",
        "Is it the resolution or the objective that lets one linear probe read a fact off an encoder's cells?",
        "python figures/record_two_by_two.py SEED, then join",
        seeds=[f["seed"] for f in found],
        data={
            "steps": STEPS, "batch": BATCH, "prompts": PROMPTS, "images": IMAGES, "probed": PROBED,
            "chance": {"letter": 1 / 34, "direction": 0.25, "shape": 0.125, "colour": 0.125},
            "expected": EXPECTED, "why": WHY, "longer": LONGER, "longer_expected": LONGER_EXPECTED, "encoders": found,
        },
    )  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:] == ["join"]:
        join()
    else:
        run(int(sys.argv[1]), *sys.argv[2:])

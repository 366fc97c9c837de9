"""Record the matched-resolution control of chapter 9: one decoder, one recipe, four ways of seeing.

    OMP_NUM_THREADS=1 python figures/record_matched_resolution.py encoder             # SigLIP at 128 pixels
    OMP_NUM_THREADS=1 python figures/record_matched_resolution.py KIND,… SEED,…       # trains and asks
    python figures/record_matched_resolution.py join                                  # writes the record

Everything is kept in runs/matched.  The kinds: "siglip 48" and "sam 128" (one encoder each), "hybrid" (both), and
"siglip 128", the control: SigLIP at SAM's resolution, in SAM's place.  Its 256 patches go to the 36 tokens by SAM's own
way (neck, resize, two convolutions of stride 2, and the early branch beside), trained as SAM's is.  It begins as the
shipped SigLIP with its positions stretched from 6 by 6 to 16 by 16 and is trained on by the same loss.

All read the same pictures by the live recipe, with one change: SigLIP stays frozen in stage 3 as SAM does, so that
what is compared is what pretraining left in each.  SAM's neck begins as segmenting left it, that of SigLIP at 128
at random; SigLIP at 48 has neither neck nor convolutions to train.  The seed decides the adaptor's start and the order
of the batches.

EXPECTED was written before the first run (see the commit of this file).  Known by then: sixty steps at 128 pixels, and
the stretched SigLIP found 88 % of the captions of single objects and 76 % of the digits.
"""

import json
import sys
import time
from dataclasses import replace

import recorded
import torch
from torch.nn import functional as F

from dsvl_min.checkpoint import WEIGHTS
from dsvl_min.config import ModelConfig, SiglipConfig
from dsvl_min.data.sources import PARAGRAPHS
from dsvl_min.evaluation.parts import retrieval
from dsvl_min.evaluation.tasks import TASKS, bits_per_byte, evaluate
from dsvl_min.init import initialise
from dsvl_min.model import DeepSeekVL
from dsvl_min.processor import Processor
from dsvl_min.sam import SamEncoder
from dsvl_min.siglip import Siglip, SiglipEncoder
from dsvl_min.tokenizer import Tokenizer
from dsvl_min.training.parts import assemble, pretrained
from dsvl_min.training.pool import make_pool, text_pool
from dsvl_min.training.stage0 import SiglipRecipe, pretrain_siglip, text_tower
from dsvl_min.training.stages import STAGES
from dsvl_min.training.trainer import run_stage

EXPECTED = {  # shares of right answers, a guess for every cell
    "naming": {"siglip 48": 0.70, "siglip 128": 0.65, "sam 128": 0.65, "hybrid": 0.78},
    "grid documents": {"siglip 48": 0.60, "siglip 128": 0.60, "sam 128": 0.95, "hybrid": 0.95},
    "ragged documents": {"siglip 48": 0.30, "siglip 128": 0.30, "sam 128": 0.60, "hybrid": 0.60},
    "handwritten digit": {"siglip 48": 0.65, "siglip 128": 0.65, "sam 128": 0.60, "hybrid": 0.78},
    "counting": {"siglip 48": 0.43, "siglip 128": 0.42, "sam 128": 0.43, "hybrid": 0.43},
    "relations": {"siglip 48": 0.43, "siglip 128": 0.42, "sam 128": 0.42, "hybrid": 0.43},
    "signs": {"siglip 48": 0.0, "siglip 128": 0.0, "sam 128": 0.0, "hybrid": 0.0},
    "free documents": {"siglip 48": 0.08, "siglip 128": 0.08, "sam 128": 0.09, "hybrid": 0.09},
    "several digits": {"siglip 48": 0.01, "siglip 128": 0.01, "sam 128": 0.01, "hybrid": 0.01},
}  # fmt: skip
WHY = (
    "Pages are what SAM brings, and not its pixels alone: SigLIP at 128 pixels is no better at them than at 48. Names "
    "and digits come from both. The hybrid equals the better of its two encoders and is above both for names."
)
COUNT, SEED = 300, 1
KINDS = {"siglip 48": "siglip", "siglip 128": "sam", "sam 128": "sam", "hybrid": "hybrid"}
SIDE, IMAGES, BATCH, STEPS = 128, 40000, 96, 840
PARTS = WEIGHTS / "tiny-parts"
RUNS = recorded.ROOT / "runs" / "matched"


def sharp():
    """The tiny model's SigLIP at 128 pixels."""
    return replace(ModelConfig.preset("tiny").siglip, image_size=SIDE)


def config_of(kind):
    """The tiny model with one of the four ways of seeing."""
    config = ModelConfig.preset("tiny", KINDS[kind])
    if kind != "siglip 128":
        return config
    wide = {name: getattr(sharp(), name) for name in ("width", "layers", "heads", "mlp_width")}
    return replace(config, sam=replace(config.sam, **wide))


class SharpSiglip(SamEncoder):
    """SigLIP's blocks where SAM's were; neck, resize, convolutions and early branch are SAM's."""

    def __init__(self, sam, siglip: SiglipConfig):
        super().__init__(sam)
        self.patches = self.positions = self.blocks = None
        self.siglip = SiglipEncoder(siglip)

    def embed(self, pixels):
        """[B, 3, S, S] -> features [B, g, g, D] after the last block, normalised, and early."""
        kept = []
        block = self.siglip.blocks[min(self.config.global_layers)]
        handle = block.register_forward_hook(lambda _, __, out: kept.append(out))
        late = self.siglip(pixels)
        handle.remove()
        return tuple(x.unflatten(1, (self.config.grid, self.config.grid)) for x in (late, kept[0]))


def stretched():
    """The shipped SigLIP, both towers, with positions for 128 pixels."""
    small = ModelConfig.preset("tiny", "siglip")
    state = pretrained(small, PARTS, "siglip").state_dict()
    old, new = small.siglip.grid, sharp().grid
    places = state["vision.positions"].T.unflatten(1, (old, old))[None]
    places = F.interpolate(places, size=(new, new), mode="bicubic", align_corners=False)
    state["vision.positions"] = places[0].flatten(1).T.contiguous()
    model = Siglip(sharp(), text_tower(small))
    model.load_state_dict(state)
    return model


def encoder():
    """Train SigLIP on at 128 pixels; a gate's measures are kept beside the weights."""
    config = replace(ModelConfig.preset("tiny", "siglip"), siglip=sharp())
    tokenizer, started = Tokenizer.load(PARTS / "tokenizer.json"), time.time()
    recipe = SiglipRecipe(steps=STEPS, batch=BATCH, images=IMAGES, lr=1e-3, muon_lr=0.01)
    model, lines = pretrain_siglip(config, tokenizer, RUNS / "encoder", recipe, start=stretched())
    found = {
        "minutes": round((time.time() - started) / 60, 1), "steps": STEPS, "batch": BATCH, "images": IMAGES,
        "losses": [round(sum(x["loss"] for x in lines[k : k + 50]) / len(lines[k : k + 50]), 3)
                   for k in range(0, len(lines), 50)],
        "retrieval": {s: retrieval(model, tokenizer, config, s, SEED) for s in ("naming", "digits")},
    }  # fmt: skip
    torch.save(model.vision.state_dict(), RUNS / "siglip-128.pt")
    (RUNS / "encoder.json").write_text(json.dumps(found), encoding="utf-8")
    print(found, flush=True)


def start(kind, seed):
    """(model, processor) at the beginning of stage 1."""
    config = config_of(kind)
    if kind != "siglip 128":
        return assemble(config, PARTS, seed)
    model = DeepSeekVL(config)
    model.vision.sam = SharpSiglip(config.sam, sharp())
    initialise(model, seed)
    model.vision.sam.siglip.load_state_dict(torch.load(RUNS / "siglip-128.pt", weights_only=True))
    model.decoder.load_state_dict(pretrained(config, PARTS, "decoder").state_dict())
    return model, Processor(Tokenizer.load(PARTS / "tokenizer.json"), config)


def run(kinds, seeds):
    """Train each kind with each seed, ask it, and write its marks down."""
    recipe = STAGES["tiny"]
    most = "hybrid" if len(kinds) > 1 else kinds[0]  # whose encoders are among those of all kinds asked for
    pool, texts = make_pool(*start(most, 0), recipe.images, 0, workers=1), text_pool(recipe.texts, recipe.text_count, 0)
    for seed in seeds:
        for kind in kinds:
            model, processor = start(kind, seed)
            out, minutes = RUNS / f"{kind}-{seed}", {}
            for stage in recipe.stages:
                began = time.time()
                frozen = {part: rate for part, rate in stage.lr.items() if part != "siglip"}
                stage = replace(stage, lr=frozen, muon={p: r for p, r in stage.muon.items() if p in frozen})
                lines = run_stage(model, processor, stage, pool, texts, out, seed, quiet=True,
                                  write=lambda *_: None)  # fmt: skip
                minutes[stage.name] = round((time.time() - began) / 60, 2)
                print(kind, seed, stage.name, minutes[stage.name], lines[-1], flush=True)
            table = evaluate(model, processor, SEED, COUNT, controls=("image", "blank"), quiet=True)
            bits = bits_per_byte(model, processor, PARAGRAPHS["english"]("held-out")[:200])
            right = {t: {c: row[c] for c in ("image", "blank")} for t, row in table["tasks"].items()}
            found = {"kind": kind, "seed": seed, "minutes": minutes, "right": right, "bits_per_byte": round(bits, 4)}
            torch.save(model.state_dict(), out / "model.pt")
            (RUNS / f"{kind}-{seed}.json").write_text(json.dumps(found), encoding="utf-8")
            print(kind, seed, {t: marks["image"] for t, marks in right.items()}, round(bits, 4), flush=True)


def join():
    """All finished runs -> figures/results/matched-resolution.json."""
    found = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(RUNS.glob("*-*.json"))]
    recorded.write(
        "matched-resolution",
        "Does the hybrid help because it has SAM, or because one of its encoders sees more pixels?",
        "python figures/record_matched_resolution.py encoder, then KINDS SEEDS, then join",
        seeds=[f["seed"] for f in found],
        data={
            "count": COUNT, "expected": EXPECTED, "why": WHY, "runs": found,
            "scores": {t.name: t.score for t in TASKS},
            "encoder": json.loads((RUNS / "encoder.json").read_text(encoding="utf-8")),
        },
    )  # fmt: skip


if __name__ == "__main__":
    RUNS.mkdir(parents=True, exist_ok=True)
    if sys.argv[1:] == ["join"]:
        join()
    elif sys.argv[1:] == ["encoder"]:
        encoder()
    else:
        run(sys.argv[1].split(","), [int(seed) for seed in sys.argv[2].split(",")])

"""Record what the share of text in stage 2 does to the language and to the eyes (chapter 12).

    python figures/record_text_share.py SEED      # one stage 1, then stage 2 with every share; kept in runs/text-share
    python figures/record_text_share.py SEED fresh    # again with 70 %, over many more different texts
    python figures/record_text_share.py join          # writes figures/results/text-share.json

Every run of stage 2 has the same number of steps, as in the paper's own comparison (its Figure 4), so a page of text
takes the place of a page with a picture.  Measured on held-out data before stage 2 and after: bits per byte of English,
and the share of a page's tokens that the model predicts rightly when it may read what came before.

EXPECTED was written before the first run (see the commit of this file).

After the first seed English had got worse with more text than 20 %.  One suspicion: the texts are few, and 70 %
reads them three times over.  Hence `fresh`, with FRESH times as many, and its own expectation (FRESH_EXPECTED).
"""

import json
import sys
import time
from collections import Counter
from dataclasses import replace

import recorded
import torch

from dsvl_min.checkpoint import WEIGHTS, load
from dsvl_min.config import IGNORE, ModelConfig
from dsvl_min.data.collate import pad_right, page
from dsvl_min.data.text import english
from dsvl_min.evaluation.tasks import bits_per_byte
from dsvl_min.training.parts import assemble
from dsvl_min.training.pool import image_embeddings, make_pool, text_pool
from dsvl_min.training.stages import STAGES
from dsvl_min.training.trainer import run_stage

SHARES = (0.0, 0.2, 0.4, 0.7, 0.9)
EXPECTED = {  # a guess for every share
    "bits": {"0.0": 4.0, "0.2": 2.05, "0.4": 1.95, "0.7": 1.87, "0.9": 1.85},
    "things": {"0.0": 0.95, "0.2": 0.94, "0.4": 0.92, "0.7": 0.85, "0.9": 0.7},
    "pages": {"0.0": 0.95, "0.2": 0.93, "0.4": 0.85, "0.7": 0.5, "0.9": 0.2},
}  # fmt: skip
WHY = (
    "Without text the language is forgotten at once, and a fifth of text saves most of it. From there to seven tenths "
    "little more is saved, while the pages of letters, which need many labels, are read less and less well."
)
# what is asked of the eyes: captions of things, and pages of letters on a grid
ASKED = {
    "things": (("naming", 100, 1.0), ("counting", 100, 1.0), ("relations", 100, 1.0), ("digits", 100, 1.0)),
    "pages": (("documents", 200, 0.4),),
}
PARAGRAPHS = 200
TEXTS = 3000  # what tiny's recipe had when this was recorded
FRESH, FRESH_EXPECTED = 5, 1.80  # bits per byte with 70 %: hardly more than before stage 2
RUNS = recorded.ROOT / "runs" / "text-share"


@torch.no_grad()
def measure(model, processor, held):
    """{bits, things, pages}: bits per byte of held-out English, shares of page tokens predicted rightly.

    things_other, pages_other: the same with the picture of the next sample, of the same source, in its place.
    """
    found = {"bits": bits_per_byte(model, processor, english("held-out")[:PARAGRAPHS])}
    for kind, pool in held.items():
        right, count = Counter(), 0
        for start in range(0, len(pool.samples), 50):  # sources have a hundred samples each, or more
            samples, features = pool.take(range(start, min(start + 50, len(pool.samples))))
            ids, labels = pad_right([page(s, processor) for s in samples], processor.config.pad_token_id)
            told = labels[:, 1:] != IGNORE
            told &= labels[:, 1:] != processor.config.eos_token_id  # that a page ends is no sight
            images = image_embeddings(model, features)
            for name, shown in ((kind, images), (f"{kind}_other", images.roll(1, 0))):
                hidden = model.decoder(model.embed(ids, shown))[:, :-1]
                right[name] += int((model.decoder.head(hidden[told]).argmax(dim=-1) == labels[:, 1:][told]).sum())
            count += int(told.sum())
        found |= {name: number / count for name, number in right.items()}
    return {name: round(float(value), 4) for name, value in found.items()}


def run(seed):
    """Stage 1, then one stage 2 a share; what is finished is skipped."""
    RUNS.mkdir(parents=True, exist_ok=True)
    config, recipe = ModelConfig.preset("tiny"), STAGES["tiny"]
    model, processor = assemble(config, WEIGHTS / "tiny-parts", seed)
    pool = make_pool(model, processor, recipe.images, seed, progress="encoding images")
    texts = text_pool(recipe.texts, TEXTS, seed)
    held = {
        kind: make_pool(model, processor, tuple((s, n, d, d) for s, n, d in plan), 1000 + seed, "held-out")
        for kind, plan in ASKED.items()
    }
    start, first = recipe.stages[:2]
    run_stage(model, processor, start, pool, texts, RUNS / f"{seed}", seed)
    begun = {k: v.clone() for k, v in model.state_dict().items()}
    note(seed, None, measure(model, processor, held))
    for share in SHARES:
        if (RUNS / f"{seed} {share}.json").exists():
            continue
        model.load_state_dict(begun)
        began = time.time()
        stage = replace(first, text_share=share, text_mix=first.text_mix if share else ())
        lines = run_stage(model, processor, stage, pool, texts, RUNS / f"{seed}", seed)
        text = [line for line in lines if line["text"]]
        note(seed, share, measure(model, processor, held), minutes=round((time.time() - began) / 60, 2),
             text_steps=len(text), tokens=sum(line["tokens"] for line in lines),
             text_tokens=sum(line["tokens"] for line in text))  # fmt: skip


def fresh(seed, share=0.7):
    """Stage 2 once more, from the stage 1 that `run` left, over FRESH times as many texts."""
    recipe = STAGES["tiny"]
    model, processor = load(RUNS / f"{seed}" / "stage1")
    pool = make_pool(model, processor, recipe.images, seed, progress="encoding images")
    held = {
        kind: make_pool(model, processor, tuple((s, n, d, d) for s, n, d in plan), 1000 + seed, "held-out")
        for kind, plan in ASKED.items()
    }
    began, texts = time.time(), text_pool(recipe.texts, FRESH * TEXTS, seed)
    stage = replace(recipe.stages[1], text_share=share)
    run_stage(model, processor, stage, pool, texts, RUNS / f"{seed}", seed)
    minutes = round((time.time() - began) / 60, 2)
    note(seed, share, measure(model, processor, held), " fresh", fresh=FRESH, minutes=minutes)


def note(seed, share, found, name="", **more):
    """Write a finished run's numbers down."""
    print(seed, share, found, more, flush=True)
    path = RUNS / f"{seed} {share}{name}.json"
    path.write_text(json.dumps({"seed": seed, "share": share, **found, **more}), encoding="utf-8")


def join():
    """All finished seeds -> figures/results/text-share.json."""
    found = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(RUNS.glob("*.json"))]
    recorded.write(
        "text-share",
        "With the steps of stage 2 fixed, what does the share of text do to the language and to the eyes?",
        "python figures/record_text_share.py SEED, then SEED fresh, then join",
        seeds=[f["seed"] for f in found],
        data={"steps": STAGES["tiny"].stages[1].steps, "asked": ASKED, "paragraphs": PARAGRAPHS, "expected": EXPECTED,
              "why": WHY, "fresh_expected": FRESH_EXPECTED, "runs": found},
    )  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:] == ["join"]:
        join()
    elif sys.argv[2:] == ["fresh"]:
        fresh(int(sys.argv[1]))
    else:
        run(int(sys.argv[1]))

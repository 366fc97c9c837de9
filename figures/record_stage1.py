"""Record what stage 1 teaches, by what it may move and by how long it lasts (chapter 13).

    python figures/record_stage1.py SEED     # every run of one seed, a quarter of an hour; kept in runs/stage-1
    python figures/record_stage1.py join     # writes figures/results/stage-1.json

Stage 1 as `tiny` has it, with more or fewer parts trained, for half, once and twice its steps, each with its own
schedule.  Measured on held-out pages as stage 1 has them: the share of tokens that are predicted rightly when the page
may be read up to there; and the same with another picture of the same source, which is what needs no look.  EXPECTED
was written before the first run (see the commit of this file), with an earlier recipe; EXPECTED_OTHER, what is
predicted of things with another picture, before that was first measured, in the run that is kept.
"""

import json
import sys
from dataclasses import replace

import recorded
from record_text_share import measure

from dsvl_min.checkpoint import WEIGHTS
from dsvl_min.config import ModelConfig
from dsvl_min.training.parts import assemble
from dsvl_min.training.pool import make_pool
from dsvl_min.training.stages import STAGES
from dsvl_min.training.trainer import run_stage

TINY = STAGES["tiny"]
FIRST, RATES = TINY.stages[0], TINY.stages[1]
WAYS = {"adaptor": ("adaptor",), "necks": ("adaptor", "necks"), "decoder": ("adaptor", "necks", "decoder")}
STEPS = tuple(FIRST.steps * times // 2 for times in (1, 2, 4))
EXPECTED = {  # after the longest run
    "things": {"adaptor": 0.45, "necks": 0.5, "decoder": 0.75},
    "pages": {"adaptor": 0.5, "necks": 0.9, "decoder": 0.95},
}  # fmt: skip
EXPECTED_OTHER = {"adaptor": 0.35, "necks": 0.38, "decoder": 0.53}
WHY = (
    "An adaptor alone can name what SigLIP was trained to name and little else: letters reach it only through SAM's "
    "necks, which are random without training. With the necks pages are read. Twice the steps bring little to either; "
    "what is missing then is the decoder's to learn."
)
ASKED = {
    "things": (("naming", 100, 1.0), ("counting", 100, 1.0), ("relations", 100, 1.0), ("digits", 100, 1.0)),
    "pages": (("documents", 200, 0.2),),
}
RUNS = recorded.ROOT / "runs" / "stage-1"


def run(seed):
    """One stage 1 a way and a length; what is finished is skipped."""
    RUNS.mkdir(parents=True, exist_ok=True)
    model, processor = assemble(ModelConfig.preset("tiny"), WEIGHTS / "tiny-parts", seed)
    begun = {k: v.clone() for k, v in model.state_dict().items()}
    pool = make_pool(model, processor, TINY.images, seed, progress="encoding images")
    held = {
        kind: make_pool(model, processor, tuple((s, n, d, d) for s, n, d in plan), 1000 + seed, "held-out")
        for kind, plan in ASKED.items()
    }
    note(seed, "nothing", 0, measure(model, processor, held))
    for steps in STEPS:
        for way, parts in WAYS.items():
            if path(seed, way, steps).exists():
                continue
            model.load_state_dict(begun)
            rates = {part: FIRST.lr.get(part, RATES.lr[part]) for part in parts}
            muon = {part: FIRST.muon.get(part, RATES.muon[part]) for part in parts}
            stage = replace(FIRST, lr=rates, muon=muon, steps=steps)
            lines = run_stage(model, processor, stage, pool, [], RUNS / f"{seed}", seed, write=lambda *_: None)
            loss = sum(line["loss"] for line in lines[-20:]) / 20
            note(seed, way, steps, measure(model, processor, held), loss=round(loss, 4))


def path(seed, way, steps):
    """Where a finished run's numbers are."""
    return RUNS / f"{seed} {way} {steps}.json"


def note(seed, way, steps, found, **more):
    """Write them down."""
    print(seed, way, steps, found, more, flush=True)
    told = {"seed": seed, "way": way, "steps": steps, **found, **more}
    path(seed, way, steps).write_text(json.dumps(told), encoding="utf-8")


def join():
    """All finished runs -> figures/results/stage-1.json."""
    found = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(RUNS.glob("*.json"))]
    recorded.write(
        "stage-1",
        "What does stage 1 teach, by what it may move and by how long it lasts?",
        "python figures/record_stage1.py SEED, then join",
        seeds=sorted({f["seed"] for f in found}),
        data={
            "asked": ASKED,
            "steps": FIRST.steps,
            "expected": EXPECTED,
            "expected_other": EXPECTED_OTHER,
            "why": WHY,
            "runs": found,
        },
    )


if __name__ == "__main__":
    join() if sys.argv[1:] == ["join"] else run(int(sys.argv[1]))

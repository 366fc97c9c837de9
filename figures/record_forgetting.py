"""Record what stage 2 makes a language model forget, by its learning rate, its text and its ramp (chapter 14).

    python figures/record_forgetting.py SEED     # every run of one seed, half an hour; kept in runs/forgetting
    python figures/record_forgetting.py join     # writes figures/results/forgetting.json

One stage 1, then stage 2 from there: the decoder's learning rate a tenth of `tiny`'s own, a third, itself, three times;
without text and with a fifth; and for the two highest rates with text a ramp of 100 steps, over which text falls from
everything to its share.  Measured as in record_text_share.  EXPECTED was written before the first run.
"""

import json
import sys
from dataclasses import replace

import recorded
from record_text_share import ASKED, measure

from dsvl_min.checkpoint import WEIGHTS, load
from dsvl_min.config import ModelConfig
from dsvl_min.training.parts import assemble
from dsvl_min.training.pool import make_pool, text_pool
from dsvl_min.training.stages import STAGES
from dsvl_min.training.trainer import run_stage

TINY = STAGES["tiny"]
SCALES, SHARES, RAMP = (0.1, 0.3, 1.0, 3.0), (0.0, 0.2), 100
PLAN = [(scale, share, 0) for scale in SCALES for share in SHARES] + [(scale, 0.2, RAMP) for scale in SCALES[2:]]
EXPECTED = {  # bits per byte of English
    "0.0": {"0.1": 1.85, "0.3": 2.0, "1.0": 2.45, "3.0": 3.5},
    "0.2": {"0.1": 1.79, "0.3": 1.82, "1.0": 1.89, "3.0": 2.1},
    "ramp": {"1.0": 1.87, "3.0": 2.0},
}  # fmt: skip
WHY = (
    "A slow decoder forgets little and learns little, so the rate buys sight with language; text moves the whole curve "
    "down. The ramp helps only where the rate is so high that the first steps do damage."
)
RUNS = recorded.ROOT / "runs" / "forgetting"


def run(seed):
    """Stage 1, then one stage 2 a row of PLAN; what is finished is skipped."""
    RUNS.mkdir(parents=True, exist_ok=True)
    folder = RUNS / f"{seed}"
    model, processor = assemble(ModelConfig.preset("tiny"), WEIGHTS / "tiny-parts", seed)
    pool = make_pool(model, processor, TINY.images, seed, progress="encoding images")
    texts = text_pool(TINY.texts, TINY.text_count, seed)
    held = {
        kind: make_pool(model, processor, tuple((s, n, d, d) for s, n, d in plan), 1000 + seed, "held-out")
        for kind, plan in ASKED.items()
    }
    if not (folder / "stage1" / "config.json").exists():
        run_stage(model, processor, TINY.stages[0], pool, texts, folder, seed)
    model.load_state_dict(load(folder / "stage1")[0].state_dict())
    begun = {k: v.clone() for k, v in model.state_dict().items()}
    note(seed, None, 0.0, 0, measure(model, processor, held))
    plain = TINY.stages[1]
    for scale, share, ramp in sorted(PLAN, key=lambda row: abs(row[0] - 1)):  # tiny's own first: chapter 15 goes on
        if path(seed, scale, share, ramp).exists():
            continue
        model.load_state_dict(begun)
        lr, muon = ({**rates, "decoder": scale * rates["decoder"]} for rates in (plain.lr, plain.muon))
        mix = plain.text_mix if share else ()
        stage = replace(plain, lr=lr, muon=muon, text_share=share, text_mix=mix, ramp=ramp)
        own = (scale, share, ramp) == (1.0, 0.2, 0)
        more = {} if own else {"write": lambda *_: None}
        run_stage(model, processor, stage, pool, texts, folder, seed, **more)
        note(seed, scale, share, ramp, measure(model, processor, held))


def path(seed, scale, share, ramp):
    """Where a finished run's numbers are."""
    return RUNS / f"{seed} {scale} {share} {ramp}.json"


def note(seed, scale, share, ramp, found):
    """Write them down."""
    print(seed, scale, share, ramp, found, flush=True)
    told = {"seed": seed, "scale": scale, "share": share, "ramp": ramp, **found}
    path(seed, scale, share, ramp).write_text(json.dumps(told), encoding="utf-8")


def join():
    """All finished runs -> figures/results/forgetting.json."""
    found = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(RUNS.glob("*.json"))]
    recorded.write(
        "forgetting",
        "What does stage 2 make a language model forget, by its learning rate, its text and its ramp?",
        "python figures/record_forgetting.py SEED, then join",
        seeds=sorted({f["seed"] for f in found}),
        data={"asked": ASKED, "steps": TINY.stages[1].steps, "expected": EXPECTED, "why": WHY, "runs": found},
    )


if __name__ == "__main__":
    join() if sys.argv[1:] == ["join"] else run(int(sys.argv[1]))

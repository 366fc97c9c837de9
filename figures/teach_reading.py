"""Teach a trained run to read: letters into its image tokens, then practice.  The shipped model is made so.

    python figures/teach_reading.py runs/remade letters    # SAM's blocks, necks and adaptor learn letters: 40 minutes
    python figures/teach_reading.py runs/remade practise   # the decoder practises over the new tokens: 50 minutes

The first leaves runs/remade/letters, the second runs/remade/reading, a finished model with its record.json.  Both
again, with runs/remade/reading in place of runs/remade, are the second round, longer and with gentler rates for the
decoder; its runs/remade/reading/reading is what `figures/ship.py` puts into the package.  Cut off, each begins anew.
Every so often both are asked about held-out pictures, and what they answered goes into the record.  EXPECTED was
written before the practice of each round, when its letters had been taught.
"""

import json
import sys
import time
from pathlib import Path

import recorded
import torch

from dsvl_min import load, save
from dsvl_min.data.sources import PARAGRAPHS
from dsvl_min.evaluation.tasks import answers, bits_per_byte, named, questions, score
from dsvl_min.hardware import denormals_as_zero
from dsvl_min.training.letters import Shown, new_reader, teach, told
from dsvl_min.training.loop import thin
from dsvl_min.training.pool import make_pool, text_pool
from dsvl_min.training.stages import _TEXTS, Share, Stage
from dsvl_min.training.trainer import run_stage

SEED = 61
READ = (("signs", 16000, 0.0, 1.0), ("free-documents", 16000, 0.0, 1.0), ("several-digits", 5000, 0.0, 1.0),
        ("documents", 4000, 0.0, 0.74), ("digits", 2000, 0.0, 1.0))  # fmt: skip
HELD = (("naming", 3500, 0.0, 1.0), ("counting", 4500, 0.3, 1.0), ("relations", 4500, 0.3, 1.0),
        ("inventory", 3500, 0.0, 1.0), ("digits", 2000, 0.0, 1.0), ("documents", 1500, 0.0, 0.74),
        ("unanswerable", 1000, 0.0, 1.0))  # fmt: skip
ASKED = (("signs", 1.0), ("free-documents", 1.0), ("several-digits", 1.0), ("documents", 0.74))
ASK, STEPS, BATCH = 300, (2350, 5000), 32  # steps of either round

STAGE_3 = (
    ("signs", 20000, 0.0, 1.0), ("free-documents", 18000, 0.0, 1.0), ("several-digits", 8000, 0.0, 1.0),
    ("documents", 2500, 0.0, 0.74), ("digits", 3000, 0.0, 1.0), ("naming", 3000, 0.0, 1.0),
    ("relations", 5000, 0.3, 1.0), ("counting", 5000, 0.3, 1.0), ("inventory", 3000, 0.0, 1.0),
    ("unanswerable", 1000, 0.0, 1.0),
)  # fmt: skip
PRACTISED = STAGE_3, (*STAGE_3, ("charts", 12000, 0.0, 1.0))  # in either round
SHARES = (9, 8, 3.5, 0.6, 1.5, 1.5, 2.5, 2.5, 1, 0.5), (8, 8, 3, 0.6, 1.5, 2, 4, 3, 1, 0.5, 5)


def practice(number, name, steps, rate, text_share):
    """The Stage of one round: AdamW's rate, ten times as much for Muon; what is shown is in PRACTISED and SHARES."""
    rows = zip(PRACTISED[number], SHARES[number], strict=True)
    mix = tuple(Share(source, share, *far) for (source, _, *far), share in rows)
    return Stage(
        name, {"decoder": rate}, steps, 48, mix,
        reads="turns", muon={"decoder": 10 * rate}, text_share=text_share, text_mix=_TEXTS,
    )  # fmt: skip


ROUNDS = practice(0, "reading", 3200, 1e-3, 0.1), practice(1, "reading again", 2700, 6e-4, 0.15)
LOOK, LOOKED, TEXTS = 300, 150, 30000
TASKS = ("signs", "free documents", "several digits", "naming", "relations", "counting", "grid documents",
         "chart values")  # fmt: skip
EXPECTED = (  # at the end of each round, of whole answers; of pages, characters
    {
        "signs": 0.55, "free documents": 0.6, "several digits": 0.75, "grid documents": 0.99, "naming": 0.86,
        "relations": 0.85, "counting": 0.5,
    },
    {
        "signs": 0.78, "free documents": 0.78, "several digits": 0.86, "grid documents": 0.995, "naming": 0.9,
        "relations": 0.87, "counting": 0.5, "chart values": 0.35,
    },
)  # fmt: skip
WHY = (
    "Where a reader told 77 percent of a sign's characters, a decoder that practised nothing else came to read 43 "
    "percent of the signs, half of the free pages and 68 percent of the rows of digits (reading.json); here it tells "
    "more, and the decoder has everything else to do as well.",
    "Now it tells 95 percent of a sign's characters, so that 82 percent of the signs could come out whole, and 86 of a "
    "free page's.  The decoder has less to learn than in the first round, at gentle rates, but has never seen a chart.",
)


def round_of(run):
    """How many rounds the model in a folder has behind it, and its record."""
    record = json.loads((run / "record.json").read_text(encoding="utf-8"))
    return sum(stage.name in record["minutes"] for stage in ROUNDS), record


def letters(run):
    """SAM, necks and adaptor learn letters; -> run/letters, with letters.json."""
    model, processor = load(run)
    out, looks, started = run / "letters", [], time.time()
    number, record = round_of(run)
    seed, steps = SEED + 100 * number, STEPS[number]
    reader = new_reader(model, seed)
    read = Shown(model, processor, READ, seed)
    held = Shown(model, processor, HELD, seed + 1)
    asked = {s: Shown(model, processor, [(s, ASK, d, d)], SEED, "held-out") for s, d in ASKED}

    def look(step):
        right = {source: recorded.point(told(reader, shown).tolist()) for source, shown in asked.items()}
        looks.append({"step": step, "read": right, "minutes": _minutes(started)})
        print(step, {s: p["share"] for s, p in right.items()}, looks[-1]["minutes"], flush=True)

    lines = teach(model, reader, read, held, steps, out, BATCH, quiet=True, look=look)
    moved = round(sum(line["moved"] for line in lines[-100:]) / 100, 4)
    made = {"minutes": _minutes(started), "moved": moved, "looks": looks, "batch": BATCH, "asked": ASK}
    save(model, processor, out, record=record)
    (out / "letters.json").write_text(json.dumps(made, indent=1), encoding="utf-8")


def _minutes(since):
    return round((time.time() - since) / 60, 2)


def practise(run):
    """The decoder practises all tasks, reading most, over the taught tokens; -> run/reading."""
    model, processor = load(run / "letters")
    number, record = round_of(run / "letters")
    stage, seed = ROUNDS[number], SEED + 100 * number
    taught = json.loads((run / "letters" / "letters.json").read_text(encoding="utf-8"))
    out, looks, started = run / "reading", [], time.time()
    pool = make_pool(model, processor, PRACTISED[number], seed + 2, tokens=True)
    drawn = _minutes(started)
    asked = {task.name: questions(task, SEED, LOOKED) for task in named(TASKS)}
    paragraphs = PARAGRAPHS["english"]("held-out")[:100]

    @torch.no_grad()
    def look(step):
        model.eval()
        right = {}
        for task in named(TASKS):
            given = answers(model, processor, asked[task.name])
            marks = [score(a, truth, task.score) for a, (_, _, truth) in zip(given, asked[task.name], strict=True)]
            right[task.name] = recorded.point(marks, task.score)
        looks.append({"step": step, "right": right, "bits": round(bits_per_byte(model, processor, paragraphs), 4)})
        print(step, {n: p["share"] for n, p in right.items()}, looks[-1]["bits"], _minutes(started), flush=True)
        model.train()

    def watch(_, step, *__):
        if step % LOOK == 0:
            look(step)

    texts = text_pool(_TEXTS, TEXTS, seed)
    lines = run_stage(model, processor, stage, pool, texts, out, seed, quiet=True, watch=watch)
    look(stage.steps)
    again = stage.name.removeprefix("reading")
    record["minutes"] |= {
        f"letters{again}": taught["minutes"], f"reading images{again}": drawn,
        stage.name: round(_minutes(started) - drawn, 2),
    }  # fmt: skip
    record["minutes"]["total"] = round(sum(v for k, v in record["minutes"].items() if k != "total"), 2)
    record["curves"][stage.name] = {
        kind: thin([line for line in lines if line["text"] == (kind == "text")]) for kind in ("image", "text")
    }
    record[f"letters{again}"] = taught
    record[stage.name] = {
        "looks": looks, "batch": stage.batch, "asked": LOOKED, "practised": PRACTISED[number], "shares": SHARES[number],
        "expected": EXPECTED[number], "why": WHY[number],
    }  # fmt: skip
    save(model, processor, out, record=record)


if __name__ == "__main__":
    PARTS = {"letters": letters, "practise": practise}
    if len(sys.argv) != 3 or sys.argv[2] not in PARTS:
        sys.exit(__doc__)
    with denormals_as_zero():
        PARTS[sys.argv[2]](Path(sys.argv[1]))

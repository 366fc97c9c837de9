"""Record what tuning on records of one's own teaches and costs, with LoRA and without.

    python figures/record_lora.py SEED     # every run of one seed, a quarter of an hour; kept in runs/lora
    python figures/record_lora.py join     # writes figures/results/lora.json

The trained tiny is taught a question it never saw, on pictures it knows: is this handwritten digit even?  Each way of
tuning sees the same 600 records three times, at several learning rates; then it is asked the new question about 300
held-out digits, and its old tasks.  Two more runs see 600 old questions among the new ones.

Expected before the first run: tuned whole, the decoder learns more of the new question and forgets more of the old
tasks than with LoRA, at each one's best rate; LoRA's rank hardly matters.  (Expected before the last two rows, after a
first look at seed 0, where the question "which digit?" was gone altogether: with old questions in between hardly
anything is forgotten, and the new question is learnt as well.)
"""

import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import recorded

import dsvl_min
from dsvl_min.data.records import write_jsonl
from dsvl_min.data.sources import sample
from dsvl_min.evaluation.tasks import evaluate, named, questions
from dsvl_min.training.tune import exact, stage_of, tune

QUESTION, RECORDS, ASKED, OLD = "Is the digit even?", 600, 300, ("naming", "grid documents", "handwritten digit")
EVERY, ONE = (0.25, 0.5, 1.0), (0.5,)  # learning rates, as times of the default one
RUNS = recorded.ROOT / "runs" / "lora"
WAYS = {  # rank, bits, whether old questions are among the records, rates
    "whole": (0, None, False, EVERY), "rank 2": (2, None, False, EVERY), "rank 16": (16, None, False, (0.1, *EVERY)),
    "rank 16, 4 bits": (16, "4bit", False, ONE), "whole, with old questions": (0, None, True, ONE),
    "rank 16, with old questions": (16, None, True, ONE),
}  # fmt: skip


def digits(split, seed, count):
    """Handwritten digits with the new question."""
    made = [sample("digits", seed, i, split) for i in range(count)]
    return [replace(s, turns=((QUESTION, "no" if int(s.truth["digits"]) % 2 else "yes"),)) for s in made]


def old(seed, count):
    """Old questions, on pictures made for the purpose."""
    asked = [pair for task in named(OLD) for pair in questions(task, seed, count // len(OLD), "train")]
    return [replace(s, turns=((question, answer),)) for s, question, answer in asked]


def scores(model, processor, seed):
    """The new question under every control, and the old tasks with the right image."""
    new = exact(model, processor, digits("held-out", 100 + seed, ASKED))
    old = evaluate(model, processor, 100 + seed, 150, named(OLD), ("image",), quiet=True)["tasks"]
    return {"new": new, "old": {task: old[task]["image"] for task in OLD}}


def run(seed):
    """The model as it is, then every way of tuning it; what is finished is skipped."""
    RUNS.mkdir(parents=True, exist_ok=True)
    if not path(seed, "before", 0.0).exists():
        note(seed, "before", 0.0, scores(*dsvl_min.load("tiny"), seed))
    with tempfile.TemporaryDirectory() as folder:
        new, known = Path(folder) / "new", Path(folder) / "with-old"
        write_jsonl(digits("train", seed, RECORDS), new, 128)
        write_jsonl([*digits("train", seed, RECORDS), *old(seed, RECORDS)], known, 128)
        for way, (rank, quantize, replayed, scales) in WAYS.items():
            stage = stage_of(dsvl_min.ModelConfig.preset("tiny"), RECORDS, lora=bool(rank))
            for scale in scales:
                if path(seed, way, scale).exists():
                    continue
                changes = {f"tune.lr.{part}": rate * scale for part, rate in stage.lr.items()}
                model, processor, told = tune(
                    "tiny", known if replayed else new, Path(folder) / "run", rank, quantize, held_out=0, seed=seed,
                    quiet=True, resume=False, changes=changes,
                )  # fmt: skip
                note(seed, way, scale, {"trained": told["trained"], **scores(model, processor, seed)})


def path(seed, way, scale):
    """Where a finished run's numbers are."""
    return RUNS / f"{seed} {way} {scale}.json"


def note(seed, way, scale, found):
    """Write them down."""
    told = {"seed": seed, "way": way, "scale": scale, **found}
    print(json.dumps(told), flush=True)
    path(seed, way, scale).write_text(json.dumps(told), encoding="utf-8")


def join():
    """All finished runs -> figures/results/lora.json."""
    found = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(RUNS.glob("*.json"))]
    recorded.write(
        "lora",
        "Tuned on records of one's own, what does a model learn and what does it forget, whole and with LoRA?",
        "python figures/record_lora.py SEED, then join",
        seeds=sorted({f["seed"] for f in found}),
        data={"question": QUESTION, "records": RECORDS, "asked": ASKED, "runs": found},
        config=dsvl_min.ModelConfig.preset("tiny").to_dict(),
    )


if __name__ == "__main__":
    join() if sys.argv[1:] == ["join"] else run(int(sys.argv[1]))

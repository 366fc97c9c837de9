"""Record what changes in stage 3 when only answers count (chapter 15).

    python figures/record_answers.py SEED     # after record_forgetting.py SEED; ten minutes; kept in runs/answers
    python figures/record_answers.py join     # writes figures/results/answers.json

From one stage 2, `tiny`'s stage 3 three times: its dialogues with the answers learnt, as the paper does; the same with
every word learnt; and pages in their place, as in stage 2.  Asked afterwards: held-out questions, freely answered, and
how many answers end by themselves.  EXPECTED was written before the first run (see the commit of this file).
"""

import json
import sys
from dataclasses import replace

import recorded

from dsvl_min.checkpoint import load
from dsvl_min.data.text import english
from dsvl_min.evaluation.tasks import bits_per_byte, generated, named, questions, score
from dsvl_min.training.pool import make_pool, text_pool
from dsvl_min.training.stages import STAGES
from dsvl_min.training.trainer import run_stage

TINY = STAGES["tiny"]
LAST = TINY.stages[2]
WAYS = {
    "none": None, "answers": LAST, "everything": replace(LAST, learns="everything"),
    "pages": replace(LAST, reads="pages"),
}  # fmt: skip
TASKS, COUNT, LONGEST = ("naming", "handwritten digit", "counting", "grid documents"), 300, 64
EXPECTED = {  # the share of questions about one object answered right; of all answers, how many end by themselves
    "naming": {"none": 0.0, "answers": 0.77, "everything": 0.65, "pages": 0.0},
    "ends": {"none": 0.7, "answers": 1.0, "everything": 1.0, "pages": 0.7},
}
WHY = (
    "Pages give no answers, whatever is asked. Where every word is learnt, questions, of which there are few, cost the "
    "loss little; the answers are learnt almost as well, a little later."
)
RUNS = recorded.ROOT / "runs" / "answers"


def run(seed):
    """One stage 3 a way; what is finished is skipped."""
    RUNS.mkdir(parents=True, exist_ok=True)
    begun = recorded.ROOT / "runs" / "forgetting" / f"{seed}" / "stage2"
    pool = None
    for way, stage in WAYS.items():
        if (RUNS / f"{seed} {way}.json").exists():
            continue
        model, processor = load(begun)
        if stage:
            pool = pool or make_pool(model, processor, TINY.images, seed, progress="encoding images")
            texts = text_pool(TINY.texts, TINY.text_count, seed)
            run_stage(model, processor, stage, pool, texts, RUNS / f"{seed}", seed, write=lambda *_: None)
        found, ended, samples = {}, 0, {}
        for task in named(TASKS):
            asked = questions(task, 1000 + seed, COUNT)
            rows = generated(model, processor, asked, max_new_tokens=LONGEST)
            said = [processor.decode(ids) for ids in rows]
            marks = [score(word, truth, task.score) for word, (_, _, truth) in zip(said, asked, strict=True)]
            found[task.name] = round(sum(marks) / COUNT, 4)
            ended += sum(bool((ids == processor.config.eos_token_id).any()) for ids in rows)
            samples[task.name] = [
                {"question": question, "truth": truth, "said": word[:200]}
                for word, (_, question, truth) in zip(said[:4], asked, strict=False)
            ]
        told = {"seed": seed, "way": way, "tasks": found, "ends": round(ended / COUNT / len(TASKS), 4),
                "bits": round(bits_per_byte(model, processor, english("held-out")[:200]), 4),
                "samples": samples}  # fmt: skip
        print(told, flush=True)
        (RUNS / f"{seed} {way}.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def join():
    """All finished runs -> figures/results/answers.json."""
    found = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(RUNS.glob("*.json"))]
    recorded.write(
        "answers",
        "What changes in stage 3 when only answers count?",
        "python figures/record_answers.py SEED, then join",
        seeds=sorted({f["seed"] for f in found}),
        data={"count": COUNT, "expected": EXPECTED, "why": WHY, "runs": found},
    )


if __name__ == "__main__":
    join() if sys.argv[1:] == ["join"] else run(int(sys.argv[1]))

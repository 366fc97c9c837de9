"""Record what each kind of answer weighs in practice, and what counting comes to when nothing else is practised.

    python figures/record_weighing.py runs/remade/reading/reading/reading   # figures/results/weighing.json; 12 minutes
    python figures/record_weighing.py runs/remade/reading/reading/reading weights    # those alone anew, in seconds

The folder holds the model of three rounds of `teach_reading.py`.  The loss of a step is a mean over the tokens that are
predicted, so that a kind of answer weighs as much as it has tokens; or an answer weighs the root of that (see
`collate.root_weights`).  Either way the weights of steps with pictures follow from the rounds' samples and are added
up; nothing is trained, and how much is lost on a token isn't asked.
Then the model's decoder practises the first question of pictures to be counted and nothing else, over the tokens as the
third round left them.

EXPECTED was written before this run, when a trial with another seed had come to 74 %.
"""

import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import recorded
import teach_reading
import torch

from dsvl_min import load
from dsvl_min.data.captions import plural
from dsvl_min.data.sources import sample
from dsvl_min.data.world import SHAPES
from dsvl_min.evaluation.tasks import answers, named, questions, score
from dsvl_min.hardware import denormals_as_zero
from dsvl_min.training.pool import make_pool
from dsvl_min.training.stages import Share, Stage
from dsvl_min.training.trainer import run_stage

SEED, DRAWN = 91, 200
PICTURES, STEPS, BATCH, RATE, LOOK, LOOKED = 16000, 800, 48, 8e-4, 100, 300
EXPECTED = 0.74
OF_A_SHAPE = {f"How many {plural(shape)} are there?" for shape in SHAPES}
ROUNDS = {"things": teach_reading.THIRD, "charts": teach_reading.FOURTH}


def kind_of(source, question):
    """What a turn asks for: how many there are of a shape, a chart's value, a description, or what else."""
    if question.startswith("Describe"):
        return "descriptions"
    if question in OF_A_SHAPE:
        return "counts of a shape"
    if question.startswith("What is the value"):
        return "chart values"
    if source in ("signs", "free-documents", "several-digits", "documents", "digits"):
        return "reading"
    return "other counts" if question.startswith("How many") else "else"


def shares(now, tokenizer, power):
    """{kind: its share of a step's weight} where an answer of n tokens, its end among them, weighs n ** power."""
    total, found = sum(share for _, share, *_ in now.practised.values()), Counter()
    for source, (_, share, low, high) in now.practised.items():
        for index in range(DRAWN):
            made = sample(source, SEED, index, "train", low + (high - low) * ((index * 0.618034) % 1))
            for question, answer in made.turns:
                tokens = len(tokenizer.encode(answer)) + 1
                found[kind_of(source, question)] += share / total / DRAWN * tokens**power
    return {kind: round(weight / sum(found.values()), 4) for kind, weight in sorted(found.items())}


def alone(model, processor):
    """The decoder practises nothing but how many there are of one shape; -> what it told, look by look."""
    pool = make_pool(model, processor, [("counting", PICTURES, 0.3, 1.0)], SEED, tokens=True)
    pool.samples = [replace(made, turns=made.turns[:1]) for made in pool.samples]
    (task,), looks = named(("counting",)), []
    asked = questions(task, SEED, LOOKED)

    @torch.no_grad()
    def look(step):
        model.eval()
        told = zip(answers(model, processor, asked), asked, strict=True)
        marks = [score(said, truth, task.score) for said, (_, _, truth) in told]
        looks.append({"step": step, "right": recorded.point(marks)})
        print(step, looks[-1]["right"]["share"], flush=True)
        model.train()

    def watch(_, step, *__):
        if step % LOOK == 0:
            look(step)

    mix = (Share("counting", 1, 0.3, 1.0),)
    stage = Stage("alone", {"decoder": RATE}, STEPS, BATCH, mix, reads="turns", muon={"decoder": 10 * RATE})
    with tempfile.TemporaryDirectory() as out:
        run_stage(model, processor, stage, pool, [], Path(out), SEED, quiet=True, watch=watch)
    look(STEPS)
    return looks


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["weights"]):
        sys.exit(__doc__)
    run, started, before = Path(sys.argv[1]), time.time(), None
    model, processor = load(run)
    tokenizer = processor.tokenizer
    weighed = {
        name: {"tokens": shares(now, tokenizer, 1.0), "answers": shares(now, tokenizer, 0.5)}
        for name, now in ROUNDS.items()
    }
    if sys.argv[2:]:
        before = json.loads((recorded.RESULTS / "weighing.json").read_text(encoding="utf-8"))["data"]
    with denormals_as_zero():
        looks = before["alone"] if before else alone(model, processor)
    recorded.write(
        "weighing",
        "What does an answer weigh in practice, and does counting come when nothing else is practised?",
        f"python figures/record_weighing.py {run}",
        seeds=(SEED,),
        data={
            "shares": weighed, "drawn": DRAWN, "alone": looks, "pictures": PICTURES, "steps": STEPS, "batch": BATCH,
            "rate": RATE, "asked": LOOKED, "expected": EXPECTED,
            "minutes": before["minutes"] if before else round((time.time() - started) / 60, 1),
        },
    )  # fmt: skip

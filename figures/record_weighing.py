"""Record what each kind of answer weighs in practice, and what counting comes to when nothing else is practised.

    python figures/record_weighing.py runs/remade/reading/reading/reading  # figures/results/weighing.json; 12 minutes

The folder holds the model of three rounds of `teach_reading.py`.  The loss of a step is a mean over the tokens that are
predicted, so that a kind of answer has as much say as it has tokens; or an answer counts by the root of its length (see
`collate.root_weights`).  Either way the shares follow from the rounds' pictures and are added up, nothing is trained.
Then the model's decoder practises the first question of pictures to be counted and nothing else, over the tokens as the
third round left them.

Last, the model that ships is asked for charts' values: by how many values a chart has, how many answers are right to
a tenth, how many hit any value of the chart, and how many any value of another chart with as many.

EXPECTED was written before this run, when a trial with another seed had come to 74 %.
"""

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
from dsvl_min.data.sources import sample
from dsvl_min.evaluation.tasks import answers, named, questions, score
from dsvl_min.hardware import denormals_as_zero
from dsvl_min.training.pool import make_pool
from dsvl_min.training.stages import Share, Stage
from dsvl_min.training.trainer import run_stage

SEED, DRAWN = 91, 200
PICTURES, STEPS, BATCH, RATE, LOOK, LOOKED = 16000, 800, 48, 8e-4, 100, 300
CHARTS = 800
EXPECTED = 0.74
ROUNDS = {"things": teach_reading.THIRD, "charts": teach_reading.FOURTH}


def kind_of(source, number, question):
    """What a turn asks for: the count that the table asks about, a chart's value, a description, or what else."""
    if question.startswith("Describe"):
        return "descriptions"
    if source == "counting" and number == 0:
        return "the count"
    if question.startswith("What is the value"):
        return "chart values"
    if source in ("signs", "free-documents", "several-digits", "documents", "digits"):
        return "reading"
    return "counting, else" if question.startswith("How many") else "else"


def shares(now, tokenizer, power):
    """{kind: its share of a step's loss} where an answer of n tokens counts n ** power."""
    total, found = sum(share for _, share, *_ in now.practised.values()), Counter()
    for source, (_, share, low, high) in now.practised.items():
        for index in range(DRAWN):
            made = sample(source, SEED, index, "train", low + (high - low) * ((index * 0.618034) % 1))
            for number, (question, answer) in enumerate(made.turns):
                tokens = len(tokenizer.encode(answer)) + 1
                found[kind_of(source, number, question)] += share / total / DRAWN * tokens**power
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


def which_value(model, processor):
    """{values of the chart: how many were asked, and points for right, for any of its values, for any of another's}."""
    (task,) = named(("chart values",))
    asked, found = questions(task, SEED, CHARTS), {}
    said = answers(model, processor, asked)
    of = [(len(made.images[0].values), made.images[0].values) for made, *_ in asked]
    for many in sorted({number for number, _ in of}):
        these = [i for i, (number, _) in enumerate(of) if number == many]
        others = dict(zip(these, these[1:] + these[:1], strict=True))

        def hits(i, values):
            return max(score(said[i], str(value), task.score) for value in values)

        found[many] = {
            "asked": len(these),
            "right": recorded.point([score(said[i], asked[i][2], task.score) for i in these]),
            "any": recorded.point([hits(i, of[i][1]) for i in these]),
            "another": recorded.point([hits(i, of[others[i]][1]) for i in these]),
        }
        print(many, found[many], flush=True)
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    run, started = Path(sys.argv[1]), time.time()
    model, processor = load(run)
    tokenizer = processor.tokenizer
    weighed = {
        name: {"tokens": shares(now, tokenizer, 1.0), "answers": shares(now, tokenizer, 0.5)}
        for name, now in ROUNDS.items()
    }
    with denormals_as_zero():
        looks = alone(model, processor)
    values = which_value(*load("tiny"))
    recorded.write(
        "weighing",
        "What does an answer weigh in practice, and does counting come when nothing else is practised?",
        f"python figures/record_weighing.py {run}",
        seeds=(SEED,),
        data={
            "shares": weighed, "drawn": DRAWN, "alone": looks, "values": values, "charts": CHARTS,
            "pictures": PICTURES, "steps": STEPS, "batch": BATCH, "rate": RATE, "asked": LOOKED, "expected": EXPECTED,
            "minutes": round((time.time() - started) / 60, 1),
        },
    )  # fmt: skip

"""Train `tiny` and let it practise, looking on (falling short).

    python figures/record_practice.py runs/practised 1,2,3,4,5,6     # an hour and a half on two cores

The run is what `dsvl train --times 3` makes of those stages, in the same folder: cut off, it goes on.  While it
practises, every so many steps, it is asked about the hardest held-out pictures.  What it said lies in the folder's
looks.json until all is done, and then in figures/results/practice.json; with it, what it made of every form of question
before it practised and after.  EXPECTED was written before the first run, from the trials that WHY tells of.  What it
can do in the end: figures/ship.py runs/practised.  What it could before: figures/record.py runs/stage3 tiny-stage-3,
where that folder is what `dsvl train --size tiny --stages 1,2,3 --times 3` made.
"""

import json
import re
import sys
from pathlib import Path

import recorded
import torch

from dsvl_min import load
from dsvl_min.data.collate import asked
from dsvl_min.data.sources import PARAGRAPHS, sample
from dsvl_min.data.words import plural
from dsvl_min.data.world import OBJECT_COLORS, SHAPES
from dsvl_min.evaluation.tasks import answers, bits_per_byte, score
from dsvl_min.training.run import train
from dsvl_min.training.stages import STAGES, longer

TIMES, EVERY, COUNT, SEED = 3, 150, 200, 2
FORMS = {  # source: difficulty; of pages, those in a grid
    "naming": 1.0, "relations": 1.0, "counting": 1.0, "inventory": 1.0, "digits": 1.0, "signs": 1.0, "documents": 0.4,
}  # fmt: skip
NAMES = re.compile(rf"\b({'|'.join([*map(plural, SHAPES), *SHAPES, *OBJECT_COLORS])})\b")
EXPECTED = {"colour": 0.85, "side": 0.85, "counted": 0.6, "named": 0.85}
WHY = (
    "In a trial pairs alone and half of what follows, without counting alone between them, left 87, 85, 42 and 82 "
    "percent; that counting, too, is learnt once it is practised alone was a hope."
)


def guesses():
    """{kind: share right of a guess: the two objects' colours, opposite sides, one to five}."""
    made = [sample("relations", SEED, index, "held-out", 1.0) for index in range(COUNT)]
    alike = sum(len({thing.color for thing in one.images[0].things}) == 1 for one in made)
    return {"colour": round((1 + alike / COUNT) / 2, 4), "side": 0.5, "counted": 0.2}


def look(model, processor):
    """{kind: share right of the hardest held-out pictures, with its 95 % interval}."""
    found = {}
    for kind in EXPECTED:
        chosen = []
        for index in range(COUNT):
            source = {"counted": "counting", "named": "naming"}.get(kind, "relations")
            made = sample(source, SEED, index, "held-out", 1.0)
            first = f"What colour is the {made.truth.get('first')}?" if kind == "colour" else made.turns[0][0]
            question = "What is in the image?" if kind == "named" else first
            chosen.append((made, question, dict(made.turns)[question]))
        given = answers(model, processor, chosen)
        marks = [float(answer == truth) for answer, (_, _, truth) in zip(given, chosen, strict=True)]
        found[kind] = recorded.point(marks)
    return found


def truths(truth):
    """The answers that are as right as this one: of two objects a description may name either first."""
    told = re.fullmatch(r"(An?) (.+) (left of|right of|above|below) (an?) (.+)\.", truth)
    if not told:
        return [truth]
    one, first, side, two, second = told.groups()
    across = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}[side]
    return [truth, f"{two.capitalize()} {second} {across} {one.lower()} {first}."]


def form_of(made, question):
    """A question with its shapes left open; among one to five of a shape, the one or two others are a form apart."""
    form, asked_first = NAMES.sub("…", question), made.turns[0][0]
    others = made.source == "counting" and form == NAMES.sub("…", asked_first) and question != asked_first
    return form + (" (the others)" if others else "")


def every_form(model, processor):
    """{source: {form: share right, with its 95 % interval}} of COUNT questions of each form, as hard as in FORMS.

    Of a page that is read, each picture's mark is its characters'.
    """
    found = {}
    for source, difficulty in FORMS.items():
        kept, index = {}, 0
        while not kept or min(map(len, kept.values())) < COUNT:
            made = sample(source, SEED, index, "held-out", difficulty)
            for question, truth in made.turns:
                kept.setdefault(form_of(made, question), []).append((made, question, truth))
            index += 1
        found[source] = {}
        for form, chosen in kept.items():
            chosen, kind = chosen[:COUNT], "characters" if form == "Read the text." else "exact"
            given = answers(model, processor, chosen)
            marks = [
                max(score(answer, one, kind) for one in truths(truth))
                for answer, (_, _, truth) in zip(given, chosen, strict=True)
            ]
            found[source][form] = recorded.point(marks, kind)
    return found


def questions_a_step(stage):
    """How many questions about pictures a step of practice asks, the mean over all steps."""
    total = sum(share.weight for share in stage.mix)
    each = 0
    for share in stage.mix:
        made = [sample(share.source, 0, index, "train", (share.low + share.high) / 2) for index in range(200)]
        each += share.weight / total * sum(len(asked(one, stage.reads)) for one in made) / len(made)
    return round(each * stage.batch * (1 - stage.text_share), 1)


def main(out, numbers):
    """Train, looking on; then the record."""
    stages = longer(STAGES["tiny"], TIMES).practice
    paragraphs = PARAGRAPHS["english"]("held-out")[:200]
    kept = Path(out) / "looks.json"
    looks = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}

    @torch.no_grad()
    def at(model, processor, name, step, bits):
        model.eval()
        told = {"stage": name, "step": step, "kinds": look(model, processor)}
        if bits:
            told["bits"] = round(bits_per_byte(model, processor, paragraphs), 4)
        model.train()
        looks[f"{name} {step}"] = told
        kept.write_text(json.dumps(looks, indent=1), encoding="utf-8")
        print(name, step, {kind: found["share"] for kind, found in told["kinds"].items()}, told.get("bits"), flush=True)

    def watch(stage, step, model, processor):
        if stage in stages and step % EVERY == 0:
            at(model, processor, stage.name, step, step == 0)

    numbers = tuple(map(int, numbers.split(",")))
    model, processor, run = train("tiny", stages=numbers, out=out, times=TIMES, every=EVERY, watch=watch, quiet=True)
    at(model, processor, "end", 0, True)
    told = [
        {"name": stage.name, "steps": stage.steps, "minutes": run["minutes"][stage.name],
         "questions_a_step": questions_a_step(stage)}
        for stage in stages
    ]  # fmt: skip
    recorded.write(
        "practice",
        "How many questions does it take until an object is found by its shape, and what becomes of the rest?",
        f"python figures/record_practice.py {out} {','.join(map(str, numbers))}",
        seeds=(0, SEED),
        data={
            "asked": COUNT, "images": run["practised"], "stages": told, "looks": list(looks.values()),
            "guesses": guesses(), "expected": EXPECTED, "why": WHY,
            "forms": {"before": every_form(*load(Path(out) / "stage3")), "after": every_form(model, processor)},
        },
        weights=recorded.weights_in(Path(out)),
    )  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

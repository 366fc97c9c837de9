"""Record what practice does for telling two objects apart, and what it does to the rest (falling short).

    python figures/record_practice.py     # twenty minutes on two cores; writes figures/results/practice.json

The shipped `tiny` goes through the first stage of practice, three times its steps: nothing but questions about two
objects, the decoder alone.  On the way it is asked about the hardest held-out pictures of two, before and after about
other things too.  EXPECTED was written for practice among all other tasks, after the trial that WHY tells of and before
any other.  Among them, after some 80,000 questions about two objects in 140,000, nothing much had moved, and this was
tried.
"""

import tempfile
import time

import recorded
import torch

import dsvl_min
from dsvl_min.checkpoint import WEIGHTS
from dsvl_min.data.collate import asked
from dsvl_min.data.sources import PARAGRAPHS, sample
from dsvl_min.evaluation.tasks import answers, bits_per_byte, interval
from dsvl_min.training.pool import make_pool
from dsvl_min.training.stages import STAGES, longer
from dsvl_min.training.trainer import run_stage

TIMES, EVERY, COUNT, SEED = 3, 100, 300, 2
STAGE, PRACTISED = longer(STAGES["tiny"], TIMES).practice[0], longer(STAGES["tiny"], TIMES).practised
PAIRS, OTHERS = ("colour", "side"), ("counted", "named")
EXPECTED = {"colour": 0.85, "side": 0.7}
WHY = (
    "In a trial the decoder alone, on nothing but such questions, one picture each, began to tell which object is "
    "meant after some 30,000 of them and the side after 60,000, and both were rising when it ended."
)


def guesses():
    """{kind: share right of a guess between the two objects' colours, or between two opposite sides}."""
    made = [sample("relations", SEED, index, "held-out", 1.0) for index in range(COUNT)]
    alike = sum(len({thing.color for thing in one.images[0].things}) == 1 for one in made)
    return {"colour": round((1 + alike / COUNT) / 2, 4), "side": 0.5}


def look(model, processor, kinds):
    """{kind: share right of the hardest held-out pictures, with its 95 % interval}."""
    found = {}
    for kind in kinds:
        chosen = []
        for index in range(COUNT):
            source = "counting" if kind == "counted" else "naming" if kind == "named" else "relations"
            made = sample(source, SEED, index, "held-out", 1.0)
            first = f"What colour is the {made.truth.get('first')}?" if kind == "colour" else made.turns[0][0]
            question = "What is in the image?" if kind == "named" else first
            chosen.append((made, question, dict(made.turns)[question]))
        given = answers(model, processor, chosen)
        marks = [float(answer == truth) for answer, (_, _, truth) in zip(given, chosen, strict=True)]
        found[kind] = {"share": round(sum(marks) / COUNT, 4), "interval": interval(marks, "exact")}
    return found


def main():
    """Practise, looking on; then the record."""
    torch.manual_seed(0)
    model, processor = dsvl_min.load("tiny")
    model.float()
    paragraphs = PARAGRAPHS["english"]("held-out")[:200]
    pool = make_pool(model, processor, [row for row in PRACTISED if row[0] == "relations"], 0, tokens=True)
    each = sum(len(asked(made)) for made in pool.samples) / len(pool.samples)
    looks, bits, began = {}, [], time.time()

    @torch.no_grad()
    def watch(stage, step, model, processor):
        if step % EVERY == 0:
            model.eval()
            ends = step in (0, STAGE.steps)
            looks[str(step)] = look(model, processor, PAIRS + OTHERS if ends else PAIRS)
            if ends:
                bits.append(round(bits_per_byte(model, processor, paragraphs), 4))
            model.train()
            print(step, {kind: found["share"] for kind, found in looks[str(step)].items()}, bits[-1], flush=True)

    with tempfile.TemporaryDirectory() as folder:
        run_stage(model, processor, STAGE, pool, [], folder, quiet=True, watch=watch)
    minutes = round((time.time() - began) / 60, 1)
    watch(STAGE, STAGE.steps, model, processor)
    recorded.write(
        "practice",
        "How many questions does it take until an object is found by its shape, and its side told?",
        "python figures/record_practice.py",
        seeds=(0, SEED),
        data={
            "asked": COUNT, "images": len(pool.samples), "questions_a_step": round(each * STAGE.batch, 1),
            "steps": STAGE.steps, "minutes": minutes, "looks": looks, "bits": bits, "guesses": guesses(),
            "expected": EXPECTED, "why": WHY,
        },
        weights=recorded.weights_in(WEIGHTS / "tiny"),
    )  # fmt: skip


if __name__ == "__main__":
    main()

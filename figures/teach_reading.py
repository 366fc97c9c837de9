"""Teach a trained run to read: letters into its image tokens, then practice; then objects and charts too.  What ships.

    python figures/teach_reading.py runs/remade letters    # SAM's blocks, necks and adaptor learn letters: half an hour
    python figures/teach_reading.py runs/remade practise   # the decoder practises over the new tokens: 45 minutes
    python figures/teach_reading.py runs/remade rounds     # both, in all rounds that are left; five took 7 hours

The first leaves runs/remade/letters, the second runs/remade/reading, a finished model with its record.json.  Both
again, with runs/remade/reading in place of runs/remade, are the second round, with gentler rates for the decoder; and
so on, one `reading` deeper each.  From the third on the reader tells objects too; from the fourth charts' values too,
and in practice long answers weigh less; the fifth is as the fourth, and longer.  What it leaves `figures/ship.py` puts
into the package.  Cut off, each part begins anew.  Every so often both are asked about held-out pictures, and what they
answered goes into the record.  What a round's practice was expected to bring was written when its letters had been
taught.  The first four rounds were run in one process, where all is the same but takes longer.
"""

import json
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import recorded
import torch

from dsvl_min import load, save
from dsvl_min.data.sources import PARAGRAPHS
from dsvl_min.evaluation.tasks import answers, bits_per_byte, named, questions, score
from dsvl_min.hardware import denormals_as_zero
from dsvl_min.training.letters import Shown, acquaint, new_reader, teach, told
from dsvl_min.training.loop import thin
from dsvl_min.training.pool import make_pool, text_pool
from dsvl_min.training.ranks import forked, together
from dsvl_min.training.stages import _TEXTS, Share, Stage
from dsvl_min.training.trainer import run_stage

SEED = 61
LETTERS = (("signs", 16000, 0.0, 1.0), ("free-documents", 16000, 0.0, 1.0), ("several-digits", 5000, 0.0, 1.0),
           ("documents", 4000, 0.0, 0.74), ("digits", 2000, 0.0, 1.0))  # fmt: skip
THINGS = (("naming", 3500, 0.0, 1.0), ("counting", 4500, 0.3, 1.0), ("relations", 4500, 0.3, 1.0),
          ("inventory", 3500, 0.0, 1.0), ("digits", 2000, 0.0, 1.0), ("documents", 1500, 0.0, 0.74),
          ("unanswerable", 1000, 0.0, 1.0))  # fmt: skip
BOTH = (("counting", 10000, 0.3, 1.0), ("relations", 5000, 0.3, 1.0), ("inventory", 6000, 0.0, 1.0),
        ("naming", 3000, 0.0, 1.0), ("signs", 8000, 0.0, 1.0), ("free-documents", 10000, 0.0, 1.0),
        ("several-digits", 3000, 0.0, 1.0), ("documents", 2000, 0.0, 0.74), ("digits", 2000, 0.0, 1.0))  # fmt: skip
ALL = (("counting", 7000, 0.3, 1.0), ("relations", 4000, 0.3, 1.0), ("inventory", 5000, 0.0, 1.0),
       ("naming", 3000, 0.0, 1.0), ("signs", 9000, 0.0, 1.0), ("free-documents", 10000, 0.0, 1.0),
       ("several-digits", 3000, 0.0, 1.0), ("documents", 1500, 0.0, 0.74), ("digits", 1500, 0.0, 1.0),
       ("chart-values", 10000, 0.0, 1.0))  # fmt: skip
MORE = (("counting", 8000, 0.3, 1.0), ("relations", 4000, 0.3, 1.0), ("inventory", 5000, 0.0, 1.0),
        ("naming", 3000, 0.0, 1.0), ("signs", 12000, 0.0, 1.0), ("free-documents", 13000, 0.0, 1.0),
        ("several-digits", 3500, 0.0, 1.0), ("documents", 1000, 0.0, 0.74), ("digits", 1500, 0.0, 1.0),
        ("chart-values", 11000, 0.0, 1.0))  # fmt: skip
REST = ("unanswerable", 1000, 0.0, 1.0), ("charts", 1000, 0.0, 1.0)
ASKED = (("signs", 1.0), ("free-documents", 1.0), ("several-digits", 1.0), ("documents", 0.74), ("counting", 1.0),
         ("charts", 1.0))  # fmt: skip
ASK, BATCH, LOOK, LOOKED, TEXTS = 300, 32, 300, 150, 30000
PROCESSES = 2  # that share each step, on as many cores
TASKS = ("signs", "free documents", "several digits", "naming", "relations", "counting", "grid documents",
         "chart values")  # fmt: skip


@dataclass(frozen=True)
class Round:
    """read, held: rows of (source, pictures, difficulty from, to) that a reader tells of, and whose tokens stay put;
    letters: steps of that; gentle: what its rates are multiplied by; acquainted: steps in which the reader learns alone
    beforehand.  practised: {source: (pictures, share of the samples, difficulty from, to)}; steps, rate (AdamW's,
    Muon's is ten times that), text_share and weighs of the practice.  expected: at its end, of whole answers; of pages,
    characters; why: the reason, written with it.  name: what its practice is called."""

    name: str
    read: tuple
    held: tuple
    letters: int
    practised: dict
    steps: int
    rate: float
    text_share: float
    expected: dict
    why: str
    gentle: float = 1.0
    acquainted: int = 0
    weighs: str = "tokens"

    @property
    def taught(self):
        """What its letters are called."""
        return self.name.replace("reading", "letters")

    @property
    def pool(self):
        """The rows of pictures that are practised."""
        return [(source, many, *far) for source, (many, _, *far) in self.practised.items()]

    def stage(self):
        """The practice, for the trainer."""
        mix = tuple(Share(source, share, *far) for source, (_, share, *far) in self.practised.items())
        return Stage(
            self.name, {"decoder": self.rate}, self.steps, 48, mix,
            reads="turns", weighs=self.weighs, muon={"decoder": 10 * self.rate}, text_share=self.text_share,
            text_mix=_TEXTS, warmup=min(20, self.steps // 2),
        )  # fmt: skip


STAGE_3 = {
    "signs": (20000, 9, 0.0, 1.0), "free-documents": (18000, 8, 0.0, 1.0), "several-digits": (8000, 3.5, 0.0, 1.0),
    "documents": (2500, 0.6, 0.0, 0.74), "digits": (3000, 1.5, 0.0, 1.0), "naming": (3000, 1.5, 0.0, 1.0),
    "relations": (5000, 2.5, 0.3, 1.0), "counting": (5000, 2.5, 0.3, 1.0), "inventory": (3000, 1, 0.0, 1.0),
    "unanswerable": (1000, 0.5, 0.0, 1.0),
}  # fmt: skip
FIRST = Round(
    "reading", LETTERS, THINGS, 2350, STAGE_3, 3200, 1e-3, 0.1,
    {
        "signs": 0.55, "free documents": 0.6, "several digits": 0.75, "grid documents": 0.99, "naming": 0.86,
        "relations": 0.85, "counting": 0.5,
    },
    "Where a reader told 77 percent of a sign's characters, a decoder that practised nothing else came to read 43 "
    "percent of the signs, half of the free pages and 68 percent of the rows of digits (reading.json); here it tells "
    "more, and the decoder has everything else to do as well.",
)  # fmt: skip
SECOND = Round(
    "reading again", LETTERS, THINGS, 5000,
    {
        "signs": (20000, 8, 0.0, 1.0), "free-documents": (18000, 8, 0.0, 1.0), "several-digits": (8000, 3, 0.0, 1.0),
        "documents": (2500, 0.6, 0.0, 0.74), "digits": (3000, 1.5, 0.0, 1.0), "naming": (3000, 2, 0.0, 1.0),
        "relations": (5000, 4, 0.3, 1.0), "counting": (5000, 3, 0.3, 1.0), "inventory": (3000, 1, 0.0, 1.0),
        "unanswerable": (1000, 0.5, 0.0, 1.0), "charts": (12000, 5, 0.0, 1.0),
    },
    2700, 6e-4, 0.15,
    {
        "signs": 0.78, "free documents": 0.78, "several digits": 0.86, "grid documents": 0.995, "naming": 0.9,
        "relations": 0.87, "counting": 0.5, "chart values": 0.35,
    },
    "Now it tells 95 percent of a sign's characters, so that 82 percent of the signs could come out whole, and 86 of a "
    "free page's.  The decoder has less to learn than in the first round, at gentle rates, but has never seen a chart.",
)  # fmt: skip
THIRD = Round(
    "reading and things", BOTH, REST, 4000,
    {
        "signs": (16000, 7, 0.0, 1.0), "free-documents": (16000, 7, 0.0, 1.0), "several-digits": (7000, 2.5, 0.0, 1.0),
        "documents": (2500, 0.6, 0.0, 0.74), "digits": (3000, 1.5, 0.0, 1.0), "naming": (3000, 2, 0.0, 1.0),
        "relations": (9000, 5, 0.3, 1.0), "counting": (16000, 7, 0.3, 1.0), "inventory": (5000, 2, 0.0, 1.0),
        "unanswerable": (1000, 0.5, 0.0, 1.0), "charts": (4000, 1.5, 0.0, 1.0),
    },
    2300, 8e-4, 0.15,
    {
        "signs": 0.78, "free documents": 0.75, "several digits": 0.86, "grid documents": 0.995, "naming": 0.93,
        "relations": 0.9, "counting": 0.75, "chart values": 0.12,
    },
    "Of objects to be counted one token now tells colour and shape of 93 percent, where a trial found 72 before.  If "
    "the decoder could add up all along, and wasn't told what, counts rise.  Letters are told a little less well.",
)  # fmt: skip
FOURTH = Round(
    "reading and charts", ALL, REST[:1], 3000,
    {
        "signs": (16000, 6.5, 0.0, 1.0), "free-documents": (16000, 6.5, 0.0, 1.0),
        "several-digits": (7000, 2.5, 0.0, 1.0), "documents": (2500, 0.6, 0.0, 0.74), "digits": (3000, 1.5, 0.0, 1.0),
        "naming": (3000, 2, 0.0, 1.0), "relations": (8000, 3.5, 0.3, 1.0), "counting": (24000, 15, 0.3, 1.0),
        "inventory": (4000, 1.5, 0.0, 1.0),
        "unanswerable": (1000, 0.5, 0.0, 1.0), "charts": (3000, 1, 0.0, 1.0), "chart-values": (12000, 6, 0.0, 1.0),
    },
    2300, 8e-4, 0.15,
    {
        "signs": 0.75, "free documents": 0.75, "several digits": 0.86, "grid documents": 0.997, "naming": 0.94,
        "relations": 0.93, "counting": 0.72, "chart values": 0.45,
    },
    "Of a chart's values one token now tells 84 percent, of objects to be counted 95.  A trial that practised nothing "
    "but counting over the third round's tokens came to 74 percent; now an answer of one token has more of a say, and "
    "more pictures are counted.  Letters are told no better than after the third round.",
    gentle=0.5, acquainted=600, weighs="answers",
)  # fmt: skip
FIFTH = Round(
    "reading further", MORE, REST[:1], 4000,
    {
        "signs": (16000, 6.5, 0.0, 1.0), "free-documents": (16000, 6.5, 0.0, 1.0),
        "several-digits": (7000, 2.5, 0.0, 1.0), "documents": (2000, 0.5, 0.0, 0.74), "digits": (3000, 1.5, 0.0, 1.0),
        "naming": (4000, 2.5, 0.0, 1.0), "relations": (6000, 3, 0.3, 1.0), "counting": (24000, 17, 0.3, 1.0),
        "inventory": (4000, 1.5, 0.0, 1.0),
        "unanswerable": (1000, 0.5, 0.0, 1.0), "charts": (1500, 0.5, 0.0, 1.0), "chart-values": (18000, 11, 0.0, 1.0),
    },
    3600, 8e-4, 0.15,
    {
        "signs": 0.77, "free documents": 0.77, "several digits": 0.88, "grid documents": 0.998, "naming": 0.94,
        "relations": 0.96, "counting": 0.79, "chart values": 0.5,
    },
    "Of a chart's marks one token now tells 94 percent, of objects 97; of a sign's characters 95, of a free page's 85, "
    "hardly more than before.  Two and a half times as many charts are asked for their values as in the fourth round, "
    "and half as many pictures more are counted.",
    gentle=0.5, acquainted=600, weighs="answers",
)  # fmt: skip
ROUNDS = FIRST, SECOND, THIRD, FOURTH, FIFTH


def round_of(run):
    """How many rounds the model in a folder has behind it, and its record."""
    record = json.loads((run / "record.json").read_text(encoding="utf-8"))
    return sum(one.name in record["minutes"] for one in ROUNDS), record


def letters(run):
    """SAM, necks and adaptor learn letters; -> run/letters, with letters.json."""
    started = time.time()
    model, processor = load(run)
    number, _ = round_of(run)
    seed, now = SEED + 100 * number, ROUNDS[number]
    read = Shown(model, processor, now.read, seed)
    held = Shown(model, processor, now.held, seed + 1)
    asked = {s: Shown(model, processor, [(s, ASK, d, d)], SEED, "held-out") for s, d in ASKED}
    forked(partial(_letters, run, model, processor, read, held, asked, started), PROCESSES)


def _letters(run, model, processor, read, held, asked, started):
    """`letters` when all is drawn, in each of the processes."""
    out, looks = run / "letters", []
    number, record = round_of(run)
    now = ROUNDS[number]
    reader = new_reader(model, SEED + 100 * number)

    def look(step):
        right = {source: recorded.point(told(reader, shown).tolist()) for source, shown in asked.items()}
        looks.append({"step": step, "read": right, "minutes": _minutes(started)})
        print(step, {s: p["share"] for s, p in right.items()}, looks[-1]["minutes"], flush=True)

    if now.acquainted:
        acquaint(reader, read, now.acquainted)
    with together(device="cpu") as ranks:
        lines = teach(
            model, reader, read, held, now.letters, out, BATCH, quiet=True, look=look, gentle=now.gentle, ranks=ranks
        )
        if not ranks.first:
            return
    moved = round(sum(line["moved"] for line in lines[-100:]) / 100, 4)
    made = {"minutes": _minutes(started), "moved": moved, "looks": looks, "batch": BATCH, "asked": ASK}
    save(model, processor, out, record=record)
    (out / "letters.json").write_text(json.dumps(made, indent=1), encoding="utf-8")


def _minutes(since):
    return round((time.time() - since) / 60, 2)


def practise(run):
    """The decoder practises all tasks, reading most, over the taught tokens; -> run/reading."""
    started = time.time()
    model, processor = load(run / "letters")
    number, _ = round_of(run / "letters")
    now, seed = ROUNDS[number], SEED + 100 * number
    pool = make_pool(model, processor, now.pool, seed + 2, tokens=True)
    drawn = _minutes(started)
    asked = {task.name: questions(task, SEED, LOOKED) for task in named(TASKS)}
    texts = text_pool(_TEXTS, TEXTS, seed)
    forked(partial(_practise, run, model, processor, pool, texts, asked, drawn), PROCESSES)


def _practise(run, model, processor, pool, texts, asked, drawn):
    """`practise` when all is drawn, in each of the processes."""
    started = time.time()
    number, record = round_of(run / "letters")
    now, seed = ROUNDS[number], SEED + 100 * number
    stage = now.stage()
    taught = json.loads((run / "letters" / "letters.json").read_text(encoding="utf-8"))
    out, looks = run / "reading", []
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

    with together(device="cpu") as ranks:

        def watch(_, step, *__):
            if ranks.first and step % LOOK == 0:
                look(step)

        lines = run_stage(model, processor, stage, pool, texts, out, seed, quiet=True, ranks=ranks, watch=watch)
        if not ranks.first:
            return
    look(stage.steps)
    record["minutes"] |= {
        now.taught: taught["minutes"], now.name.replace("reading", "reading images"): drawn,
        now.name: _minutes(started),
    }  # fmt: skip
    record["minutes"]["total"] = round(sum(v for k, v in record["minutes"].items() if k != "total"), 2)
    record["curves"][now.name] = {
        kind: thin([line for line in lines if line["text"] == (kind == "text")]) for kind in ("image", "text")
    }
    record[now.taught] = taught
    record[now.name] = {
        "looks": looks, "batch": stage.batch, "asked": LOOKED, "practised": now.practised, "expected": now.expected,
        "why": now.why,
    }  # fmt: skip
    save(model, processor, out, record=record)


def rounds(run):
    """All rounds that the model in a folder hasn't had, each in the folder `reading` of the one before."""
    while round_of(run)[0] < len(ROUNDS):
        letters(run)
        practise(run)
        run = run / "reading"


if __name__ == "__main__":
    PARTS = {"letters": letters, "practise": practise, "rounds": rounds}
    if len(sys.argv) != 3 or sys.argv[2] not in PARTS:
        sys.exit(__doc__)
    with denormals_as_zero():
        PARTS[sys.argv[2]](Path(sys.argv[1]))

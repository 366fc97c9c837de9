"""Record whether a decoder learns to read off the grid once necks and adaptor have been taught letters (falling short).

    OMP_NUM_THREADS=1 python figures/record_reading.py teach runs/stage3     # necks and adaptor, half an hour
    OMP_NUM_THREADS=1 python figures/record_reading.py taught runs/stage3    # a decoder practises on them, an hour
    OMP_NUM_THREADS=1 python figures/record_reading.py untaught runs/stage3  # and on those that were not taught
    python figures/record_reading.py join runs/stage3                        # writes figures/results/reading.json

Kept in runs/reading.  FOLDER is the shipped model as it was before it practised.  In `teach` a small network, the
reader, gets the one image token in whose cell a character's middle lies, and where in the cell; it has to name the
character, and necks, convolutions and adaptor learn with it.  Then the reader is thrown away.  In the other two the
decoder of FOLDER practises signs, free pages and several digits, over finished image tokens; everything but what the
tokens are made by is alike.

EXPECTED was written before these runs; known by then were trials, each of one run: the teaching up to two fifths of its
steps (67 % of a sign's characters), and a decoder that was given, in place of image tokens, sums of one vector for
each letter and place (45 % of the signs after 29,000 pictures).
"""

import json
import sys
import time
from pathlib import Path

import recorded
import torch
from record_characters import near
from torch import nn
from torch.nn.functional import cross_entropy

from dsvl_min import load
from dsvl_min.data.world import ALPHABET
from dsvl_min.evaluation.tasks import answers, named, questions, score
from dsvl_min.training.loop import optimise
from dsvl_min.training.muon import groups_of
from dsvl_min.training.pool import Features, draw, encode, make_pool, text_pool
from dsvl_min.training.reader import DIGITS, points
from dsvl_min.training.stages import _TEXTS, Share, Stage, part_of
from dsvl_min.training.trainer import run_stage

SEED, ASK, BATCH = 53, 300, 48
LEARN = (("signs", 8000, 0.3, 1.0), ("free-documents", 8000, 0.0, 1.0), ("several-digits", 3000, 0.0, 1.0),
         ("documents", 2000, 0.5, 0.74))  # fmt: skip
READ = (("signs", 1.0), ("free-documents", 1.0), ("several-digits", 1.0), ("documents", 0.74))
STEPS, EVERY = 5000, 500
GLYPHS = (*ALPHABET, *DIGITS)  # the first of reader.NAMES: these pictures hold no objects
MOVED = ("necks", "adaptor")

PRACTISED = (("signs", 14000, 0.3, 1.0), ("free-documents", 14000, 0.0, 1.0), ("several-digits", 7000, 0.0, 1.0))
PRACTICE = Stage(
    "reading", {"decoder": 1e-3}, 3000, 24, tuple(Share(source, n, low, high) for source, n, low, high in PRACTISED),
    reads="questions", muon={"decoder": 0.01}, text_share=0.05, text_mix=_TEXTS,
)  # fmt: skip
LOOK, LOOKED = 500, 200
TASKS = ("signs", "free documents", "several digits")
EXPECTED = {  # at the end of practice: signs and numbers wholly right, characters of free pages
    "taught": {"signs": 0.4, "free documents": 0.45, "several digits": 0.25},
    "untaught": {"signs": 0.02, "free documents": 0.15, "several digits": 0.05},
}
WHY = "A sign of four is wholly read where four characters are, and eight in ten of them the tokens may tell."
RUNS = recorded.ROOT / "runs" / "reading"


def seen(model, processor, rows, seed, split):
    """(Points, Features) of pictures; SigLIP's pixels aren't needed."""
    samples, pictures = draw(rows, seed, model.config.sam.image_size, split=split, workers=1)
    features = encode(model, processor, [p[0] for p in pictures])
    return points(samples), Features(low=features.low, late=features.late, early=features.early)


def teach(folder):
    """Necks, convolutions and adaptor learn to tell characters; -> runs/reading/taught.pt and taught.json."""
    model, processor = load(folder)
    side, width = model.config.siglip.grid, model.config.decoder.width
    known, features = seen(model, processor, LEARN, SEED, "train")
    images, at, letters = known.images, known.at, known.names
    held = {s: seen(model, processor, [(s, ASK, d, d)], SEED, "held-out") for s, d in READ}
    first = torch.searchsorted(images, torch.arange(len(features.low) + 1))
    torch.manual_seed(SEED)
    norm = nn.LayerNorm(width)
    net = nn.Sequential(nn.Linear(width + 14, 256), nn.GELU(), nn.Linear(256, 256), nn.GELU(),
                        nn.Linear(256, len(GLYPHS)))  # fmt: skip
    moved = [(n, p) for n, p in model.named_parameters() if part_of(n) in MOVED]
    groups = groups_of(moved, 2e-3, 0.02, "") + [{"params": [*norm.parameters(), *net.parameters()], "lr": 2e-3}]
    looks, started = [], time.time()

    def read(features, images, at):
        tokens = model.adaptor(features.low, model.vision.sam.tokens(features.late, features.early))
        return net(near(norm(tokens).unflatten(1, (side, side)), images, at, 1))

    @torch.no_grad()
    def look(step):
        told = {}
        for source, (known, features) in held.items():
            right = read(features, known.images, known.at).argmax(1) == known.names
            told[source] = recorded.point(right.float().tolist())
        looks.append({"step": step, "read": told})
        print(step, {source: p["share"] for source, p in told.items()}, f"{time.time() - started:.0f} s", flush=True)

    def step(number):
        if number % EVERY == 0:
            look(number)
        chosen = torch.randint(len(first) - 1, (BATCH,))
        of = torch.cat([torch.arange(first[i], first[i + 1]) for i in chosen.tolist()])
        place = torch.repeat_interleave(torch.arange(BATCH), first[chosen + 1] - first[chosen])
        loss = cross_entropy(read(features[chosen], place, at[of]), letters[of])
        loss.backward()
        return {"loss": loss.item(), "images": BATCH}

    optimise("teach", groups, STEPS, step, RUNS / "teach", warmup=50, quiet=True, counted="images")
    look(STEPS)
    torch.save({n: p.detach() for n, p in moved}, RUNS / "taught.pt")
    minutes = round((time.time() - started) / 60, 1)
    (RUNS / "taught.json").write_text(json.dumps({"minutes": minutes, "looks": looks}), encoding="utf-8")


def practise(folder, kind):
    """The decoder practises reading over the tokens of one kind; -> runs/reading/KIND-practice.json."""
    model, processor = load(folder)
    if kind == "taught":
        model.load_state_dict(torch.load(RUNS / "taught.pt", weights_only=True), strict=False)
    pool = make_pool(model, processor, PRACTISED, SEED + 1, workers=1, tokens=True)
    asked = {task.name: questions(task, SEED, LOOKED) for task in named(TASKS)}
    looks, started = [], time.time()

    @torch.no_grad()
    def at(step):
        model.eval()
        told, said = {}, {}
        for task in named(TASKS):
            given = answers(model, processor, asked[task.name])
            marks = [score(a, truth, task.score) for a, (_, _, truth) in zip(given, asked[task.name], strict=True)]
            told[task.name] = recorded.point(marks, task.score)
            said[task.name] = [[truth, a] for a, (_, _, truth) in zip(given, asked[task.name], strict=True)][:8]
        model.train()
        looks.append({"pictures": step * PRACTICE.batch, "right": told, "said": said})
        print(kind, step, {n: p["share"] for n, p in told.items()}, f"{time.time() - started:.0f} s", flush=True)

    def watch(_, step, *__):
        if step % LOOK == 0:
            at(step)

    texts = text_pool(_TEXTS, 3000, SEED)
    run_stage(model, processor, PRACTICE, pool, texts, RUNS / kind, SEED, quiet=True, watch=watch)
    at(PRACTICE.steps)
    found = {"kind": kind, "minutes": round((time.time() - started) / 60, 1), "looks": looks}
    (RUNS / f"{kind}-practice.json").write_text(json.dumps(found), encoding="utf-8")


def join(folder):
    """What was kept -> figures/results/reading.json."""
    runs = [json.loads((RUNS / f"{kind}-practice.json").read_text(encoding="utf-8")) for kind in EXPECTED]
    recorded.write(
        "reading",
        "Does a decoder learn to read off the grid once necks and adaptor have been taught to tell characters?",
        f"python figures/record_reading.py KIND {folder}, then join",
        seeds=[SEED],
        data={
            "learn": LEARN, "ask": ASK, "practised": PRACTISED, "asked": LOOKED, "batch": PRACTICE.batch,
            "expected": EXPECTED, "why": WHY,
            "teaching": json.loads((RUNS / "taught.json").read_text(encoding="utf-8")), "runs": runs,
        },
        weights=recorded.weights_in(Path(folder)),
    )  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("teach", "join", *EXPECTED):
        sys.exit(__doc__)
    RUNS.mkdir(parents=True, exist_ok=True)
    if sys.argv[1] in EXPECTED:
        practise(sys.argv[2], sys.argv[1])
    else:
        {"teach": teach, "join": join}[sys.argv[1]](sys.argv[2])

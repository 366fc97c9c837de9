"""Record how far on its way to an answer each small object's shape and colour can still be read.

    python figures/record_lost.py runs/stage3 runs/practised   # writes figures/results/lost.json; 3 minutes, two cores

The first folder is the shipped model as it was before it practised: `dsvl train --size tiny --stages 1,2,3 --times 3
--out runs/stage3`; the second the same when it had practised: `--stages 1,2,3,4,5,6`.  Of that one only what it says is
asked.
"""

import re
import sys

import torch
from recorded import point, weights_in, write

import dsvl_min
from dsvl_min.checkpoint import WEIGHTS
from dsvl_min.data.world import OBJECT_COLORS, SHAPES
from dsvl_min.evaluation.tasks import answers
from dsvl_min.probes.readable import reader
from dsvl_min.training.parts import assemble
from dsvl_min.training.pool import draw, encode

LEARN, ASK, SEED = 4000, 500, 41
QUESTION = "What is there?"
FACTS = {"shape": SHAPES, "color": OBJECT_COLORS}


@torch.no_grad()
def encoders(model, seen):
    """What both encoders return of encoded pictures, and the image tokens: {"SigLIP", "SAM", "image tokens"}, each
    [images, tokens, width]."""
    high = torch.cat([model.vision.sam.tokens(*pair) for pair in zip(seen.late.split(200), seen.early.split(200),
                                                                    strict=True)])  # fmt: skip
    return {"SigLIP": seen.low, "SAM": high, "image tokens": model.adaptor(seen.low, high)}


@torch.no_grad()
def stations(model, processor, samples, pictures):
    """{station: [images, tokens, width]}: what both encoders return, the image tokens, and those after each block."""
    found = encoders(model, encode(model, processor, [p[0] for p in pictures]))
    blocks = [[] for _ in model.decoder.blocks]
    hooks = [
        block.register_forward_hook(lambda _, __, out, kept=kept: kept.append(out))
        for block, kept in zip(model.decoder.blocks, blocks, strict=True)
    ]
    for images in torch.arange(len(samples)).split(50):
        asked = [[{"role": "User", "content": f"{processor.config.image_tag}\n{QUESTION}", "images": pictures[i]}]
                 for i in images]  # fmt: skip
        inputs = processor(asked)
        model(**inputs)
        at = inputs["input_ids"] == model.config.image_token_id
        for kept in blocks:
            kept[-1] = kept[-1][at].unflatten(0, (len(images), -1))
    for hook in hooks:
        hook.remove()
    return found | {f"block {i}": torch.cat(kept) for i, kept in enumerate(blocks, 1)}


def places(samples, side):
    """Every object of every sample: (its image, the token on which its centre lies, the four of its ninth, the fact's
    number for each of FACTS), each a tensor with a row an object."""
    rows = []
    for i, made in enumerate(samples):
        for t in made.images[0].things:
            row, column = (int(3 * v) * side // 3 for v in (t.y, t.x))
            four = [(row + a) * side + column + b for a in range(side // 3) for b in range(side // 3)]
            one = int(side * t.y) * side + int(side * t.x)
            rows.append((i, [one], four, [known.index(getattr(t, fact)) for fact, known in FACTS.items()]))
    return [torch.tensor(column) for column in zip(*rows, strict=True)]


def said(model, processor, samples):
    """What the model's own lists say, and how many of them have the right length: ({how: {fact: marks of all objects}},
    share).

    how: "in place", an object is right where the list's entry of its number has its fact; "in any place", where some
    entry has it that no other object of the picture needs; "of another picture", the same with another sample's list.
    """
    lists = answers(model, processor, [(made, QUESTION, made.text) for made in samples])
    lists, truths = ([re.findall(r"an? (\w+) (\w+)", text) for text in some]
                     for some in (lists, [made.text for made in samples]))  # fmt: skip
    marks = {how: {fact: [] for fact in FACTS} for how in ("in place", "in any place", "of another picture")}
    for i, truth in enumerate(truths):
        for fact, word in (("color", 0), ("shape", 1)):
            there, other = ([entry[word] for entry in lists[j]] for j in (i, i - 1))
            marks["in place"][fact] += [float(there[k : k + 1] == [entry[word]]) for k, entry in enumerate(truth)]
            for how, left in (("in any place", there), ("of another picture", other)):
                for entry in truth:
                    marks[how][fact].append(float(entry[word] in left))
                    if entry[word] in left:
                        left.remove(entry[word])
    return marks, sum(len(a) == len(b) for a, b in zip(lists, truths, strict=True)) / len(lists)


def sizes(model, found, before_stage_1):
    """How long the vectors are: {"words": of the vocabulary, "image tokens": as they enter the decoder, "before stage
    1": the same then, "moved": by how much all blocks together change an image token, as a share of its length}, means.
    """
    before, after = found["image tokens"], found[f"block {len(model.decoder.blocks)}"]
    lengths = before.norm(dim=-1)
    return {
        "words": round(model.decoder.embed.weight.norm(dim=-1).mean().item(), 2),
        "image tokens": round(lengths.mean().item(), 1),
        "before stage 1": round(before_stage_1.norm(dim=-1).mean().item(), 2),
        "moved": round(((after - before).norm(dim=-1) / lengths).mean().item(), 4),
    }


def told(model, processor, samples):
    """{"said": {how: {fact: point}}, "length": share of the lists that have the right one}."""
    marks, length = said(model, processor, samples)
    return {
        "said": {how: {fact: point(m) for fact, m in facts.items()} for how, facts in marks.items()},
        "length": length,
    }


def measure(folder, practised):
    """{"read": {fact: {"one" or "four": {station: point}}}, "sizes", "said" and "length", "practised": both later}."""
    model, processor = dsvl_min.load(folder)
    size, side = model.config.sam.image_size, model.config.siglip.grid
    learn = draw([("inventory", LEARN, 1.0, 1.0)], SEED, size)
    ask = draw([("inventory", ASK, 1.0, 1.0)], SEED, size, split="held-out")
    known, asked = (stations(model, processor, *some) for some in (learn, ask))
    at, asked_at = places(learn[0], side), places(ask[0], side)
    found = {"learn": LEARN, "ask": ASK, "objects": len(asked_at[0]), "read": {}}
    start = stations(*assemble(model.config, WEIGHTS / "tiny-parts"), *ask)
    found["sizes"] = sizes(model, asked, start["image tokens"])
    print(found["sizes"], flush=True)
    for number, (fact, names) in enumerate(FACTS.items()):
        found["read"][fact] = {"one": {}, "four": {}}
        for way, column in (("one", 1), ("four", 2)):
            for station in known:
                tokens, others = (
                    x[station][p[0][:, None], p[column]].flatten(1) for x, p in ((known, at), (asked, asked_at))
                )
                guessed = reader(tokens, at[3][:, number], len(names))(others)
                marks = (guessed == asked_at[3][:, number]).float().tolist()
                found["read"][fact][way][station] = point(marks)
            print(fact, way, {s: p["share"] for s, p in found["read"][fact][way].items()}, flush=True)
    found |= told(model, processor, ask[0])
    found["practised"] = told(*dsvl_min.load(practised), ask[0])
    print(found["said"], found["length"], found["practised"], flush=True)
    return found


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    write(
        "lost",
        "How far on its way to an answer can each small object's shape and colour still be read?",
        f"python figures/record_lost.py {sys.argv[1]} {sys.argv[2]}",
        seeds=[SEED],
        data=measure(*sys.argv[1:]),
        weights=weights_in(sys.argv[1]),
    )

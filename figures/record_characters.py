"""Record where characters that don't stand in a grid get lost on their way into the decoder (falling short).

    python figures/record_characters.py runs/stage3    # writes figures/results/characters.json; 20 minutes, two cores

FOLDER is the shipped model as it was before it practised (practice moves nothing that is measured here).  At each
stop a small network reads single characters: it gets the cells next to a character's middle and where among them that
lies.  The last rows ask whether SAM's tokens could hold more: necks and convolutions learn together with the network.
"""

import sys

import torch
from record_lost import encoders
from recorded import point, weights_in, write
from torch import nn
from torch.nn.functional import cross_entropy

import dsvl_min
from dsvl_min.data.world import ALPHABET
from dsvl_min.training.pool import draw, encode
from dsvl_min.training.reader import points

LEARN, ASK, SEED, BATCH = 5000, 500, 47, 48
STEPS, TAUGHT_STEPS, EVERY = 1500, 5000, 500
SOURCES = {"documents": (0.5, 0.74), "signs": (0.5, 1.0), "free-documents": (0.0, 1.0)}  # difficulties learnt from
HARDEST = {"documents": 0.74, "signs": 1.0, "free-documents": 1.0}
REACH = {"SAM's patches": 3}  # cells along a side that the network gets; of the larger cells of tokens it gets two


def characters(samples):
    """Every character: (its picture, the place of its middle (x, y) in 0..1, its number in ALPHABET), tensors."""
    known = points(samples)  # ALPHABET comes first among a reader's names, and these pictures hold nothing else
    return [known.images, known.at, known.names]


def near(grids, images, at, cells):
    """What the network reads: grids [I, g, g, D], images [N], at [N, 2] -> [N, cells² · D + 14]."""
    side = grids.shape[1]
    corner = (at * side - (cells - 1) / 2).floor().clamp(0, side - cells).long()
    x, y = corner.unbind(1)
    found = [grids[images, y + down, x + right] for down in range(cells) for right in range(cells)]
    offset = at * side - corner - cells / 2
    waves = [wave(k * offset * torch.pi / cells) for wave in (torch.sin, torch.cos) for k in (1, 2, 4)]
    return torch.cat([*found, offset, *waves], 1)


def learnt(see, width, cells, known, steps, moved=(), look=None):
    """A network that reads characters off what `see(pictures)` gives, [I, g, g, width]; `moved` learns with it.

    known: `characters`.  look(read, step): called now and then; read(see, characters) -> marks.
    """
    images, at, letters = known
    torch.manual_seed(SEED)
    norm = nn.LayerNorm(width)
    net = nn.Sequential(
        nn.Linear(cells**2 * width + 14, 384), nn.GELU(), nn.Linear(384, 384), nn.GELU(), nn.Linear(384, len(ALPHABET))
    )
    trained = [*norm.parameters(), *net.parameters(), *moved]
    optimizer = torch.optim.AdamW(trained, weight_decay=0.01)
    rows = [row.nonzero().squeeze(1) for row in images == torch.arange(int(images.max()) + 1)[:, None]]

    @torch.no_grad()
    def read(see, asked):
        images, at, letters = asked
        guessed = net(near(norm(see(torch.arange(int(images.max()) + 1))), images, at, cells)).argmax(1)
        return (guessed == letters).float().tolist()

    for step in range(steps):
        if look and step % EVERY == 0:
            look(read, step)
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * min(1, step / 50) * (1 - step / steps) ** 0.5
        pictures = torch.randint(len(rows), (BATCH,))
        of = torch.cat([rows[i] for i in pictures])
        place = torch.repeat_interleave(torch.arange(BATCH), torch.tensor([len(rows[i]) for i in pictures]))
        loss = cross_entropy(net(near(norm(see(pictures)), place, at[of], cells)), letters[of])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
    if look:
        look(read, steps)
    return read


def stations(model, seen):
    """{station: [I, g, g, D]} of encoded pictures; SAM's patches are those that leave early beside the last ones."""
    side = model.config.siglip.grid
    names = {"SigLIP": "SigLIP's tokens", "SAM": "SAM's tokens", "image tokens": "image tokens"}
    grids = {names[name]: found.unflatten(1, (side, side)) for name, found in encoders(model, seen).items()}
    return {"SAM's patches": torch.cat([seen.late, seen.early], -1), **grids}


def measure(folder):
    """{"read": {source: {station: point}}, "taught": [{"step", source: point}], and how many were learnt and asked}."""
    model, processor = dsvl_min.load(folder)
    found, kept = {"learn": LEARN, "ask": ASK, "steps": STEPS, "read": {}, "taught": []}, {}
    for source, (low, high) in SOURCES.items():
        kept[source] = []
        for count, row, split in ((LEARN, (low, high), "train"), (ASK, (HARDEST[source],) * 2, "held-out")):
            samples, pictures = draw([(source, count, *row)], SEED, model.config.sam.image_size, split=split)
            kept[source].append((characters(samples), encode(model, processor, [p[0] for p in pictures])))
        (known, seen), (asked, seen_too) = kept[source]
        found["read"][source] = {}
        there, asked_there = stations(model, seen), stations(model, seen_too)
        for station, grids in there.items():
            read = learnt(grids.__getitem__, grids.shape[-1], REACH.get(station, 2), known, STEPS)
            found["read"][source][station] = point(read(asked_there[station].__getitem__, asked))
            print(source, station, found["read"][source][station], flush=True)
    sam, side = model.vision.sam, model.config.siglip.grid
    taught = list(SOURCES)[1:]
    late, early = (torch.cat([getattr(kept[source][0][1], name) for source in taught]) for name in ("late", "early"))
    first, second = (kept[source][0][0] for source in taught)
    known = [torch.cat(pair) for pair in zip(first, (second[0] + LEARN, *second[1:]), strict=True)]

    def tokens(late, early):
        return lambda pictures: sam.tokens(late[pictures], early[pictures]).unflatten(1, (side, side))

    def look(read, step):
        told = {source: point(read(tokens(seen.late, seen.early), asked)) for source in taught
                for asked, seen in [kept[source][1]]}  # fmt: skip
        found["taught"].append({"step": step, **told})
        print(step, {source: p["share"] for source, p in told.items()}, flush=True)

    moved = [sam.alpha, *(p for part in (sam.neck, sam.early_neck, sam.downsample) for p in part.parameters())]
    learnt(tokens(late, early), model.config.sam.out_width, 2, known, TAUGHT_STEPS, moved, look)
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write(
        "characters",
        "Where on its way into the decoder does a character get lost that doesn't stand in a grid?",
        f"python figures/record_characters.py {sys.argv[1]}",
        seeds=[SEED],
        data=measure(sys.argv[1]),
        weights=weights_in(sys.argv[1]),
    )

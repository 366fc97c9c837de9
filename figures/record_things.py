"""Record what image tokens tell of objects to be counted, before and after they were taught shapes.

    python figures/record_things.py runs/remade/reading/reading       # writes figures/results/things.json; ten minutes

The folder holds the model of two rounds of `teach_reading.py` and, in letters/, its tokens as the third round taught
them.  Over either kind of tokens, of the same pictures, two small networks learn on tokens that stay as they are: a
`Reader` is handed the one token in whose cell an object's middle lies, and names its colour and shape; a counter is
handed all tokens and a shape's number, and says how many objects have it.  Both are thrown away.

EXPECTED was written before these runs, when a trial on the tokens of before had told 73 % of the shapes.
"""

import sys
import time
from pathlib import Path

import recorded
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dsvl_min import load
from dsvl_min.data.world import SHAPES
from dsvl_min.training.letters import Shown, new_reader
from dsvl_min.training.pool import draw
from dsvl_min.training.reader import NAMES

SEED, LEARN, ASK, STEPS, BATCH, MOST = 83, 12000, 500, 3000, 64, 5
KIND = "counting"
EXPECTED = (
    "Before, the reader tells seven shapes in ten and the counter six counts; taught, nine and a half, and eight and a "
    "half."
)


class Counter(nn.Module):
    """Tokens [I, N, D] and the number of the shape asked about [I] -> logits [I, MOST + 1].  Three plain blocks."""

    def __init__(self, tokens, width):
        super().__init__()
        self.norm, self.asked = nn.LayerNorm(width), nn.Embedding(len(SHAPES), width)
        self.place = nn.Parameter(0.02 * torch.randn(tokens + 1, width))
        block = nn.TransformerEncoderLayer(width, 4, 4 * width, 0.0, "gelu", batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(block, 3, enable_nested_tensor=False)
        self.head = nn.Linear(width, MOST + 1)

    def forward(self, tokens, shape):
        x = torch.cat([self.norm(tokens), self.asked(shape)[:, None]], 1) + self.place
        return self.head(self.blocks(x)[:, -1])


def learn(net, loss_of, rate):
    """AdamW over random batches, the rate falling to nothing."""
    optimizer = torch.optim.AdamW(net.parameters(), rate, weight_decay=0.05)
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1, step / 100) * (1 - step / STEPS)
        optimizer.zero_grad()
        loss_of(torch.randint(LEARN, (BATCH,))).backward()
        optimizer.step()


def asked_of(samples):
    """Of each sample the number of the shape asked about, and how many there are: two tensors."""
    shapes = [SHAPES.index(sample.truth["shape"]) for sample in samples]
    return torch.tensor(shapes), torch.tensor([sample.truth["count"] for sample in samples])


def told(folder):
    """What the tokens of the model in a folder tell: points for colour, shape and count."""
    model, processor = load(folder)
    sets = []
    for split, many in (("train", LEARN), ("held-out", ASK)):
        rows = [(KIND, many, 1.0, 1.0)]
        shown = Shown(model, processor, rows, SEED, split)
        samples, _ = draw(rows, SEED, 8, split, 1)  # for what they hold; `shown` has the pictures
        sets.append((shown, shown.all_tokens(), *asked_of(samples)))
    (train, tokens, shapes, counts), (held, held_tokens, held_shapes, held_counts) = sets
    reader = new_reader(model, SEED)
    learn(reader, lambda some: reader.loss(tokens[some], train.points(some)), 2e-3)
    counter = Counter(tokens.shape[1], tokens.shape[2])
    learn(counter, lambda some: cross_entropy(counter(tokens[some], shapes[some]), counts[some]), 1e-3)
    with torch.no_grad():
        said = [NAMES[i].split() for i in reader(held_tokens, held.known).argmax(1).tolist()]
        right = counter(held_tokens, held_shapes).argmax(1) == held_counts
    true = [NAMES[i].split() for i in held.known.names.tolist()]
    found = {
        "colour": recorded.point([float(a[0] == b[0]) for a, b in zip(said, true, strict=True)]),
        "shape": recorded.point([float(a[-1] == b[-1]) for a, b in zip(said, true, strict=True)]),
        "count": recorded.point(right.float().tolist()),
    }
    print(folder, {name: point["share"] for name, point in found.items()}, flush=True)
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    run, started = Path(sys.argv[1]), time.time()
    tokens = {"before": told(run), "taught": told(run / "letters")}
    recorded.write(
        "things",
        "Do image tokens tell the shapes that are to be counted, and does counting follow once they do?",
        f"python figures/record_things.py {run}",
        seeds=(SEED,),
        data={
            "pictures": LEARN, "asked": ASK, "steps": STEPS, "batch": BATCH, "expected": EXPECTED, "tokens": tokens,
            "minutes": round((time.time() - started) / 60, 1),
        },
    )  # fmt: skip

"""Letters for the image tokens: what makes them learns to tell characters apart, before the decoder practises reading.

From answers alone SAM's blocks, which no stage trains, and the necks and the adaptor don't learn letters in the time
that we have: the decoder can't read yet, so it has little to tell them (figures/results/characters.json).  Here a
`Reader` teaches them straight, and the tokens of other pictures are held near to what they were, so that a trained
decoder still knows its way about them.  Objects, and the values of charts, can be taught alike.

Shapes: I images, N tokens of each, D decoder width.
"""

import torch
from torch import nn

from .loop import optimise, schedule
from .muon import groups_of
from .pool import draw
from .ranks import ALONE
from .reader import RATE, Points, Reader, points
from .stages import part_of

# deviation: letters-taught
RATES = {"sam": (5e-4, 0.01), "necks": (2e-3, 0.02), "adaptor": (2e-3, 0.02)}  # AdamW's, and Muon's for the matrices
BESIDE = 4  # for so many pictures that are read, one is shown whose tokens are held
LOOK = 250


class Shown:
    """Pictures, their image tokens with gradients for what trains, and the Points of what can be told in them."""

    def __init__(self, model, processor, rows, seed, split="train", workers=None):
        samples, pictures = draw(rows, seed, model.config.sam.image_size, split, workers)
        self.model, self.processor = model, processor
        self.known, self.pictures = points(samples), [one for images in pictures for one in images]

    def __len__(self):
        return len(self.pictures)

    def tokens(self, chosen):
        """[I, N, D] of the pictures whose numbers stand in a tensor [I]; SigLIP is frozen."""
        model = self.model
        pixels = self.processor.pixels([self.pictures[i] for i in chosen.tolist()])
        pixels = {name: values.to(model.device) for name, values in pixels.items()}
        with torch.no_grad():
            low = model.vision.siglip(pixels["pixel_values"])
        return model.adaptor(low, model.vision.sam(pixels["high_res_pixel_values"]))

    @torch.no_grad()
    def all_tokens(self):
        """[I, N, D] of all pictures."""
        return torch.cat([self.tokens(some) for some in torch.arange(len(self)).split(64)])

    def points(self, chosen):
        """The Points of chosen pictures, counted in the order in which they were chosen."""
        first = torch.searchsorted(self.known.images, torch.arange(len(self) + 1))
        of = torch.cat([torch.arange(first[i], first[i + 1]) for i in chosen.tolist()])
        images = torch.repeat_interleave(torch.arange(len(chosen)), first[chosen + 1] - first[chosen])
        return Points(images, self.known.at[of], self.known.names[of]).to(self.model.device)


@torch.no_grad()
def told(reader, shown):
    """Of each point in the pictures shown, whether the reader names it rightly: a tensor of 0 and 1."""
    known = shown.known.to(shown.model.device)
    return (reader(shown.all_tokens(), known).argmax(1) == known.names).float()


def new_reader(model, seed=0):
    """A Reader for the model's tokens."""
    torch.manual_seed(seed)
    return Reader(model.config.decoder.width).to(model.device)


def acquaint(reader, read, steps, images=6000, batch=64):
    """The reader alone learns, with AdamW, over the tokens of some of the pictures, which stay as they are.

    A new reader tells nothing; what it would first ask of tokens that have been taught before may undo some of that.
    """
    some = torch.randperm(len(read))[:images]
    with torch.no_grad():
        tokens = torch.cat([read.tokens(part) for part in some.split(64)])
    optimizer = torch.optim.AdamW(reader.parameters(), RATE, weight_decay=0.0)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * schedule(step, steps, warmup=min(50, steps // 4))
        chosen = torch.randint(len(some), (batch,))
        optimizer.zero_grad()
        reader.loss(tokens[chosen], read.points(some[chosen])).backward()
        optimizer.step()


class Lesson(nn.Module):
    """What `teach` takes gradients of, as a module, so that what joins ranks can stand around it."""

    def __init__(self, model, reader, read, held):
        super().__init__()
        self.model, self.reader, self.read, self.held = model, reader, read, held
        self.before = held.all_tokens()
        self.size = self.before.square().mean()

    def forward(self, chosen, others):
        """(the reader's loss over chosen pictures of `read`, by how much the tokens of others in `held` have moved)."""
        tokens = self.read.tokens(chosen)
        moved = (self.held.tokens(others) - self.before[others]).square().mean() / self.size
        return self.reader.loss(tokens, self.read.points(chosen)), moved


def teach(model, reader, read, held, steps, out, batch=32, quiet=False, look=None, gentle=1.0, ranks=ALONE):
    """SAM, the necks and the adaptor learn with the reader to tell what lies in `read`; returns a line a step.

    read, held: Shown.  The tokens of `held` stay near to what they are: the mean square by which they have moved, as a
    share of their own, is added to the reader's loss.  look(step), if given, is called every 250 steps and at the end.
    gentle: what RATES are multiplied by.  ranks: who share each step's pictures, with random numbers from the same
    seed.  Leaves a metrics.jsonl in out; the decoder and SigLIP don't move.
    """
    groups = []
    for part, rates in RATES.items():
        named = [(name, p) for name, p in model.named_parameters() if part_of(name) == part]
        groups += groups_of(named, *(gentle * rate for rate in rates), "blocks." if part == "sam" else "")
    groups.append({"params": list(reader.parameters()), "lr": RATE})
    for name, p in model.named_parameters():
        p.requires_grad_(part_of(name) in RATES)
    lesson = ranks.spread(Lesson(model, reader, read, held))
    beside = max(ranks.size, batch // BESIDE)

    def step(number):
        if look and ranks.first and number % LOOK == 0:
            look(number)
        chosen, others = torch.randint(len(read), (batch,)), torch.randint(len(held), (beside,))
        mine, near = (drawn[ranks.rank :: ranks.size] for drawn in (chosen, others))
        loss, moved = lesson(mine, near)
        loss, moved = loss * len(mine) / batch, moved * len(near) / beside
        ((loss + moved) * ranks.size).backward()  # what joins ranks takes the mean of their gradients
        return {"loss": ranks.sum(loss.item()), "moved": ranks.sum(moved.item()), "images": batch + beside}

    warmup = min(50, steps // 4)
    lines = optimise("letters", groups, steps, step, out, warmup=warmup, quiet=quiet, counted="images", ranks=ranks)
    if look and ranks.first:
        look(steps)
    model.requires_grad_(True)
    return lines

"""Letters for the image tokens: what makes them learns to tell characters apart, before the decoder practises reading.

From answers alone SAM's patches, the necks and the adaptor don't learn letters in the time that we have: the decoder
can't read yet, so it has little to tell them (figures/results/characters.json).  Here a `Reader` teaches them straight,
and what the tokens of other pictures were is kept near, so that a trained decoder still knows its way about them.

Shapes: I images, N tokens of each, D decoder width.
"""

import torch

from .loop import optimise
from .muon import groups_of
from .pool import draw, encode
from .reader import RATE, Points, Reader, points
from .stages import part_of

# deviation: letters-taught
RATES = {"sam": (5e-4, 0.01), "necks": (2e-3, 0.02), "adaptor": (2e-3, 0.02)}  # of AdamW, of Muon
BESIDE = 4  # of so many pictures to read there is one that is kept


class Shown:
    """Pictures and their image tokens, with gradients for what trains; what is frozen has been computed once.

    known: the Points of what can be told in them.  sam: SAM trains too, so only SigLIP's tokens are finished.
    """

    def __init__(self, model, processor, rows, seed, sam, split="train", workers=None):
        samples, pictures = draw(rows, seed, model.config.sam.image_size, split, workers)
        self.model, self.processor, self.sam = model, processor, sam
        self.known, self.pictures = points(samples), [one for images in pictures for one in images]
        features = encode(model, processor, self.pictures)
        self.low, self.late, self.early = features.low, features.late.half(), features.early.half()

    def __len__(self):
        return len(self.pictures)

    def tokens(self, chosen):
        """[I, N, D] of the pictures whose numbers stand in a tensor [I]."""
        sam = self.model.vision.sam
        if self.sam:
            some = [self.pictures[i] for i in chosen.tolist()]
            late, early = sam.embed(self.processor.pixels(some)["high_res_pixel_values"])
        else:
            late, early = self.late[chosen].float(), self.early[chosen].float()
        return self.model.adaptor(self.low[chosen], sam.tokens(late, early))

    @torch.no_grad()
    def all_tokens(self):
        """[I, N, D] of all pictures."""
        return torch.cat([self.tokens(some) for some in torch.arange(len(self)).split(64)])

    def points(self, chosen):
        """The Points of chosen pictures, counted in the order in which they were chosen."""
        first = torch.searchsorted(self.known.images, torch.arange(len(self) + 1))
        of = torch.cat([torch.arange(first[i], first[i + 1]) for i in chosen.tolist()])
        images = torch.repeat_interleave(torch.arange(len(chosen)), first[chosen + 1] - first[chosen])
        return Points(images, self.known.at[of], self.known.names[of])


@torch.no_grad()
def told(reader, shown):
    """Of each point in the pictures shown, whether the reader names it rightly: a tensor of 0 and 1."""
    return (reader(shown.all_tokens(), shown.known).argmax(1) == shown.known.names).float()


def teach(model, reader, read, kept, steps, out, batch=32, quiet=False, look=None):
    """Necks, adaptor and, where `read.sam`, SAM's blocks learn with the reader to tell what lies in `read`, pictures.

    kept: pictures whose tokens stay near to what they are: the mean square of what they have moved by, as a share of
    their own, is added to the reader's loss.  look(step), if given, is called every 250 steps and at the end.  Leaves a
    metrics.jsonl in out; the decoder and SigLIP don't move.
    """
    before = kept.all_tokens()
    size = before.square().mean()
    parts = [part for part in RATES if part != "sam" or read.sam]
    groups = []
    for part in parts:
        named = [(name, p) for name, p in model.named_parameters() if part_of(name) == part]
        groups += groups_of(named, *RATES[part], "blocks." if part == "sam" else "")
    groups.append({"params": list(reader.parameters()), "lr": RATE})
    for name, p in model.named_parameters():
        p.requires_grad_(part_of(name) in parts)

    def step(number):
        if look and number % 250 == 0:
            look(number)
        chosen = torch.randint(len(read), (batch,))
        others = torch.randint(len(kept), (max(1, batch // BESIDE),))
        loss = reader.loss(read.tokens(chosen), read.points(chosen))
        moved = (kept.tokens(others) - before[others]).square().mean() / size
        (loss + moved).backward()
        return {"loss": loss.item(), "moved": moved.item(), "images": batch + len(others)}

    warmup = min(50, steps // 4)
    lines = optimise("letters", groups, steps, step, out, warmup=warmup, quiet=quiet, counted="images")
    if look:
        look(steps)
    model.requires_grad_(True)
    return lines


def new_reader(model, seed=0):
    """A Reader for the model's tokens."""
    torch.manual_seed(seed)
    return Reader(model.config.decoder.width).to(model.device)

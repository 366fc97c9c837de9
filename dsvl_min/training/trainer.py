"""A stage: what it freezes, which batches it draws, what it is judged by.  The loop itself is `loop`'s."""

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from ..checkpoint import save
from ..config import IGNORE, ConfigError
from ..data.collate import clip, everything, pad_right, questions, root_weights, row
from ..data.feeds import Records
from ..data.mixture import Mixture, Row
from ..data.packing import fan, first_fit, pack
from ..model import predicted_loss
from .guard import stop_if_bad
from .keep import Keeper
from .loop import Show, optimise
from .muon import groups_of
from .pool import Features, image_embeddings
from .ranks import ALONE, like, own_copy, whole
from .reader import RATE, Points, Reader, points
from .stages import APART, LORA, OWN, PARTS, part_of

UNFINISHED = "unfinished"  # where a stage in progress keeps its checkpoints
CHUNKS = 3  # a step's samples, sorted by length, run in at least this many pieces: less padding


@dataclass(frozen=True)
class Means:
    """How a step is computed.  Its result stays the same but for rounding.

    rows: at most so many run at once on each rank (0: a third of its rows).  recompute: of the decoder's and SigLIP's
    blocks only the input is kept for the backward pass, which computes the rest again.  compiled: they go through
    torch.compile.
    """

    rows: int = 0
    recompute: bool = False
    compiled: bool = False

    def __post_init__(self):
        if self.rows < 0:
            raise ConfigError(f"rows must be how many run at once, or 0; got {self.rows}")

    @contextmanager
    def of(self, model):
        """While open, the model's blocks run so; names and weights stay what they are."""
        parts = [part for part in (model.decoder, model.vision.siglip) if part is not None]
        blocks = [block for part in parts for block in part.blocks]
        try:
            for block in blocks:
                if self.recompute:
                    block.forward = partial(checkpoint, block.forward, use_reentrant=False)
                if self.compiled:
                    block.compile(dynamic=True)
            yield
        finally:
            for block in blocks:
                vars(block).pop("forward", None)
                block._compiled_call_impl = None


def trainable(model, stage):
    """Freeze and free parameters as the stage says; returns {part: (name, parameter) pairs it trains}."""
    groups = {part: [] for part in (*PARTS, LORA)}
    for name, p in model.named_parameters():
        part = part_of(name)
        p.requires_grad_(stage.lr.get(part, 0) > 0)
        if p.requires_grad:
            groups[part].append((name, p))
    return {part: ps for part, ps in groups.items() if ps}


def summed_loss(model, batch, features, siglip_trains=False, reading=None):
    """Cross-entropy summed over the supervised tokens of a batch: {input_ids, labels, perhaps segments and weights}.

    reading: a function of the image tokens whose value is added, times what the supervised tokens count.
    """
    device = model.decoder.embed.weight.device
    batch = {name: tensor.to(device) for name, tensor in batch.items()}
    images = None if features is None else image_embeddings(model, features.to(device), siglip_trains)
    embeddings = model.embed(batch["input_ids"], images)
    masks = {name: batch.get(name) for name in ("weights", "segments")}
    loss = predicted_loss(model.decoder, embeddings, batch["labels"], "sum", **masks)
    if reading is None or images is None:
        return loss
    return loss + reading(images) * counted(batch)


def counted(batch):
    """What a batch's supervised tokens count: as many as there are, or the sum of their weights."""
    told = batch["labels"][:, 1:] != IGNORE
    return (batch["weights"][:, 1:][told] if "weights" in batch else told).sum()


def members(share, samples):
    """Places of the samples a share draws from: its source, its range of difficulty.  ConfigError if there are none."""
    if share.source == OWN:
        return range(len(samples))
    found = [i for i, s in enumerate(samples) if s.source == share.source and share.low <= s.difficulty <= share.high]
    if not found:
        raise ConfigError(
            f"no image of {share.source} between difficulty {share.low} and {share.high} was made beforehand"
        )
    return found


def mixture(stage, pool, texts, seed):
    """The stage's `Mixture`.  Its sources give places, in the pool or among the texts: each once, then all again."""
    rows = []
    for share in stage.mix if stage.text_share < 1 else ():
        name = f"{share.source} {share.low}-{share.high}"
        rows.append(Row(name, share.weight, (Records(name, members(share, pool.samples)),)))
    if stage.text_share:
        share = stage.text_share
        weight = sum(row.share for row in rows) * share / (1 - share) if rows else 1.0
        rows.append(Row("text", weight, (Records("text", range(len(texts))),), text=True))
    return Mixture(
        tuple(rows), stage.batch, f"{seed}/{stage.name}", False, stage.ramp, grouped=stage.grouped, steps=stage.steps
    )


@dataclass(frozen=True)
class Chunk:
    """Rows that run together.  batch: input_ids, labels, segments where texts share a row, and weights where labels
    don't count alike; features: of their images, or None where there is none; tokens: how many there are, padding
    aside; points: what lies where in the images, if a reader asks.
    """

    batch: dict
    features: Features | None
    tokens: int
    points: Points | None = None

    @property
    def predicted(self):
        """How many tokens the loss is about, or the sum of their weights."""
        return counted(self.batch).item()


class Batches:
    """Steps of a stage, each a function of the seed and its number: nothing about them needs to be saved.

    rank, ranks: of how many processes this is which; it gets its equal part of every step.  rows: how many run at
    once, at most (0: a third).
    """

    def __init__(self, stage, pool, texts, processor, seed, rank=0, ranks=1, rows=0):
        self.stage, self.pool, self.texts, self.processor, self.rows = stage, pool, texts, processor, rows
        self.mixture = mixture(stage, pool, texts, seed)
        self.part = self.mixture.part(rank, ranks)
        most = processor.config.decoder.max_positions
        self.length = min(stage.length or most, most)

    def __call__(self, step):
        """The step's samples as Chunks."""
        places, rows = [], []
        for row_of, source, seed, index in self.mixture.plan(step)[self.part]:
            place = source(seed, index)
            sample = self.texts[place] if row_of.text else self.pool.samples[place]
            reads = "dialogues" if row_of.text else self.stage.reads
            places.append([] if row_of.text else [place])
            made = (questions if reads in APART else row)(sample, self.processor, reads)
            if self.stage.learns == "everything" and reads == "dialogues":
                made = everything(made, self.processor)
            if row_of.text and self.stage.reads in APART:
                made = fan([made])
            rows.append(clip(made, self.length))
        chunks = []
        for part in self.chunked(rows):
            chosen, pad = [rows[i] for i in part], self.processor.config.pad_token_id
            if self.stage.packing:
                packed = pack(chosen, self.length, pad)
                batch, part = packed.tensors(), packed.arrange([[i] for i in part])
            else:
                batch = dict(zip(("input_ids", "labels", "segments"), pad_right(chosen, pad), strict=False))
            if self.stage.weighs == "answers":
                batch["weights"] = root_weights(batch["labels"])
            seen = [place for i in part for place in places[i] if self.pool.samples[place].images]
            samples, features = self.pool.take(seen) if seen else ([], None)
            told = points(samples) if self.stage.reader else None
            chunks.append(Chunk(batch, features, sum(len(ids) for ids, *_ in chosen), told))
        return chunks

    def chunked(self, rows):
        """Rows' numbers in groups: whole sequences' worth where rows are packed, else of similar length."""
        lengths = [len(ids) for ids, *_ in rows]
        if self.stage.packing:
            groups, _ = first_fit(lengths, self.length)
        else:
            groups = [[i] for i in sorted(range(len(rows)), key=lambda i: lengths[i])]
        pieces = max(CHUNKS, -(-len(groups) // self.rows) if self.rows else 0)
        return [
            [i for g in part for i in groups[g]] for part in np.array_split(range(len(groups)), pieces) if len(part)
        ]


class Trained:
    """The parameters a stage trains, as what a checkpoint carries; the frozen ones are where the stage began."""

    def __init__(self, parts):
        self.named = {name: p for named in parts.values() for name, p in named}

    def state_dict(self):
        """{name: tensor}."""
        return {name: p.detach() for name, p in self.named.items()}

    @torch.no_grad()
    def load_state_dict(self, state):
        """Copy them in."""
        for name, p in self.named.items():
            p.copy_(like(state[name].to(p.device), p))


class SummedLoss(nn.Module):
    """`summed_loss` as a module, so that what joins ranks can stand around it.  reader, weight: see `Stage.reader`."""

    def __init__(self, model, siglip_trains, reader=None, weight=0.0):
        super().__init__()
        self.model, self.siglip_trains, self.reader, self.weight = model, siglip_trains, reader, weight
        self.read = 0.0  # what the reader lost, when it was last asked

    def forward(self, batch, features, points=None):
        self.read = 0.0
        asks = None if points is None else partial(self._reading, points.to(self.model.device))
        return summed_loss(self.model, batch, features, self.siglip_trains, asks)

    def _reading(self, points, images):
        loss = self.reader.loss(images, points)
        self.read = loss.item()
        return self.weight * loss


def reader_of(stage, model, seed):
    """The stage's Reader on the model's device, or None; the same for a seed, on every rank."""
    if not stage.reader:
        return None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Reader(model.config.decoder.width).to(model.device)


def run_stage(
    model, processor, stage, pool, texts, out, seed=0, quiet=False, every=None, ranks=ALONE, means=None,
    show=None, write=save, watch=None,
):  # fmt: skip
    """Train one stage in place; returns its metrics, one dictionary a step.

    out: a folder; metrics.jsonl grows there and `stage.name`/ receives the checkpoint.  every: also write one every
    so many steps, into out/unfinished, and begin at the newest that lies there.  ranks: with whom, where and in which
    numbers; means: how a step is computed; show: what is shown of it; write(model, processor, folder): writes the
    checkpoint; watch(stage, step, model, processor): looks on, before each step, at what this rank trains.  Raises
    TrainingStopped if the loss is not finite or wild, ConfigError if ranks can't share a batch.
    """
    if ranks.shard and not stage.grouped and 0 < stage.text_share < 1:
        raise ConfigError(
            f"{stage.name}: sharded, all ranks must run the same parts, and with grouped=false one may have an image "
            "where another has none; set grouped to true, or leave --shard out"
        )
    if ranks.shard and stage.reader:
        raise ConfigError(f"{stage.name}: its reader isn't sharded; set {stage.name}.reader=0, or leave --shard out")
    means, show = means or Means(), show or Show()
    model.to(ranks.device)
    worked = own_copy(model, ranks)
    trained, scaler = trainable(worked, stage), ranks.scaler()
    batches = Batches(stage, pool, texts, processor, seed, ranks.rank, ranks.size, means.rows)
    worked.train()
    reader = reader_of(stage, worked, seed)
    plain = SummedLoss(worked, "siglip" in trained, reader, stage.reader)
    joined = ranks.spread(plain)
    parts = trainable(worked, stage)  # again: sharding has put its own in their places
    chunks = []  # those of the step at hand

    def step(number):
        if watch:
            watch(stage, number, worked, processor)
        with ranks.numbers():  # the encoders run here, where their features aren't kept
            chunks[:] = batches(number)
        told = ranks.sum(sum(chunk.predicted for chunk in chunks))
        loss = reads = 0.0
        pieces = int(ranks.most(len(chunks)))  # a rank whose rows packed into fewer adds some that count nothing
        for i in range(pieces):
            chunk, counts = chunks[min(i, len(chunks) - 1)], i < len(chunks)
            with ranks.accumulating(joined, last=i == pieces - 1), ranks.numbers():
                part = joined(chunk.batch, chunk.features, chunk.points) * counts / told
                scaler.scale(part * ranks.size).backward()  # what joins ranks takes the mean of their gradients
            read = plain.read * chunk.predicted * counts / told
            loss, reads = loss + part.item() - stage.reader * read, reads + read
        tokens = int(ranks.sum(sum(chunk.tokens for chunk in chunks)))
        text = all(chunk.features is None for chunk in chunks)
        line = {"loss": round(ranks.sum(loss), 5), "tokens": tokens, "text": text}
        reads = ranks.sum(reads) if reader else 0.0
        return {**line, "reader": round(reads, 5)} if reads else line

    def again():
        with ranks.numbers():
            for chunk in chunks:
                plain(chunk.batch, chunk.features, chunk.points)

    def check(line):
        seen = [{"batch": chunk.batch, "features": chunk.features and vars(chunk.features)} for chunk in chunks]
        stop_if_bad(line, worked, again, seen, out, scaler.is_enabled(), ranks.rank)

    groups = []
    for part, named in parts.items():
        within = "" if part in ("adaptor", "necks") else "blocks."
        groups += groups_of(named, stage.lr[part], stage.muon.get(part, 0), within, stage.muon_decay.get(part, 0))
    carried = {"trained": Trained(parts)}
    if reader:
        groups.append({"params": list(reader.parameters()), "lr": RATE})
        carried["reader"] = reader
    say = None if ranks.first else lambda _: None
    keeper = Keeper(Path(out) / UNFINISHED, stage.name, every, say=say) if every else None
    with means.of(worked):
        lines = optimise(
            stage.name, groups, stage.steps, step, out, stage.warmup, stage.betas, stage.weight_decay, stage.clip,
            quiet, kind=stage.schedule, keeper=keeper, carried=carried, check=check, scaler=scaler,
            ranks=ranks, show=show,
        )  # fmt: skip
    if worked is not model:
        model.load_state_dict(whole(dict(worked.state_dict())))
    model.eval()
    if ranks.first:
        write(model, processor, Path(out) / stage.name)
    ranks.wait()
    return lines

"""One loop for every stage.

It freezes what the stage freezes, draws batches from what was made beforehand, and writes a line of
metrics a step and a checkpoint a stage.
"""

import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from ..checkpoint import save
from ..config import IGNORE, ConfigError
from ..data.collate import clip, dialogue, pad_right, page, row
from ..model import predicted_loss
from .muon import Muon, groups_of
from .pool import image_embeddings
from .stages import PARTS, part_of

CHUNKS = 3  # a step's samples, sorted by length, run in this many pieces: less padding


def trainable(model, stage):
    """Freeze and free parameters as the stage says; returns {part: (name, parameter) pairs it trains}."""
    groups = {part: [] for part in PARTS}
    for name, p in model.named_parameters():
        part = part_of(name)
        p.requires_grad_(stage.lr.get(part, 0) > 0)
        if p.requires_grad:
            groups[part].append((name, p))
    return {part: ps for part, ps in groups.items() if ps}


def schedule(step, steps, warmup):
    """The factor on every learning rate: linear warm-up, then a cosine down to a tenth."""
    # deviation: cosine-in-stage-2
    if step < warmup:
        return (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    return 0.1 + 0.45 * (1 + math.cos(math.pi * done))


def summed_loss(model, rows, features, siglip_trains=False):
    """Cross-entropy summed over the supervised tokens of some rows."""
    ids, labels = pad_right(rows, model.config.pad_token_id)
    device = model.decoder.embed.weight.device
    ids, labels = ids.to(device), labels.to(device)
    images = None if features is None else image_embeddings(model, features, siglip_trains)
    return predicted_loss(model.decoder.head, model.decoder(model.embed(ids, images)), labels, "sum")


def members(share, samples):
    """Places of the samples a share draws from: its source, its range of difficulty.  ConfigError if there are none."""
    found = [i for i, s in enumerate(samples) if s.source == share.source and share.low <= s.difficulty <= share.high]
    if not found:
        raise ConfigError(
            f"no image of {share.source} between difficulty {share.low} and {share.high} was made beforehand"
        )
    return np.array(found)


class Batches:
    """Steps of a stage: each reads text alone or images with text (modality grouping)."""

    def __init__(self, stage, pool, texts, processor, seed):
        self.stage, self.pool, self.texts, self.processor = stage, pool, texts, processor
        self.rng = np.random.default_rng([seed, sum(map(ord, stage.name))])
        self.row = page if stage.reads == "pages" else dialogue
        self.members = [members(share, pool.samples) for share in stage.mix]
        weights = np.array([share.weight for share in stage.mix])
        self.shares = weights / weights.sum() if len(weights) else None

    def __next__(self):
        """Chunks of (rows, features) for one step; features are None for text."""
        limit = self.processor.config.decoder.max_positions
        if self.rng.random() < self.stage.text_share:
            chosen = [self.texts[i] for i in self.rng.integers(len(self.texts), size=self.stage.batch)]
            rows = [self.text_row(s, limit) for s in chosen]
            order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]))
            return [([rows[i] for i in part], None) for part in np.array_split(order, CHUNKS) if len(part)]
        shares = self.rng.choice(len(self.shares), size=self.stage.batch, p=self.shares)
        indices = [int(self.rng.choice(self.members[n])) for n in shares]
        rows = {i: self.row(self.pool.samples[i], self.processor) for i in set(indices)}
        indices.sort(key=lambda i: len(rows[i][0]))
        chunks = []
        for part in np.array_split(indices, CHUNKS):
            if len(part):
                _, features = self.pool.take(part.tolist())
                chunks.append(([rows[int(i)] for i in part], features))
        return chunks

    def text_row(self, sample, limit):
        """A text-only sample as (ids, labels), cut to `limit` tokens."""
        return clip(row(sample, self.processor, "dialogues"), limit)


def optimise(
    name,
    groups,
    steps,
    step,
    out,
    warmup=20,
    betas=(0.9, 0.95),
    weight_decay=0.0,
    clip=1.0,
    quiet=False,
    counted="tokens",
):
    """The loop itself, over parameter groups {"params": …, "lr": …}: AdamW, or Muon where "muon" is true.

    step(): computes gradients for one step and returns what to log, with "loss" and the number of what is
    `counted` among it.  A line a step goes to out/metrics.jsonl; its "lr_factor" is what `schedule` gave.
    Returns those lines as dictionaries.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    kinds = {True: [], False: []}
    for group in groups:
        kinds[group.get("muon", False)].append({"params": group["params"], "lr": group["lr"], "base": group["lr"]})
    optimizers = [torch.optim.AdamW(kinds[False], betas=betas, weight_decay=weight_decay)] if kinds[False] else []
    # deviation: muon
    optimizers += [Muon(kinds[True])] if kinds[True] else []
    parameters = [p for group in groups for p in group["params"]]
    lines, started = [], time.time()
    bar = tqdm(range(steps), desc=name, disable=quiet, unit="step")
    with (out / "metrics.jsonl").open("a", encoding="utf-8") as log:
        for number in bar:
            factor = schedule(number, steps, warmup)
            for group in (group for optimizer in optimizers for group in optimizer.param_groups):
                group["lr"] = group["base"] * factor
            entry = step()
            norm = torch.nn.utils.clip_grad_norm_(parameters, clip)
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            entry = {
                "stage": name, "step": number, **entry, "lr_factor": round(factor, 5),
                "grad_norm": round(float(norm), 4),
                "seconds": round(time.time() - started, 2),
            }  # fmt: skip
            lines.append(entry)
            log.write(json.dumps(entry) + "\n")
            recent = lines[-20:]
            pace = sum(line[counted] for line in recent[1:]) / max(1e-3, recent[-1]["seconds"] - recent[0]["seconds"])
            bar.set_postfix({"loss": f"{np.mean([line['loss'] for line in recent]):.3f}", counted: f"{pace:,.0f}/s"})
    return lines


def run_stage(model, processor, stage, pool, texts, out, seed=0, quiet=False):
    """Train one stage in place; returns its metrics, one dictionary a step.

    out: a folder; metrics.jsonl grows there and `stage.name`/ receives the checkpoint.
    """
    parts = trainable(model, stage)
    batches = Batches(stage, pool, texts, processor, seed)
    siglip_trains = "siglip" in parts

    def step():
        chunks = next(batches)
        predicted = sum(label != IGNORE for rows, _ in chunks for _, labels in rows for label in labels[1:])
        loss = 0.0
        for rows, features in chunks:
            part = summed_loss(model, rows, features, siglip_trains) / predicted
            part.backward()
            loss += part.item()
        tokens = sum(len(ids) for rows, _ in chunks for ids, _ in rows)
        return {"loss": round(loss, 5), "tokens": tokens, "text": chunks[0][1] is None}

    model.train()
    groups = []
    for part, named in parts.items():
        within = "" if part in ("adaptor", "necks") else "blocks."
        groups += groups_of(named, stage.lr[part], stage.muon.get(part, 0), within)
    lines = optimise(
        stage.name, groups, stage.steps, step, out, stage.warmup, stage.betas, stage.weight_decay, stage.clip, quiet
    )
    model.eval()
    save(model, processor, Path(out) / stage.name)
    return lines

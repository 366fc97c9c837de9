"""Record how fast samples are made, whether they keep the tiny model fed, and what memory that takes.

    python figures/record_data_speed.py memory     # about a quarter of an hour; kept in runs/data-speed
    python figures/record_data_speed.py speed      # five minutes, on a quiet machine
    python figures/record_data_speed.py join       # writes figures/results/data-speed.json
    python figures/record_data_speed.py smoke      # little of everything, printed only

One process for each source and for the memory, two workers for the feed.  The trainer is measured as it is when it is
fastest: what its frozen encoders see was computed beforehand.
"""

import argparse
import ctypes
import gc
import json
import os
import time
from collections import Counter
from dataclasses import dataclass

import recorded
import torch
from torch.utils.data import DataLoader

import dsvl_min
from dsvl_min.config import IGNORE
from dsvl_min.data.collate import pad_right, row
from dsvl_min.data.feeds import Generated
from dsvl_min.data.mixture import Mixture, Stream
from dsvl_min.data.sources import SOURCES
from dsvl_min.data.stats import patient
from dsvl_min.data.tables import TABLES, rows
from dsvl_min.data.taxonomy import DRAWN
from dsvl_min.processor import Processor
from dsvl_min.training.pool import encode
from dsvl_min.training.stages import STAGES
from dsvl_min.training.trainer import summed_loss, trainable

SIZE, BATCH, WORKERS, SEED = 128, 64, 2, 0
RUNS = recorded.ROOT / "runs" / "data-speed"
FEEDS = {  # (rows, how they are read); images alone are the hardest to keep up with
    "pretraining": (rows(TABLES["pretraining"]), "pages"),
    "pretraining, images alone": (tuple(r for r in rows(TABLES["pretraining"]) if not r.text), "pages"),
    "instructions": (rows(TABLES["instructions"]), "dialogues"),
}
STAGE = STAGES["tiny"].stages[1]  # the stage that reads what the tables hold


@dataclass
class Prepare:
    """Samples to the tensors a DeepSeekVL takes, as a worker does it; rows longer than the decoder are left out."""

    processor: Processor
    reads: str

    def __call__(self, samples):
        reader, limit = patient(self.processor), self.processor.config.decoder.max_positions
        made = [(row(sample, reader, self.reads), sample.pictures(SIZE)) for sample in samples]
        kept = [one for one in made if len(one[0][0]) <= limit]
        if not kept:
            return {"count": len(samples)}
        ids, labels = pad_right([one for one, _ in kept], self.processor.config.pad_token_id)
        pixels = self.processor.pixels([picture for _, pictures in kept for picture in pictures])
        return {"count": len(samples), "input_ids": ids, "labels": labels, **pixels}


def pace(things, seconds, least=2):
    """(how many of an endless run of things come in that many seconds, after the first; the seconds they took)."""
    things = iter(things)
    next(things)
    started, got = time.perf_counter(), 0
    for thing in things:
        got += thing
        took = time.perf_counter() - started
        least -= 1
        if took > seconds and least <= 0:
            return got, took
    raise RuntimeError("the run ended before the time did")


def of_source(name, processor, seconds, count):
    """One source in one process: samples a second made, drawn too, and turned into tensors; how many images recur."""

    def run(work):
        source = Generated(name)
        return (work(source(SEED, index)) for index in range(10**9))

    def made(sample):
        return 1

    def drawn(sample):
        sample.pictures(SIZE)
        return 1

    prepare = Prepare(processor, "pages")
    out = {}
    for label, work in (("made", made), ("drawn", drawn), ("tensors", lambda sample: prepare([sample])["count"])):
        got, took = pace(run(work), seconds)
        out[label] = round(got / took, 1)
    seen = Counter(picture.tobytes() for i in range(count) for picture in Generated(name)(SEED, i).pictures(SIZE))
    out["images_seen_again"] = round(1 - len(seen) / seen.total(), 4) if seen else 0.0
    return out


def mixture_of(name):
    """The mixture of one of FEEDS."""
    return Mixture(FEEDS[name][0], BATCH, SEED, percent="alone" not in name)


def fed(name, processor, seconds, workers):
    """Samples a second that `workers` workers turn into batches; 0: this process alone."""
    prepare = Prepare(processor, FEEDS[name][1])
    loader = DataLoader(Stream(mixture_of(name)), batch_size=None, num_workers=workers, collate_fn=prepare)
    got, took = pace((batch["count"] for batch in loader), seconds, least=20)
    return round(got / took, 1)


def consumed(name, processor, seconds):
    """Samples a second that the tiny model learns from, in stage 2's manner, its encoders' features at hand."""
    model = dsvl_min.DeepSeekVL(processor.config)
    parts = trainable(model, STAGE)
    optimizer = torch.optim.AdamW([p for named in parts.values() for _, p in named], lr=1e-4)
    mixture, reads = mixture_of(name), FEEDS[name][1]
    reader, limit = patient(processor), processor.config.decoder.max_positions
    ready = []
    for step in range(10):  # ten steps of the mixture, again and again
        samples = [(row(s, reader, reads), s.pictures(SIZE)) for s in mixture.batch(step)]
        samples = [one for one in samples if len(one[0][0]) <= limit]
        pictures = [picture for _, held in samples for picture in held]
        batch = dict(zip(("input_ids", "labels"), pad_right([one for one, _ in samples], 0), strict=True))
        ready.append((batch, encode(model, processor, pictures) if pictures else None))

    def steps():
        while True:
            for batch, features in ready:
                told = (batch["labels"][:, 1:] != IGNORE).sum()
                (summed_loss(model, batch, features) / told).backward()
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
                yield len(batch["labels"])

    got, took = pace(steps(), seconds, least=10)
    return round(got / took, 1)


def resident():
    """Memory this process holds, in MB."""
    with open("/proc/self/statm") as pages:
        return round(int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def needed():
    """Memory this process still needs, in MB: what it has freed is first given back, where the system can take it."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)
    return resident()


def memory(processor, count, every):
    """Memory after every `every` of `count` samples of every feed by turns, all made into tensors.

    [(samples, MB held, MB needed)]: an allocator keeps what was freed for a while, and that is no leak.
    """
    streams = [(Prepare(processor, reads), Stream(mixture_of(name)).read()) for name, (_, reads) in FEEDS.items()]
    done, held, line = 0, [], every
    while done < count:
        for prepare, batches in streams:
            done += prepare(next(batches))["count"]
        if done >= line:
            held.append([done, resident(), needed()])
            print(f"{done:9,} samples, {held[-1][1]:7.1f} MB held, {held[-1][2]:7.1f} needed", flush=True)
            line += every
    return held


def held(count, every):
    """The table of memory; it may share the machine with other work."""
    data = {"memory": memory(dsvl_min.load("tiny")[1], count, every)}
    late = [mb for done, _, mb in data["memory"] if done >= count / 4]
    return data | {"memory_grew": round(late[-1] - late[0], 1)}  # MB needed, over the last three quarters


def fast(seconds, repeats):
    """The table of speeds.  The leaves of the taxonomy are measured as the one source that draws from all of them."""
    processor, data = dsvl_min.load("tiny")[1], {"sources": {}, "feed": {}}
    for name in SOURCES:
        if name not in DRAWN:
            data["sources"][name] = of_source(name, processor, seconds, repeats)
            print(f"{name:28}", data["sources"][name], flush=True)
    for name in FEEDS:
        feed = {"alone": fed(name, processor, 4 * seconds, 0), "workers": fed(name, processor, 4 * seconds, WORKERS)}
        feed["trainer"] = consumed(name, processor, 4 * seconds)
        feed["times_faster"] = round(feed["workers"] / feed["trainer"], 2)
        data["feed"][name] = feed
        print(f"{name:28}", feed, flush=True)
    return data


def keep(name, data):
    """Write a finished table down, for `join`."""
    RUNS.mkdir(parents=True, exist_ok=True)
    (RUNS / f"{name}.json").write_text(json.dumps(data), encoding="utf-8")


def join():
    """Both tables -> figures/results/data-speed.json."""
    data = {"size": SIZE, "batch": BATCH}
    for name in ("memory", "speed"):
        data |= json.loads((RUNS / f"{name}.json").read_text(encoding="utf-8"))
    recorded.write(
        "data-speed",
        "Do two workers make samples at least three times as fast as the tiny model learns from them?",
        "python figures/record_data_speed.py memory, then speed, then join",
        seeds=[SEED],
        data=data,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("memory", "speed", "join", "smoke"), help="smoke: little of all, not recorded")
    part = parser.parse_args().part
    if part == "smoke":
        held(count=2_000, every=500)
        fast(seconds=0.2, repeats=20)
    elif part == "join":
        join()
    else:
        keep(part, held(200_000, 10_000) if part == "memory" else fast(seconds=1.5, repeats=200))

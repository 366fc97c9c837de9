"""What the model reads, and in which order: shares, modality warm-up, modality grouping, sharding.

Batch number t is a function of (seed, t) and of nothing else.  So there is no state to save: a run that stopped after
step t goes on with batch t + 1, whatever the number of ranks and workers.

No coin is tossed for a share.  Samples fall due one after another, as often as their shares say (see `drawn`), so
that any stretch of a run holds the shares, the small ones too.

Source: paper sections 3.3.2 and 4.1, Tables 1 and 2.
"""

import math
import random
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, count

from torch.utils.data import IterableDataset, get_worker_info

from ..config import require
from .feeds import Generated

ONE = 10**9  # shares are whole billionths, so that sums of them are exact
CURVES = ("linear", "cosine")


@dataclass(frozen=True)
class Row:
    """One row of a mixture.

    name; share: its part of the whole, in percent or in any unit that all rows have in common; sources: `Generated`s or
    their names, `Records`, or anything that has a name and gives the Sample for (seed, index); weights: how the row
    is divided among them, evenly if not given; text: its samples hold no images.  Raises ConfigError.
    """

    name: str
    share: float
    sources: tuple
    weights: tuple = ()
    text: bool = False

    def __post_init__(self):
        made = tuple(Generated(s) if isinstance(s, str) else s for s in self.sources)
        weights = tuple(self.weights) or (1,) * len(made)
        at = f"of row {self.name!r}"
        require(made, f"Row.sources {at} is empty: name a source, or leave the row out")
        require(self.share > 0, f"Row.share {at} must be positive, got {self.share!r}: leave the row out")
        require(len(weights) == len(made), f"Row.weights {at} must be one for each of its {len(made)} sources")
        require(min(weights) > 0, f"Row.weights {at} must be positive, got {weights}: leave the source out")
        object.__setattr__(self, "sources", made)
        object.__setattr__(self, "weights", weights)


@dataclass(frozen=True)
class Mixture:
    """Batches of samples by shares: `mixture.batch(t)`.

    rows: see `Row`; batch_size: samples in a global batch, all ranks together; percent: the shares are percent and add
    up to 100, else they are weights; ramp: steps over which the share of text falls from 1 to its target (modality
    warm-up; 0: none); curve: how it falls, linear or cosine; grouped: each batch is all text or all images with text
    (modality grouping), else every batch holds both; steps: the run's length, where known.  Raises ConfigError
    naming the field.

    Over any steps, text is within one batch (not grouped: one sample) of its share.  The other rows divide what is
    left, each within the bound of `drawn`.
    """

    rows: tuple
    batch_size: int
    seed: int = 0
    percent: bool = True
    ramp: int = 0
    curve: str = "linear"
    grouped: bool = True
    steps: int | None = None

    def __post_init__(self):
        object.__setattr__(self, "rows", tuple(self.rows))
        require(self.rows, "Mixture.rows is empty: there is nothing to read")
        twice = [name for name, times in Counter(row.name for row in self.rows).items() if times > 1]
        require(not twice, f"Mixture.rows: {', '.join(twice)} stands there more than once; join the rows")
        total = sum(row.share for row in self.rows)
        require(
            not self.percent or math.isclose(total, 100, abs_tol=0.01),
            f"Mixture.rows: the shares add up to {total:g} percent, not to 100; correct them, or call them weights "
            "with percent=False",
        )
        require(self.batch_size >= 1, f"Mixture.batch_size must be at least 1 sample, got {self.batch_size!r}")
        require(self.curve in CURVES, f"Mixture.curve must be {' or '.join(CURVES)}, got {self.curve!r}")
        require(self.ramp >= 0, f"Mixture.ramp must be a number of steps, or 0 for no warm-up, got {self.ramp!r}")
        require(
            self.steps is None or self.ramp <= self.steps,
            f"Mixture.ramp ({self.ramp} steps) is longer than the run ({self.steps}), which would end before its "
            "shares are reached: shorten the ramp",
        )
        require(
            not self.ramp or any(row.text for row in self.rows),
            "Mixture.ramp begins with text alone, and no row is of text: add one, or set ramp to 0",
        )

    def text_share(self, step):
        """The share of text at a step, in billionths."""
        target = round(ONE * sum(r.share for r in self.rows if r.text) / sum(r.share for r in self.rows))
        if step >= self.ramp:
            return target
        # deviation: warm-up-ramp
        done = step / self.ramp
        if self.curve == "cosine":
            done = (1 - math.cos(math.pi * done)) / 2
        return ONE - round((ONE - target) * done)

    @cached_property
    def _ramped(self):
        """Sums of text's share over the ramp's first 0, 1, 2, … steps."""
        return list(accumulate(map(self.text_share, range(self.ramp)), initial=0))

    def texts_before(self, step):
        """How many samples of text the steps before this one hold."""
        share = self._ramped[min(step, self.ramp)] + max(0, step - self.ramp) * self.text_share(self.ramp)
        times, size = (1, self.batch_size) if self.grouped else (self.batch_size, 1)
        return size * ((2 * share * times + ONE) // (2 * ONE))  # rounded to whole batches, or to whole samples

    def reads_text(self, step):
        """Does this step's batch hold text alone?"""
        return self.texts_before(step + 1) - self.texts_before(step) == self.batch_size

    @cached_property
    def _seeded(self):
        """{row: ((source, seed), …)}.  A source that stands there twice gives other samples the second time."""
        seen, out = Counter(), {}
        for row in self.rows:
            out[row.name] = []
            for source in row.sources:
                out[row.name].append((source, f"{self.seed}/{seen[source.name]}" if seen[source.name] else self.seed))
                seen[source.name] += 1
        return out

    def plan(self, step):
        """What a batch is made of, in its order: (row, source, seed, index) for each sample.  Makes none of them."""
        require(step >= 0, f"Mixture: there is no step {step!r}; the first is 0")
        before, after = self.texts_before(step), self.texts_before(step + 1)
        size, planned = self.batch_size, []
        for text, start, end in (True, before, after), (False, step * size - before, (step + 1) * size - after):
            rows = [row for row in self.rows if row.text == text]
            for row, *numbers in divide(rows, [row.share for row in rows], start, end):
                for (source, seed), first, last in divide(self._seeded[row.name], row.weights, *numbers):
                    planned += [(row, source, seed, index) for index in range(first, last)]
        random.Random(f"{self.seed}/{step}").shuffle(planned)
        return planned

    def part(self, rank, ranks):
        """Which of a batch's places are rank `rank`'s, a slice.  ConfigError if ranks can't share it evenly."""
        require(ranks >= 1, f"there must be at least one rank, got {ranks!r}")
        require(
            self.batch_size % ranks == 0,
            f"Mixture.batch_size ({self.batch_size}) must be a multiple of the number of ranks ({ranks})",
        )
        require(0 <= rank < ranks, f"there is no rank {rank!r} of {ranks}; the first is 0")
        each = self.batch_size // ranks
        return slice(rank * each, (rank + 1) * each)

    def batch(self, step, rank=0, ranks=1):
        """The samples of batch number `step`, a list; of several ranks' equal parts, one.

        The parts joined in the ranks' order are the whole batch.  Only the part's own samples are made.  Raises
        ConfigError as `part` does, and for a sample that has images in a row of text, or none in another.
        """
        samples = []
        for row, source, seed, index in self.plan(step)[self.part(rank, ranks)]:
            made = source(seed, index)
            require(
                row.text != bool(made.images),
                f"Row.text of row {row.name!r} is {row.text}, and sample {index} of its source {source.name!r} has "
                f"{len(made.images)} images: put the source into a row of {'images' if row.text else 'text'}",
            )
            samples.append(made)
        return samples


def drawn(weights, count):
    """How many of the first `count` samples come from each of several parts: a list that sums to `count`.

    Sample k of a part falls due at time (k + 1/2) / weight; the first `count` in the order of their times are taken.
    Never is a part more than 1/2 + share · (parts - 2) / 2 samples from its share, and counts only grow with `count`.
    """
    total = sum(weights)
    counts = [(2 * count * weight + total) // (2 * total) for weight in weights]  # due by the time they'd be exact

    def due(i, k):
        return (2 * k + 1) / weights[i], i

    for _ in range(count - sum(counts)):
        counts[min(range(len(weights)), key=lambda i: due(i, counts[i]))] += 1
    for _ in range(sum(counts) - count):
        counts[max(range(len(weights)), key=lambda i: due(i, counts[i] - 1))] -= 1
    return counts


def divide(parts, weights, start, end):
    """Samples start..end of a whole, divided by weight: (part, first, last) for each, in the part's own count."""
    if start == end:
        return
    whole = [max(1, round(ONE * weight / sum(weights))) for weight in weights]
    yield from zip(parts, drawn(whole, start), drawn(whole, end), strict=True)


class Stream(IterableDataset):
    """One rank's part of every batch from `start` on (to `stop`, if given), for torch's DataLoader.

        loader = DataLoader(Stream(mixture, start=t), batch_size=None, num_workers=2, collate_fn=...)

    An item is a batch already, hence batch_size=None.  Workers take steps in turn, and the loader asks them in
    turn: the batches and their order are those of no workers.  collate_fn gets the list of samples, in the worker.
    """

    def __init__(self, mixture, start=0, rank=0, ranks=1, stop=None):
        super().__init__()
        mixture.part(rank, ranks)  # raises here rather than in a worker
        self.mixture, self.start, self.rank, self.ranks, self.stop = mixture, start, rank, ranks, stop

    def __iter__(self):
        info = get_worker_info()
        return self.read(info.id, info.num_workers) if info else self.read()

    def read(self, worker=0, workers=1):
        """The batches that one of several workers makes, one after another."""
        for step in count(self.start + worker, workers):
            if self.stop is not None and step >= self.stop:
                return
            yield self.mixture.batch(step, self.rank, self.ranks)

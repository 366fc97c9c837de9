"""What a row of a mixture draws from: sources that never end, and records of your own that come round.

Either has a name and gives the Sample for (seed, index), the same on every call and on any machine.
"""

import random
from dataclasses import dataclass

from ..config import require
from . import sources


@dataclass(frozen=True)
class Generated:
    """A source that never ends, by its name among `sources.SOURCES`.  low, high: its range of difficulty."""

    name: str
    low: float = 0.0
    high: float = 1.0
    split: str = "train"

    def __post_init__(self):
        require(self.name in sources.SOURCES, f"no source {self.name!r}; there are {', '.join(sources.SOURCES)}")

    def __call__(self, seed, index):
        """Sample number `index`; difficulty runs evenly over low..high."""
        difficulty = self.low + (self.high - self.low) * (index * 0.618034 % 1)
        return sources.sample(self.name, seed, index, self.split, difficulty)


class Records:
    """A source that ends: samples of your own, each once an epoch, every epoch in another order.

    records: whatever has a length and gives a Sample for a place; it may read a sample only when asked for it.
    Raises ConfigError if there are none.
    """

    def __init__(self, name, records):
        require(len(records), f"source {name!r} has no samples: leave it out, or see what became of its records")
        self.name, self.records, self.orders = name, records, {}

    def __call__(self, seed, index):
        """Sample number `index`, counted through the epochs."""
        epoch, at = divmod(index, len(self.records))
        return self.records[self.order(seed, epoch)[at]]

    def order(self, seed, epoch):
        """Places of the records in one epoch, a function of (seed, epoch).  The last two epochs asked for are kept."""
        if (seed, epoch) not in self.orders:
            order = list(range(len(self.records)))
            random.Random(f"{self.name}/{seed}/{epoch}").shuffle(order)
            self.orders = {**dict(list(self.orders.items())[-1:]), (seed, epoch): order}
        return self.orders[seed, epoch]

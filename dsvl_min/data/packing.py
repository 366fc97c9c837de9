"""Several short rows in one long sequence, or rows of similar length in one batch: less padding either way.

Packing puts rows of tokens one behind another; `segments` tell the decoder which token is of which row, so that each
row is read as if it stood alone.  A fan is a pack of rows that begin alike, a picture say, and holds the beginning
once.  Bucketing leaves rows apart and puts those of similar length together.

Source: paper Table 4 (sequence packing in stage 2; how it packs is not said).

Shapes: B packed sequences, T tokens of each.
"""

from dataclasses import dataclass

import torch

from ..config import IGNORE, SHARED, ConfigError
from ..processor import InputError

TOO_LONG = ("raise", "skip")


@dataclass(frozen=True)
class Packed:
    """input_ids, labels, segments [B, T]; segments count from 1 in each sequence and are 0 on padding.

    order: for each sequence the numbers of the rows in it; skipped: numbers of the rows that were too long.
    """

    input_ids: torch.Tensor
    labels: torch.Tensor
    segments: torch.Tensor
    order: tuple
    skipped: tuple = ()

    def tensors(self):
        """What a DeepSeekVL takes: model(**packed.tensors(), **pixels)."""
        return {"input_ids": self.input_ids, "labels": self.labels, "segments": self.segments}

    def arrange(self, belongings):
        """What belongs to each row, a list for each (its images, say), as one list in the sequences' reading order."""
        return [one for rows in self.order for row in rows for one in belongings[row]]


def pack(rows, length, pad, too_long="raise"):
    """Rows of (ids, labels), both lists, into sequences of `length` tokens, by `first_fit`: a Packed.

    pad: the token that fills up.  A row's first label is dropped: nothing stands before it that could predict it.
    too_long: what to do about a row longer than a sequence; "skip" leaves it out and names it in `skipped`.  No row is
    ever cut.  Raises InputError naming the first such row, ConfigError for a length or a policy that can't work.
    """
    order, skipped = first_fit([len(ids) for ids, _ in rows], length, too_long)
    shape = (len(order), length)
    input_ids, labels = torch.full(shape, pad), torch.full(shape, IGNORE)
    segments = torch.zeros(shape, dtype=torch.long)
    for s, numbers in enumerate(order):
        start = 0
        for segment, number in enumerate(numbers, 1):
            ids, told = rows[number]
            end = start + len(ids)
            input_ids[s, start:end] = torch.tensor(ids)
            labels[s, start + 1 : end] = torch.tensor(told[1:], dtype=torch.long)
            segments[s, start:end] = segment
            start = end
    return Packed(input_ids, labels, segments, order, skipped)


def fan(rows):
    """Rows that begin alike as one (ids, labels, segments): the beginning once, then what is left of each.

    The decoder reads each as if it alone stood behind the beginning (see `Decoder.forward`); labels stay with their
    tokens.  The token before a row's first label is always its own, for it has that label to predict.
    """
    first = min(next((i for i, label in enumerate(labels) if label != IGNORE), len(labels)) for _, labels in rows)
    alike = 0
    while alike < first - 1 and len({ids[alike] for ids, _ in rows}) == 1:
        alike += 1
    ids, segments = list(rows[0][0][:alike]), [SHARED] * alike
    labels = [IGNORE] * alike
    for number, (row_ids, row_labels) in enumerate(rows, 1):
        ids += row_ids[alike:]
        labels += row_labels[alike:]
        segments += [number] * (len(row_ids) - alike)
    return ids, labels, segments


def first_fit(lengths, length, too_long="raise"):
    """Which rows go into which sequence: each, in order, into the first sequence that has room for it.

    lengths: tokens of each row; length: tokens of a sequence.  Returns (the numbers of the rows in each sequence, the
    numbers of those skipped), tuples.  Raises as `pack` does.
    """
    if length < 1:
        raise ConfigError(f"length of a packed sequence must be at least 1 token, got {length!r}")
    if too_long not in TOO_LONG:
        raise ConfigError(f"too_long must be {' or '.join(TOO_LONG)}, got {too_long!r}")
    sequences, room, skipped = [], [], []
    for number, tokens in enumerate(lengths):
        if tokens < 1:
            raise InputError(f"row {number} has no tokens")
        if tokens > length:
            if too_long == "raise":
                raise InputError(
                    f"row {number} has {tokens} tokens, a packed sequence takes {length}: "
                    'shorten it, pack into longer sequences, or leave such rows out with too_long="skip"'
                )
            skipped.append(number)
            continue
        at = next((i for i, free in enumerate(room) if free >= tokens), len(room))
        if at == len(room):
            sequences.append([])
            room.append(length)
        sequences[at].append(number)
        room[at] -= tokens
    return tuple(map(tuple, sequences)), tuple(skipped)


def buckets(lengths, size):
    """Rows of similar length together: numbers of rows, shortest first, cut into groups of at most `size`.

    Every row is in one group; rows of equal length stay in order.  Raises ConfigError for a size below 1.
    """
    if size < 1:
        raise ConfigError(f"size of a bucket must be at least 1 row, got {size!r}")
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    return [order[i : i + size] for i in range(0, len(order), size)]


def padding(groups):
    """The share of padding where each group of lengths is filled up to its longest: 0 to 1."""
    held = sum(max(group) * len(group) for group in groups if group)
    return 1 - sum(map(sum, groups)) / held if held else 0.0

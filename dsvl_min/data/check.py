"""Every bad record of a file, with its line and what is wrong with it: `dsvl data check`."""

from functools import lru_cache

from .files import arrow, entries, find
from .problems import decoded, of_length
from .records import parse
from .sample import Sample


def check(path, processor=None, leaves=None):
    """Look at all records of a file or folder; never stops at the first bad one.

    processor: also measure each record against its model's context.  leaves: the names of the taxonomy's leaves, or a
    function that knows them.  Yields (line, Problems) for every record; the good ones have none.  Raises InputError if
    the file as a whole can't be read.
    """
    path = find(path)

    @lru_cache(4096)
    def unreadable(image):  # a picture is often asked about more than once
        return decoded(Sample("", (image,)))[1]

    for line, record in entries(path):
        sample, problems = parse(record, path.parent, leaves)
        if not problems:
            for i, image in enumerate(sample.images):
                problems += [p._replace(field=f"images[{i}]") for p in unreadable(image)]
            if processor:
                problems += of_length(sample, processor)
        yield line, problems


def size_of(path):
    """About how many records a file has, for a progress bar: its lines, or a table's rows."""
    path = find(path)
    if path.suffix == ".parquet":
        return arrow().parquet.read_metadata(path).num_rows
    with open(path, "rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))

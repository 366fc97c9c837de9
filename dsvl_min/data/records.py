"""Samples on disk: the form that a reader's own data must have.

One JSON object a line, in a file or in a folder's `records.jsonl`:

    {"images": ["cat.jpg"],                                        relative to the file; may be left out
     "messages": [{"role": "User", "content": "What is this?"},
                  {"role": "Assistant", "content": "A cat."}],     a dialogue: only answers are learnt
     "text": "A cat.",                                             a page: all of it is learnt
     "source": "photos", "leaf": "recognition/global/food",        where it is from; its place in the taxonomy
     "truth": {}, "context": "", "difficulty": 0.0}                what the miniature's own sources note down

messages or text there must be, or both; the rest is optional.  `<image_placeholder>` in questions or text says where
the images stand, one for each; without any, they come first.

The same records as a table: Parquet, with the images inside, as `datasets` shows them; and CSV, one question a row,
with the columns image, question, answer (or image, text), source, leaf.
"""

import hashlib
import io
import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from ..processor import ROLES, InputError, load_image
from .files import BATCH, RECORDS, arrow, entries, find
from .problems import Problem, of_record, of_sample, undrawn
from .quarantine import judge, policy_of
from .sample import Sample


def to_dict(sample, names=None):
    """A Sample as a record; what has its default is left out.

    names: what its images are called, by default the paths they were read from.
    """
    names = [str(image) for image in sample.images] if names is None else list(names)
    turns = [{"role": role, "content": words} for turn in sample.turns for role, words in zip(ROLES, turn, strict=True)]
    record = {"images": names, "messages": turns, "text": sample.text, "context": sample.context}
    record |= {"source": sample.source, "leaf": sample.leaf, "truth": sample.truth, "difficulty": sample.difficulty}
    return {field: value for field, value in record.items() if value}


def from_dict(record, folder="."):
    """A record as a Sample; its images, unread, are paths in `folder` (bytes and data URIs stay what they are).

    Raises InputError with the first problem of its form.
    """
    for problem in of_record(record):
        raise InputError(str(problem))
    return _sample(record, folder)


def _sample(record, folder):
    given = {field: value for field, value in record.items() if value is not None}
    words = [message["content"] for message in given.pop("messages", ())]
    given["images"] = tuple(
        image if isinstance(image, bytes) or image.startswith(("data:", "http:", "https:")) else Path(folder) / image
        for image in given.get("images", ())
    )
    return Sample(**{"source": "own"} | given, turns=tuple(zip(words[::2], words[1::2], strict=True)))


def read(path, policy="raise", report=None, leaves=None):
    """The Samples of a .jsonl, .csv or .parquet file, or of a folder that holds records.jsonl, one after the other.

    Form and words are checked, images aren't opened: `quarantine.accept` does that.  policy: "raise" stops at the first
    bad record with an InputError that names file, line and field; "skip" counts it in `report` and goes on.
    """
    path, report = find(path), policy_of(policy, report)

    def samples():
        for line, record in entries(path):
            sample, problems = parse(record, path.parent, leaves)
            if judge(f"{path.name}, line {line}", problems, policy, report):
                yield sample

    return samples()


def parse(record, folder, leaves=None):
    """(Sample, []), or (None or Sample, its Problems), of what `entries` gives."""
    problems = [record] if isinstance(record, Problem) else list(of_record(record))
    if problems:
        return None, problems
    sample = _sample(record, folder)
    return sample, list(of_sample(sample, leaves))


def write_jsonl(samples, folder, size=None):
    """Write Samples into a new folder: records.jsonl, and images/ with each picture once, named by its content.

    size: pixels a side at which scenes are drawn.  Files and bytes are kept as they are, everything else becomes PNG.
    The folder appears when all is written, or not at all.  Returns how many records.  Raises InputError naming the
    sample that can't be written, or the folder if it has something in it.
    """
    with _new(folder) as temporary:
        (temporary / "images").mkdir(parents=True)
        count = 0
        with open(temporary / RECORDS, "wb") as file:
            for count, sample in enumerate(samples, 1):
                names = []
                for name, data in stored(sample, size, f"sample {count}"):
                    names.append(f"images/{name}")
                    if not (temporary / names[-1]).exists():
                        (temporary / names[-1]).write_bytes(data)
                file.write(_json(to_dict(sample, names), f"sample {count}") + b"\n")
    return count


def write_parquet(samples, path, size=None):
    """Write Samples as one new Parquet file, the images inside it.  As `write_jsonl` otherwise.

    `datasets.load_dataset("parquet", data_files=path)` shows the pictures.
    """
    pa = arrow()
    string, kinds = pa.string(), {"dtype": "string", "_type": "Value"}
    columns = {
        "images": pa.list_(pa.struct([("bytes", pa.binary()), ("path", string)])),
        "messages": pa.list_(pa.struct([("role", string), ("content", string)])),
        **dict.fromkeys(("text", "context", "source", "leaf", "truth"), string), "difficulty": pa.float64(),
    }  # fmt: skip
    features = dict.fromkeys(columns, kinds) | {
        "images": [{"_type": "Image"}], "messages": [{"role": kinds, "content": kinds}],
        "difficulty": {"dtype": "float64", "_type": "Value"},
    }  # fmt: skip
    # How `datasets` notes down which columns are images.
    schema = pa.schema(columns.items(), {"huggingface": json.dumps({"info": {"features": features}})})
    with _new(path) as temporary, pa.parquet.ParquetWriter(temporary, schema) as file:
        count, rows = 0, []
        for count, sample in enumerate(samples, 1):
            images = [{"bytes": data, "path": name} for name, data in stored(sample, size, f"sample {count}")]
            record = to_dict(sample, ()) | {"truth": _json(sample.truth, f"sample {count}").decode()}
            rows.append(record | {"images": images})
            if len(rows) == BATCH:
                file.write_table(pa.Table.from_pylist(rows, schema))
                rows.clear()
        file.write_table(pa.Table.from_pylist(rows, schema))
    return count


def stored(sample, size=None, where="sample"):
    """(name, bytes) of each image of a sample, as it is stored: the name is the content's hash."""
    for i, image in enumerate(sample.pictures(size)):
        at = f"{where}, images[{i}]"
        if undrawn(image):
            raise InputError(f"{at} is a {type(image).__name__.lower()}: say at which size to draw it")
        picture = load_image(image, at)
        if isinstance(image, bytes):
            data = image
        elif isinstance(image, (str, Path)) and not str(image).startswith("data:"):
            data = Path(image).read_bytes()
        else:
            buffer = io.BytesIO()
            picture.save(buffer, "png")
            data = buffer.getvalue()
        yield f"{hashlib.sha256(data).hexdigest()[:24]}.{Image.open(io.BytesIO(data)).format.lower()}", data


def _json(value, where):
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{where} can't be written as JSON: {error}") from None


@contextmanager
def _new(path):
    """A path to write a file or a folder at, which becomes `path` at the end and is cleared away if something fails."""
    path = Path(path)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InputError(f"{path} is there already; nothing is written over it")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        yield Path(folder) / path.name
        if path.is_dir():
            path.rmdir()
        os.replace(Path(folder) / path.name, path)

"""Files of records, read one record at a time: JSON Lines, CSV, Parquet.  What a record means: `records`."""

import csv
import json
import math
from pathlib import Path

from ..processor import ROLES, InputError
from .problems import Problem

RECORDS = "records.jsonl"
BATCH = 64  # records of a Parquet file held in memory at once


def find(path):
    """The file of records that a path means.  Raises InputError if there is none, or its format is unknown."""
    path = Path(path)
    file = path / RECORDS if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"there is no file {file}")
    if file.suffix not in _FORMATS:
        raise InputError(f"{file}: records are {', '.join(_FORMATS)} files, or a folder with a {RECORDS}")
    return file


def entries(path):
    """(line, record) for each record of a file, lines counted from 1; a Problem stands for one that can't be read."""
    return _FORMATS[path.suffix](path)


def _jsonl(path):
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")  # some editors mark UTF-8 so
            if line.strip():
                yield number, _parsed(line)


def _parsed(line):
    try:
        text = line.decode("utf-8").rstrip()
        return json.loads(text, parse_constant=_number, parse_float=_number, object_pairs_hook=_once)
    except RecursionError:
        return Problem("json", "record", "is nested too deeply")
    except json.JSONDecodeError as error:
        return Problem("json", "record", f"is not JSON: {error.msg.removesuffix(' at')} at character {error.pos + 1}")
    except UnicodeDecodeError as error:
        return Problem("json", "record", f"is not UTF-8: {error.reason} at byte {error.start + 1}")
    except ValueError as error:  # a number of thousands of digits, or one of our own two
        return Problem("json", "record", str(error))


def _number(digits):
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:20]} is not a number of JSON")
    return number


def _once(pairs):
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"has the field {next(n for n in names if names.count(n) > 1)!r} twice")
    return made


def _csv(path):
    # What is not UTF-8 becomes half characters, which `of_sample` reports, so that the rows after it are still read.
    with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        rows = csv.DictReader(file, restkey="more cells than the first row")
        columns = rows.fieldnames or []
        if len(set(columns)) < len(columns):
            raise InputError(f"{path}: two columns have one name: {', '.join(columns)}")
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield rows.line_num, Problem("csv", "record", str(error))
                continue
            image, question, answer = (row.pop(column, None) for column in ("image", "question", "answer"))
            record = {field: value for field, value in row.items() if value}
            if image:
                record["images"] = [image]
            if question or answer:
                said = zip(ROLES, (question or "", answer or ""), strict=True)
                record["messages"] = [{"role": role, "content": content} for role, content in said]
            yield rows.line_num, record


def _parquet(path):
    parquet, number = arrow().parquet, 0
    try:
        for batch in parquet.ParquetFile(path).iter_batches(BATCH):
            for i in range(batch.num_rows):
                number += 1
                yield number, _row(batch.slice(i, 1))
    except (ValueError, OSError, NotImplementedError) as error:  # pyarrow's errors are of these kinds
        raise InputError(f"{path} is not a Parquet file, or damaged after row {number}: {error}") from None


def _row(table):
    """A table of one row -> the record it holds."""
    try:
        (record,) = table.to_pylist()
        if isinstance(record.get("truth"), str):
            record["truth"] = json.loads(record["truth"])
    except (ValueError, RecursionError) as error:
        return Problem("form", "record", str(error))
    if isinstance(record.get("images"), list):
        record["images"] = [
            (image["bytes"] or image["path"]) if isinstance(image, dict) and {"bytes", "path"} <= set(image) else image
            for image in record["images"]
        ]
    return record


_FORMATS = {".jsonl": _jsonl, ".csv": _csv, ".parquet": _parquet}


def arrow():
    """The module pyarrow, with pyarrow.parquet.  Raises InputError that says how to install it."""
    try:
        import pyarrow.parquet
    except ImportError:
        raise InputError('Parquet needs pyarrow: pip install "dsvl-min[data]"') from None
    return pyarrow

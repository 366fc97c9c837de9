"""Recorded results: every figures/results/NAME.json has one form, that of figures/schema.json.

    python figures/recorded.py       # reads them all, and says what is wrong with which

What measures calls `write`, what draws or prints calls `read`; both refuse a record of another form.
"""

import functools
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "figures" / "results"
SCHEMA = 1  # the number in schema.json; another form gets another number
SHIPPED = {"tiny": "tiny", "maps": "tiny", "tiny-parts": "tiny-parts"}  # record: whose shipped weights it measures


class Problem(ValueError):
    """A record that can't be used; the message names its file and the field."""


def _problem(path, text):
    return Problem(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}: {text}")


@functools.lru_cache(maxsize=1)
def _validator():
    return jsonschema.Draft202012Validator(json.loads((ROOT / "figures" / "schema.json").read_text(encoding="utf-8")))


def _fault(error):
    """A jsonschema error as "field: what is wrong"."""
    field = error.json_path.removeprefix("$").removeprefix(".")
    inside = f"{field}." if field else ""
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"{inside}{missing}: missing"
    if error.validator == "additionalProperties" and error.validator_value is False:
        unknown = next(name for name in error.instance if name not in error.schema["properties"])
        return f"{inside}{unknown}: no such field in schema {SCHEMA}"
    return f"{field}: {error.message[:200]}"


def _check(record, path):
    """Problem, unless the record has the form, its file's name and, where it must, the shipped weights."""
    if not isinstance(record, dict):
        raise _problem(path, f"schema: no object but a {type(record).__name__}")
    form = record.get("schema", "of before there were numbers")
    if form != SCHEMA:
        command = record.get("command", "the command that wrote it")
        raise _problem(path, f"schema: the record's form is {form}, read is {SCHEMA}; make it anew: {command}")
    error = min(_validator().iter_errors(record), key=lambda e: (len(e.path), str(e.path), e.message), default=None)
    if error:
        raise _problem(path, _fault(error))
    if record["name"] != path.stem:
        raise _problem(path, f"name: {record['name']!r} is not the file's")
    if path.stem in SHIPPED:
        _check_weights(record, path)


def _check_weights(record, path):
    from dsvl_min.checkpoint import WEIGHTS

    shipped, measured = weights_in(WEIGHTS / SHIPPED[path.stem]), record["weights"] or {}
    for stem in sorted(shipped | measured):
        if shipped.get(stem) != measured.get(stem):
            raise _problem(path, f"weights.{stem}: not the shipped {SHIPPED[path.stem]}; "
                                 f"measure it again: {record['command']}")  # fmt: skip


def _no_number(text):
    raise ValueError(f"{text} is not a JSON number")


def read(name, folder=RESULTS):
    """The whole record NAME, checked.  Raises Problem."""
    path = Path(folder) / f"{name}.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
    except (OSError, ValueError) as error:
        raise _problem(path, f"schema: can't be read as JSON: {error}") from error
    _check(record, path)
    return record


def write(name, question, command, seeds, data, config=None, weights=None, folder=RESULTS):
    """Put the data into an envelope that says how they came about, check it, and write it.  Returns the record."""
    from dsvl_min.evaluation.tasks import write_json
    from dsvl_min.hardware import hardware

    here = hardware()
    record = {
        "schema": SCHEMA,
        "name": name,
        "question": question,
        "command": command,
        "commit": commit(),
        "date": here["date"],
        "seeds": sorted(set(seeds)),
        "config": config,
        "hardware": {key: here[key] for key in ("device", "machine")},
        "versions": {"python": here["python"], **here["packages"]},
        "weights": weights,
        "data": data,
    }
    path = Path(folder) / f"{name}.json"
    _check(record, path)
    write_json(record, path)
    return record


def names(folder=RESULTS):
    """The name of every record there is."""
    return sorted(path.stem for path in Path(folder).glob("*.json"))


def commit():
    """The commit the working tree stands on; DSVL_COMMIT says it where there is no git."""
    if "DSVL_COMMIT" in os.environ:
        return os.environ["DSVL_COMMIT"]
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def point(marks, kind="exact"):
    """{"share": the mean of some marks, "interval": its 95 % interval}; kind: see `evaluation.tasks.score`."""
    from dsvl_min.evaluation.tasks import interval

    return {"share": round(sum(marks) / len(marks), 4), "interval": interval(marks, kind)}


def weights_in(folder):
    """{stem: SHA-256} of the files of weights in a folder: a record belongs to these and no others."""
    return {p.stem: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(Path(folder).glob("*.safetensors"))}


def main(folder=RESULTS):
    """Read all; exit with every problem there is."""
    problems = []
    for name in names(folder):
        try:
            read(name, folder)
        except Problem as problem:
            problems.append(str(problem))
    if problems:
        sys.exit("\n".join(problems))
    print(f"{len(names(folder))} recorded results have the form of schema {SCHEMA}")


if __name__ == "__main__":
    main()

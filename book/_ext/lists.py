"""Lists that pages are made from, in YAML: read with line numbers, refused where a row isn't whole."""

from dataclasses import dataclass
from pathlib import Path

import yaml
from project import ROOT
from sphinx.errors import ExtensionError


class ListError(ExtensionError):
    """What is wrong with a list: "file:line: what, and what to do".  It stops the build."""

    def __init__(self, path, line, message):
        path = Path(path)
        shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
        super().__init__(f"{shown}:{line}: {message}")


@dataclass
class Row:
    """One row.  line: where it begins in its file, from 1."""

    path: Path
    line: int
    fields: dict

    def __getitem__(self, name):
        return self.fields[name]

    def refuse(self, message):
        raise ListError(self.path, self.line, message)


def read(path, wanted, key):
    """The rows of a YAML list, each with the fields `wanted` and no others, none empty, and `key` unlike any other's.

    wanted: {field: its type}.  Raises ListError.
    """
    text = Path(path).read_text(encoding="utf-8")
    try:
        node, values = yaml.compose(text), yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ListError(path, mark.line + 1 if mark else 1, f"this is no YAML: {error}") from None
    if not isinstance(values, list):
        raise ListError(path, 1, "this must be a list of rows, each beginning with a dash")
    rows, seen = [], {}
    for value, at in zip(values, node.value, strict=True):
        row = Row(Path(path), at.start_mark.line + 1, value)
        if not isinstance(value, dict):
            row.refuse(f"a row must have the fields {', '.join(wanted)}")
        name = f"{key} {value.get(key)!r}"
        for field, kind in wanted.items():
            if value.get(field) in (None, "", []):
                row.refuse(f"{name} has no {field}")
            if not isinstance(value[field], kind):
                row.refuse(f"{name}: {field} must be of type {kind.__name__}, not {type(value[field]).__name__}")
        for field in set(value) - set(wanted):
            row.refuse(f"{name} has the unknown field {field!r}; the fields are {', '.join(wanted)}")
        if value[key] in seen:
            row.refuse(f"{name} is there already, in line {seen[value[key]]}")
        seen[value[key]] = row.line
        rows.append(row)
    return rows

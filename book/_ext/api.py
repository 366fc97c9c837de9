"""The package's reference: docstrings as autodoc shows them, each with a link to its source.

Docstrings are plain prose with the Markdown one reads as it stands: `code`, *emphasis*, and code indented by four
or fenced.  Shapes in brackets and stray * _ | are just text.
"""

import importlib
import inspect
import re
from pathlib import Path

from ledger import address
from project import ROOT

import dsvl_min

LITERAL = r'(`+)(?P<code>.+?)\1|(?P<string>(?<!\w)"[^"\s]+")'
EMPHASIS = re.compile(r"(?<![\w*])(\*{1,2})(?=[^\s*])([^*]*[^\s*])\1(?![\w*])")


def as_rst(lines, names=()):
    """A docstring's lines as reStructuredText.  names: the parameters, set as code where they open an explanation."""
    out, rows = [], list(lines)
    while rows:
        if not rows[0].strip():
            rows.pop(0)
        elif rows[0].startswith("```"):
            end = next((i for i, row in enumerate(rows[1:], 1) if row.startswith("```")), len(rows))
            out += block(rows[1:end])
            del rows[: end + 1]
        elif rows[0].startswith("    "):
            end = next((i for i, row in enumerate(rows) if row.strip() and not row.startswith("    ")), len(rows))
            out += block([row[4:] for row in rows[:end]])
            del rows[:end]
        else:
            end = next((i for i, row in enumerate(rows) if not row.strip()), len(rows))
            text = " ".join(row.strip() for row in rows[:end])
            out += ["\\ " + inline(text, names), ""]  # the mark at the front keeps "1. " or "- " from opening a list
            del rows[:end]
    return out


def block(code):
    """A block of code."""
    return [".. code-block:: python", "", *("    " + row for row in code), ""]


def inline(text, names=()):
    """One paragraph: `code` and "strings" become literals, emphasis stays, everything else is escaped."""
    pattern = LITERAL
    if names:
        one = "|".join(map(re.escape, names))
        pattern = rf"{LITERAL}|(?P<names>(?<![\w.])(?:(?:{one}), )*(?:{one})(?=: ))"
    out, at = "", 0
    for match in re.finditer(pattern, text):
        found = match.groupdict()
        literals = found["names"].split(", ") if found.get("names") else [found["code"] or found["string"]]
        out += escape(text[at : match.start()]) + ", ".join(f"\\ ``{literal}``\\ " for literal in literals)
        at = match.end()
    return out + escape(text[at:])


def escape(text):
    """Text without code, every mark escaped that would mean something, but for whole emphasis."""
    out, at = "", 0
    for match in EMPHASIS.finditer(text):
        inner = re.sub(r"([\\*_|`])", r"\\\1", match[2])
        out += re.sub(r"([\\*_|`])", r"\\\1", text[at : match.start()]) + f"\\ {match[1]}{inner}{match[1]}\\ "
        at = match.end()
    return out + re.sub(r"([\\*_|`])", r"\\\1", text[at:])


def process(app, what, name, obj, options, lines):
    """Rewrite one docstring in place."""
    try:
        names = [n for n in inspect.signature(obj).parameters if n != "self"]
    except (TypeError, ValueError):
        names = []
    lines[:] = as_rst(lines, names)


def once(app, what, name, obj, skip, options):
    """Leave out of its module what the public surface shows already."""
    inside = app.env.temp_data.get("autodoc:module", "dsvl_min") != "dsvl_min"
    if what == "module" and inside and name in dsvl_min.__all__ and getattr(dsvl_min, name) is obj:
        return True
    return None


def source(domain, info):
    """Where in the repository a documented name is defined, or None."""
    if domain != "py" or not info["module"]:
        return None
    found = importlib.import_module(info["module"])
    for part in filter(None, info["fullname"].split(".")):
        found = getattr(found, part, None)
    found = found.fget if isinstance(found, property) else found
    try:
        found = inspect.unwrap(found)
        lines, first = inspect.getsourcelines(found)
        path = Path(inspect.getsourcefile(found)).relative_to(ROOT).as_posix()
    except (TypeError, OSError, ValueError):
        return None
    return address(path, first, first + len(lines) - 1)


def configure(app, config):
    config.autodoc_default_options = {"members": True, "special-members": "__call__"}
    config.autodoc_typehints = "none"  # shapes say more than types, and the docstrings have them
    config.autodoc_inherit_docstrings = False  # torch's text about forward() says nothing here
    config.autodoc_preserve_defaults = True
    config.autodoc_member_order = "bysource"
    config.add_module_names = False
    config.maximum_signature_line_length = 100
    config.toc_object_entries = False
    config.linkcode_resolve = source
    config.myst_ref_domains = ["std", "math"]  # [](#muon) is the ledger's entry, never the module of that name


def setup(app):
    app.connect("config-inited", configure)
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("sphinx.ext.linkcode")
    app.connect("autodoc-process-docstring", process)
    app.connect("autodoc-skip-member", once)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""What running a page took, measured while it ran: at the page's head, and for all pages on the status page."""

import json

from docutils import nodes
from reader import MEGABYTES, RECORD, SECONDS, install_cell
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

CELL = """

```{code-cell} ipython3
:tags: [passport]
print(__import__("dsvl_min.hardware").hardware.passport())
```
"""


def ask(source):
    """A master's text with a last cell that says what the run took.  It leaves the page again in `place`."""
    return source.rstrip() + CELL


def install():
    """What the notebooks' install cell took here, or None where it wasn't run."""
    return json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else None


def place(app, doctree):
    """Take the last cell out of the page and put what it said under the title."""
    env = app.env
    for cell in list(doctree.findall(lambda n: isinstance(n, nodes.container) and "tag_passport" in n["classes"])):
        said = [block.astext() for block in cell.findall(nodes.literal_block) if block.astext().startswith("{")]
        cell.parent.remove(cell)
        if not said:
            raise ExtensionError(f"{env.docname}: the page ran, but its passport could not be read")
        data = json.loads(said[-1])
        passports(env)[env.docname] = data
        title = next(doctree.findall(nodes.title))
        title.parent.insert(title.parent.index(title) + 1, head(data))


def passports(env):
    if not hasattr(env, "dsvl_passports"):
        env.dsvl_passports = {}
    return env.dsvl_passports


def minutes(seconds):
    return f"{seconds / 60:.1f} min" if seconds >= 60 else f"{seconds:.0f} s"


def facts(data):
    """[(what, value)] of one passport."""
    cost = install()
    return [
        ("ran on", f"{data['device']} ({data['machine']})"),
        ("took", minutes(data["seconds"])),
        ("peak memory", f"{data['memory_gb']:.1f} GB"),
        ("install", f"{cost['megabytes']:.0f} MB beside torch" if cost else "not measured"),
        ("on", data["date"]),
        ("with", f"Python {data['python']}, torch {data['packages']['torch']}, dsvl_min {data['dsvl_min']}"),
    ]


def head(data):
    """The passport as one line of facts, and what its labels mean."""
    line = nodes.paragraph("", classes=["passport"])
    for what, value in facts(data):
        line += nodes.inline("", "", nodes.strong("", what), nodes.Text(f" {value}"), classes=["passport-fact"])
        line += nodes.Text(" ")
    line += nodes.inline("", "", nodes.Text("Outputs marked "), nodes.inline("", "live", classes=["live-mark"]),
                         nodes.Text(" were computed in that run, "), nodes.inline("", "recorded", classes=["recorded"]),
                         nodes.Text(" ones in an earlier one."), classes=["passport-fact"])  # fmt: skip
    return line


class Table(SphinxDirective):
    """```{passports}: the passports of all chapters, as a table."""

    def run(self):
        self.env.note_reread()
        return [passport_table("")]


class Install(SphinxDirective):
    """```{install}: the notebooks' install cell, and what it took here."""

    def run(self):
        self.env.note_reread()
        code = nodes.literal_block("", install_cell().strip(), language="ipython3")
        cost = install()
        if cost is None:
            return [code, nodes.paragraph("", "It was not run in this build, so what it takes was not measured.")]
        said = (
            f"In this build it took {cost['seconds']:.0f} seconds and {cost['megabytes']:.0f} MB, of which "
            f"{cost['archive']:.0f} are the package with its weights, and brought {len(cost['added'])} packages. "
            f"Promised are at most {SECONDS} seconds and {MEGABYTES} MB on a machine that has torch; what is there "
            "already, as in Colab most of it is, isn't fetched. The build stops if torch or numpy would be changed."
        )
        return [code, nodes.paragraph("", said)]


class passport_table(nodes.General, nodes.Element):  # noqa: N801
    """Stands where the table will be, until every page has been read."""


def fill(app, doctree, docname):
    for spot in list(doctree.findall(passport_table)):
        found = sorted(passports(app.env).items())
        columns = ["chapter", *(what for what, _ in facts(found[0][1]))] if found else ["chapter"]
        rows = [columns]
        for name, data in found:
            rows.append([app.env.titles[name].astext(), *(value for _, value in facts(data))])
        table = nodes.table(classes=["passports"])
        group = nodes.tgroup(cols=len(columns))
        group += [nodes.colspec(colwidth=1) for _ in columns]
        made = [nodes.row("", *(nodes.entry("", nodes.paragraph("", text)) for text in row)) for row in rows]
        group += nodes.thead("", made[0])
        group += nodes.tbody("", *made[1:])
        table += group
        spot.replace_self(table)


def purge(app, env, docname):
    passports(env).pop(docname, None)


def merge(app, env, docnames, other):
    passports(env).update(passports(other))


def setup(app):
    app.add_node(passport_table)
    app.add_directive("passports", Table)
    app.add_directive("install", Install)
    app.connect("doctree-resolved", fill)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)

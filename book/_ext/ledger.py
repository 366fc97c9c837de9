"""The ledger of deviations: what book/deviations.yml says, checked against the comments in the source.

Where the source follows a deviation, a comment says `# deviation: ID`.  In a page, ```{deviations} PART shows the
entries of one part, each with its anchor and links to the lines of its comments.
"""

import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from lists import ListError, read
from project import BOOK, REPOSITORY, ROOT, TAG
from sphinx.util.docutils import SphinxDirective

LEDGER, PAGE, SOURCE = BOOK / "deviations.yml", BOOK / "deviations.md", ROOT / "dsvl_min"
FIELDS = {"id": str, "part": str, "paper": str, "here": str, "why": str, "effect": str, "where": list}
SHOWN = {"paper": "The original", "here": "Here", "why": "Why", "effect": "Effect"}
COMMENT = re.compile(r"# deviation: ([a-z0-9-]+)$")
ALMOST = re.compile(r"#.*(?<!standard )\bdeviations?\b|\(deviation `", re.IGNORECASE)
UNMEASURED = "not measured"


def comments(source=SOURCE, root=ROOT):
    """[(id, path from the root, line)] of every deviation comment in the source, in the order of files and lines.

    Raises ListError for a comment on a deviation that is not of the one form.
    """
    found = []
    for path in sorted(Path(source).rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if match := COMMENT.search(line):
                found.append((match[1], path.relative_to(root).as_posix(), number))
            elif ALMOST.search(line):
                raise ListError(path, number, "a deviation is marked by a comment of the form: # deviation: ID")
    return found


def entries(ledger=LEDGER, page=PAGE, source=SOURCE, root=ROOT):
    """The rows of the ledger and the comments that follow them.  Raises ListError where the two disagree."""
    rows, marks = read(ledger, FIELDS, "id"), comments(source, root)
    known = {row["id"]: row for row in rows}
    shown = re.findall(r"^`{3,}\{deviations\} (\S+)", Path(page).read_text(encoding="utf-8"), re.MULTILINE)
    for row in rows:
        if not re.fullmatch(r"[a-z0-9-]+", row["id"]):
            row.refuse(f"the id {row['id']!r} may hold small letters, digits and hyphens")
        if row["part"] not in shown:
            row.refuse(f"{row['id']}: {Path(page).name} shows no part {row['part']!r}; it shows {', '.join(shown)}")
        if "{{" not in row["effect"] and UNMEASURED not in row["effect"].lower():
            row.refuse(f"{row['id']}: effect must hold a measured number, {{{{ name }}}}, or the words {UNMEASURED!r}")
        for place in row["where"]:
            if not any(name == row["id"] and path == place for name, path, _ in marks):
                row.refuse(f"{row['id']} claims the place {place}, which has no comment # deviation: {row['id']}")
    for name, path, line in marks:
        if name not in known:
            raise ListError(Path(root) / path, line, f"no entry {name!r} in {Path(ledger).name}")
        if path not in known[name]["where"]:
            raise ListError(Path(root) / path, line, f"the entry {name!r} doesn't have this place among its `where`")
    return rows, marks


def address(path, line, last=None):
    """A line of a file in the repository, as it is at this version; last: to that line."""
    return f"{REPOSITORY}/blob/{TAG}/{path}#L{line}" + (f"-L{last}" if last else "")


class Deviations(SphinxDirective):
    """```{deviations} PART"""

    required_arguments = 1

    def run(self):
        rows, marks = entries()
        for path in {LEDGER, *(ROOT / path for _, path, _ in marks)}:
            self.env.note_dependency(str(path))
        chosen = [row for row in rows if row["part"] == self.arguments[0]]
        if not chosen:
            raise ListError(PAGE, self.lineno, f"no entry of {LEDGER.name} has the part {self.arguments[0]!r}")
        return [self.section(row, marks) for row in chosen]

    def section(self, row, marks):
        """One entry: its id as a heading that can be linked to, and its fields."""
        section = nodes.section(names=[row["id"]])
        section += nodes.title("", row["id"])
        self.state.document.note_explicit_target(section, section)
        fields = [self.field(label, row[name]) for name, label in SHOWN.items()]
        places = [(path, line) for name, path, line in marks if name == row["id"]]
        links = ", ".join(f"[{path}, line {line}]({address(path, line)})" for path, line in places)
        section += nodes.field_list("", *fields, self.field("Lines", links), classes=["ledger"])
        return section

    def field(self, label, text):
        body = nodes.field_body()
        self.state.nested_parse(StringList(text.splitlines(), str(LEDGER)), 0, body)
        return nodes.field("", nodes.field_name("", label), body)


def setup(app):
    app.add_directive("deviations", Deviations)
    app.connect("builder-inited", lambda app: entries())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

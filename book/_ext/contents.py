"""The list of chapters, written and not: what book/contents.yml says, checked against the files that exist.

In a page, ```{contents} shows it as a table, by parts.
"""

import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from lists import ListError, read
from project import BOOK, ROOT
from sphinx.util.docutils import SphinxDirective

CONTENTS, TOC = BOOK / "contents.yml", ROOT / "_toc.yml"
FIELDS = {"number": int, "part": str, "slug": str, "title": str, "question": str, "runs": str}
COLUMNS = (("No.", 6), ("Chapter", 34), ("Its question", 36), ("You run", 24))  # heading, share of the width
PENDING = "not yet written"


def stem(row):
    """The name of a chapter's file without its ending: "03-a-world-we-can-check"."""
    return f"{row['number']:02}-{row['slug']}"


def headings(row):
    """What a chapter's first heading may be."""
    question = row["question"]
    return row["title"], f"{row['title']}: {question[0].lower()}{question[1:]}"


def chapters(contents=CONTENTS, book=BOOK):
    """The rows of the contents in order, each with "written": is there a file?  Raises ListError."""
    rows = read(contents, FIELDS, "number")
    parts = []
    for count, row in enumerate(rows, 1):
        if row["number"] != count:
            row.refuse(f"number {row['number']} stands where {count} is due: numbers run from 1, one by one")
        if not re.fullmatch(r"[a-z0-9-]+", row["slug"]):
            row.refuse(f"the slug {row['slug']!r} may hold small letters, digits and hyphens")
        if row["part"] in parts and row["part"] != parts[-1]:
            row.refuse(f"the part {row['part']!r} is interrupted: its chapters must follow one another")
        parts.append(row["part"])
        path = Path(book) / f"{stem(row)}.md"
        row.fields["written"] = path.exists()
        if path.exists():
            title = re.search(r"^# (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            if not title or title[1].strip() not in headings(row):
                row.refuse(f"{path.name} is headed {title and title[1]!r}, not {' or '.join(map(repr, headings(row)))}")
    listed = {stem(row) for row in rows}
    for path in sorted(Path(book).glob("[0-9][0-9]-*.md")):
        if path.stem not in listed:
            raise ListError(path, 1, f"this chapter is not in {Path(contents).name}")
    return rows


class Contents(SphinxDirective):
    """```{contents}"""

    def run(self):
        rows = chapters()
        for path in (CONTENTS, TOC, *(BOOK / f"{stem(row)}.md" for row in rows if row["written"])):
            self.env.note_dependency(str(path))
        body, part = nodes.tbody(), None
        for row in rows:
            if row["part"] != part:
                part = row["part"]
                body += nodes.row("", self.cell(f"**{part}**", morecols=len(COLUMNS) - 1), classes=["part"])
            title = f"[{row['title']}]({stem(row)}.md)" if row["written"] else f"{row['title']} *({PENDING})*"
            cells = (str(row["number"]), title, row["question"], row["runs"])
            body += nodes.row("", *map(self.cell, cells), classes=[] if row["written"] else ["pending"])
        head = nodes.thead("", nodes.row("", *(self.cell(name) for name, _ in COLUMNS)))
        widths = [nodes.colspec(colwidth=width) for _, width in COLUMNS]
        group = nodes.tgroup("", *widths, head, body, cols=len(COLUMNS))
        return [nodes.table("", group, classes=["contents", "colwidths-given"])]

    def cell(self, text, **span):
        entry = nodes.entry(**span)
        self.state.nested_parse(StringList([text], str(CONTENTS)), 0, entry)
        return entry


def setup(app):
    app.add_directive("contents", Contents, override=True)
    app.connect("builder-inited", lambda app: chapters())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

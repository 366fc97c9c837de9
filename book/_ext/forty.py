"""The forty answers of the shipped model that its record holds, as a table with their pictures.

In a page, ```{forty} shows it.  The pictures are drawn again from the record's seed.
"""

import base64
import io
import sys

from docutils import nodes
from project import ROOT
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(ROOT / "figures"))
import recorded  # noqa: E402

COLUMNS = (("Picture", 18), ("Question", 34), ("The answer", 22), ("What it said", 26))  # heading, share of the width
RECORD = ROOT / "figures" / "results" / "tiny.json"


def rows():
    """[(sample, what the record says of it)], each sample made anew and compared with the record."""
    from dsvl_min.data.sources import sample

    data = recorded.read("tiny")["data"]
    out = []
    for told in data["forty"]:
        made = sample(told["source"], data["evaluation"]["seed"], told["index"], "held-out", told["difficulty"])
        if dict(made.turns).get(told["question"]) != told["truth"]:
            raise recorded.Problem(f"{RECORD.name}: {told['task']} {told['index']} is no sample of this world any more")
        out.append((made, told))
    return out


def picture(made, number, size=128):
    """A sample's picture as an image that needs no file."""
    buffer = io.BytesIO()
    made.pictures(size)[0].save(buffer, "PNG")
    uri = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    said = " / ".join(made.text.split("\n"))
    return nodes.image(uri=uri, alt=f"Picture {number}: {said}", width="96px", height="96px")


def lines(text):
    """A text with its line breaks kept."""
    block = nodes.line_block()
    for line in text.split("\n"):
        block += nodes.line("", line)
    return block


def cell(*content):
    """A table's cell."""
    entry = nodes.entry()
    entry += list(content)
    return entry


class Forty(SphinxDirective):
    """```{forty}"""

    def run(self):
        self.env.note_dependency(str(RECORD))
        body = nodes.tbody()
        for number, (made, told) in enumerate(rows(), 1):
            right = told["said"] == told["truth"]
            said = lines(f"{'✓' if right else '✗'} {told['said'] or '(nothing)'}")
            body += nodes.row(
                "", cell(picture(made, number)), cell(nodes.paragraph("", told["question"])),
                cell(lines(told["truth"])), cell(said), classes=["right" if right else "wrong"],
            )  # fmt: skip
        head = nodes.thead("", nodes.row("", *(cell(nodes.paragraph("", name)) for name, _ in COLUMNS)))
        widths = [nodes.colspec(colwidth=width) for _, width in COLUMNS]
        group = nodes.tgroup("", *widths, head, body, cols=len(COLUMNS))
        return [nodes.table("", group, classes=["colwidths-given"])]


def setup(app):
    app.add_directive("forty", Forty, override=True)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""The sources of the pages, and the pages where they have been rendered."""

import re
import sys
from pathlib import Path

import pytest
import yaml
from master import read

ROOT = Path(__file__).parents[2]
BOOK, HTML = ROOT / "book", ROOT / "_build" / "html"
sys.path.insert(0, str(BOOK / "_ext"))
PAGES = sorted(BOOK.glob("*.md"))
CHAPTERS = [p for p in PAGES if re.match(r"\d\d-", p.name)]


def cells(page):
    """(options, code) of each code cell."""
    return [(cell.options, cell.source) for cell in read(page).cells if cell.kind == "code"]


def test_every_page_is_in_the_contents():
    listed = yaml.safe_load((ROOT / "_toc.yml").read_text())
    named = {listed["root"], *(c["file"] for part in listed["parts"] for c in part["chapters"])}
    assert named == {f"book/{p.stem}" for p in PAGES}


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda p: p.stem)
def test_code_cells_are_python_of_readable_width(page):
    found = list(cells(page))
    assert len(found) >= 5
    for _, code in found:
        compile(code, page.name, "exec")
        assert all(len(line) <= 79 for line in code.splitlines()), code


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_numbers_in_prose_are_claims_that_exist(page):
    from claims import claims

    used = set(re.findall(r"\{\{ *(\w+) *\}\}", page.read_text(encoding="utf-8")))
    assert used <= set(claims()), used - set(claims())


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_every_figure_is_described(page):
    text = page.read_text(encoding="utf-8")
    for figure in re.findall(r"```\{(?:figure|image|drawing)\}.*?```", text, re.DOTALL):
        assert re.search(r"^:alt: .{30,}", figure, re.MULTILINE), figure


@pytest.mark.skipif(not HTML.exists(), reason="the pages are not rendered: make book")
@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_a_rendered_page_shows_outputs_and_no_leftovers(page):
    html = (HTML / "book" / f"{page.stem}.html").read_text(encoding="utf-8")
    for ours in (BOOK / "_static").iterdir():
        assert f"_static/{ours.name}" in html, f"the page doesn't use {ours.name}"
    assert "Traceback (most recent call last)" not in html
    assert "{{" not in re.sub(r"<script.*?</script>|<pre.*?</pre>", "", html, flags=re.DOTALL)
    if page in CHAPTERS:
        assert html.count("cell_output") >= 5
    for image in re.findall(r"<img [^>]*>", html):
        assert re.search(r'alt="[^"]{5,}"', image), image

"""The chapters as rendered: buttons, passports, labels, exercises.  Skipped until `make book` has rendered them."""

import json
import re
from html import unescape

import pytest
from master import masters
from project import BOOK, NAME, NOTEBOOKS, OWNER, ROOT, TAG, notebook_of

HTML = ROOT / "_build" / "html"
MASTERS = masters(BOOK)
pytestmark = pytest.mark.skipif(not HTML.exists(), reason="the pages are not rendered: make book")
named = pytest.mark.parametrize("master", MASTERS, ids=lambda m: m.stem)


def html(master):
    return (HTML / "book" / f"{master.stem}.html").read_text(encoding="utf-8")


@named
def test_every_button_opens_the_pages_own_notebook(master):
    file, addresses = notebook_of(master.stem), [unescape(a) for a in re.findall(r'href="([^"]+)"', html(master))]
    assert (NOTEBOOKS / file).exists()
    colab = [a for a in addresses if a.startswith("https://colab.research.google.com/")]
    binder = [a for a in addresses if a.startswith("https://mybinder.org/")]
    here = [a for a in addresses if a.endswith(".ipynb") and not a.startswith("https://")]
    assert colab == [f"https://colab.research.google.com/github/{OWNER}/{NAME}/blob/{TAG}/notebooks/{file}"]
    assert binder == [f"https://mybinder.org/v2/gh/{OWNER}/{NAME}/{TAG}?urlpath=lab/tree/notebooks/{file}"]
    assert len(here) == 1
    download = (HTML / "book" / here[0]).resolve()
    assert download.is_relative_to(HTML), "the download leaves the site"
    assert json.loads(download.read_text()) == json.loads((NOTEBOOKS / file).read_text())


def test_pages_without_code_have_no_launch_buttons():
    for page in (HTML / "book").glob("*.html"):
        if not re.match(r"\d\d-", page.name):
            assert "colab.research" not in page.read_text(encoding="utf-8"), page.name


@named
def test_a_passport_stands_under_the_title(master):
    text = re.sub(r"<[^>]+>", "", re.search(r'<p class="passport">.*?</p>', html(master), re.DOTALL)[0])
    patterns = (r"ran on .+\(", r"took [\d.]+ (s|min)", r"peak memory [\d.]+ GB", r"install \d+ MB",
                r"on \d{4}-\d\d-\d\d", r"Python 3\.\d+", r"torch \d")  # fmt: skip
    for pattern in patterns:
        assert re.search(pattern, text), (pattern, text)
    assert html(master).index('class="passport"') < html(master).index('<section id="', html(master).index("</h1>"))
    assert "dsvl_min.hardware&quot;" not in html(master), "the cell that asks for the passport is still on the page"


@named
def test_no_output_is_a_warning_or_names_the_machine_that_built_the_page(master):
    text = unescape(re.sub(r"<[^>]+>", "", html(master)))
    assert not re.findall(r"\S*Warning: .*", text)
    assert str(ROOT) not in text


def test_the_status_page_lists_every_chapters_passport():
    status = (HTML / "book" / "status.html").read_text(encoding="utf-8")
    for master in MASTERS:
        assert status.count(master.title.split(":")[0].replace("'", "’")) >= 1
    assert "peak memory" in status and status.count("✅") == len(MASTERS)


@named
def test_each_exercise_has_its_box_its_folded_answer_and_its_verdict(master):
    page = html(master)
    for exercise in master.exercises.values():
        assert f"Exercise {exercise.number}: " in page and f"Solution {exercise.number}" in page
        assert f"Difficulty {exercise.difficulty} of 5, about {exercise.minutes} minutes." in page
    assert page.count("Show one solution") == len(master.exercises)
    equal = sum(cell.source.count("reference.same(") for cell in master.cells if cell.kind == "code")
    assert page.count("✓ ") == len(master.exercises) + equal and "✗ " not in page and "○ " not in page


@named
def test_code_of_the_package_is_linked_to_the_reference(master):
    for cell in master.cells:
        if symbol := cell.options.get("symbol"):
            names = {symbol, f"dsvl_min.{symbol.rpartition('.')[2]}"}  # what is public stands on the page as such
            found = set(re.findall(r'In the package: <a [^>]*href="api\.html#([\w.]+)"', html(master)))
            assert names & found, symbol


@named
def test_outputs_are_marked_live_and_recorded_figures_say_so(master):
    page = html(master)
    outputs = len(re.findall(r'class="cell[^"]*\blive\b', page))
    assert outputs >= 5
    for drawing in set(re.findall(r"figures/drawn/|_images/([\w-]+)\.svg", page)) - {""}:
        sources = re.findall(
            r"figures/results/([\w-]+)\.json", (ROOT / f"figures/drawn/{drawing}.svg").read_text()[:4000]
        )
        for name in sources:
            assert f"/figures/results/{name}.json" in page, (drawing, name)


@named
def test_figures_have_the_same_numbers_on_the_page_and_in_the_notebook(master):
    page = re.findall(r'<span class="caption-number">Fig\. (\d+)', html(master))
    cells = json.loads((NOTEBOOKS / notebook_of(master.stem)).read_text())["cells"]
    assert page == re.findall(r"\*\*Figure (\d+)\.\*\*", "".join("".join(c["source"]) for c in cells)) and page

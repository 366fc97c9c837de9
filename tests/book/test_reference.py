"""The reference part: the ledger of deviations, the package's reference, glossary, notation, contents."""

import importlib
import inspect
import pkgutil
import re
import sys
from pathlib import Path

import pytest
import yaml

import dsvl_min

ROOT = Path(__file__).parents[2]
BOOK, HTML = ROOT / "book", ROOT / "_build" / "html" / "book"
sys.path.insert(0, str(BOOK / "_ext"))

import contents  # noqa: E402
import ledger  # noqa: E402
from lists import ListError  # noqa: E402


def page(name):
    return (BOOK / f"{name}.md").read_text(encoding="utf-8")


# The ledger


@pytest.fixture
def small(tmp_path):
    """One entry, a page that shows it and a source that follows it; faults are planted by rewriting them."""

    class Small:
        ledger, page, source = tmp_path / "deviations.yml", tmp_path / "deviations.md", tmp_path / "dsvl_min"
        entry = {
            "id": "one", "part": "model", "paper": "p", "here": "h", "why": "w", "effect": "Not measured.",
            "where": ["dsvl_min/a.py"],
        }  # fmt: skip

        def write(self, *rows, code="x = 1  # deviation: one\n"):
            self.ledger.write_text("# first line\n" + yaml.safe_dump(list(rows), sort_keys=False))
            self.page.write_text("# Page\n\n```{deviations} model\n```\n")
            self.source.mkdir(exist_ok=True)
            (self.source / "a.py").write_text("import torch\n" + code)
            return ledger.entries(self.ledger, self.page, self.source, tmp_path)

    return Small()


def test_an_entry_and_the_comment_that_follows_it_are_found(small):
    (row,), marks = small.write(small.entry)
    assert (row["id"], row.line) == ("one", 2)
    assert marks == [("one", "dsvl_min/a.py", 2)]


@pytest.mark.parametrize("field", list(ledger.FIELDS))
def test_an_entry_without_a_field_is_named_with_its_line(small, field):
    second = {k: v for k, v in {**small.entry, "id": "two"}.items() if k != field}
    with pytest.raises(ListError, match=rf"deviations\.yml:10: id .* has no {field}"):
        small.write(small.entry, second)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "one"}, r"yml:10: id 'one' is there already, in line 2"),
        ({"id": "two", "when": "now"}, r"yml:10: id 'two' has the unknown field 'when'"),
        ({"id": "two", "where": "a.py"}, r"yml:10: .*where must be of type list, not str"),
        ({"id": "T wo"}, r"yml:10: the id 'T wo' may hold"),
        ({"id": "two", "part": "attic"}, r"yml:10: two: deviations.md shows no part 'attic'; it shows model"),
        ({"id": "two", "effect": "It got better."}, r"yml:10: two: effect must hold a measured number"),
        ({"id": "two"}, r"yml:10: two claims the place dsvl_min/a.py, which has no comment # deviation: two"),
        ({"id": "two", "where": ["b.py"]}, r"yml:10: two claims the place b.py"),
    ],
    ids=lambda v: " ".join(map(str, v.values())) if isinstance(v, dict) else "",
)
def test_a_fault_in_an_entry_is_named_with_its_line(small, change, said):
    with pytest.raises(ListError, match=said):
        small.write(small.entry, {**small.entry, **change})


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("# deviation: one\n# deviation: two\n", r"a\.py:3: no entry 'two'"),
        ("# deviation: one\n# (deviation `one`)\n", r"a\.py:3: a deviation is marked by a comment of the form"),
        ("# deviation: one\n# deviation: one, because\n", r"a\.py:3: a deviation is marked"),
        ('"""Text (deviation `one`)."""\n', r"a\.py:2: a deviation is marked"),
    ],
)
def test_a_fault_in_a_comment_is_named_with_its_line(small, code, said):
    with pytest.raises(ListError, match=said):
        small.write(small.entry, code=code)


def test_a_comment_in_a_file_that_its_entry_does_not_name_is_refused(small):
    small.source.mkdir()
    (small.source / "b.py").write_text("# deviation: one\n")
    with pytest.raises(ListError, match=r"b\.py:1: the entry 'one' doesn't have this place"):
        small.write(small.entry)


def test_a_standard_deviation_is_none_of_the_ledgers(small):
    small.write(small.entry, code="# deviation: one\nx = 1  # standard deviation of x\n")


def test_what_is_no_list_or_no_yaml_is_named(small):
    for text, said in (("a: 1", r"yml:1: this must be a list"), ("- a: [1\n- b", r"yml:\d+: this is no YAML")):
        small.ledger.write_text(text)
        with pytest.raises(ListError, match=said):
            ledger.read(small.ledger, ledger.FIELDS, "id")


def test_the_ledger_is_whole():
    rows, marks = ledger.entries()
    assert len(rows) >= 13
    assert {name for name, _, _ in marks} == {row["id"] for row in rows}


def test_a_link_to_a_line_has_repository_version_and_line():
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    address = ledger.address("dsvl_min/sam.py", 7)
    assert address == f"{config['repository']['url']}/blob/v{dsvl_min.__version__}/dsvl_min/sam.py#L7"


@pytest.mark.parametrize("name", ["deviations", "contents"])
def test_numbers_in_the_lists_are_claims_that_exist(name):
    from claims import claims

    used = set(re.findall(r"\{\{ *(\w+) *\}\}", (BOOK / f"{name}.yml").read_text(encoding="utf-8")))
    used -= {"name"}  # the list's own explanation of the form
    assert used <= set(claims()), used - set(claims())


# The contents


@pytest.fixture
def chapters(tmp_path):
    """Two chapters, the first of them written; faults are planted by rewriting."""

    def write(second=None, **files):
        first = {"number": 1, "part": "A", "slug": "one", "title": "One", "question": "Why?", "runs": "it"}
        second = {**first, "number": 2, "slug": "two", "title": "Two"} | (second or {})
        (tmp_path / "contents.yml").write_text(yaml.safe_dump([first, second], sort_keys=False))
        for name, text in {"01-one": "# One\n", **files}.items():
            (tmp_path / f"{name}.md").write_text(text)
        return contents.chapters(tmp_path / "contents.yml", tmp_path)

    return write


def test_a_chapter_is_written_when_its_file_exists(chapters):
    assert [row["written"] for row in chapters()] == [True, False]
    assert [row["written"] for row in chapters(**{"02-two": "---\na: b\n---\n\n# Two: why?\n"})] == [True, True]


@pytest.mark.parametrize(
    ("second", "files", "said"),
    [
        ({"number": 1}, {}, r"contents\.yml:7: number 1 is there already, in line 1"),
        ({"number": 3}, {}, r"contents\.yml:7: number 3 stands where 2 is due"),
        ({"title": ""}, {}, r"contents\.yml:7: number 2 has no title"),
        ({"slug": "Two!"}, {}, r"contents\.yml:7: the slug 'Two!'"),
        ({}, {"02-two": "# Three\n"}, r"contents\.yml:7: 02-two.md is headed 'Three', not 'Two' or 'Two: why\?'"),
        ({}, {"02-two": "No heading\n"}, r"contents\.yml:7: 02-two.md is headed None"),
        ({}, {"03-three": "# Three\n"}, r"03-three\.md:1: this chapter is not in contents\.yml"),
    ],
)
def test_a_fault_in_the_contents_is_named_with_its_line(chapters, second, files, said):
    with pytest.raises(ListError, match=said):
        chapters(second, **files)


def test_a_part_is_not_interrupted(chapters, tmp_path):
    chapters()
    rows = yaml.safe_load((tmp_path / "contents.yml").read_text())
    rows[1]["part"] = "B"
    rows.append({**rows[0], "number": 3, "slug": "three", "title": "Three"})
    (tmp_path / "contents.yml").write_text(yaml.safe_dump(rows))
    with pytest.raises(ListError, match="the part 'A' is interrupted"):
        contents.chapters(tmp_path / "contents.yml", tmp_path)


def test_there_are_twenty_two_chapters_and_the_written_ones_are_in_the_toc():
    rows = contents.chapters()
    assert [row["number"] for row in rows] == list(range(1, 23))
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    (listed,) = [part["chapters"] for part in toc["parts"] if part["caption"] == "Chapters"]
    written = [f"book/{contents.stem(row)}" for row in rows if row["written"]]
    assert [chapter["file"] for chapter in listed] == written


# The package's reference

MODULES = sorted(m.name for m in pkgutil.walk_packages(dsvl_min.__path__, "dsvl_min."))
NOT_ON_THE_PAGE = {  # module, or module.name: why
    "dsvl_min.data": "holds only its modules",
    "dsvl_min.data.instructions": "holds only its modules",
    "dsvl_min.training": "holds only its modules",
    "dsvl_min.evaluation": "holds only its modules",
    "dsvl_min.probes": "holds only its modules",
    "dsvl_min.explain": "holds only its modules",
}


def public(module):
    """{name: object} of the functions and classes that a module defines for others."""
    found = vars(importlib.import_module(module)).items()
    return {
        name: thing
        for name, thing in found
        if not name.startswith("_")
        and (inspect.isfunction(thing) or inspect.isclass(thing))
        and thing.__module__ == module
    }


def undocumented(module):
    """Names of public functions, classes and methods without a docstring of their own.

    A module's forward() is told by its class.
    """
    missing = []
    for name, thing in public(module).items():
        own = vars(thing).get("__doc__") if inspect.isclass(thing) else thing.__doc__
        if not own or (inspect.isclass(thing) and own.startswith(f"{name}(")):  # what a dataclass makes up
            missing.append(name)
        for method, held in vars(thing).items() if inspect.isclass(thing) else ():
            function = held.fget if isinstance(held, property) else getattr(held, "__func__", held)
            if inspect.isfunction(function) and not method.startswith("_") and method != "forward":
                missing += [] if function.__doc__ else [f"{name}.{method}"]
    return missing


def test_everything_the_package_offers_is_shown_first():
    first = page("api").split("## The model, part by part")[0]
    shown = re.findall(r"auto(?:class|function|exception):: dsvl_min\.(\w+)$", first, re.MULTILINE)
    assert sorted(shown) == sorted(dsvl_min.__all__)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_on_the_page_with_everything_public(module):
    shown = re.findall(r"automodule:: ([\w.]+)$", page("api"), re.MULTILINE)
    if module in NOT_ON_THE_PAGE:
        assert not public(module)
        return
    assert shown.count(module) == 1, f"{module} belongs on book/api.md, or among the exceptions with a reason"
    assert ":exclude-members:" not in page("api")
    missing = [name for name in undocumented(module) if f"{module}.{name}" not in NOT_ON_THE_PAGE]
    assert not missing, f"{module}: no docstring, so not on the page: {missing}"


def test_a_missing_docstring_is_noticed(monkeypatch):
    import dsvl_min.attention

    monkeypatch.setattr(dsvl_min.attention.attend, "__doc__", None)
    assert undocumented("dsvl_min.attention") == ["attend"]


@pytest.mark.skipif(not (HTML / "api.html").exists(), reason="the pages are not rendered: make book")
def test_every_public_name_has_an_anchor_on_the_rendered_page():
    html = (HTML / "api.html").read_text(encoding="utf-8")
    wanted = {f"dsvl_min.{name}" for name in dsvl_min.__all__}
    for module in set(MODULES) - set(NOT_ON_THE_PAGE):
        wanted |= {f"{module}.{n}" for n, t in public(module).items() if getattr(dsvl_min, n, None) is not t}
    anchors = set(re.findall(r'id="(dsvl_min[\w.]*)"', html))
    assert wanted <= anchors, sorted(wanted - anchors)
    prose = re.sub(r"<(script|pre|code|dt)\b.*?</\1>", "", html, flags=re.DOTALL)
    assert "`" not in prose and "problematic" not in prose


@pytest.mark.parametrize(
    ("text", "literals", "plain"),
    [
        ("Pixels [B, 3, S, S] -> [N, ·].", [], "Pixels [B, 3, S, S] -> [N, ·]."),
        ("`alpha`s and `a_b* | c`", ["alpha", "a_b* | c"], "alphas and a_b* | c"),
        ("a * b, **kwargs, x_, |y|, [1]_ and \\d", [], "a * b, **kwargs, x_, |y|, [1]_ and \\d"),
        ("low, high: a range; slow: no", ["low", "high"], "low, high: a range; slow: no"),
        ('"tiny" or "two words"', ['"tiny"'], '"tiny" or "two words"'),
        ("- no list\n  at all", [], "- no list at all"),
        ("1. no list either", [], "1. no list either"),
        ("name: a thing,\n    with more", [], "name: a thing, with more"),
    ],
)
def test_a_docstring_says_on_the_page_what_it_says_in_the_source(text, literals, plain):
    document = render(text)
    assert [node.astext() for node in document.findall(docutils_nodes().literal)] == literals
    assert document.astext() == plain


def test_emphasis_and_code_blocks_of_a_docstring_survive():
    document = render("Not *this* one.\n\n    with x as y:\n        go(y)\n\n```python\nz = 1\n```\nEnd.")
    nodes = docutils_nodes()
    assert [node.astext() for node in document.findall(nodes.emphasis)] == ["this"]
    assert [node.astext() for node in document.findall(nodes.literal_block)] == ["with x as y:\n    go(y)", "z = 1"]
    assert document.astext().endswith("End.")


def docutils_nodes():
    from docutils import nodes

    return nodes


def render(docstring):
    """A docstring as the page has it; any complaint of the parser is an error."""
    from api import as_rst
    from docutils.core import publish_doctree

    settings = {"report_level": 1, "halt_level": 1, "syntax_highlight": "none"}
    return publish_doctree("\n".join(as_rst(docstring.splitlines(), ["low", "high"])), settings_overrides=settings)


@pytest.mark.parametrize("module", ["dsvl_min", *MODULES])
def test_every_docstring_renders_without_complaint(module):
    for thing in (importlib.import_module(module), *public(module).values()):
        for held in (thing, *(vars(thing).values() if inspect.isclass(thing) else ())):
            if isinstance(doc := getattr(held, "__doc__", None), str):
                render(inspect.cleandoc(doc))


def test_a_source_link_leads_to_the_lines_of_the_definition():
    from api import source

    lines, first = inspect.getsourcelines(dsvl_min.load)
    address = source("py", {"module": "dsvl_min", "fullname": "load"})
    assert address.endswith(f"/dsvl_min/checkpoint.py#L{first}-L{first + len(lines) - 1}")
    assert "/dsvl_min/config.py#L" in source("py", {"module": "dsvl_min", "fullname": "ModelConfig.vision"})


# Glossary and notation


def terms():
    return re.findall(r"^(?!```)([\w(].*)\n  \S", page("glossary").split("```{glossary}")[1], re.MULTILINE)


def test_the_glossary_has_its_terms_once_in_order_and_explained_briefly():
    found = terms()
    assert 40 <= len(found) <= 80
    assert found == sorted(dict.fromkeys(found), key=str.lower)
    bodies = re.split(r"\n\n(?=\S)", page("glossary").split(":sorted:\n\n")[1])
    long = [body.split("\n")[0] for body in bodies if len(re.findall(r"[.?:;](?:\s|$)", body)) > 6]
    assert not long


def test_every_term_that_pages_refer_to_is_in_the_glossary():
    known = {term.lower() for term in terms()}
    for path in BOOK.glob("*.md"):
        for shown, target in re.findall(r"\{term\}`([^`<]+?)(?:\s*<([^>]+)>)?`", path.read_text(encoding="utf-8")):
            assert " ".join((target or shown).lower().split()) in known, f"{path.name}: {target or shown}"


def legend(docstring):
    """[(letter, meaning)] of the "Shapes:" line of a module's docstring."""
    found = []
    if match := re.search(r"^Shapes: (.*?)(?:\.$|\.\n|\n\n|\Z)", docstring or "", re.DOTALL | re.MULTILINE):
        for item in re.split(r"[,;] (?![^(]*\))", " ".join(match[1].split())):
            letters, meaning = re.fullmatch(r"(\w(?: and \w)*) (.*)", item).groups()
            found += [(letter, meaning) for letter in letters.split(" and ")]
    return found


def notation():
    """[(letter, meaning, files)] of the table of letters."""
    rows = re.findall(r"^\| `(\w)` \| (.+?) \| (.+?) \|$", page("notation"), re.MULTILINE)
    return [(letter, meaning, re.findall(r"`([\w/]+\.py)`", files)) for letter, meaning, files in rows]


def explained(module, letter, meaning, table):
    """Does one row, and only one, explain this letter in this file, with a word of its meaning?"""
    path = module.removeprefix("dsvl_min.").replace(".", "/") + ".py"
    rows = [said for held, said, files in table if held == letter and path in files]
    words = re.findall(r"[a-z]{4,}", meaning) or [meaning.removeprefix("= ")]  # a formula must be there as it is
    return len(rows) == 1 and any(word in rows[0] for word in words)


LEGENDS = {m: found for m in MODULES if (found := legend(importlib.import_module(m).__doc__))}


def test_legends_are_read():
    assert len(LEGENDS) >= 9
    assert legend("Shapes: B images, E and C widths of\na head, N = grid² patches, G groups (G, say).\n") == [
        ("B", "images"), ("E", "widths of a head"), ("C", "widths of a head"), ("N", "= grid² patches"),
        ("G", "groups (G, say)"),
    ]  # fmt: skip


@pytest.mark.parametrize("module", LEGENDS)
def test_every_letter_of_a_legend_is_in_the_table_with_its_meaning(module):
    table = notation()
    for letter, meaning in LEGENDS[module]:
        assert explained(module, letter, meaning, table), f"{module}: {letter} {meaning}"


def test_a_letter_that_the_table_lacks_or_gives_another_meaning_is_noticed():
    table = [("N", "pairs that are compared", ["probes/blind_pairs.py"])]
    assert explained("dsvl_min.probes.blind_pairs", "N", "pairs", table)
    assert not explained("dsvl_min.probes.blind_pairs", "N", "images in the batch", table)
    assert not explained("dsvl_min.probes.blind_pairs", "Z", "pairs", table)
    assert not explained("dsvl_min.model", "N", "pairs", table)
    assert not explained("dsvl_min.probes.blind_pairs", "N", "pairs", table * 2)


def test_two_meanings_of_a_letter_never_meet_in_one_file():
    places = [(letter, path) for letter, _, files in notation() for path in files]
    assert len(places) == len(set(places))
    assert all((ROOT / "dsvl_min" / path).exists() for _, path in places)

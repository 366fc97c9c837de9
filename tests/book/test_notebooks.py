"""What is written from the masters: equal to the package, up to date, the same every time, and plain notebooks."""

import ast
import json
import re

import nbformat
import pytest
from master import masters, read
from plain import Plain
from project import BOOK, NOTEBOOKS, RAW, ROOT, TAG, notebook_of
from test_masters import EXERCISE, write

import notebooks

MASTERS = masters(BOOK)
MARKED = [(m, c) for m in MASTERS for c in m.cells if "symbol" in c.options]


@pytest.mark.parametrize(("master", "cell"), MARKED, ids=lambda v: v.options["symbol"] if hasattr(v, "options") else "")
def test_a_marked_cell_is_the_packages_code(master, cell):
    import inspect

    from master import resolve

    module, name = resolve(cell.options["symbol"], master.path, cell.line)
    package = inspect.getsource(getattr(module, name))
    assert notebooks.without_docstrings(cell.source) == notebooks.without_docstrings(package), "make notebooks"


def test_some_cell_is_marked():
    assert MARKED


def test_generated_notebooks_are_up_to_date_and_nothing_else_lies_there():
    wanted = notebooks.generated()
    there = {
        p.relative_to(NOTEBOOKS).as_posix() for p in NOTEBOOKS.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts
    }
    assert there == set(wanted)
    for name, text in wanted.items():
        assert (NOTEBOOKS / name).read_text(encoding="utf-8") == text, f"{name} is out of date: make notebooks"


def test_two_runs_give_identical_bytes(tmp_path):
    assert notebooks.generated() == notebooks.generated()
    notebooks.write(BOOK, tmp_path)
    assert notebooks.write(BOOK, tmp_path) == 0


@pytest.mark.parametrize("name", sorted(notebooks.generated()))
def test_a_notebook_is_valid_plain_and_without_outputs(name):
    text = (NOTEBOOKS / name).read_text(encoding="utf-8")
    notebook = nbformat.reads(text, 4)
    nbformat.validate(notebook)
    ids = [c.id for c in notebook.cells]
    assert len(set(ids)) == len(ids)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None
            assert "myst_nb" not in cell.source and "book/" not in cell.source, "a book-only import"
        else:
            outside = re.sub(r"```.*?```|`[^`]*`", "", cell.source, flags=re.DOTALL)
            assert not re.search(r"^\s*(`{3,}|:{3,})\{|\{[\w:]+\}`|\{\{|^\([\w-]+\)=$", outside, re.MULTILINE), (
                cell.source
            )
            for target in re.findall(r"\]\(([^)]+)\)", outside):
                assert target.startswith("https://"), f"a relative address: {target}"


def test_images_and_the_install_cell_are_pinned_to_this_version():
    for name in notebooks.generated():
        notebook = json.loads((NOTEBOOKS / name).read_text(encoding="utf-8"))
        install = "".join(notebook["cells"][1]["source"])
        assert f"/archive/{TAG}.zip" in install and install.count("%pip") == 1
        for cell in notebook["cells"]:
            for address in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", "".join(cell["source"])):
                assert address.startswith(RAW) and (ROOT / address.removeprefix(RAW + "/")).exists()


def test_the_readers_notebook_has_stubs_and_the_solutions_one_answers(tmp_path):
    body = EXERCISE.replace("value = 1", 'import os\n\n\ndef f(x):\n    """Doc."""\n    return 2 * x\n\n\nvalue = f(3)')
    master = read(write(tmp_path, body))
    student, solved = (notebooks.notebook(master, s) for s in (False, True))
    stub = next(c.source for c in student.cells if c.metadata.get("answer"))
    assert stub == ('import os\n\n\ndef f(x):\n    """Doc."""\n    raise NotImplementedError("your turn")\n\n\n'
                    "value = None  # your turn")  # fmt: skip
    assert "return 2 * x" in next(c.source for c in solved.cells if c.metadata.get("answer"))
    said = ["\n".join(c.source for c in n.cells) for n in (student, solved)]
    assert "Like so." not in said[0] and "Like so." in said[1]
    assert all("Exercise 1.1: Try it" in s and "difficulty 2 of 5, about 5 minutes" in s for s in said)


@pytest.mark.parametrize("master", MASTERS, ids=lambda m: m.stem)
def test_the_solutions_code_is_the_pages_which_has_run(master):
    install, *cells = (c.source for c in notebooks.notebook(master, True).cells if c.cell_type == "code")
    assert install == notebooks.INSTALL.strip()
    assert cells == [cell.source for cell in master.cells if cell.kind != "markdown"]


@pytest.mark.parametrize("master", MASTERS, ids=lambda m: m.stem)
def test_every_stub_compiles_and_names_what_the_answer_names(master):
    for cell in master.cells:
        if "answer" in cell.options:
            stub = notebooks.stub(cell.source)
            kinds = (ast.FunctionDef, ast.ClassDef, ast.Assign)
            names = [{n.name if hasattr(n, "name") else ast.unparse(n.targets[0]) for n in ast.parse(s).body
                      if isinstance(n, kinds)} for s in (stub, cell.source)]  # fmt: skip
            assert names[0] == names[1] and names[0]
            assert "your turn" in stub and all(len(line) <= 79 for line in stub.splitlines())


def test_directives_roles_and_links_become_plain_markdown(tmp_path):
    body = """(here)=
Look at {cite}`lu2024deepseekvl`, {numref}`map`, [](deviations) and [the muon entry](#muon); `{cite}` stays code.
% a comment

```{tip}
Mind {{ tiny_tokens }} tokens.
```

```{drawing} model-map
:name: map
:alt: The map.

The way. See {numref}`map`.
```

```{math}
a = b
```

```python
x = "{{ not a claim }} {cite}`neither`"
```
"""
    master = read(write(tmp_path, body))
    text = Plain(master)(master.cells[0])
    assert "(here)=" not in text and "a comment" not in text
    assert "Lu et al. 2024" in text and "Figure 1, [Deviations](https://" in text
    assert "[the muon entry](https://" in text and "deviations.html#muon)" in text
    assert "`{cite}` stays code" in text
    assert "> **Tip**\n>\n> Mind 36 tokens." in text
    assert f"![The map.]({RAW}/figures/drawn/model-map.svg)\n\n**Figure 1.** The way. See Figure 1." in text
    assert "$$\na = b\n$$" in text
    assert 'x = "{{ not a claim }} {cite}`neither`"' in text


def test_package_code_is_written_into_marked_cells(tmp_path):
    cell = "```{code-cell} ipython3\n:symbol: dsvl_min.attention.causal_mask\n"
    path = write(tmp_path, f"Before.\n\n{cell}def causal_mask():\n    pass\n```\n\nAfter.\n")
    assert notebooks.sync(path) and not notebooks.sync(path)
    text = path.read_text()
    assert "def causal_mask(queries, keys, device=None):" in text and "Before." in text and "After." in text
    assert all(len(line) <= 79 for line in text.splitlines())


def test_a_notebooks_name_is_its_pages():
    assert notebook_of("01-whole-model") == "01_whole_model.ipynb"

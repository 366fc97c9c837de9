"""Write what is generated from the masters: package code into marked cells, and the readers' notebooks.

    python book/_ext/notebooks.py            # or: make notebooks

notebooks/NN_name.ipynb has stubs where the exercises' answers stand; notebooks/solutions/NN_name.ipynb has the answers.
Two runs give the same bytes.
"""

import ast
import inspect
import re
import subprocess
import sys
import textwrap

import nbformat
from master import masters, read, resolve
from plain import Plain
from project import BOOK, NAME, NOTEBOOKS, OWNER, REPOSITORY, SITE, TAG, notebook_of

INSTALL = f"""\
# Installs the book's package if it isn't there: about half a minute.
# It leaves torch and numpy as they are.
import importlib.util

if importlib.util.find_spec("dsvl_min") is None:
    %pip install --quiet "dsvl-min[demo] @ {REPOSITORY}/archive/{TAG}.zip"
"""


def package_code(dotted, path, line):
    """A symbol's code as its cell shows it: from the package, the docstring cut to its first line, 79 columns."""
    module, name = resolve(dotted, path, line)
    source = inspect.getsource(getattr(module, name))
    tree = ast.parse(source)
    lines = source.splitlines()
    spots = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
            spots.append(node.body[0])
    for spot in sorted(spots, key=lambda n: -n.lineno):
        first = spot.value.value.strip().splitlines()[0]
        indent = " " * spot.col_offset
        said = textwrap.fill(f'"""{first}"""', 79, initial_indent=indent, subsequent_indent=indent)
        lines[spot.lineno - 1 : spot.end_lineno] = said.splitlines()
    command = [sys.executable, "-m", "ruff", "format", "--line-length", "79", "--isolated", "-"]
    formatted = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    return formatted.stdout.strip()


def without_docstrings(source):
    """The syntax tree of some code, as text, without docstrings: what must be equal in page and package."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


def sync(path):
    """Write the package's code into a master's marked cells; returns whether anything changed."""
    lines, changed = path.read_text(encoding="utf-8").splitlines(), False
    for cell in reversed(read(path).cells):
        if "symbol" not in cell.options:
            continue
        code = package_code(cell.options["symbol"], path, cell.line)
        if code != cell.source:
            end = next(i for i in range(cell.line, len(lines)) if lines[i].startswith("```"))
            start = end - len(cell.source.splitlines())
            lines[start:end] = code.splitlines()
            changed = True
    if changed:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return changed


def stub(source):
    """An answer with the answer taken out: functions keep signature and docstring, classes their methods' signatures,
    values become None.
    """
    lines, out = source.splitlines(), []
    for node in ast.parse(source).body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        if isinstance(node, ast.FunctionDef):
            spoken = ast.get_docstring(node) is not None
            kept = node.body[0].end_lineno if spoken else node.body[0].lineno - 1
            indent = " " * node.body[0].col_offset
            out += ["", "", *lines[first - 1 : kept], f'{indent}raise NotImplementedError("your turn")', "", ""]
        elif isinstance(node, ast.ClassDef):
            methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
            out += ["", "", *lines[first - 1 : methods[0].lineno - 1]]
            for method in methods:
                indent = " " * method.body[0].col_offset
                signature = lines[method.lineno - 1 : method.body[0].lineno - 1]
                out += [*signature, f'{indent}raise NotImplementedError("your turn")', ""]
            out += [""]
        elif isinstance(node, ast.Assign):
            target = ast.get_source_segment(source, node.targets[0])
            out.append(f"{target} = None  # your turn")
        else:
            out += lines[first - 1 : node.end_lineno]
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(out)).strip()


def notebook(master, solutions=False):
    """The NotebookNode of a master."""
    plain, file = Plain(master, solutions), notebook_of(master.stem)
    other = f"https://colab.research.google.com/github/{OWNER}/{NAME}/blob/{TAG}/notebooks/"
    other += file if solutions else f"solutions/{file}"
    head = (
        f"*Chapter {master.chapter} of [DeepSeek-VL, from scratch]({SITE}). "
        f"[The page with its outputs]({SITE}/book/{master.stem}.html) · "
        f"[the notebook {'with the exercises open' if solutions else 'with the solutions'}]({other})*"
    )
    cells = [
        nbformat.v4.new_markdown_cell(head, id="head"),
        nbformat.v4.new_code_cell(INSTALL.strip(), id="install"),
    ]
    for ordinal, cell in enumerate(master.cells, 1):
        name = re.sub(r"[^\w-]", "-", cell.options.get("name", f"{master.stem}-{ordinal}"))[:64]
        if cell.kind == "markdown":
            if text := plain(cell):
                cells.append(nbformat.v4.new_markdown_cell(text, id=name))
            continue
        answer = cell.options.get("answer")
        source = stub(cell.source) if answer and not solutions else cell.source
        metadata = {k: cell.options[k] for k in ("answer", "check", "symbol") if k in cell.options}
        if "hide-input" in cell.options.get("tags", ()):
            metadata["cellView"] = "form"
        cells.append(nbformat.v4.new_code_cell(source, id=name, metadata=metadata))
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata = {
        "colab": {"name": file, "provenance": [], "toc_visible": True},
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    nbformat.validate(made)
    return made


def generated(folder=BOOK):
    """{path below notebooks/: text} of everything that is generated from the masters."""
    out = {}
    for master in masters(folder):
        for below, solutions in (("", False), ("solutions/", True)):
            text = nbformat.writes(notebook(master, solutions), version=nbformat.NO_CONVERT)
            out[below + notebook_of(master.stem)] = text.rstrip("\n") + "\n"
    return out


def write(folder=BOOK, into=NOTEBOOKS):
    """Bring masters and notebooks up to date; returns how many files changed."""
    changed = sum(sync(path) for path in sorted(folder.glob("[0-9][0-9]-*.md")))
    wanted = generated(folder)
    for path in into.rglob("*.ipynb"):
        if path.relative_to(into).as_posix() not in wanted and ".ipynb_checkpoints" not in path.parts:
            path.unlink()
            changed += 1
    for name, text in wanted.items():
        path = into / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed += 1
    return changed


if __name__ == "__main__":
    print(f"{write()} files changed")

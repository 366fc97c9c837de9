"""Read a chapter's master, and refuse it, naming file and line, where it can't be what an author meant.

A master is MyST Markdown.  Code cells may carry these options:

    :name: ID            the cell's id in the notebook (default: page and ordinal)
    :symbol: a.b.C       the cell's code is written from the package: `python book/_ext/notebooks.py`
    :answer: EXERCISE    the cell is the answer to an exercise: a stub in the reader's notebook
    :check: EXERCISE     the cell runs the exercise's check, from dsvl_min.checks
    :tags: [...]         hide-input, hide-output, remove-cell, notebook-only
    mystnb: (in a --- block) image alt text, as MyST-NB reads it
"""

import ast
import functools
import importlib
import re
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser
from project import CONFIG, DRAWN, ROOT

CELL_OPTIONS = {"name", "symbol", "answer", "check", "tags", "mystnb"}
TAGS = {"hide-input", "hide-output", "remove-cell", "notebook-only"}
NOTES = ("admonition", "tip", "note", "warning", "important", "hint")
DIRECTIVES = {*NOTES, "drawing", "exercise", "solution", "math"}
ROLES = {"cite", "cite:t", "cite:p", "numref", "ref", "doc", "term", "eq", "py:class", "py:func", "py:mod", "py:meth"}


class MasterError(Exception):
    """What is wrong with a master: "file:line: what, and what to do"."""

    def __init__(self, path, line, message):
        path = Path(path)
        shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
        super().__init__(f"{shown}:{line}: {message}")


@dataclass
class Cell:
    """kind: "markdown" or "code"; line: where its source begins in the master, from 1."""

    kind: str
    source: str
    line: int
    options: dict = field(default_factory=dict)


@dataclass
class Directive:
    """```{name} argument, with its options and body.  start, end: its lines in the text it stands in, from 0."""

    name: str
    argument: str
    options: dict
    body: str
    start: int
    end: int
    body_start: int


@dataclass
class Exercise:
    """One exercise; number is "CHAPTER.ORDINAL", difficulty 1 to 5."""

    name: str
    title: str
    number: str
    difficulty: int
    minutes: int
    line: int


@dataclass
class Master:
    path: Path
    title: str
    cells: list
    exercises: dict

    @property
    def stem(self):
        return self.path.stem

    @property
    def chapter(self):
        return int(self.stem[:2])


@functools.lru_cache(maxsize=1)
def parser():
    """The parser that renders the pages: MyST's own, with the book's extensions."""
    extensions = set(CONFIG["parse"]["myst_enable_extensions"])
    return create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML)


def check_closed(token, lines, path, line):
    """Raise MasterError unless a fence's last line closes it.  lines: the text's; line: where the text begins."""
    start, end = token.map
    closing = lines[end - 1].strip() if end - 1 > start else ""
    if not (closing and set(closing) == {token.markup[0]} and len(closing) >= len(token.markup)):
        raise MasterError(path, line + start, f"{lines[start].strip()} is never closed; it needs {token.markup}")


def directives(text, path, line=1):
    """The directives of a Markdown text that no other directive encloses.  line: where the text begins in its file.

    Raises MasterError for one that is unknown or not closed.
    """
    lines, found = text.splitlines(), []
    for token in parser().parse(text):
        if token.type not in ("fence", "colon_fence"):
            continue
        check_closed(token, lines, path, line)
        start, end = token.map
        match = re.fullmatch(r"\{([^}]+)\}\s*(.*)", token.info.strip())
        if not match:
            continue  # an ordinary code block
        if match[1] not in DIRECTIVES:
            known = ", ".join(sorted(DIRECTIVES))
            raise MasterError(path, line + start, f"no directive {{{match[1]}}} in chapters; there are {known}")
        inner = lines[start + 1 : end - 1]
        at, options = 0, {}
        while at < len(inner) and (option := re.fullmatch(r":([\w-]+):\s*(.*)", inner[at].strip())):
            options[option[1]] = option[2]
            at += 1
        body = "\n".join(inner[at:])
        found.append(Directive(match[1], match[2].strip(), options, body, start, end, start + 1 + at))
    return found


def walk(text, path, line=1):
    """Every directive of a text and of the bodies of its directives, with its own line."""
    for directive in directives(text, path, line):
        yield directive, line + directive.start
        if directive.name != "math":
            yield from walk(directive.body, path, line + directive.body_start)


def prose(text):
    """The text with code, fenced or inline, blanked out: what is left is read as prose.  Same length, same lines."""
    lines = text.split("\n")
    _blank_code(lines, 0, text)

    def blank(match):
        return match[0] if match["role"] else " " * len(match[0])

    return re.sub(r"(?P<role>\{[\w:+-]+\}`[^`]*`)|(`+)(?!`)[^\n]+?(?<!`)\2(?!`)", blank, "\n".join(lines))


def _blank_code(lines, offset, text):
    """Blank the lines of code blocks in `text`, which begins at lines[offset], and in the bodies of its directives."""
    for token in parser().parse(text):
        if token.type not in ("fence", "colon_fence"):
            continue
        start, end = token.map
        if token.info.startswith("{") and not token.info.startswith("{math}"):
            body = "\n".join(text.split("\n")[start + 1 : end - 1])
            _blank_code(lines, offset + start + 1, body)
        else:
            for at in range(offset + start, offset + end):
                lines[at] = " " * len(lines[at])


def resolve(dotted, path, line):
    """What a dotted name such as dsvl_min.adaptor.VisionLanguageAdaptor stands for: (module, symbol's name)."""
    module, _, name = dotted.rpartition(".")
    try:
        found = importlib.import_module(module)
        getattr(found, name)
    except (ImportError, AttributeError, ValueError) as error:
        raise MasterError(path, line, f"there is no symbol {dotted} in the package: {error}") from None
    return found, name


def read(path):
    """The Master in a file.  Raises MasterError."""
    path = Path(path)
    text = path.read_text(encoding="utf-8")
    directive_fences(text, path)
    try:
        notebook = jupytext.myst.myst_to_notebook(text, add_source_map=True)
    except Exception as error:
        raise MasterError(path, 1, f"cannot be read as a notebook: {error}") from None
    lines, cells = text.splitlines(), []
    for cell, start in zip(notebook.cells, notebook.metadata["source_map"], strict=True):
        if cell.cell_type == "markdown":
            while not lines[start].strip():
                start += 1
        cells.append(Cell(cell.cell_type, cell.source, start + 1, dict(cell.metadata)))
    if not cells or not (title := re.match(r"# (.+)", cells[0].source)):
        raise MasterError(path, cells[0].line if cells else 1, "a chapter begins with its title: # Title")
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        raise MasterError(path, 1, "the front matter must name the kernel: kernelspec: {name: python3, …}")
    master = Master(path, title[1].strip(), cells, {})
    for cell in cells:
        check_code(cell, path) if cell.kind == "code" else check_prose(cell, master)
    check_exercises(master)
    return master


def directive_fences(text, path):
    """Refuse a code cell that is never closed: it would swallow the rest of the chapter."""
    lines = text.splitlines()
    for token in parser().parse(text):
        if token.type in ("fence", "colon_fence") and token.level == 0:
            check_closed(token, lines, path, 1)


def check_code(cell, path):
    """Options and tags that exist, code that compiles, a symbol that is there."""
    for option in set(cell.options) - CELL_OPTIONS:
        known = ", ".join(sorted(CELL_OPTIONS))
        raise MasterError(path, cell.line, f"a code cell has no option {option!r}; there are {known}")
    for tag in set(cell.options.get("tags", ())) - TAGS:
        raise MasterError(path, cell.line, f"no tag {tag!r}; the tags are {', '.join(sorted(TAGS))}")
    try:
        ast.parse(cell.source)
    except SyntaxError as error:
        raise MasterError(path, cell.line + (error.lineno or 1), f"this code is no Python: {error.msg}") from None
    if "symbol" in cell.options:
        resolve(cell.options["symbol"], path, cell.line)


def check_prose(cell, master):
    """Directives, roles, claims and pictures that exist; exercises are collected into the master."""
    from claims import claims

    path = master.path
    for directive, line in walk(cell.source, path, cell.line):
        if directive.name == "drawing":
            if not directive.options.get("alt"):
                raise MasterError(path, line, f"the drawing {directive.argument} has no :alt: text")
            if not (DRAWN / f"{directive.argument}.svg").exists():
                raise MasterError(path, line, f"there is no figures/drawn/{directive.argument}.svg")
        if directive.name == "exercise":
            add_exercise(directive, line, master)
        if directive.name == "solution" and directive.argument not in master.exercises:
            raise MasterError(
                path, line, f"a solution of {directive.argument!r}, but no exercise before it has that name"
            )
    plain = prose(cell.source)
    for match in re.finditer(r"\{([\w:+-]+)\}`[^`]*`", plain):
        if match[1] not in ROLES:
            line = cell.line + plain.count("\n", 0, match.start())
            raise MasterError(path, line, f"no role {{{match[1]}}} in chapters; there are {', '.join(sorted(ROLES))}")
    for match in re.finditer(r"\{\{\s*(.*?)\s*\}\}", plain):
        if match[1] not in claims():
            line = cell.line + plain.count("\n", 0, match.start())
            raise MasterError(path, line, f"no number called {match[1]!r}: book/_ext/claims.py computes them")
    for match in re.finditer(r"!\[\s*\]\(", plain):
        line = cell.line + plain.count("\n", 0, match.start())
        raise MasterError(path, line, "a picture without alt text: ![what is to be seen](address)")


def add_exercise(directive, line, master):
    """Note an exercise.  Every one says its name, title, difficulty and minutes."""
    name, path = directive.options.get("name"), master.path
    if not name or not directive.argument:
        raise MasterError(path, line, "an exercise needs a title and a :name:")
    if name in master.exercises:
        raise MasterError(path, line, f"there are two exercises called {name!r}")
    numbers = {}
    for option, most in (("difficulty", 5), ("minutes", 120)):
        value = directive.options.get(option, "")
        if not value.isdigit() or not 1 <= int(value) <= most:
            raise MasterError(path, line, f"exercise {name!r}: :{option}: must be a number from 1 to {most}")
        numbers[option] = int(value)
    number = f"{master.chapter}.{len(master.exercises) + 1}"
    master.exercises[name] = Exercise(name, directive.argument, number, line=line, **numbers)


def check_exercises(master):
    """Each exercise has one answer, a check of the package's that runs on it, and a solution."""
    path = master.path
    imported = {}  # names under which this chapter knows modules of checks
    for cell in (c for c in master.cells if c.kind == "code"):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dsvl_min.checks"):
                imported |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    solved = {
        d.argument
        for c in master.cells
        if c.kind == "markdown"
        for d, _ in walk(c.source, path, c.line)
        if d.name == "solution"
    }
    for option in ("answer", "check"):
        for cell in master.cells:
            if cell.options.get(option, None) not in (None, *master.exercises):
                raise MasterError(path, cell.line, f":{option}: {cell.options[option]} names no exercise before it")
    for name, exercise in master.exercises.items():
        for option in ("answer", "check"):
            count = sum(cell.options.get(option) == name for cell in master.cells)
            if count != 1:
                raise MasterError(
                    path, exercise.line, f"exercise {name!r} has {count} cells with :{option}: {name}, not 1"
                )
        if name not in solved:
            raise MasterError(path, exercise.line, f"exercise {name!r} has no ```{{solution}} {name}")
        cell = next(c for c in master.cells if c.options.get("check") == name)
        calls = [n.func for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.Call)]
        used = [f for f in calls if isinstance(f, ast.Attribute) and getattr(f.value, "id", None) in imported]
        if not used:
            message = f"the check of {name!r} calls nothing from dsvl_min.checks"
            raise MasterError(path, cell.line, message)
        for function in used:
            resolve(f"{imported[function.value.id]}.{function.attr}", path, cell.line)


def masters(folder):
    """The masters in a folder, in the chapters' order."""
    return [read(path) for path in sorted(Path(folder).glob("[0-9][0-9]-*.md"))]

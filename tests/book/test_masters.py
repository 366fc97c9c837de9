"""A master that can't be what its author meant is refused, with file and line."""

import pytest
from master import MasterError, masters, read
from project import BOOK

FRONT = """---
kernelspec:
  display_name: Python 3
  name: python3
---

# A title

"""
EXERCISE = """```{exercise} Try it
:name: ex-try
:difficulty: 2
:minutes: 5
Do it.
```

```{code-cell} ipython3
:answer: ex-try
value = 1
```

```{code-cell} ipython3
:check: ex-try
from dsvl_min.checks import whole_model as check
value = check.shrunk(value, {})
```

```{solution} ex-try
Like so.
```
"""


def write(tmp_path, body, name="01-try.md"):
    path = tmp_path / name
    path.write_text(FRONT + body, encoding="utf-8")
    return path


def test_the_books_own_masters_are_read():
    assert [m.chapter for m in masters(BOOK)] == sorted(m.chapter for m in masters(BOOK))
    assert all(m.title and m.cells for m in masters(BOOK))


def test_a_master_gives_its_cells_with_their_lines_and_its_exercises(tmp_path):
    body = "Some prose.\n\n```{code-cell} ipython3\nx = 1\n```\n\n" + EXERCISE
    master = read(write(tmp_path, body))
    lines = master.path.read_text().splitlines()
    assert [c.kind for c in master.cells] == ["markdown", "code", "markdown", "code", "code", "markdown"]
    assert lines[master.cells[0].line - 1] == "# A title"
    (exercise,) = master.exercises.values()
    assert (exercise.number, exercise.title, exercise.difficulty, exercise.minutes) == ("1.1", "Try it", 2, 5)
    assert lines[exercise.line - 1].startswith("```{exercise}")


FAULTS = {
    "an unknown directive": ("Text.\n\n```{carousel}\nx\n```\n", 3, "no directive {carousel}"),
    "an unknown directive inside another": ("````{tip}\nText.\n\n```{carousel}\nx\n```\n````\n", 4, "{carousel}"),
    "a directive never closed": ("```{tip}\nText.\n", 1, "never closed"),
    "a code cell never closed": ("```{code-cell} ipython3\nx = 1\n", 1, "never closed"),
    "a directive never closed inside another": ("````{admonition} T\n```{tip}\nText.\n````\n", 2, "never closed"),
    "an unknown cell option": ("```{code-cell} ipython3\n:colour: red\nx = 1\n```\n", 2, "no option 'colour'"),
    "an unknown tag": ("```{code-cell} ipython3\n:tags: [hide-all]\nx = 1\n```\n", 2, "no tag 'hide-all'"),
    "a symbol that no longer exists": (
        "```{code-cell} ipython3\n:symbol: dsvl_min.model.Gone\nx = 1\n```\n", 2, "no symbol dsvl_min.model.Gone"),
    "a module that no longer exists": (
        "```{code-cell} ipython3\n:symbol: dsvl_min.gone.Gone\nx = 1\n```\n", 2, "no symbol dsvl_min.gone.Gone"),
    "code that is no Python": ("```{code-cell} ipython3\nx = (1\n```\n", 3, "no Python"),
    "a drawing without alt text": ("```{drawing} model-map\nCaption.\n```\n", 1, "no :alt:"),
    "a drawing that isn't there": ("```{drawing} no-such\n:alt: It.\n\nC.\n```\n", 1, "figures/drawn/no-such.svg"),
    "a picture without alt text": ("![](x.png)\n", 1, "without alt text"),
    "an unknown role": ("Text.\n\nSee {keyboard}`x`.\n", 3, "no role {keyboard}"),
    "a number nobody computes": ("A {{ miracle }} number.\n", 1, "no number called 'miracle'"),
    "an exercise without a check": (EXERCISE.replace(":check: ex-try\n", ""), 1, "0 cells with :check: ex-try"),
    "an exercise whose check checks nothing": (
        EXERCISE.replace("value = check.shrunk(value, {})", "print(value)"), 14, "calls nothing from dsvl_min.checks"),
    "an exercise whose check doesn't exist": (EXERCISE.replace("check.shrunk", "check.gone"), 14, "no symbol"),
    "an exercise without an answer": (EXERCISE.replace(":answer: ex-try\n", ""), 1, "0 cells with :answer: ex-try"),
    "an exercise without a solution": (EXERCISE.replace("{solution} ex-try", "{tip}"), 1, "no ```{solution}"),
    "an exercise without minutes": (EXERCISE.replace(":minutes: 5\n", ""), 1, ":minutes: must be a number"),
    "an exercise too difficult to exist": (EXERCISE.replace("difficulty: 2", "difficulty: 6"), 1, "from 1 to 5"),
    "two exercises of a name": (EXERCISE + "\n" + EXERCISE, 22, "two exercises called 'ex-try'"),
    "a solution to nothing": ("```{solution} ex-none\nText.\n```\n", 1, "no exercise before it"),
    "an answer to nothing": ("```{code-cell} ipython3\n:answer: ex-none\nx = 1\n```\n", 2, "names no exercise"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "line", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_with_its_file_and_line(body, line, said, tmp_path):
    path = write(tmp_path, body)
    with pytest.raises(MasterError) as found:
        read(path)
    assert said in str(found.value)
    assert abs(int(str(found.value).split(":")[1]) - (FRONT.count("\n") + line)) <= 1, str(found.value)
    assert str(found.value).startswith("01-try.md:")


def test_a_master_without_title_or_kernel_is_refused(tmp_path):
    path = tmp_path / "02-none.md"
    for text, said in (("Text.\n", "begins with its title"), ("# T\n\nText.\n", "name the kernel")):
        path.write_text(text)
        with pytest.raises(MasterError, match=said):
            read(path)

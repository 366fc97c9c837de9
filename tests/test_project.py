"""What stands around the book: the guide for contributors, the workflows, the citation."""

import importlib.util
import re
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_guides_chapter_becomes_a_page_a_notebook_and_a_solution(tmp_path):
    from master import read

    import notebooks

    path = tmp_path / "10-images-into-text.md"
    path.write_text(re.search(r"^````markdown\n(.*?)^````$", GUIDE, re.DOTALL | re.MULTILINE)[1], encoding="utf-8")
    assert notebooks.sync(path), "package code is written into its empty cell"
    master = read(path)
    student, solved = notebooks.notebook(master), notebooks.notebook(master, solutions=True)
    assert "Adaptor = None  # your turn" in [c.source for c in student.cells]
    names = {}
    for cell in solved.cells[2:]:
        if cell.cell_type == "code":
            exec(cell.source, names)
    assert names["Adaptor"] is names["VisionLanguageAdaptor"]


def test_every_file_and_command_the_guide_names_is_there():
    for target in re.findall(r"\]\(([\w./]+)\)", GUIDE):
        assert (ROOT / target).exists(), target
    for path in re.findall(r"`((?:book|figures|tests|dsvl_min)/[a-z_./]+)`", GUIDE):
        assert (ROOT / path).exists(), path
    goals = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make (\w+)", GUIDE)) <= goals


def test_workflows_run_what_a_newcomer_types_and_the_weekly_one_runs_in_colabs_image():
    book, colab = (yaml.safe_load((ROOT / f".github/workflows/{n}.yml").read_text()) for n in ("book", "colab"))
    assert {"run": "bash .ci/run"} in book["jobs"]["book"]["steps"]
    assert book[True]["push"]["tags"] == ["v*"] and book["jobs"]["publish"]["needs"] == "book"
    assert "schedule" in colab[True]
    steps = " ".join(step.get("run", "") for step in colab["jobs"]["notebooks"]["steps"])
    assert "colab-images/public/runtime" in steps and "gh issue create" in steps
    assert (ROOT / ".github" / "run_notebooks.py").exists()


def runner():
    spec = importlib.util.spec_from_file_location("run_notebooks", ROOT / ".github" / "run_notebooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("code", "status"), [("x = 1", 0), ("raise ValueError('planted')", 1)], ids=["runs", "fails"])
def test_the_weekly_runner_fails_when_a_notebook_does(code, status, tmp_path, capsys):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    nbformat.write(notebook, tmp_path / "one.ipynb")
    with pytest.raises(SystemExit) as left:
        runner().main(tmp_path)
    assert int(left.value.code) == status
    assert ("planted" in capsys.readouterr().out) == bool(status)


def test_the_citation_is_of_this_version_and_place():
    import tomllib

    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    assert (cited["version"], cited["license"]) == (project["version"], project["license"])
    assert cited["repository-code"] == config["repository"]["url"] and cited["url"] == config["html"]["baseurl"]

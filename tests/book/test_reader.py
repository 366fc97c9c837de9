"""The reader's environment: what the install cell may take and may not touch; notebooks run in it."""

import json
import os
import zipfile
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import reader
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from project import NOTEBOOKS, ROOT, TAG

import notebooks

made = pytest.mark.skipif(not reader.RECORD.exists(), reason="the reader's environment is not made: make pages")


@made
def test_the_install_cell_brings_less_than_fifty_megabytes_and_moves_nothing():
    record = json.loads(reader.RECORD.read_text())
    assert 0 < record["megabytes"] <= reader.MEGABYTES
    assert not {"torch", "numpy"} & set(record["added"]), "the cell installed what was there"
    assert "dsvl-min" in record["added"]


def test_an_archive_that_has_grown_is_counted_without_another_install(tmp_path):
    zipped = tmp_path / "grown.zip"
    zipped.write_bytes(bytes(15_200_000))
    record = {"seconds": 17.0, "megabytes": 49.3, "archive": 13.8, "added": {"dsvl-min": "0.1.0"}}
    assert reader.with_archive(record, zipped) == {**record, "megabytes": 50.7, "archive": 15.2}


@made
def test_the_environment_has_nothing_of_the_books():
    assert not {"jupyter-book", "sphinx", "myst-nb", "scikit-learn", "transformers", "pytest"} & set(reader.versions())


@made
@pytest.mark.parametrize("name", sorted(n for n in notebooks.generated() if not n.startswith("solutions/")))
def test_a_notebook_runs_from_top_to_bottom_where_only_its_install_cell_has_run(name, monkeypatch, tmp_path):
    reader.make()
    for key, value in reader.environment().items():
        monkeypatch.setenv(key, value)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    notebook = nbformat.read(NOTEBOOKS / name, 4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    said = "".join(o.get("text", "") for c in notebook.cells if c.metadata.get("check") for o in c.outputs)
    count = sum("check" in c.metadata for c in notebook.cells)
    assert said.count("○ ") == count


@made
def test_a_wrong_answer_stops_a_notebook_with_the_message_and_no_stack(monkeypatch, tmp_path):
    for key, value in reader.environment().items():
        monkeypatch.setenv(key, value)
    code = "from dsvl_min.checks import whole_model as check\ncheck.place(lambda e, p, t: e)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    with pytest.raises(CellExecutionError):
        NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    (shown,) = [o for o in notebook.cells[0].outputs if o.output_type == "error"]
    assert len(shown.traceback) == 1 and shown.traceback[0].startswith("✗ the prompt differs in")


def test_the_fingerprint_follows_package_weights_and_lock(tmp_path, monkeypatch):
    for path in ("pyproject.toml", "constraints.txt", "dsvl_min/model.py", "dsvl_min/weights/tiny/model.safetensors"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("one")
    monkeypatch.setattr(reader, "ROOT", tmp_path)
    seen = {reader.fingerprint()}
    for path in ("pyproject.toml", "constraints.txt", "dsvl_min/model.py", "dsvl_min/weights/tiny/model.safetensors"):
        (tmp_path / path).write_text("two")
        seen.add(reader.fingerprint())
    monkeypatch.setattr(notebooks, "INSTALL", notebooks.INSTALL + "# changed")
    seen.add(reader.fingerprint())
    assert len(seen) == 6
    (tmp_path / "README.md").write_text("prose")
    assert reader.fingerprint() in seen


def test_a_pages_outputs_are_kept_under_the_fingerprint_and_nowhere_else(tmp_path):
    import dsvl_ext

    config = SimpleNamespace(myst_substitutions={})
    dsvl_ext.configure(SimpleNamespace(outdir=tmp_path / "html"), config)
    assert Path(config.nb_execution_cache_path) == tmp_path / "executed" / reader.fingerprint()
    assert yaml.safe_load((ROOT / "_config.yml").read_text())["execute"]["run_in_temp"], (
        "a page could read what isn't in it"
    )


def test_outputs_of_an_earlier_package_are_forgotten(tmp_path):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    reader.prune(tmp_path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["new"]


def test_the_archive_is_what_a_clone_has(tmp_path):
    path = reader.archive(tmp_path / "x.zip")
    names = set(zipfile.ZipFile(path).namelist())
    assert {"dsvl-min/pyproject.toml", "dsvl-min/dsvl_min/weights/tiny/model.safetensors"} <= names
    assert not any("/.venv" in n or "/_build/" in n for n in names)


def test_what_was_downloaded_is_counted_once_from_net_cache_or_folder(tmp_path):
    (tmp_path / "c-1-py3-none-any.whl").write_bytes(b"0" * 2_000_000)
    log = f"""Downloading a-1.whl (3.5 MB)
      Downloading a-1.whl (3.5 MB)
    Using cached b-1.tar.gz (500 kB)
    Processing {tmp_path}/c-1-py3-none-any.whl (from x)"""
    assert reader.downloaded(log) == pytest.approx(6.0)


def test_the_install_cell_names_one_archive_of_this_version_and_skips_what_is_there():
    assert reader.install_cell().count(f"/archive/{TAG}.zip") == 1
    assert 'find_spec("dsvl_min") is None' in reader.install_cell()
    with pytest.raises(reader.ReaderError, match="one archive"):
        reader.execute_cell("print(1)", ROOT / "README.md")


def test_a_failing_command_says_what_it_said():
    with pytest.raises(reader.ReaderError, match="no such thing"):
        reader.run(["bash", "-c", "echo no such thing; exit 3"], env=dict(os.environ))


@pytest.mark.parametrize("failures", [1, 2])
def test_an_install_cell_that_never_reached_pip_is_run_once_more_and_then_told(failures, monkeypatch, tmp_path):
    ran, archive = [], tmp_path / "book.zip"
    archive.write_bytes(b"")

    def pretend(command, env, **_):
        ran.append(command)
        if len(ran) > failures:
            Path(env["PIP_LOG"]).write_text("")
        return "nothing happened"

    monkeypatch.setattr(reader, "run", pretend)
    cell = "%pip install https://example.org/book.zip"
    if failures == 1:
        assert reader.execute_cell(cell, archive)[1] == 0
    else:
        with pytest.raises(reader.ReaderError, match="without having started pip:\nnothing happened"):
            reader.execute_cell(cell, archive)
    assert len(ran) == 2

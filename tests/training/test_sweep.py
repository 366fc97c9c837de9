"""Many runs from one file: all checked first, each resumable, one table."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from test_trainer import in_seconds

from dsvl_min import cli
from dsvl_min.config import ConfigError
from dsvl_min.training import run, sweep

FILE = """
out = "{out}"
tasks = ["naming"]
count = 2

[run]
size = "tiny"
stages = [2, 3]

[vary]
"stage2.text_share" = [0.0, 0.5]
seed = [0, 1]
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "sweep.toml"
    path.write_text(FILE.format(out=tmp_path / "out"))
    return path


@pytest.fixture
def here(monkeypatch):
    """Runs that take seconds and happen in this process; the command lines they were started with."""
    in_seconds(monkeypatch)
    commands = []

    def start(command, **_):
        commands.append(command[3:])
        return SimpleNamespace(returncode=cli.main(command[3:]))

    monkeypatch.setattr(sweep.subprocess, "run", start)
    return commands


def test_every_combination_is_run_once_and_told_in_one_table(file, here, tmp_path, capsys):
    assert cli.main(["train", "--sweep", str(file)]) == 0
    told = capsys.readouterr().out
    rows = json.loads((tmp_path / "out" / "table.json").read_text())
    assert [(row["stage2.text_share"], row["seed"]) for row in rows] == [(0.0, 0), (0.0, 1), (0.5, 0), (0.5, 1)]
    for row in rows:
        assert row["name"] in told and set(row["loss"]) == {"stage2", "stage3"}
        assert set(row["tasks"]["naming"]) == {"image", "blank", "shuffled", "none"}
    assert "text" in rows[2]["loss"]["stage2"] and "text" not in rows[0]["loss"]["stage2"]
    assert sum(command[0] == "train" for command in here) == 4
    model = json.loads((tmp_path / "out" / rows[2]["name"] / "record.json").read_text())
    assert "--set stage2.text_share=0.5" in model["command"]


def test_a_sweep_cut_off_goes_on_with_what_is_missing(file, here, monkeypatch):
    real, begun = run.run_stage, []
    monkeypatch.setattr(run, "run_stage", lambda *args, **more: begun.append(1) or real(*args, **more))
    sweep.sweep(file)
    assert len(begun) == 8
    first = sweep.sweep(file)
    assert len(begun) == 8 and all("failed" not in row for row in first)


def test_one_failing_run_is_told_and_the_others_go_on(file, here, monkeypatch):
    real = run.run_stage

    def fails(*args, **more):
        if args[6] == 1:  # seed
            raise ConfigError("no room in this house")
        return real(*args, **more)

    monkeypatch.setattr(run, "run_stage", fails)
    assert cli.main(["train", "--sweep", str(file)]) == 1
    rows = sweep.sweep(file)
    assert ["failed" in row for row in rows] == [False, True, False, True]
    assert "failed" in sweep.as_table(rows)


@pytest.mark.parametrize(
    "change,named",
    [
        (('out = "', 'outside = "'), "no field 'outside'"),
        (("[vary]", "[varied]"), "no field 'varied'"),
        (("seed = [0, 1]", "seed = 0"), "vary.seed must be a list"),
        (("seed = [0, 1]", "colour = [0]"), "no setting 'colour'"),
        (("[0.0, 0.5]", "[0.0, 5.0]"), "0..1"),
        (("stage2.text_share", "stage9.text_share"), "no stage 'stage9'"),
        (("[run]", "at-once = 0\n[run]"), "at-once must be at least 1"),
        (('size = "tiny"', 'size = "giant"'), "no size 'giant'"),
        (('size = "tiny"', "size = "), "is no TOML"),
        (('"naming"', '"nameing"'), "no task nameing"),
    ],
)
def test_a_file_that_cannot_work_is_refused_before_anything_runs(file, here, change, named, tmp_path):
    file.write_text(file.read_text().replace(*change))
    with pytest.raises(ConfigError, match=named):
        sweep.sweep(file)
    assert here == [] and not (tmp_path / "out").exists()
    with pytest.raises(ConfigError, match="no file"):
        sweep.sweep(tmp_path / "missing.toml")


def test_one_run_from_a_file_of_its_arguments_where_what_is_typed_goes_first(tmp_path, monkeypatch):
    path, asked = tmp_path / "run.toml", []
    path.write_text("stages = [2, 3]\nseed = 5\ntimes = 2\n[stage2]\ntext_share = 0.7\nramp = 30\n")
    record = {"size": "tiny", "minutes": {}}
    monkeypatch.setattr(run, "train", lambda *given, **named: asked.append((given, named)) or (None, None, record))
    assert cli.main(["train", "--config", str(path), "--seed", "0", "--set", "stage3.steps=50"]) == 0
    (size, _, stages, _, seed, _, times), named = asked[0]
    assert (size, stages, seed, times) == ("tiny", (2, 3), 0, 2)
    assert named["changes"] == {"stage2.text_share": "0.7", "stage2.ramp": "30", "stage3.steps": "50"}
    path.write_text("colour = 3")
    assert cli.main(["train", "--config", str(path)]) == 2
    assert len(asked) == 1


def test_the_sweep_of_the_book_is_one_that_can_be_run(tmp_path, monkeypatch):
    page = (Path(__file__).parents[2] / "book" / "22-your-data-your-study-your-cluster.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    path, ran = tmp_path / "sweep.toml", []
    path.write_text(example)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sweep, "one", lambda name, *_: ran.append(name) or {"name": name})
    sweep.sweep(path)
    assert len(ran) == 12

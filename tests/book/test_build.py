"""`make book`'s own judgement: what counts as done, and what as a live run that doesn't look."""

import importlib.util
import json
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("build", Path(__file__).parents[2] / "book" / "build.py")
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)


def table(**scores):
    """An evaluation in which every task gets 0.9 with the right image and 0.1 with any control, but for `scores`."""
    tasks = {t: {"image": 0.9, "blank": 0.1, "shuffled": 0.1, "none": 0.1} for t in ("naming", "handwritten digit")}
    tasks["grid documents"] = {"image": 0.9, "blank": 0.1, "shuffled": 0.1, "none": 0.1, **scores}
    return {"tasks": tasks}


@pytest.fixture
def commands(monkeypatch, tmp_path):
    """Runs nothing: notes the commands, and leaves the evaluation that `commands.table` says."""

    class Commands(list):
        table = table()

        def run(self, command, check):
            self.append([str(word) for word in command])
            if "eval" in self[-1]:
                (tmp_path / "evaluation.json").write_text(json.dumps(self.table))

    noted = Commands()
    monkeypatch.setattr(build, "RUN", tmp_path)
    monkeypatch.setattr(build.subprocess, "run", noted.run)
    return noted


def test_a_run_is_made_once_and_kept_while_nothing_changes(commands, monkeypatch):
    assert build.train() == "trained" and len(commands) == 2
    assert build.train().startswith("kept") and len(commands) == 2
    monkeypatch.setattr(build, "fingerprint", lambda: "other code")
    assert build.train() == "trained" and len(commands) == 4


@pytest.mark.parametrize("control", ["blank", "shuffled", "none"])
def test_a_run_that_one_control_nearly_equals_stops_the_build_by_name(commands, control):
    commands.table = table(**{control: 0.6})
    with pytest.raises(SystemExit, match="does not look.*grid documents.*30%"):
        build.train()
    assert not (build.RUN / "made-by").exists()


def test_the_fingerprint_covers_the_code_that_trains_and_the_parts():
    import sys

    assert build.fingerprint() == build.fingerprint()
    names = {name for name in sys.modules if name.startswith("dsvl_min.")}
    assert {"dsvl_min.training.stages", "dsvl_min.data.world", "dsvl_min.evaluation.tasks", "dsvl_min.sam"} <= names

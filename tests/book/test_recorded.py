"""Recorded results have one form; a record of another is refused by file and field."""

import json
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "figures"))
import recorded  # noqa: E402


def planted(tmp_path, change, name="maps"):
    """A folder with one record, changed."""
    record = json.loads((recorded.RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    change(record)
    (tmp_path / f"{name}.json").write_text(json.dumps(record), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", recorded.names())
def test_a_record_says_how_it_was_obtained(name):
    record = recorded.read(name)
    assert record["question"].endswith("?") and record["hardware"]["device"] and record["versions"]["torch"]


def test_what_measures_shipped_weights_is_there():
    assert set(recorded.SHIPPED) <= set(recorded.names())


@pytest.mark.parametrize(
    "change, says",
    [
        (lambda r: r.pop("schema"), "schema: .*before.*make it anew: python figures/record_maps.py"),
        (lambda r: r.update(schema=0), "schema: .*is 0, read is 1; make it anew: python figures/record_maps.py"),
        (lambda r: r.pop("seeds"), "seeds: missing"),
        (lambda r: r["hardware"].pop("device"), "hardware.device: missing"),
        (lambda r: r.update(seeds="0"), "seeds: '0' is not of type 'array'"),
        (lambda r: r.update(seeds=[]), "seeds: "),
        (lambda r: r.update(seeds=[0, 1.5]), r"seeds\[1\]: 1.5 is not of type 'integer'"),
        (lambda r: r.update(data=None), "data: None is not of type 'object'"),
        (lambda r: r.update(date=None), "date: None is not of type 'string'"),
        (lambda r: r.update(commit="abc"), "commit: 'abc' does not match"),
        (lambda r: r.update(note="late"), "note: no such field in schema 1"),
        (lambda r: r["hardware"].update(cores=2), "hardware.cores: no such field"),
        (lambda r: r.update(name="tiny"), "name: 'tiny' is not the file's"),
        (
            lambda r: r["weights"].update(model="0" * 64),
            "weights.model: not the shipped tiny; measure it again: python",
        ),
        (lambda r: r.update(weights=None), "weights.model: not the shipped tiny"),
        (lambda r: r["data"].update(mean=float("nan")), "schema: can't be read as JSON: NaN"),
    ],
)
def test_a_fault_is_named_by_file_and_field(tmp_path, change, says):
    with pytest.raises(recorded.Problem, match=rf"maps\.json: {says}"):
        recorded.read("maps", planted(tmp_path, change))


def test_a_lost_part_is_named(tmp_path):
    with pytest.raises(recorded.Problem, match=r"tiny-parts\.json: weights\.sam: not the shipped tiny-parts"):
        recorded.read("tiny-parts", planted(tmp_path, lambda r: r["weights"].pop("sam"), "tiny-parts"))


@pytest.mark.parametrize("text", ["{", "", "[1]"])
def test_what_is_no_record_is_named_by_its_file(tmp_path, text):
    (tmp_path / "maps.json").write_text(text)
    with pytest.raises(recorded.Problem, match=r"maps\.json: schema: "):
        recorded.read("maps", tmp_path)


def test_a_record_that_is_not_there_is_named(tmp_path):
    with pytest.raises(recorded.Problem, match=r"none\.json: "):
        recorded.read("none", tmp_path)


def test_what_is_written_can_be_read(tmp_path):
    record = recorded.write("half", "Is a half less than a whole?", "python half.py", [1, 0, 1], {"half": 0.5},
                            folder=tmp_path)  # fmt: skip
    assert recorded.read("half", tmp_path) == record
    assert record["seeds"] == [0, 1] and record["weights"] is None and re.fullmatch("[0-9a-f]{40}", record["commit"])


def test_what_would_be_refused_is_not_written(tmp_path):
    with pytest.raises(recorded.Problem, match="seeds"):
        recorded.write("half", "Is a half less than a whole?", "python half.py", [], {"half": 0.5}, folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_all_problems_are_told_at_once(tmp_path, capsys):
    planted(tmp_path, lambda r: r.pop("seeds"))
    planted(tmp_path, lambda r: r.pop("command"), "stem")
    with pytest.raises(SystemExit, match=r"(?s)maps\.json: seeds: missing.*stem\.json: command: missing"):
        recorded.main(tmp_path)

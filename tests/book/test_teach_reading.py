"""The script that teaches the shipped model to read, with two steps of everything."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import torch

import dsvl_min

sys.path.insert(0, str(Path(__file__).parents[2] / "figures"))
import teach_reading  # noqa: E402


def in_two_steps(now):
    practised = {source: (3, *rest) for source, (_, *rest) in now.practised.items()}
    read, held = ((source, 3, 0.0, 1.0) for source in ("signs", "naming"))
    return replace(now, read=(read,), held=(held,), letters=2, practised=practised, steps=2)


def test_rounds_of_two_steps_leave_a_model_each_and_what_was_seen(tmp_path, tiny, monkeypatch):
    small = {
        "ASKED": (("signs", 1.0), ("counting", 1.0)), "ASK": 4, "BATCH": 2, "LOOKED": 2, "TEXTS": 40,
        "TASKS": ("signs", "naming"), "PROCESSES": 1, "ROUNDS": tuple(map(in_two_steps, teach_reading.ROUNDS[:2])),
    }  # fmt: skip
    for name, value in small.items():
        monkeypatch.setattr(teach_reading, name, value)
    began = {"minutes": {"stage1": 1.0, "total": 1.0}, "curves": {}}
    dsvl_min.save(*tiny, tmp_path, record=began)
    teach_reading.rounds(tmp_path)
    first, taught, done = (dsvl_min.load(tmp_path / part)[0].state_dict() for part in (".", "letters", "reading"))
    moved = {name.split(".")[0] for name in first if not torch.equal(first[name], taught[name])}
    assert moved == {"vision", "adaptor"}
    assert {name.split(".")[0] for name in first if not torch.equal(taught[name], done[name])} == {"decoder"}
    record = json.loads((tmp_path / "reading" / "record.json").read_text(encoding="utf-8"))
    assert [look["step"] for look in record["letters"]["looks"]] == [0, 2]
    assert [set(look["right"]) for look in record["reading"]["looks"]] == [{"signs", "naming"}] * 2
    assert set(record["minutes"]) == {"stage1", "letters", "reading images", "reading", "total"}
    assert set(record["curves"]["reading"]) == {"image", "text"}
    assert set(record["letters"]["looks"][0]["read"]) == {"signs", "counting"}
    again = json.loads((tmp_path / "reading" / "reading" / "record.json").read_text(encoding="utf-8"))
    assert again["reading"] == record["reading"] and again["letters"] == record["letters"]
    assert set(again["minutes"]) - set(record["minutes"]) == {"letters again", "reading images again", "reading again"}
    assert set(again["reading again"]["practised"]) == set(teach_reading.SECOND.practised)
    assert again["letters again"].keys() == record["letters"].keys()

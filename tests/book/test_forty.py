"""The page of forty answers shows what the record holds, wrong answers too, beside the pictures they are about."""

import copy
import sys
from pathlib import Path

import pytest
from docutils import nodes

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import forty  # noqa: E402
from forty import recorded  # noqa: E402


def test_forty_answers_of_ten_kinds_stand_in_the_record_right_and_wrong_ones():
    rows = forty.rows()
    assert len(rows) == 40 and len({told["task"] for _, told in rows}) == 10
    assert {told["said"] == told["truth"] for _, told in rows} == {True, False}
    assert all(told["index"] < 4 for _, told in rows)  # the first of each: none is chosen


def test_every_picture_is_told_in_words_and_needs_no_file():
    for number, (made, _) in enumerate(forty.rows(), 1):
        shown = forty.picture(made, number)
        assert isinstance(shown, nodes.image) and shown["uri"].startswith("data:image/png;base64,")
        assert len(shown["alt"]) > len(f"Picture {number}: ")


def test_a_record_of_another_world_is_refused(monkeypatch):
    record = copy.deepcopy(recorded.read("tiny"))
    record["data"]["forty"][3]["truth"] = "a grey elephant"
    monkeypatch.setattr(recorded, "read", lambda _: record)
    with pytest.raises(recorded.Problem, match="naming 3 is no sample of this world any more"):
        forty.rows()

"""The script that trains mini on a GPU, with two steps of everything on whatever is here."""

import json
import sys
from pathlib import Path

import pytest
import torch

import dsvl_min
from dsvl_min.training import stage0
from dsvl_min.training.stages import STAGES

sys.path.insert(0, str(Path(__file__).parents[2] / "figures"))
import record_mini  # noqa: E402
import recorded  # noqa: E402


def test_two_steps_of_everything_leave_a_record_and_weights_that_open(tmp_path, monkeypatch):
    monkeypatch.setitem(stage0.RECIPES, "mini", stage0.RECIPES["mini"])  # put back afterwards
    monkeypatch.setitem(STAGES, "mini", STAGES["mini"])
    record_mini.main([str(tmp_path), "--smoke"])
    data = recorded.read("mini", tmp_path / "results")["data"]
    assert set(data["run"]["tokens a second"]) == {"stage1", "stage2", "stage3"}
    assert set(data["run"]["minutes"]) == {"stage0", "images", "stage1", "stage2", "stage3", "total"}
    assert set(data["quality"]) >= {"retrieval", "mask_iou", "bits_per_byte"} and len(data["forty"]) == 40
    assert json.loads((tmp_path / "weights" / "record.json").read_text())["size"] == "mini"
    assert all(path.stat().st_size < 16 * 10**6 for path in (tmp_path / "weights").iterdir())
    model, _ = dsvl_min.load(tmp_path / "weights")
    assert model.config.name == "mini" and len(list((tmp_path / "weights").glob("*.safetensors"))) == 2


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_nothing_is_recorded(tmp_path):
    with pytest.raises(SystemExit, match="no GPU is found: --smoke proves the script"):
        record_mini.main([str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()

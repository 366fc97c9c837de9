"""Checkpoints that are whole or known not to be."""

import errno

import pytest
import torch

from dsvl_min.training import keep as keeping
from dsvl_min.training.keep import Keeper


@pytest.fixture
def said():
    return []


@pytest.fixture
def keeper(tmp_path, said):
    return Keeper(tmp_path / "run", "stage1", every=10, keep=2, say=said.append)


def state(n):
    return {"step": n, "model": {"a.weight": torch.full((3, 2), float(n))}, "lines": [{"loss": 0.5}]}


def test_what_is_saved_comes_back_and_only_the_newest_are_kept(keeper):
    assert keeper.newest() is None
    for n in (10, 20, 30):
        assert keeper.save(n, state(n))
    step, found = keeper.newest()
    assert step == 30 and torch.equal(found["model"]["a.weight"], torch.full((3, 2), 30.0))
    assert sorted(keeper.steps()) == [20, 30]
    assert len(list(keeper.folder.iterdir())) == 4
    keeper.clear()
    assert list(keeper.folder.iterdir()) == []


@pytest.mark.parametrize("damage", ["cut", "flipped", "no proof", "garbled proof", "empty"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_used(keeper, said, damage):
    for n in (10, 20):
        keeper.save(n, state(n))
    path = keeper.path(20)
    data = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "flipped":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "no proof":
        path.with_suffix(".json").unlink()
    else:
        path.with_suffix(".json").write_text("{")
    assert keeper.newest()[0] == 10
    assert len(said) == 1 and "stage1-000020.pt can't be used" in said[0]


def test_a_full_disk_is_survived_with_a_message_and_the_older_checkpoint(keeper, said, monkeypatch):
    keeper.save(10, state(10))

    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(keeping, "write_atomically", full)
    assert keeper.save(20, state(20)) is False
    assert "step 20 could not be saved" in said[0] and "the checkpoint of step 10 stays" in said[0]
    assert keeper.newest()[0] == 10


def test_other_stages_and_files_are_left_alone(keeper, tmp_path):
    other = Keeper(tmp_path / "run", "stage10", every=10)
    other.save(10, state(10))
    keeper.save(10, state(10))
    keeper.clear()
    assert other.newest()[0] == 10


@pytest.mark.parametrize("wrong", [{"every": 0}, {"keep": 0}])
def test_a_policy_that_keeps_nothing_is_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match="at most"):
        Keeper(tmp_path, "s", **wrong)

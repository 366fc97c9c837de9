"""Parts and weights say which world, tokenizer and size they belong to, and what doesn't fit is refused."""

import json
import shutil
from dataclasses import replace

import pytest

import dsvl_min
from dsvl_min.checkpoint import WEIGHTS, CheckpointError, check_world
from dsvl_min.config import ConfigError, ModelConfig
from dsvl_min.data.sources import world_hash
from dsvl_min.training import run
from dsvl_min.training.parts import assemble, marks, pretrained
from dsvl_min.training.run import Progress

CONFIG = ModelConfig.preset("tiny")
MENDS = "`dsvl train --size tiny --stages 0 --out FOLDER` makes parts that fit, in FOLDER/parts"


@pytest.fixture
def parts(tmp_path):
    return shutil.copytree(WEIGHTS / "tiny-parts", tmp_path / "parts")


def remark(parts, **changes):
    path = parts / "record.json"
    record = json.loads(path.read_text())
    record["marks"] |= changes
    path.write_text(json.dumps(record))


def test_the_shipped_parts_and_weights_are_of_this_world():
    record = json.loads((WEIGHTS / "tiny-parts" / "record.json").read_text())
    assert record["marks"] == marks(CONFIG, WEIGHTS / "tiny-parts")
    assert json.loads((WEIGHTS / "tiny" / "record.json").read_text())["world"] == world_hash()


@pytest.mark.parametrize("name", ["siglip", "sam", "decoder"])
@pytest.mark.parametrize(("mark", "what"), [("world", "an older world"), ("tokenizer", "another tokenizer")])
def test_a_part_of_another_world_or_tokenizer_is_refused_with_what_mends_it(parts, name, mark, what):
    remark(parts, **{mark: "0" * 16})
    with pytest.raises(CheckpointError, match=rf"{name}\.safetensors is of {what}: {mark} is 0{{16}} in") as caught:
        pretrained(CONFIG, parts, name)
    assert MENDS in str(caught.value)


def test_a_part_of_another_size_is_refused_before_its_tensors_are_read(parts):
    wide = replace(CONFIG, siglip=replace(CONFIG.siglip, mean=(0.5, 0.5, 0.5)))  # no tensor's shape would tell
    with pytest.raises(CheckpointError, match=r"siglip\.safetensors is of another size: siglip is "):
        pretrained(wide, parts, "siglip")
    assert pretrained(wide, parts, "sam") is not None


def test_another_tokenizer_beside_the_parts_is_noticed(parts):
    path = parts / "tokenizer.json"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(CheckpointError, match="is of another tokenizer"):
        assemble(CONFIG, parts)


def test_parts_from_before_there_were_marks_are_refused(parts):
    (parts / "record.json").unlink()
    with pytest.raises(CheckpointError, match="an older world: world is None in record.json"):
        assemble(CONFIG, parts)


def test_weights_of_an_older_world_open_but_are_not_measured_by_this_one(tmp_path):
    folder = shutil.copytree(WEIGHTS / "tiny", tmp_path / "tiny")
    check_world(folder, world_hash())
    dsvl_min.load(folder)
    with pytest.raises(CheckpointError, match=r"saw an older world \(.*; here it is new\).*train anew: dsvl train"):
        check_world(folder, "new")


def test_a_run_does_not_go_on_with_other_parts_or_another_world(tmp_path, monkeypatch):
    wanted = {"stages": (1, 2, 3), "out": tmp_path, "quiet": True}
    monkeypatch.setattr(run, "_train", lambda *_: None)  # only what is written down before the training
    monkeypatch.setattr(run, "world_hash", lambda: "old")
    run.train("tiny", **wanted)
    monkeypatch.setattr(run, "world_hash", lambda: "new")
    with pytest.raises(ConfigError, match="world was 'old' and is 'new'.*--restart"):
        run.train("tiny", **wanted)
    monkeypatch.setattr(run, "file_hash", lambda _: "other")
    with pytest.raises(ConfigError, match="parts was .* and is 'other other other'"):
        run.train("tiny", **wanted)
    assert Progress(tmp_path, {}, restart=True).stages == {}

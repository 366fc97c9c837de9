import json
import shutil
from dataclasses import replace

import pytest
import torch
from reference import shake

import dsvl_min
from dsvl_min.checkpoint import (
    CheckpointError,
    as_own,
    fill,
    tensors_of,
    write_atomically,
    write_tensors,
)
from dsvl_min.config import ConfigError, ModelConfig
from dsvl_min.model import DeepSeekVL
from dsvl_min.processor import Processor


@pytest.fixture(scope="module")
def saved(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "model"
    model = shake(DeepSeekVL(ModelConfig.preset("tiny")))
    dsvl_min.save(model, tiny[1], folder)
    return model, folder


@pytest.fixture
def copy(saved, tmp_path):
    shutil.copytree(saved[1], tmp_path / "copy")
    return tmp_path / "copy"


def test_what_is_saved_comes_back_bit_for_bit(saved):
    model, folder = saved
    again, processor = dsvl_min.load(folder)
    assert again.config == model.config and not again.training
    assert all(torch.equal(again.state_dict()[k], v) for k, v in model.state_dict().items())
    assert processor.prompt([{"role": "User", "content": "Hi"}]).endswith("User: Hi\n\nAssistant:")


def test_a_loaded_model_computes_what_the_saved_one_did(saved):
    model, folder = saved
    again, _ = dsvl_min.load(folder)
    pixels = torch.randn(1, 3, 48, 48), torch.randn(1, 3, 128, 128)
    with torch.no_grad():
        assert torch.equal(again.image_embeddings(*pixels), model.image_embeddings(*pixels))


def test_a_tied_head_is_stored_once(tiny, tmp_path):
    config = ModelConfig.preset("tiny", "siglip")
    config = replace(config, decoder=replace(config.decoder, tied=True))
    model = shake(DeepSeekVL(config))
    dsvl_min.save(model, Processor(tiny[1].tokenizer, config), tmp_path)
    again, _ = dsvl_min.load(tmp_path)
    assert torch.equal(again.decoder.head.weight, model.decoder.embed.weight)


def test_half_precision_halves_the_file_and_opens_as_float32(saved, tiny, tmp_path):
    model, folder = saved
    dsvl_min.save(model, tiny[1], tmp_path, dtype=torch.float16)
    ratio = (tmp_path / "model.safetensors").stat().st_size / (folder / "model.safetensors").stat().st_size
    assert 0.49 < ratio < 0.52
    again, _ = dsvl_min.load(tmp_path)
    assert {p.dtype for p in again.parameters()} == {torch.float32}


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(CheckpointError, match="enormous.*tiny"):
        dsvl_min.load("enormous")


SPOILT = {
    "no configuration": (lambda f: (f / "config.json").unlink(), "config.json is missing"),
    "a configuration that is no JSON": (lambda f: (f / "config.json").write_text("{"), "not valid JSON"),
    "a configuration that is no table": (
        lambda f: (f / "config.json").write_text("[]"),
        "must be a table of fields, got list",
    ),
    "a configuration without a model": (lambda f: forget(f, "model"), "config.json lacks model"),
    "a configuration without its prompt": (lambda f: forget(f, "system_prompt"), "config.json lacks system_prompt"),
    "a number for a model": (lambda f: edit(f, model=3), "config must be a table"),
    "another format": (lambda f: edit(f, format="x"), "format 'x'"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "model.safetensors is missing"),
    "truncated weights": (lambda f: cut(f / "model.safetensors"), "model.safetensors is damaged"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "no tokenizer"),
    "another tokenizer": (
        lambda f: (f / "tokenizer.json").write_bytes((f / "tokenizer.json").read_bytes() + b" "),
        "tokenizer.json is not the tokenizer of these weights: its hash is .*config.json says .*; put that one back",
    ),
    "weights of another vision": (
        lambda f: edit(f, model=ModelConfig.preset("tiny", "siglip").to_dict()),
        "another model: it has unknown adaptor.high.bias, .*vision.sam",
    ),
    "weights of another vocabulary": (lambda f: resize(f, vocab_size=4096), "embed.weight has shape"),
    "weights of a wider model": (lambda f: resize(f, width=256), "shape"),
    "weights of a deeper model": (lambda f: resize(f, layers=9), "another model: it lacks decoder.blocks.6"),
}


def edit(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def forget(folder, name):
    path = folder / "config.json"
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != name}))


def resize(folder, **changes):
    described = json.loads((folder / "config.json").read_text())
    described["model"]["decoder"].update(changes)
    edit(folder, **described)


def cut(path):
    path.write_bytes(path.read_bytes()[:-1000])


@pytest.mark.parametrize("case", SPOILT)
def test_a_spoilt_folder_names_what_is_wrong(copy, case):
    spoil, named = SPOILT[case]
    spoil(copy)
    with pytest.raises((CheckpointError, ConfigError, FileNotFoundError), match=named):
        dsvl_min.load(copy)


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_a_save_that_is_cut_short_leaves_no_folder_that_opens(saved, tiny, tmp_path, monkeypatch):
    def full(path, data):
        if path.name == "tokenizer.json":
            raise OSError(28, "No space left on device")
        write_atomically(path, data)

    monkeypatch.setattr("dsvl_min.checkpoint.write_atomically", full)
    with pytest.raises(OSError):
        dsvl_min.save(saved[0], tiny[1], tmp_path)
    with pytest.raises(CheckpointError, match="config.json is missing"):
        dsvl_min.load(tmp_path)


def test_a_tensor_without_dimensions_is_read_too(tmp_path):
    write_tensors(tmp_path, {"bias": torch.tensor(-3.0), "weight": torch.ones(2)})
    with torch.device("meta"):
        part = torch.nn.Module()
        part.bias = torch.nn.Parameter(torch.zeros(()))
        part.weight = torch.nn.Parameter(torch.zeros(2))
    path = tmp_path / "model.safetensors"
    assert fill(part, tensors_of(path), as_own(part), path).bias.item() == -3.0

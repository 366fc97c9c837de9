"""LoRA beside the decoder's matrices: what it computes, and what is kept of it."""

import json
import shutil
import sys

import pytest
import torch

import dsvl_min
from dsvl_min.checkpoint import CheckpointError, save_tuned
from dsvl_min.config import ConfigError
from dsvl_min.lora import add_lora, has_lora, is_lora, merge_lora

ASKED = [{"role": "User", "content": "How many?"}]


@pytest.fixture
def opened():
    return dsvl_min.load("tiny")


def spread(model, seed=0):
    """Weights for B, and a changed adaptor, as training would leave them."""
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "lora_B" in name or name.startswith("adaptor."):
                p.add_(torch.randn(p.shape, generator=draw), alpha=0.02)
    return model


@torch.no_grad()
def logits(model, processor):
    return model(**processor(ASKED)).logits


def test_at_first_nothing_changes_and_then_thin_matrices_are_added(opened):
    model, processor = opened
    before, whole = logits(model, processor), model.decoder.blocks[2].mlp.down.weight.clone()
    add_lora(model, rank=3, alpha=12)
    assert torch.equal(logits(model, processor), before)
    layer = spread(model).decoder.blocks[2].mlp.down
    x = torch.randn(5, whole.shape[1])
    a, b = layer.lora_A["default"].weight, layer.lora_B["default"].weight
    assert a.shape[0] == b.shape[1] == 3
    want = x @ whole.T + 12 / 3 * (x @ a.T) @ b.T
    assert torch.allclose(layer(x), want, atol=1e-5)


def test_every_matrix_of_the_blocks_gets_one_and_nothing_else_does(opened):
    model = add_lora(opened[0], rank=2)
    names = {name.split(".lora_")[0] for name, _ in model.named_parameters() if is_lora(name)}
    matrices = ("attention.qkv", "attention.out", "mlp.gate_up", "mlp.down")
    assert names == {f"decoder.blocks.{i}.{m}" for i in range(len(model.decoder.blocks)) for m in matrices}


def test_merged_it_is_the_model_of_before_with_other_weights(opened):
    model, processor = opened
    names = set(model.state_dict())
    spread(add_lora(model, rank=4))
    apart = logits(model, processor)
    merge_lora(model)
    assert set(model.state_dict()) == names and not has_lora(model)
    assert all(p.requires_grad for p in model.decoder.parameters())
    assert torch.allclose(logits(model, processor), apart, atol=1e-4 * float(apart.abs().max()))


def test_what_is_written_and_opened_is_the_same_model(opened, tmp_path):
    model, processor = opened
    spread(add_lora(model, rank=4))
    want = logits(model, processor)
    save_tuned(model, tmp_path, "tiny", 4, 8)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 1e6
    again, its = dsvl_min.load(tmp_path)
    assert not has_lora(again)
    assert torch.allclose(logits(again, its), want, atol=1e-4 * float(want.abs().max()))
    small, its = dsvl_min.load(tmp_path, quantize="4bit")
    assert has_lora(small)
    assert float((logits(small, its) - want).norm() / want.norm()) < 0.25  # as much as four bits take (chapter 21)
    with pytest.raises(ConfigError, match="quantised"):
        merge_lora(small)


def test_gradients_through_four_bits_are_those_through_the_numbers_they_stand_for(opened):
    import bitsandbytes as bnb

    small, processor = dsvl_min.load("tiny", quantize="4bit")
    spread(add_lora(small, rank=2))
    asked = processor(ASKED)
    small.eval()
    with torch.no_grad():
        small(**asked)  # an answer, after which nothing may have changed
    plain = opened[0]
    with torch.no_grad():
        for name, layer in small.decoder.named_modules():
            if isinstance(layer, bnb.nn.Linear4bit):
                whole = bnb.functional.dequantize_4bit(layer.weight.data, layer.weight.quant_state)
                plain.decoder.get_submodule(name.removesuffix(".base_layer")).weight.copy_(whole)
    add_lora(plain, rank=2)
    plain.load_state_dict({k: v for k, v in small.state_dict().items() if is_lora(k) or "adaptor" in k}, strict=False)
    for model in (small, plain):
        for name, p in model.named_parameters():
            p.requires_grad_(is_lora(name))
        model(**asked, labels=asked["input_ids"]).loss.backward()
    for name, p in plain.named_parameters():
        if is_lora(name):
            got = small.get_parameter(name).grad
            assert torch.allclose(got, p.grad, atol=1e-3 * float(p.grad.abs().max())), name


def test_matrices_repacked_for_answering_get_no_lora():
    import bitsandbytes as bnb

    small, processor = dsvl_min.load("tiny", quantize="4bit")
    for layer in small.modules():
        if isinstance(layer, bnb.nn.Linear4bit):
            layer.weight.quant_state.packing_format_for_cpu = True  # as some CPUs do at the first answer
    with pytest.raises(ConfigError, match="open the model again"):
        add_lora(small, rank=2)


def without(folder, **changes):
    described = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({k: v for k, v in (described | changes).items() if v is not None}))


@pytest.mark.parametrize(
    "change,named",
    [
        ({"rank": 8}, "doesn't fit tiny with LoRA of rank 8"),
        ({"base": "nowhere"}, "tuned from nowhere, which can't be opened"),
        ({"rank": None}, "lacks rank"),
        ({"known by": "0"}, "weights are others now"),
    ],
)
def test_a_folder_that_does_not_fit_its_model_is_refused(opened, tmp_path, change, named):
    save_tuned(add_lora(opened[0], rank=4), tmp_path, "tiny", 4, 8)
    without(tmp_path, **change)
    with pytest.raises(CheckpointError, match=named):
        dsvl_min.load(tmp_path)


def test_a_model_that_was_moved_or_trained_again_is_named(tmp_path):
    base = tmp_path / "base"
    dsvl_min.save(*dsvl_min.load("tiny"), base)
    model, processor = dsvl_min.load(base)
    save_tuned(add_lora(model, rank=2), tmp_path / "tuned", base, 2, 4)
    assert dsvl_min.load(tmp_path / "tuned")
    dsvl_min.save(merge_lora(spread(model)), processor, base)  # as if it had been tuned a second time
    with pytest.raises(CheckpointError, match="weights are others now"):
        dsvl_min.load(tmp_path / "tuned")
    shutil.rmtree(base)
    with pytest.raises(CheckpointError, match="which can't be opened"):
        dsvl_min.load(tmp_path / "tuned")


def test_what_cannot_be_is_refused(opened, monkeypatch):
    model, _ = opened
    with pytest.raises(ConfigError, match="at least 1"):
        add_lora(model, rank=0)
    add_lora(model, rank=1)
    with pytest.raises(ConfigError, match="already"):
        add_lora(model, rank=1)
    with pytest.raises(CheckpointError, match="merge_lora"):
        dsvl_min.save(model, None, "nowhere-at-all")
    add_lora(merge_lora(model), rank=2)
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(ConfigError, match="pip install peft"):
        add_lora(dsvl_min.load("tiny")[0])

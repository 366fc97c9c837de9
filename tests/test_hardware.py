"""Which setting a machine gets, with its reason."""

import json

import pytest
import torch

from dsvl_min import hardware

CARDS = {"Tesla T4": ((7, 5), torch.float16, "float16"), "NVIDIA L4": ((8, 9), torch.bfloat16, "bfloat16"),
         "NVIDIA H100": ((9, 0), torch.bfloat16, "bfloat16")}  # fmt: skip


@pytest.mark.parametrize("card", CARDS)
def test_a_gpu_gets_more_samples_and_the_format_it_computes_in(card, monkeypatch):
    capability, dtype, word = CARDS[card]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: card)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: capability)
    here = hardware.setting()
    assert (here.device, here.dtype) == ("cuda", dtype) and here.many > 1
    assert card in str(here) and word in str(here) and "size" in str(here)


def test_the_larger_size_is_chosen_once_its_weights_exist(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Tesla T4")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: (7, 5))
    monkeypatch.setattr(hardware, "WEIGHTS", tmp_path)
    assert hardware.setting().size == "tiny" and "no weights of size mini" in hardware.setting().why
    (tmp_path / "mini").mkdir()
    assert hardware.setting().size == "mini"


def test_without_a_gpu_it_is_tiny_in_float32(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    here = hardware.setting()
    assert (here.device, here.dtype, here.size, here.many) == ("cpu", torch.float32, "tiny", 1)
    assert "no GPU" in str(here)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_the_shipped_model_names_a_heart_in_half_precision(dtype):
    import dsvl_min
    from dsvl_min.data.world import Scene, Thing, render

    model, processor = dsvl_min.load("tiny")
    model.to(dtype=dtype)
    heart = render(Scene("sky", (Thing("heart", "red", 0.5, 0.5, 0.65),)), 128)
    talk = [{"role": "User", "content": "<image_placeholder>\nWhat is in the image?", "images": [heart]}]
    batch = processor(talk).to(model.device, model.dtype)
    assert batch["pixel_values"].dtype == dtype and batch["input_ids"].dtype == torch.long
    assert processor.decode(model.generate(**batch)[0]) == "a red heart"


def test_a_passport_says_what_the_process_took():
    data = json.loads(hardware.passport())
    assert data["seconds"] > 0 and 0.05 < data["memory_gb"] < 64 and data["packages"]["torch"]


def test_memory_is_the_machines_or_what_its_container_may_take(tmp_path):
    limit = tmp_path / "memory.max"
    whole = hardware.memory(limit)
    assert whole > 10**8
    for text, allowed in (("max\n", whole), ("1000000\n", 10**6), (f"{2 * whole}", whole)):
        limit.write_text(text)
        assert hardware.memory(limit) == allowed


def test_what_is_too_small_to_compute_with_quickly_counts_as_zero():
    small = torch.tensor([1e-39])

    def kept():
        return (small * 0.5).item() > 0

    assert kept()
    with hardware.denormals_as_zero():
        assert not kept()
        with hardware.denormals_as_zero():
            pass
        assert not kept()
    with pytest.raises(ZeroDivisionError), hardware.denormals_as_zero():
        raise ZeroDivisionError
    assert kept()

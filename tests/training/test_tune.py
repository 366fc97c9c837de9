"""A trained model, taught on a file of records."""

import json
from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch

import dsvl_min
from dsvl_min.cli import main
from dsvl_min.config import ConfigError
from dsvl_min.data.records import write_jsonl
from dsvl_min.data.sample import Sample
from dsvl_min.data.sources import sample
from dsvl_min.lora import is_lora
from dsvl_min.processor import InputError
from dsvl_min.training import pool, trainer
from dsvl_min.training import tune as tuning
from dsvl_min.training.ranks import Ranks
from dsvl_min.training.tune import divide, stage_of, tune


@pytest.fixture
def data(tmp_path):
    write_jsonl([sample("digits", 0, i) for i in range(16)], tmp_path / "data", 96)
    return tmp_path / "data"


def short(data, out, **changes):
    return tune("tiny", data, out, **{"rank": 2, "epochs": 2, "batch": 4, "quiet": True, **changes})


def test_the_smallest_numbers_count_as_zero_while_tuning_and_only_then(data, tmp_path, monkeypatch):
    small, real, seen = torch.tensor([1e-39]), tuning.run_stage, []

    def looked_at(*given, **named):
        seen.append((small * 0.5).item())
        return real(*given, **named)

    monkeypatch.setattr(tuning, "run_stage", looked_at)
    short(data, tmp_path / "out", epochs=1)
    assert seen == [0.0] and (small * 0.5).item() > 0


def test_lora_and_the_adaptor_move_and_nothing_else_does(data, tmp_path):
    model, processor, record = short(data, tmp_path / "out")
    before = dsvl_min.load("tiny")[0].state_dict()
    moved = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    matrices = {f"decoder.blocks.{i}.{m}.weight" for i in range(len(model.decoder.blocks))
                for m in ("attention.qkv", "attention.out", "mlp.gate_up", "mlp.down")}  # fmt: skip
    assert moved == matrices | {name for name in before if name.startswith("adaptor.")}
    again, _ = dsvl_min.load(tmp_path / "out")
    assert all(torch.allclose(tensor, model.state_dict()[name]) for name, tensor in again.state_dict().items())
    assert record["samples"] == 14 and record["held out"] == 2
    assert set(record["before"]) == set(record["after"]) == {"image", "blank", "shuffled", "none"}


def test_without_a_rank_the_decoder_itself_moves_and_a_whole_model_is_written(data, tmp_path):
    model, _, record = short(data, tmp_path / "out", rank=0, held_out=0)
    before = dsvl_min.load("tiny")[0].state_dict()
    moved = {name.split(".")[0] for name, t in model.state_dict().items() if not torch.equal(t, before[name])}
    assert moved == {"decoder", "adaptor"} and record["before"] == {}
    assert (tmp_path / "out" / "tokenizer.json").exists()


def test_matrices_of_four_bits_stay_as_they_are(data, tmp_path):
    model, processor, _ = short(data, tmp_path / "out", quantize="4bit")
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert trained and all(is_lora(name) or name.startswith("adaptor.") for name in trained)
    start = dsvl_min.load("tiny", quantize="4bit")[0].decoder.blocks[0].mlp.down.weight
    assert torch.equal(model.decoder.blocks[0].mlp.down.base_layer.weight, start)
    asked = processor([{"role": "User", "content": "Hello"}])
    again = dsvl_min.load(tmp_path / "out", quantize="4bit")[0]
    assert torch.equal(again(**asked).logits, model(**asked).logits)


def test_a_run_cut_off_goes_on_and_ends_the_same(data, tmp_path, monkeypatch):
    whole = short(data, tmp_path / "whole", every=2)[0].state_dict()
    real, taken = trainer.Batches.__call__, []

    def dies(batches, step):
        taken.append(step)
        if len(taken) == 5:
            raise MemoryError
        return real(batches, step)

    monkeypatch.setattr(trainer.Batches, "__call__", dies)
    with pytest.raises(MemoryError):
        short(data, tmp_path / "cut", every=2)
    resumed = short(data, tmp_path / "cut", every=2)[0].state_dict()
    assert taken[:7] == [0, 1, 2, 3, 4, 4, 5]
    assert all(torch.equal(resumed[name], tensor) for name, tensor in whole.items())
    taken.clear()
    short(data, tmp_path / "cut", every=2)
    assert taken == []  # finished: opened
    with pytest.raises(ConfigError, match="another run"):
        short(data, tmp_path / "cut", epochs=3)


def test_pictures_that_do_not_fit_are_seen_at_each_step(data, tmp_path, monkeypatch):
    kept = short(data, tmp_path / "kept")[2]["loss"]
    monkeypatch.setattr(tuning, "pool_of", lambda *args, **named: pool.pool_of(*args, **named, kept=0))
    assert short(data, tmp_path / "live")[2]["loss"] == pytest.approx(kept, abs=1e-4)


def test_bad_records_stop_it_or_are_counted(data, tmp_path, capsys):
    (picture,) = [path for path in data.rglob("*.png")][:1]
    picture.write_bytes(picture.read_bytes()[:90])
    with pytest.raises(InputError, match="cannot be decoded"):
        short(data, tmp_path / "out")
    _, _, record = short(data, tmp_path / "out", policy="skip")
    assert record["samples"] + record["held out"] == 15
    assert "15 accepted, 1 rejected" in capsys.readouterr().err


@pytest.mark.parametrize(
    "changes,named",
    [
        ({"rank": 0, "quantize": "4bit"}, "give LoRA a rank"),
        ({"held_out": 1.0}, "held_out"),
        ({"epochs": 0}, "epochs and batch"),
        ({"changes": {"tune.warmup": 9000}}, "warmup"),
        ({"changes": {"tune.lr.eyes": 1}}, "no part 'eyes'"),
        ({"changes": {"tune.lr.lora": "fast"}}, "must be a number"),
        ({"changes": {"stage2.steps": 9}}, "no stage 'stage2'"),
        ({"changes": {"tune.lr.necks": 1e-3}}, "beside LoRA only the adaptor is trained, and necks"),
        ({"device": "cuda"}, "no GPU"),
    ],
)
def test_what_cannot_be_is_refused(data, tmp_path, changes, named):
    with pytest.raises(ConfigError, match=named):
        short(data, tmp_path / "out", **changes)
    assert not (tmp_path / "out" / "config.json").exists()


def test_records_of_every_kind_are_learnt_and_those_that_can_be_are_asked(tmp_path):
    digit, pair = sample("digits", 0, 0), sample("in-context", 0, 0)
    kinds = [
        replace(digit, turns=(("<image_placeholder>Which digit?", "7 "),)),
        replace(digit, turns=(("", "A seven."),)),
        replace(digit, turns=(("Hello", "Hello."), ("<image_placeholder>Which digit?", "7"))),
        Sample("own", turns=(("What is red and blue?", "Purple."),)),
        Sample("own", text="Nothing but a page."),
        pair,
    ]
    write_jsonl([replace(s, source="own") for s in kinds for _ in range(4)], tmp_path / "data", 96)
    assert len(pair.images) > 1
    _, _, record = short(tmp_path / "data", tmp_path / "out", held_out=0.5, seed=1)
    assert record["samples"] == record["held out"] == 12
    assert 1 <= record["asked"] <= 4 and bool(record["before"]) == (record["asked"] > 1)
    asked = tuning.askable(kinds)
    assert [(question, answer) for _, question, answer in asked] == [("Which digit?", "7")]


@pytest.mark.parametrize("kept", [10**9, 0])
def test_records_without_any_picture_are_learnt_too(tmp_path, monkeypatch, kept):
    own = [Sample("own", turns=((f"What is {i} and {i}?", f"{2 * i}"),)) for i in range(8)]
    write_jsonl(own, tmp_path / "data", 96)
    monkeypatch.setattr(tuning, "pool_of", lambda *args, **named: pool.pool_of(*args, **named, kept=kept))
    _, _, record = short(tmp_path / "data", tmp_path / "out")
    assert record["samples"] == 8 and record["before"] == {}


def test_what_is_kept_aside_must_leave_something_to_learn_from(data, tmp_path):
    with pytest.raises(ConfigError, match="none of 16 samples is left"):
        short(data, tmp_path / "out", held_out=0.99)


def test_a_model_is_not_tuned_into_its_own_folder_nor_over_another(data, tmp_path):
    model, processor = dsvl_min.load("tiny")
    dsvl_min.save(model, processor, tmp_path / "base")
    with pytest.raises(ConfigError, match="own folder"):
        tune(tmp_path / "base", data, tmp_path / "base", quiet=True)
    with pytest.raises(ConfigError, match="wasn't tuned there"):
        short(data, tmp_path / "base")


def test_a_model_of_sixteen_bits_is_tuned_in_them(data, tmp_path, monkeypatch):
    ranks = Ranks(dtype=torch.bfloat16)
    monkeypatch.setattr(tuning, "together", lambda **_: nullcontext(ranks))
    monkeypatch.setattr(tuning, "load", lambda name, dtype, *args, **named: dsvl_min.load(name, torch.bfloat16))
    model, _, record = short(data, tmp_path / "out", rank=2)
    assert model.dtype == model.adaptor.low.weight.dtype == torch.bfloat16 and record["loss"] > 0


def test_matrices_of_eight_bits_are_tuned_beside_too(data, tmp_path):
    model, _, record = short(data, tmp_path / "out", quantize="8bit", epochs=1)
    assert not any(p.requires_grad for name, p in model.named_parameters() if "base_layer" in name)
    assert record["loss"] > 0


def test_those_held_out_are_a_share_by_seed_and_never_learnt_from():
    learnt, aside = divide(list(range(40)), 0.25, seed=1)
    assert sorted([*learnt, *aside]) == list(range(40)) and len(aside) == 10
    assert divide(list(range(40)), 0.25, seed=1) == (learnt, aside) != divide(list(range(40)), 0.25, seed=2)
    assert divide(list(range(5)), 0.25, seed=1) == (list(range(5)), [])
    assert len(divide(list(range(10)), 0.1, seed=1)[1]) == 2


def test_the_rate_falls_with_the_width():
    tiny, large = (stage_of(dsvl_min.ModelConfig.preset(size), 100) for size in ("tiny", "1.3b"))
    assert large.lr["lora"] == 2e-4 and tiny.lr["lora"] == 2e-4 * 2048 / 128
    assert tiny.lr["adaptor"] == tiny.lr["lora"] / 10 and tiny.steps == 19


def test_the_command_says_what_was_gained(data, tmp_path, capsys):
    words = ["tune", "tiny", str(data), "--out", str(tmp_path / "out"), "--rank", "2", "--epochs", "1", "--quiet"]
    assert main([*words, "--rows", "2", "--recompute", "--set", "tune.lr.adaptor=0"]) == 0
    told = capsys.readouterr().out
    assert "14 records learnt from" in told and "2 held out; of 2 with one picture" in told and "shuffled" in told
    record = json.loads((tmp_path / "out" / "record.json").read_text())
    assert record["command"].endswith("--held-out 0.1 --set tune.lr.adaptor=0")
    assert main(["chat", "--model", str(tmp_path / "out"), "Hello"]) == 0
    assert main(["data", "check", str(data), "--size", str(tmp_path / "out")]) == 0
    assert main(["tune", "tiny", str(tmp_path / "missing.jsonl")]) == 2

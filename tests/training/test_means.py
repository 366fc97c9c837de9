"""What changes how a step is computed, and not what it computes; and what is shown of it."""

import json
import sys
from functools import partial

import pytest
import torch
from test_trainer import TEXTS, in_seconds, small, stage  # noqa: F401

from dsvl_min.config import ConfigError, ModelConfig
from dsvl_min.hardware import GPUS, peak
from dsvl_min.training import run
from dsvl_min.training.cost import Row, cost
from dsvl_min.training.loop import Show
from dsvl_min.training.pool import Seen, feature_bytes, pool_of
from dsvl_min.training.run import train
from dsvl_min.training.stages import STAGES
from dsvl_min.training.trainer import Batches, Means, run_stage

EVERYTHING = {"adaptor": 1e-3, "necks": 1e-3, "decoder": 1e-3, "siglip": 1e-3}


def trained(start, folder, means=None, pool=None):
    """(weights, losses) after a few steps from the same start."""
    model, processor, kept, texts = start
    before = {k: v.clone() for k, v in model.state_dict().items()}
    both = stage(lr=EVERYTHING, text_share=0.5, text_mix=TEXTS)
    lines = run_stage(model, processor, both, pool or kept, texts, folder, quiet=True, means=means)
    after = {k: v.clone() for k, v in model.state_dict().items()}
    model.load_state_dict(before)
    return after, [line["loss"] for line in lines]


@pytest.mark.parametrize(
    "means", [Means(rows=1), Means(recompute=True), Means(compiled=True), Means(2, True, True)], ids=str
)
def test_a_step_stays_what_it_is(small, means, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))  # no compiler is needed for it
    (weights, losses), (others, theirs) = (trained(small, tmp_path / str(m), m) for m in (None, means))
    assert theirs == pytest.approx(losses, abs=2e-5)
    assert others.keys() == weights.keys()
    # a bias of keys has no gradient but rounding, which AdamW takes for a direction (see test_ranks)
    worst = {k: float((others[k] - v).abs().max()) for k, v in weights.items() if not k.endswith("qkv.bias")}
    assert max(worst.values()) < 1e-6
    for block in (*small[0].decoder.blocks, *small[0].vision.siglip.blocks):
        assert "forward" not in vars(block) and block._compiled_call_impl is None


def test_no_more_rows_run_at_once_than_are_allowed(small):  # noqa: F811
    _, processor, pool, texts = small
    for rows, most in ((0, 2), (1, 1), (4, 2)):
        chunks = Batches(stage(), pool, texts, processor, 0, rows=rows)(0)
        assert max(len(chunk.batch["labels"]) for chunk in chunks) == most
        assert sum(len(chunk.batch["labels"]) for chunk in chunks) == 6
    with pytest.raises(ConfigError, match="rows"):
        Means(rows=-1)


def test_recomputing_keeps_less_and_computes_more():
    config, second = ModelConfig.preset("tiny"), STAGES["tiny"].stages[1]
    plain, again = (cost(config, second, Row(1, 60, 60), recompute=twice) for twice in (False, True))
    assert again.activations < 0.5 * plain.activations
    assert plain.operations < again.operations < 1.5 * plain.operations


def test_features_that_do_not_fit_are_computed_at_each_step(small, tmp_path):  # noqa: F811
    model, processor, kept, _ = small
    assert feature_bytes(model.config) == sum(x[0].nbytes for x in vars(kept.features).values() if x is not None)
    pictures = [sample.pictures(128) for sample in kept.samples]
    pool = pool_of(model, processor, kept.samples, pictures, kept=1000)
    assert isinstance(pool.features, Seen)
    (weights, losses), (others, theirs) = trained(small, tmp_path), trained(small, tmp_path, pool=pool)
    assert losses == pytest.approx(theirs, abs=1e-5)
    assert max(float((others[k] - v).abs().max()) for k, v in weights.items() if not k.endswith("qkv.bias")) < 1e-5


def test_losses_are_written_for_tensorboard_and_go_on_after_a_break(tmp_path, monkeypatch):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    in_seconds(monkeypatch, steps=6)
    train("tiny", stages=(2,), out=tmp_path, quiet=True, tensorboard=True)
    board = EventAccumulator(str(tmp_path / "tensorboard" / "stage2")).Reload()
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    for tag, text in (("loss of text", True), ("loss of images", False)):
        want = [(line["step"], line["loss"]) for line in lines if line["text"] == text]
        assert [(e.step, pytest.approx(e.value, rel=1e-5)) for e in board.Scalars(tag)] == want and want
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ConfigError, match="pip install tensorboard"):
        train("tiny", stages=(2,), out=tmp_path / "other", quiet=True, tensorboard=True)


def test_on_a_known_gpu_the_share_of_its_rate_is_told(tmp_path, monkeypatch, capsys):
    assert Show(operations=10.0, peak=100.0).used(0.5) == 0.2 and Show().used(0.5) is None
    in_seconds(monkeypatch, steps=4)
    monkeypatch.setattr(run, "peak", lambda _: 1e12)
    _, _, record = train("tiny", out=tmp_path)
    assert set(record["mfu"]) == {"stage1", "stage2", "stage3"} and all(0 < u < 1 for u in record["mfu"].values())
    assert "mfu=" in capsys.readouterr().err
    assert peak(torch.device("cpu")) == 0
    for name, rate in {
        "Tesla T4": "T4",
        "NVIDIA L4": "L4",
        "NVIDIA A100-SXM4-40GB": "A100",
        "NVIDIA L40S": None,
    }.items():
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda _, name=name: name)
        assert peak(torch.device("cuda")) == GPUS.get(rate, 0)


def test_a_dry_run_knows_of_recomputing():
    told = [run.dry_run("1.3b", stages=(2,), recompute=twice) for twice in (False, True)]
    rows = [next(line for line in text.splitlines() if "each row" in line) for text in told]
    assert rows[0] != rows[1]

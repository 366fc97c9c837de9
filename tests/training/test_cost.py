"""What a stage costs, counted without running it, beside what running it counts."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from dsvl_min.attention import capture_attention
from dsvl_min.cli import main
from dsvl_min.config import ModelConfig
from dsvl_min.init import initialise
from dsvl_min.model import DeepSeekVL, predicted_loss
from dsvl_min.training import plan as planning
from dsvl_min.training.cost import Kept, Row, cost
from dsvl_min.training.pool import encode, image_embeddings
from dsvl_min.training.run import dry_run
from dsvl_min.training.stages import STAGES
from dsvl_min.training.trainer import trainable

TINY = ModelConfig.preset("tiny")


@pytest.mark.parametrize("stage", STAGES["tiny"].stages, ids=lambda s: s.name)
def test_the_count_is_that_of_a_real_step_with_frozen_features_at_hand(stage, tiny):
    from PIL import Image

    model, trains_siglip = initialise(DeepSeekVL(TINY)), "siglip" in stage.lr
    trainable(model, stage)
    features = encode(model, tiny[1], [Image.new("RGB", (128, 128), "red")])
    ids = torch.randint(0, 2000, (1, 20))
    ids = torch.cat([torch.full((1, TINY.image_tokens), TINY.image_token_id), ids], dim=1)
    labels = ids.masked_fill(ids == TINY.image_token_id, -100)
    with FlopCounterMode(display=False) as counter, capture_attention(model):  # every product a plain one
        images = image_embeddings(model, features, trains_siglip)
        predicted_loss(model.decoder, model.embed(ids, images), labels).backward()
    assert cost(TINY, stage, Row(1, 20, 20)).operations == counter.get_total_flops()


def test_frozen_parts_cost_their_gradients_and_cached_encoders_nothing():
    first, second, third = (cost(TINY, s, Row(1, 40, 40)) for s in STAGES["tiny"].stages)
    assert first.operations < second.operations < third.operations
    assert first.encoders == second.encoders > third.encoders > 0  # in stage 3 SigLIP trains and is counted there
    assert first.gradients < second.gradients < third.gradients
    assert first.weights == second.weights == 4 * sum(p.numel() for p in DeepSeekVL(TINY).parameters())
    text = cost(TINY, STAGES["tiny"].stages[1], Row(0, 40, 40))
    assert text.encoders == 0 and text.operations < second.operations
    idle = cost(TINY, STAGES["tiny"].stages[0], Row(0, 40, 40))  # text alone, and the decoder frozen
    assert 0 < idle.operations < text.operations / 2


def test_what_is_kept_for_the_backward_pass_is_counted_once():
    model, x = torch.nn.Linear(8, 8, bias=False), torch.randn(4, 8)
    kept = Kept(model)
    with kept:
        model(x).sigmoid()
    assert kept.bytes == 2 * x.nbytes  # what went in, what came out; the weight is there anyway


def test_the_papers_sizes_are_reckoned_with_though_nobody_here_could_hold_them():
    config, stage = ModelConfig.preset("7b"), STAGES["7b"].stages[1]
    found = cost(config, stage, Row(0, 4096, 4096), bytes_each=2)
    blocks = 6_910_365_696 - 102400 * 4096  # all but the embedding, which multiplies nothing
    attention = 12 * 4096**2 * config.decoder.width * config.decoder.layers
    assert found.operations == pytest.approx(6 * blocks * 4096 + attention, rel=1e-3)
    assert found.optimizer == 8 * (found.gradients // 2)


def test_a_dry_run_tells_the_plan_and_leaves_nothing_behind(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "--dry-run", "--stages", "0,2,3", "--set", "stage2.text_share=0.7"]) == 0
    told = capsys.readouterr().out
    assert "stage1" not in told and "stage2" in told and "70% of them text alone" in told and "minutes" in told
    assert "stage0\n  those that came with the package took" in told
    assert list(tmp_path.iterdir()) == []


def test_the_plan_of_the_7b_model_has_the_papers_tokens(monkeypatch):
    monkeypatch.setattr(planning, "machine", lambda *_: {"rate": 1e12})
    told = dry_run("7b")
    assert "396.4 billion" in told and "A100s" in told and "years" in told


def test_encoders_are_counted_each_step_where_their_features_are_not_kept():
    recipe, config = STAGES["1.3b"], ModelConfig.preset("1.3b")
    stage = recipe.stages[0]
    (told,), (kept,) = (planning.plan(config, [stage], 1e12, images=images) for images in (0, 10))
    one = cost(config, stage, Row(1, stage.length, stage.length))
    assert one.encoders and told["operations"] == stage.steps * stage.batch * (one.operations + one.encoders)
    assert kept["operations"] == stage.steps * stage.batch * one.operations

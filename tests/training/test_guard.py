"""A loss that is no number: who is to blame, and nothing is lost."""

import pytest
import torch
from test_trainer import small as small  # the fixture
from test_trainer import stage

from dsvl_min.config import TrainingStopped
from dsvl_min.training.guard import bad_gradient, first_bad, largest
from dsvl_min.training.trainer import run_stage

PLACES = ("adaptor.low", "decoder.blocks.0.attention.qkv", "decoder.blocks.0.mlp.down", "vision.sam.neck.reduce")


@pytest.mark.parametrize("place", PLACES)
def test_a_loss_that_is_not_finite_names_the_module_it_began_in_and_keeps_the_batch(small, place, tmp_path):
    model, processor, pool, texts = small
    weight = model.get_submodule(place).weight
    kept = weight.detach().clone()
    with torch.no_grad():
        weight.view(-1)[0] = float("nan")
    before = {k: v.clone() for k, v in model.state_dict().items()}
    try:
        with pytest.raises(TrainingStopped, match=f"step 0: the loss is nan, first in {place};"):
            run_stage(model, processor, stage(lr={"adaptor": 1e-3, "decoder": 1e-3}), pool, texts, tmp_path, quiet=True)
        for name, tensor in model.state_dict().items():
            assert torch.equal(tensor, before[name]) or name == f"{place}.weight"
    finally:
        with torch.no_grad():
            weight.copy_(kept)
        model.zero_grad()
    found = torch.load(tmp_path / "bad-batch.pt", weights_only=True)
    assert found["step"] == 0 and sum(len(chunk["batch"]["labels"]) for chunk in found["batch"]) == 6
    assert (tmp_path / "metrics.jsonl").read_text() == "" if (tmp_path / "metrics.jsonl").exists() else True


def test_a_wild_loss_stops_the_run_too(small, tmp_path):
    model, processor, pool, texts = small
    weight = model.decoder.head.weight
    kept = weight.detach().clone()
    with torch.no_grad():
        weight.mul_(300)
    try:
        with pytest.raises(TrainingStopped, match=r"the loss is \d+\.\d, guessing gives 7\.6, first in decoder\.head"):
            run_stage(model, processor, stage(), pool, texts, tmp_path, quiet=True)
    finally:
        with torch.no_grad():
            weight.copy_(kept)
        model.zero_grad()


def test_a_gradient_that_is_not_finite_is_found_by_name():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    model(torch.ones(1, 2)).sum().backward()
    assert bad_gradient(model) is None
    model[1].bias.grad[0] = float("inf")
    assert bad_gradient(model) == "1.bias"


def test_first_and_largest_follow_the_order_of_computing_not_of_building():
    class Crossed(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.late, self.early = torch.nn.Identity(), torch.nn.Identity()

        def forward(self, x):
            return self.late(self.early(x) * 5)

    model, bad = Crossed(), torch.tensor([float("nan")])
    assert first_bad(model, lambda: model(bad)) == "early"
    assert first_bad(model, lambda: model(torch.ones(1))) is None
    assert largest(model, lambda: model(torch.ones(1))) == "late"
    assert not any(module._forward_hooks for module in model.modules())

"""Two processes train what one trains."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dsvl_min.config import ConfigError
from dsvl_min.training.ranks import Ranks, together
from dsvl_min.training.stages import STAGES
from dsvl_min.training.trainer import run_stage

HERE = Path(__file__).parent
STEPS = 10


def trained(folder, ranks, *words):
    """(weights, losses) of ranked.py on so many CPU processes."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks)]
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [*torchrun, str(HERE / "ranked.py"), str(folder), str(STEPS), *words], capture_output=True, text=True, cwd=HERE
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return torch.load(folder / "weights.pt"), json.loads((folder / "losses.json").read_text())


def worst(a, b):
    """The largest difference of any weight, but for the biases of SigLIP's keys.

    All keys moved alike change no softmax, so the gradient of such a bias is nought but for rounding, and AdamW takes
    rounding for a direction.
    """
    a, b = dict(a), dict(b)
    for name in [name for name in a if "siglip" in name and name.endswith("qkv.bias")]:
        for weights in (a, b):
            query, _, value = weights[name].chunk(3)
            weights[name] = torch.cat([query, value])
    return max(float((a[k] - b[k]).abs().max()) for k in a)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("alone"), 1)


@pytest.mark.parametrize("shard", [False, True])
def test_two_ranks_take_the_steps_of_one(alone, shard, tmp_path):
    weights, losses = trained(tmp_path, 2, *["shard"] * shard)
    assert worst(weights, alone[0]) < 1e-6
    assert losses == pytest.approx(alone[1], abs=2e-5)  # they are written with five decimals


@pytest.mark.parametrize("before,after", [((1,), (2, "shard")), ((2, "shard"), (1,))])
def test_a_run_goes_on_with_another_number_of_ranks(alone, before, after, tmp_path):
    ranks, *words = before
    with pytest.raises(AssertionError, match="stopped after step 5"):
        trained(tmp_path, ranks, *words, "stop=5")
    ranks, *words = after
    weights, losses = trained(tmp_path, ranks, *words)
    assert worst(weights, alone[0]) < 1e-6
    assert losses == pytest.approx(alone[1], abs=2e-5)


@pytest.mark.parametrize("words", [("ungrouped",), ("packing",), ("packing", "shard")])
def test_mixed_and_packed_batches_are_shared_too(words, tmp_path):
    plain = [word for word in words if word != "shard"]
    one, two = trained(tmp_path / "1", 1, *plain)[0], trained(tmp_path / "2", 2, *words)[0]
    assert worst(one, two) < 1e-6


def test_sharding_needs_grouped_batches():
    mixed = replace(STAGES["tiny"].stages[1], grouped=False)
    with pytest.raises(ConfigError, match="grouped to true"):
        run_stage(None, None, mixed, None, None, None, ranks=Ranks(size=2, shard=True))


def test_sharding_alone_is_refused():
    with pytest.raises(ConfigError, match="start it with torchrun"), together(shard=True):
        pass

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
SAME = 1e-4  # rounding reaches 7e-5 of packed rows; where each rank divides by its own labels, it is 0.08 to 0.15


def trained(folder, ranks, *words):
    """((weights before, after), losses) of ranked.py on so many CPU processes."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks)]
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [*torchrun, str(HERE / "ranked.py"), str(folder), str(STEPS), *words], capture_output=True, text=True, cwd=HERE
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return torch.load(folder / "weights.pt"), json.loads((folder / "losses.json").read_text())


def worst(a, b):
    """How far apart two runs end, as a share of how far the training moved: the largest of any tensor.

    Of a tensor and not of a number: where a gradient is nought but for rounding, AdamW, which divides it by its own
    size, takes rounding for a direction.  It is so for a number here and there, and for all biases of encoders' keys,
    which are left out: all keys moved alike change no softmax.
    """
    before, a, b = ({k: without_keys(k, w) for k, w in weights.items()} for weights in (*a, b[1]))
    assert any(not torch.equal(before[k], a[k]) for k in a)
    return max(float((a[k] - b[k]).norm() / (a[k] - before[k]).norm().clamp(min=1e-9)) for k in a)


def without_keys(name, weight):
    """The biases of SigLIP's and SAM's queries and values; any other weight as it is."""
    if not name.endswith("qkv.bias"):
        return weight
    query, _, value = weight.chunk(3)
    return torch.cat([query, value])


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("alone"), 1)


@pytest.mark.parametrize("shard", [False, True])
def test_two_ranks_take_the_steps_of_one(alone, shard, tmp_path):
    weights, losses = trained(tmp_path, 2, *["shard"] * shard)
    assert worst(weights, alone[0]) < SAME
    assert losses == pytest.approx(alone[1], abs=2e-5)  # they are written with five decimals


@pytest.mark.parametrize("before,after", [((1,), (2, "shard")), ((2, "shard"), (1,))])
def test_a_run_goes_on_with_another_number_of_ranks(alone, before, after, tmp_path):
    ranks, *words = before
    with pytest.raises(AssertionError, match="stopped after step 5"):
        trained(tmp_path, ranks, *words, "stop=5")
    ranks, *words = after
    weights, losses = trained(tmp_path, ranks, *words)
    assert worst(weights, alone[0]) < SAME
    assert losses == pytest.approx(alone[1], abs=2e-5)


@pytest.mark.parametrize("words", [("ungrouped",), ("packing",), ("packing", "shard")])
def test_mixed_and_packed_batches_are_shared_too(words, tmp_path):
    plain = [word for word in words if word != "shard"]
    one, two = trained(tmp_path / "1", 1, *plain)[0], trained(tmp_path / "2", 2, *words)[0]
    assert worst(one, two) < SAME


def test_sharding_needs_grouped_batches():
    mixed = replace(STAGES["tiny"].stages[1], grouped=False)
    with pytest.raises(ConfigError, match="grouped to true"):
        run_stage(None, None, mixed, None, None, None, ranks=Ranks(size=2, shard=True))


def test_sharding_alone_is_refused():
    with pytest.raises(ConfigError, match="start it with torchrun"), together(shard=True):
        pass

"""Matching names: the losses, what the ignorant lose, and a training that says what it learnt."""

import math

import pytest
import torch
from torch.nn import functional as F

from dsvl_min.probes.matching import (
    BATCH,
    CAPTIONS,
    LOSSES,
    NAMES,
    color_of,
    floor,
    info_nce,
    learn,
    named,
    positives,
    share,
    start,
)
from dsvl_min.siglip import sigmoid_loss

EVEN = torch.arange(640) % 64
KNOWN = (torch.zeros_like, color_of, lambda names: names)


def test_captions_are_those_of_the_world():
    from dsvl_min.data.sources import sample
    from dsvl_min.training.stage0 import caption_of

    made = [sample("naming", 0, i, difficulty=0.3) for i in range(40)]
    names = [NAMES.index((m.truth["color"], m.truth["shape"])) for m in made]
    assert [CAPTIONS[n] for n in names] == [caption_of(m) for m in made]


def test_where_nothing_repeats_the_softmax_is_clips():
    logits = torch.randn(5, 5, generator=torch.Generator().manual_seed(0))
    own = torch.arange(5)
    clips = (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2
    assert info_nce(logits, torch.eye(5, dtype=torch.bool)).item() == pytest.approx(clips.item())


def test_a_repeated_caption_counts_only_where_it_is_told():
    names = torch.tensor([3, 1, 3])
    assert positives(names).tolist() == [[True, False, True], [False, True, False], [True, False, True]]
    assert torch.equal(positives(names, marked=False), torch.eye(3, dtype=torch.bool))


def test_the_share_of_pairs_that_fit_is_what_batches_show():
    rng = torch.Generator().manual_seed(0)
    batches = [EVEN[torch.randint(len(EVEN), (BATCH,), generator=rng)] for _ in range(400)]
    for marked in (True, False):
        seen = sum(positives(b, marked).float().mean().item() for b in batches) / len(batches)
        assert share(EVEN, marked) == pytest.approx(seen, rel=0.02)
    assert torch.tensor(start(0.026)).sigmoid().item() == pytest.approx(0.026)


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("name", LOSSES)
def test_who_knows_more_loses_less(name, marked):
    least = [floor(LOSSES[name], EVEN, known, marked, draws=50) for known in KNOWN]
    assert least[0] > 1.3 * least[1] > 1.3 * least[2]
    assert (least[2] < 1e-3) == marked  # who knows all names can't deny what fits


def test_the_ignorant_lose_the_entropy_of_a_pair():
    p = share(EVEN)
    entropy = -p * math.log(p) - (1 - p) * math.log(1 - p)
    assert floor(sigmoid_loss, EVEN, KNOWN[0]) == pytest.approx(BATCH * entropy, rel=0.01)


def test_training_repeats_itself_and_says_what_it_learnt(tmp_path):
    pictures, held_out = named(120), named(20, split="held-out")
    assert not torch.equal(pictures.names[:20], held_out.names)
    runs = [learn(pictures, held_out, tmp_path, steps=52, every=26, loss="softmax", marked=False) for _ in range(2)]
    losses = [[line["loss"] for line in lines] for _, lines in runs]
    assert losses[0] == losses[1]
    said = [{k: line[k] for k in ("step", "name", "color", "shape")} for line in runs[0][1] if "name" in line]
    assert [s["step"] for s in said] == [25, 51]
    assert said[-1]["name"] <= min(said[-1]["color"], said[-1]["shape"])

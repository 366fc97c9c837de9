import sys
from pathlib import Path

import pytest
import torch

import dsvl_min
from dsvl_min.checks import reference
from dsvl_min.checks.judge import Wrong

sys.path.insert(0, str(Path(__file__).parents[2] / "figures"))


@pytest.fixture(scope="module")
def ours(tiny):
    given = reference.inputs()
    model, _ = dsvl_min.load("tiny")
    with torch.no_grad():
        low, high = model.vision(given["pixel_values"], given["high_res_pixel_values"])
        logits = model(**given).logits
        return {"siglip": low, "sam": high, "adaptor": model.adaptor(low, high), "logits": logits}


@pytest.mark.parametrize("part", reference.PARTS)
def test_the_shipped_model_is_what_transformers_computed(ours, part, capsys):
    reference.same(part, ours[part])
    assert "transformers 5" in capsys.readouterr().out


@pytest.mark.parametrize("part", reference.PARTS)
def test_a_small_difference_is_noticed(ours, part):
    got = ours[part].clone()
    got[0, -1, -1] += 1e-3 * got.abs().max()
    with pytest.raises(Wrong, match="of the largest value away"):
        reference.same(part, got)
    with pytest.raises(Wrong, match="away"):
        reference.same(part, got * torch.nan)
    with pytest.raises(Wrong, match="shape"):
        reference.same(part, got[..., :-1])


def test_half_precision_is_allowed_its_rounding(ours):
    for part in ("siglip", "sam", "adaptor"):
        reference.same(part, ours[part].bfloat16())


def test_what_is_stored_is_what_transformers_says_today():
    pytest.importorskip("transformers")
    import record_reference

    picture, batch = record_reference.ask()
    stored, _ = reference._read()
    assert torch.equal(picture, stored["picture"]) and torch.equal(batch["input_ids"], stored["input_ids"])
    for name, tensor in record_reference.computed(batch).items():
        assert torch.allclose(tensor, stored[name], atol=1e-5 * float(tensor.abs().max())), name

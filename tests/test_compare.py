"""The ladder: equal models don't part, and a planted fault is found at its component."""

import contextlib

import pytest
import torch
from PIL import Image
from torch.nn import functional as F

import dsvl_min
from dsvl_min import adaptor, decoder, sam, siglip
from dsvl_min.cli import main
from dsvl_min.compare import COMPONENTS, as_table, ladder
from dsvl_min.config import ModelConfig
from dsvl_min.export import export_hf, twin
from dsvl_min.model import DeepSeekVL
from dsvl_min.processor import InputError


@pytest.fixture(scope="module")
def batch(tiny):
    picture = Image.effect_noise((90, 60), 90).convert("RGB")
    return tiny[1]([{"role": "User", "content": "<image_placeholder>\nWhat is it?", "images": [picture]}])


def first(rungs):
    return [rung.name for rung in rungs if rung.first]


def test_a_model_does_not_part_from_itself(tiny, batch):
    rungs = ladder(tiny[0], tiny[0], batch)
    assert first(rungs) == [] and {rung.apart for rung in rungs} == {0.0}
    assert "they don't part" in as_table(rungs)
    names = {rung.name for rung in rungs}
    assert {"SigLIP block 3", "SAM block 3", "neck", "resize", "alpha branch", "decoder block 5", "logits"} <= names
    assert [r.name for r in rungs if " block " in r.name][:4] == [f"SigLIP block {i}" for i in range(4)]


def test_transformers_own_model_has_every_component_and_does_not_part(tiny, batch):
    pytest.importorskip("transformers")
    rungs = ladder(tiny[0], twin(tiny[0]), batch)
    assert first(rungs) == [] and max(rung.apart for rung in rungs) < 1e-5
    assert {name.partition(" {}")[0] for name in COMPONENTS} == {rung.name.partition(" block ")[0] + " block" * (
        " block " in rung.name) for rung in rungs}  # fmt: skip


def test_siglip_alone_is_compared_too(batch):
    pytest.importorskip("transformers")
    model = DeepSeekVL(ModelConfig.preset("tiny", "siglip")).eval()
    rungs = ladder(model, twin(model), {k: v for k, v in batch.items() if k != "high_res_pixel_values"})
    assert first(rungs) == [] and "image tokens" in {rung.name for rung in rungs}


@contextlib.contextmanager
def planted(owner, name, value):
    was = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, was)


class Broken(torch.nn.Module):
    """A model whose forward pass runs with a fault planted, so that the healthy one beside it is spared."""

    def __init__(self, model, owner, name, value):
        super().__init__()
        self.model, self.fault = model, (owner, name, value)
        self.device, self.dtype = model.device, model.dtype

    def named_modules(self, *args, **kwargs):
        return self.model.named_modules(*args, **kwargs)

    def forward(self, **batch):
        with planted(*self.fault):
            return self.model(**batch)


def swapped(self, low=None, high=None):
    return self.out(F.gelu(torch.cat([self.low(low), self.high(high)], dim=-1)))


def tanh(self, x):
    return self.down(F.gelu(self.up(x), approximate="tanh"))


def no_alpha(self, late, early):
    return self.downsample(self.neck(late)).flatten(2).transpose(1, 2)


def interleaved(x, angles):
    """Pairs (x_2i, x_2i+1) in place of (x_i, x_i+E/2)."""
    half = x.shape[-1] // 2
    cos, sin = angles[0][..., :half], angles[1][..., half:]
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * cos - b * sin, b * cos + a * sin], dim=-1).flatten(-2)


def unscaled(*args, **kwargs):
    return attend_as_it_is(*args, **{**kwargs, "scale": 1.0})


attend_as_it_is = decoder.attend
FAULTS = {
    "swapped concat order": (adaptor.VisionLanguageAdaptor, "forward", swapped, "adaptor, joined"),
    "missing alpha branch": (sam.SamEncoder, "tokens", no_alpha, "early neck"),
    "tanh GELU": (siglip.Mlp, "forward", tanh, "SigLIP block 0"),
    "rope layout": (decoder, "rotate", interleaved, "decoder block 0"),
    "forgotten 1/√d": (decoder, "attend", unscaled, "decoder block 0"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_where_it_is(tiny, batch, fault, monkeypatch):
    owner, name, value, place = FAULTS[fault]
    monkeypatch.setattr("dsvl_min.compare.DeepSeekVL", (DeepSeekVL, Broken))
    assert first(ladder(tiny[0], Broken(tiny[0], owner, name, value), batch)) == [place]


def test_a_wrong_normalisation_is_found_at_the_pixels(tiny, batch):
    other = dict(batch) | {"pixel_values": batch["pixel_values"] * 1.1 + 0.2}
    assert first(ladder(tiny[0], tiny[0], batch, other)) == ["pixels, low resolution"]
    other = dict(batch) | {"high_res_pixel_values": batch["high_res_pixel_values"] - 0.1}
    assert first(ladder(tiny[0], tiny[0], batch, other)) == ["pixels, high resolution"]


def test_models_of_different_sizes_are_refused(tiny, batch):
    config = ModelConfig.preset("tiny")
    from dataclasses import replace

    wider = DeepSeekVL(replace(config, decoder=replace(config.decoder, width=64))).eval()
    with pytest.raises(InputError, match="different sizes"):
        ladder(tiny[0], wider, batch)


def test_the_command_compares_a_folder_with_transformers(tiny, tmp_path, capsys):
    pytest.importorskip("transformers")
    export_hf(*tiny, tmp_path)
    assert main(["compare", "tiny", f"transformers:{tmp_path}"]) == 0
    told = capsys.readouterr().out
    assert "alpha branch" in told and "logits" in told
    dsvl_min.save(*tiny, tmp_path / "own")
    assert main(["compare", "tiny", f"transformers:{tmp_path / 'own'}"]) == 2
    assert "own layout" in capsys.readouterr().err

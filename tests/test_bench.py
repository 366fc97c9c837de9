"""The bench measures what it says; how fast anything is, is no matter for a test."""

import pytest

from dsvl_min import bench
from dsvl_min.cli import main

pytest.importorskip("transformers")


def test_both_sides_do_the_same_work(tiny):
    import torch

    model = tiny[0]
    pairs = bench.jobs(model, bench.twin(model), "cpu", torch.float32)
    assert set(pairs) == set(bench.ROWS) - {"memory"}
    for row in ("encode", "prefill"):
        ours, theirs = (job() for job in pairs[row])
        assert torch.allclose(ours, theirs, atol=1e-4 * float(ours.abs().max())), row


def test_a_table_comes_out_with_every_row(capsys, tmp_path):
    path = tmp_path / "bench.json"
    assert main(["bench", "--seconds", "0.01", "--quiet", "--json", str(path)]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in bench.ROWS.values())
    assert "GB/s" in told and path.exists()


def test_what_is_compiled_is_measured_after_what_is_not(monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(bench, "compile_both", lambda *models: calls.append(capsys.readouterr().err))
    result = bench.bench("tiny", "cpu", budget=0.01, rows=("encode", "prefill"), compiled=True)
    assert list(result["rows"]) == ["encode", "prefill", "encode compiled"]
    assert len(calls) == 1 and "prefill" in calls[0]  # what had been announced when both were compiled
    assert "image encoding, 2 images, compiled" in bench.as_table(result)


def test_what_is_compiled_computes_what_it_did(monkeypatch):
    from functools import partial

    import torch

    config = bench.size("tiny")
    model = bench.initialise(bench.DeepSeekVL(config)).eval()
    theirs = bench.twin(model)
    pairs, batch = bench.jobs(model, theirs, "cpu", torch.float32), bench.inputs(config, 4, "cpu", torch.float32)
    before = [*(job() for job in pairs["encode"]), model.loss(**batch, labels=batch["input_ids"])]
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))  # no compiler is needed for it
    bench.compile_both(model, theirs)
    after = [*(job() for job in pairs["encode"]), model.loss(**batch, labels=batch["input_ids"])]
    assert all(
        torch.allclose(a, b, atol=1e-5 * float(b.detach().abs().max())) for a, b in zip(after, before, strict=True)
    )


def test_compiling_touches_both_sides_and_all_that_our_side_computes_with(tiny, monkeypatch):
    from torch import nn

    compiled = []
    monkeypatch.setattr(nn.Module, "compile", lambda module, **how: compiled.append(module))
    model = tiny[0]
    theirs = bench.twin(model)
    plain = theirs.model.get_image_features
    bench.compile_both(model, theirs)
    assert compiled == [model.vision, *model.decoder.blocks, theirs]
    assert theirs.model.get_image_features is not plain


def test_the_larger_size_has_about_a_hundred_million_numbers():
    from dsvl_min.layouts import count

    assert 0.9e8 < count(bench.size("100m")) < 1.1e8
    with pytest.raises(ValueError, match="enormous"):
        bench.size("enormous")

"""The loop on a model of a few thousand parameters: seconds, not minutes."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import dsvl_min
from dsvl_min.checkpoint import tensors_of
from dsvl_min.config import IGNORE, ConfigError, ModelConfig
from dsvl_min.data.collate import dialogue, pad_right, page, questions, root_weights
from dsvl_min.init import initialise
from dsvl_min.siglip import Siglip
from dsvl_min.training import run, stage0, trainer
from dsvl_min.training.muon import Muon, groups_of, orthogonalise
from dsvl_min.training.parts import make_parts
from dsvl_min.training.pool import image_embeddings, make_pool, text_pool
from dsvl_min.training.run import train
from dsvl_min.training.stage0 import mask_loss, prompts_for
from dsvl_min.training.stages import APART, STAGES, Recipe, Share, Stage, part_of
from dsvl_min.training.trainer import Batches, run_stage, summed_loss

MIX = (Share("naming", 1), Share("digits", 1))
TEXTS = (Share("repeats", 1),)


@pytest.fixture(scope="module")
def small(thin):
    """The thin model, with pictures and texts."""
    model, processor = thin
    pool = make_pool(model, processor, [("naming", 12, 0.0, 1.0), ("digits", 12, 0.0, 1.0)], seed=0, workers=1)
    return model, processor, pool, text_pool(TEXTS, 20, seed=0)


def stage(**changes):
    return Stage(**{**dict(name="s", lr={"adaptor": 1e-2}, steps=4, batch=6, mix=MIX, warmup=1), **changes})


def test_features_computed_beforehand_give_the_same_loss(small):
    model, processor, pool, _ = small
    samples, features = pool.take([0, 5, 13])
    rows = [page(s, processor) for s in samples]
    pictures = [im for s in samples for im in s.pictures(128)]
    images = model.image_embeddings(**processor.pixels(pictures))
    with torch.no_grad():
        assert torch.allclose(image_embeddings(model, features), images, atol=1e-5)
        assert torch.allclose(image_embeddings(model, features, siglip_trains=True), images, atol=1e-5)
        beforehand = summed_loss(model, dict(zip(("input_ids", "labels"), pad_right(rows, 0), strict=True)), features)
        ids, labels = (torch.tensor([r[i] + [p] * (60 - len(r[i])) for r in rows]) for i, p in ((0, 0), (1, -100)))
        whole = model(ids, **processor.pixels(pictures), labels=labels)
    assert torch.isclose(beforehand / (labels != -100).sum(), whole.loss, atol=1e-5)


@pytest.mark.parametrize("trained", [{"adaptor"}, {"adaptor", "necks", "decoder"}, {"siglip", "adaptor"}])
def test_frozen_parts_stay_bit_identical_and_trained_ones_move(small, trained, tmp_path):
    model, processor, pool, texts = small
    before = {k: v.clone() for k, v in model.state_dict().items()}
    run_stage(model, processor, stage(lr={part: 1e-2 for part in trained}), pool, texts, tmp_path, quiet=True)
    moved = {part_of(k) for k, v in model.state_dict().items() if not torch.equal(v, before[k])}
    assert moved == trained


def test_a_share_draws_from_its_source_and_difficulty_alone(small):
    _, processor, pool, _ = small
    easy = stage(mix=(Share("naming", 1, 0.0, 0.4),), batch=40)
    batches = Batches(easy, pool, [], processor, seed=0)
    allowed = {id(s) for s in pool.samples if s.source == "naming" and s.difficulty <= 0.4}
    (row,) = batches.mixture.rows
    assert {id(pool.samples[i]) for i in row.sources[0].records} == allowed and len(allowed) < 12
    with pytest.raises(ConfigError, match="no image of signs between difficulty 0.0 and 1.0"):
        Batches(stage(mix=(Share("signs", 1),)), pool, [], processor, seed=0)


def test_of_a_dialogue_the_answers_are_learnt_or_everything(small):
    _, processor, pool, _ = small
    config, found = processor.config, {}
    for learns in ("answers", "everything"):
        asked = stage(reads="dialogues", learns=learns, mix=(Share("naming", 1),))
        chunks = Batches(asked, pool, [], processor, seed=0)(0)
        pairs = ((c.batch["input_ids"].tolist(), c.batch["labels"].tolist()) for c in chunks)
        rows = [row for ids, labels in pairs for row in zip(ids, labels, strict=True)]
        found[learns] = [[token for token in labels if token >= 0] for _, labels in rows]
        for ids, labels in rows:
            assert all(label in (-100, token) for token, label in zip(ids, labels, strict=False))
            assert config.image_token_id not in labels and labels[0] == -100
    said, all_of_it = ([processor.decode(row) for row in found[learns]] for learns in ("answers", "everything"))
    assert all("User" not in text for text in said) and all("User" in text for text in all_of_it)
    assert all(b.endswith(a.split()[-1]) for a, b in zip(said, all_of_it, strict=True))


@pytest.mark.parametrize("reads", APART)
def test_questions_that_share_a_picture_have_the_losses_of_questions_asked_alone(small, reads):
    model, processor, pool, texts = small
    asked = stage(reads=reads, batch=8, lr={"decoder": 1e-2}, text_share=0.5, text_mix=TEXTS)
    batches, places = Batches(asked, pool, texts, processor, seed=0), range(len(pool.samples))
    seen = [chunk for step in range(4) for chunk in batches(step)]
    assert {chunk.features is None for chunk in seen} == {True, False}
    with torch.no_grad():
        for place in places:
            made, features = pool.samples[place], pool.take([place])[1]
            batch = dict(
                zip(("input_ids", "labels", "segments"), pad_right([questions(made, processor, reads)], 0), strict=True)
            )
            shared, apart, several = summed_loss(model, batch, features), 0.0, 0
            for turn in made.turns:
                if reads == "turns" or turn[0] != "Describe this image.":
                    row = dialogue(replace(made, turns=(turn,)), processor)
                    alone = dict(zip(("input_ids", "labels"), pad_right([row], 0), strict=True))
                    apart, several = apart + summed_loss(model, alone, features), several + 1
            assert torch.isclose(shared, apart, atol=1e-4) and several >= 1


def test_answers_may_weigh_by_the_root_of_their_length():
    labels = torch.tensor([[IGNORE, 5, 6, 7, 8, IGNORE, 9], [IGNORE, 5, IGNORE, IGNORE, IGNORE, 6, 7]])
    four, two = 4**-0.5, 2**-0.5  # what a token weighs in answers of so many
    expected = torch.tensor([[0, four, four, four, four, 0, 1], [0, 1, 0, 0, 0, two, two]])
    torch.testing.assert_close(root_weights(labels), expected)
    assert root_weights(torch.full((2, 3), IGNORE)).sum() == 0


def test_a_stage_that_weighs_answers_loses_the_mean_of_its_tokens_losses_so_weighted(small, tmp_path):
    model, processor, pool, texts = small
    weighing = stage(weighs="answers", reads="turns", lr={"decoder": 1e-2}, steps=1, warmup=0)
    chunks = Batches(weighing, pool, texts, processor, seed=0)(0)
    lost = counted = 0.0
    with torch.no_grad():
        for chunk in chunks:
            batch, labels = chunk.batch, chunk.batch["labels"]
            embeddings = model.embed(batch["input_ids"], image_embeddings(model, chunk.features))
            logits = model.decoder.head(model.decoder(embeddings, segments=batch["segments"]))
            for row, place in (labels != IGNORE).nonzero().tolist():
                run = [labels[row, i] == IGNORE for i in range(labels.shape[1])] + [True]
                first = max(i for i in range(place) if run[i]) + 1
                tokens = next(i for i in range(place, len(run)) if run[i]) - first
                loss = torch.nn.functional.cross_entropy(logits[row, place - 1], labels[row, place])
                lost, counted = lost + loss.item() * tokens**-0.5, counted + tokens**-0.5
    (line,) = run_stage(model, processor, weighing, pool, texts, tmp_path, seed=0, quiet=True)
    assert line["loss"] == pytest.approx(lost / counted, abs=1e-4)
    with pytest.raises(ConfigError, match="weighs of s must be tokens or answers, got 'words'"):
        stage(weighs="words")


def test_kept_tokens_give_the_loss_of_kept_features(small, tmp_path):
    model, processor, _, texts = small
    rows = [("naming", 12, 0.0, 1.0), ("digits", 12, 0.0, 1.0)]
    pool, tokens = (make_pool(model, processor, rows, seed=0, workers=1, tokens=only) for only in (False, True))
    assert {name for name, kept in vars(tokens.features).items() if kept is not None} == {"tokens"}
    start, found = {k: v.clone() for k, v in model.state_dict().items()}, []
    for name, one in (("features", pool), ("tokens", tokens)):
        model.load_state_dict(start)
        lines = run_stage(model, processor, stage(lr={"decoder": 1e-2}), one, texts, tmp_path / name, quiet=True)
        found.append([line["loss"] for line in lines])
    assert found[0] == pytest.approx(found[1], abs=2e-5)


def test_packed_rows_give_the_losses_of_rows_apart(small, tmp_path):
    model, processor, pool, texts = small
    start, found = {k: v.clone() for k, v in model.state_dict().items()}, []
    for packing in (False, True):
        model.load_state_dict(start)
        packed = stage(
            lr={"adaptor": 1e-2, "decoder": 1e-2}, text_share=0.5, text_mix=TEXTS, packing=packing, length=160, batch=9
        )
        batches = Batches(packed, pool, texts, processor, seed=0)
        widths = {chunk.batch["input_ids"].shape[1] for step in range(4) for chunk in batches(step)}
        assert (widths == {160}) == packing
        lines = run_stage(model, processor, packed, pool, texts, tmp_path / str(packing), quiet=True)
        found.append([(line["loss"], line["tokens"]) for line in lines])
    for (a, tokens), (b, others) in zip(*found, strict=True):
        assert a == pytest.approx(b, abs=2e-5) and tokens == others


@pytest.mark.parametrize("grouped", [True, False])
def test_text_holds_its_share_and_falls_to_it_along_the_ramp(small, grouped):
    _, processor, pool, texts = small
    plan = stage(lr={"decoder": 1e-2}, text_share=0.4, text_mix=TEXTS, ramp=20, steps=60, batch=10, grouped=grouped)
    batches = Batches(plan, pool, texts, processor, seed=0)
    share = []
    for step in range(60):
        rows = [row.text for row, *_ in batches.mixture.plan(step)]
        share.append(sum(rows) / len(rows))
        assert not grouped or share[-1] in (0.0, 1.0)
    assert share[0] == 1.0 and sum(share[:10]) > sum(share[10:20]) > sum(share[20:30])
    assert sum(share[20:]) / 40 == pytest.approx(0.4, abs=0.02)


def test_metrics_and_a_checkpoint_are_left_behind(small, tmp_path):
    model, processor, pool, texts = small
    both = stage(name="one", lr={"adaptor": 1e-2, "decoder": 1e-2}, text_share=0.5, text_mix=TEXTS, steps=8)
    lines = run_stage(model, processor, both, pool, texts, tmp_path, quiet=True)
    written = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert written == lines and [line["step"] for line in lines] == list(range(8))
    assert {line["text"] for line in lines} == {True, False}
    again, _ = dsvl_min.load(tmp_path / "one")
    for name, tensor in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor)


def test_the_same_seed_gives_the_same_losses(small, tmp_path):
    model, processor, pool, texts = small
    start = {k: v.clone() for k, v in model.state_dict().items()}
    runs = []
    for seed in (1, 1, 2):
        model.load_state_dict(start)
        lines = run_stage(model, processor, stage(), pool, texts, tmp_path / str(len(runs)), seed=seed, quiet=True)
        runs.append([line["loss"] for line in lines])
    assert runs[0] == runs[1] != runs[2]


def test_a_stage_learns_what_it_is_shown(small, tmp_path):
    model, processor, pool, texts = small
    lines = run_stage(
        model, processor, stage(lr={"adaptor": 1e-2, "decoder": 1e-2}, steps=40), pool, texts, tmp_path, quiet=True
    )
    losses = [line["loss"] for line in lines]
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


def test_muon_steps_move_every_direction_alike():
    matrix = torch.randn(24, 8) @ torch.diag(torch.logspace(0, -3, 8))
    values = torch.linalg.svdvals(orthogonalise(matrix))
    assert values.min() > 0.3 and values.max() < 1.5


def test_muon_takes_its_decay_of_every_matrix_whatever_the_gradient():
    matrix = torch.nn.Parameter(torch.randn(6, 4))
    matrix.grad = torch.zeros(6, 4)
    before = matrix.detach().clone()
    Muon([{"params": [matrix], "lr": 0.5, "weight_decay": 0.1}]).step()
    assert torch.allclose(matrix, 0.95 * before)


def test_a_stage_hands_its_decay_to_the_parts_it_names(small, tmp_path):
    model, processor, pool, texts = small
    kept = model.state_dict()["adaptor.out.weight"].clone()
    ends = []
    for decay in ({}, {"adaptor": 10.0}):
        model.adaptor.out.weight.data.copy_(kept)
        same = stage(lr={"adaptor": 1e-2}, steps=4, muon={"adaptor": 1e-2}, muon_decay=decay)
        run_stage(model, processor, same, pool, texts, tmp_path, quiet=True)
        ends.append(model.adaptor.out.weight.norm().item())
    assert ends[1] < 0.9 * ends[0]


def test_muon_takes_the_blocks_matrices_and_adamw_the_rest(small):
    model = small[0]
    inner, rest = groups_of(model.decoder.named_parameters(), 1.0, 2.0)
    assert len(inner["params"]) == 4 and all(p.dim() == 2 for p in inner["params"])
    assert len(inner["params"]) + len(rest["params"]) == len(list(model.decoder.parameters()))
    assert any(p is model.decoder.embed.weight for p in rest["params"])


def test_the_mask_loss_falls_as_the_mask_fits():
    target = torch.zeros(1, 1, 8, 8, dtype=torch.bool)
    target[..., 2:5, 2:5] = True
    sign = target.float()[:, :, None] * 2 - 1
    (right, iou_right), (wrong, iou_wrong) = mask_loss(8 * sign, target), mask_loss(-8 * sign, target)
    assert right.item() < 0.05 < 1 < wrong.item()
    assert iou_right.item() == 1 and iou_wrong.item() == 0


def test_a_prompt_lies_on_what_it_asks_for():
    from dsvl_min.data.sources import sample_scene
    from dsvl_min.data.world import regions

    rng = np.random.default_rng(0)
    for source in ("relations", "documents", "several-digits"):
        region, parts = regions(sample_scene(0, 1, source), 128)
        points, masks = prompts_for(region, parts, 8, rng, 2)
        assert points.shape == (8, 1, 2) and masks.shape == (8, 64, 64)
        for (x, y), mask in zip(points[:, 0].astype(int), masks, strict=True):
            assert region[y, x] > 0
            assert mask[max(0, y // 2 - 1) : y // 2 + 2, max(0, x // 2 - 1) : x // 2 + 2].any()


def test_a_prompt_asks_for_a_part_its_kind_its_line_or_all_text():
    from dsvl_min.data.sources import sample_scene
    from dsvl_min.data.world import regions
    from dsvl_min.training.stage0 import asked_for

    _, parts = regions(sample_scene(0, 1, "documents"), 128)
    first = parts[0]
    same = [n for n, part in enumerate(parts, 1) if part["name"] == first["name"]]
    line = [n for n, part in enumerate(parts, 1) if part["group"] == first["group"]]
    assert asked_for(parts, first, "part") == [1] and asked_for(parts, first, "kind") == same
    assert asked_for(parts, first, "line") == line and 1 < len(line) < len(parts)
    assert asked_for(parts, first, "text") == list(range(1, len(parts) + 1))
    kinds = [stage0.kind_of({"kind": "thing", "name": f"{color} star"}) for color in ("red", "blue")]
    assert kinds[0] == kinds[1] != stage0.kind_of({"kind": "thing", "name": "red ring"})


def test_a_box_lies_around_what_it_asks_for_and_never_asks_for_a_kind():
    from dsvl_min.data.sources import sample_scene
    from dsvl_min.data.world import regions

    region, parts = regions(sample_scene(0, 1, "documents"), 128)
    rng = np.random.default_rng(0)
    boxes, masks = prompts_for(region, parts, 40, rng, 1, box=True)
    assert boxes.shape == (40, 4)
    for (left, top, right, bottom), mask in zip(boxes, masks, strict=True):
        rows, columns = np.nonzero(mask)
        off = 0.1 * max(np.ptp(rows), np.ptp(columns)) + 1
        assert abs(left - columns.min()) < off and abs(top - rows.min()) < off
        assert abs(right - columns.max()) < off and abs(bottom - rows.max()) < off
    sizes = {int(mask.sum()) for mask in masks}
    kinds = {"letter": {"kind": 1e9, "text": 1.0}}
    _, masks = prompts_for(region, parts, 5, rng, 1, kinds, box=True)
    assert {int(mask.sum()) for mask in masks} == {max(sizes)}


def in_seconds(monkeypatch, steps=2, size="tiny"):
    """Recipes that take seconds: every step and image that is not needed left out."""
    parts = {
        "siglip": stage0.SiglipRecipe(steps=steps, batch=4, images=40),
        "sam": stage0.SamRecipe(steps=steps, batch=2, images=40),
        "decoder": stage0.LanguageRecipe(steps=steps, batch=4, samples=40),
    }
    monkeypatch.setitem(stage0.RECIPES, size, parts)
    recipe = STAGES[size]
    short = tuple(replace(s, steps=steps, batch=4, warmup=1) for s in recipe.stages)
    images = tuple((source, 4, low, high) for source, _, low, high in recipe.images)
    practice = tuple(replace(s, steps=steps, batch=4, warmup=1) for s in recipe.practice)
    practised = tuple((source, 4, low, high) for source, _, low, high in recipe.practised)
    made = Recipe(short, images, recipe.texts, 20, practice, practised)
    monkeypatch.setitem(STAGES, size, made)


@pytest.mark.parametrize("vision", ["hybrid", "siglip", "sam"])
def test_every_vision_trains_from_nothing_to_a_model_that_opens(vision, tmp_path, monkeypatch):
    in_seconds(monkeypatch)
    model, _, record = train("tiny", vision, (0, 1, 2, 3), tmp_path, quiet=True)
    again, processor = dsvl_min.load(tmp_path)
    assert all(torch.equal(again.state_dict()[k], v) for k, v in model.state_dict().items())
    assert again.config.vision == vision and isinstance(ask_blank(again, processor), str)
    assert set(record["minutes"]) == {"stage0", "images", "stage1", "stage2", "stage3", "total"}
    assert set(record["curves"]) == {"stage1", "stage2", "stage3"} and record["command"].endswith(f"--vision {vision}")
    parts = {p.stem for p in (tmp_path / "parts").glob("*.safetensors")}
    assert parts == {"decoder"} | ({"siglip", "sam"} if vision == "hybrid" else {vision})
    for part in record["curves"]["stage3"].values():
        assert all(np.isfinite(point["loss"]) for point in part)


def test_parts_made_at_once_are_those_made_one_after_another(tmp_path, monkeypatch):
    in_seconds(monkeypatch)
    config = ModelConfig.preset("tiny")
    one, other = (make_parts(config, tmp_path / str(at_once), 0, True, at_once=at_once) for at_once in (False, True))
    assert one["marks"] == other["marks"] and one["curves"].keys() == other["curves"].keys()
    for name in ("siglip", "sam", "decoder"):
        a, b = (dict(tensors_of(tmp_path / folder / f"{name}.safetensors")) for folder in ("False", "True"))
        assert all(torch.allclose(a[k], b[k], atol=1e-3) for k in a), name


def test_siglip_goes_on_from_the_one_it_is_given(small, tmp_path):
    config, tokenizer = small[0].config, small[1].tokenizer
    given = initialise(Siglip(config.siglip, stage0.text_tower(config)), 7)
    before = {k: v.clone() for k, v in given.state_dict().items()}
    still = stage0.SiglipRecipe(steps=60, batch=4, images=40, lr=0.0, muon_lr=0.0)
    made, _ = stage0.pretrain_siglip(config, tokenizer, tmp_path, still, quiet=True, start=given)
    assert all(torch.equal(made.state_dict()[k], v) for k, v in before.items())
    fresh, _ = stage0.pretrain_siglip(config, tokenizer, tmp_path, still, quiet=True)
    assert not torch.equal(fresh.vision.patches.weight, before["vision.patches.weight"])


def test_mini_trains_from_nothing_too(tmp_path, monkeypatch):
    in_seconds(monkeypatch, size="mini")
    seen = []
    _, _, record = train(
        "mini", stages=(0, 1, 2, 3, 4, 5, 6), out=tmp_path, quiet=True, watch=lambda stage, step, *_: seen.append(stage)
    )
    practised = ["pairs", "counts", "mixed"]
    assert {"stage3", "practice images", *practised} <= set(record["minutes"]) and record["practised"] == 40
    assert [stage.name for stage in seen[::2]] == ["stage1", "stage2", "stage3", *practised]
    again, processor = dsvl_min.load(tmp_path)
    assert again.config.name == "mini" and isinstance(ask_blank(again, processor), str)


def without_clock(folder):
    """The lines of metrics.jsonl, but for the seconds they took."""
    lines = map(json.loads, (folder / "metrics.jsonl").read_text().splitlines())
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


@pytest.mark.parametrize("after", [2, 7, 11, 17, 22, 27])
def test_a_run_cut_off_anywhere_goes_on_and_ends_bit_for_bit_the_same(after, tmp_path, monkeypatch):
    in_seconds(monkeypatch, steps=5)
    whole, _, _ = train("tiny", stages=(1, 2, 3, 4, 5, 6), out=tmp_path / "whole", quiet=True, every=2)
    steps, real = 0, trainer.Batches.__call__

    def dies(batches, step):
        nonlocal steps
        steps += 1
        if steps > after:
            raise MemoryError
        return real(batches, step)

    monkeypatch.setattr(trainer.Batches, "__call__", dies)
    with pytest.raises(MemoryError):
        train("tiny", stages=(1, 2, 3, 4, 5, 6), out=tmp_path / "cut", quiet=True, every=2)
    monkeypatch.setattr(trainer.Batches, "__call__", real)
    resumed, _, record = train("tiny", stages=(1, 2, 3, 4, 5, 6), out=tmp_path / "cut", quiet=True, every=2)
    assert all(torch.equal(resumed.state_dict()[k], v) for k, v in whole.state_dict().items())
    assert without_clock(tmp_path / "cut") == without_clock(tmp_path / "whole")
    assert set(record["curves"]) == {"stage1", "stage2", "stage3", "pairs", "counts", "mixed"}
    assert not (tmp_path / "cut" / "unfinished").exists()


def test_stage_0_goes_on_too(tmp_path, monkeypatch):
    in_seconds(monkeypatch, steps=5)
    train("tiny", stages=(0,), out=tmp_path / "whole", quiet=True, every=2)
    real = stage0.mask_loss
    monkeypatch.setattr(stage0, "mask_loss", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train("tiny", stages=(0,), out=tmp_path / "cut", quiet=True, every=2)
    monkeypatch.setattr(stage0, "mask_loss", real)
    before = (tmp_path / "cut" / "parts" / "siglip.safetensors").stat().st_mtime_ns
    train("tiny", stages=(0,), out=tmp_path / "cut", quiet=True, every=2)
    siglip = tmp_path / "cut" / "parts" / "siglip.safetensors"
    assert siglip.stat().st_mtime_ns == before
    for name in ("siglip", "sam", "decoder"):
        whole, cut = ((tmp_path / run / "parts" / f"{name}.safetensors").read_bytes() for run in ("whole", "cut"))
        assert whole == cut
    train("tiny", stages=(0,), out=tmp_path / "cut", quiet=True, resume=False)
    assert siglip.stat().st_mtime_ns > before  # begun anew, parts too


def test_numbers_too_small_to_compute_with_quickly_count_as_zero_while_training_and_only_then(tmp_path, monkeypatch):
    in_seconds(monkeypatch)
    small, seen = torch.tensor([1e-39]), []
    train("tiny", out=tmp_path, quiet=True, watch=lambda *_: seen.append((small * 0.5).item()))
    assert seen and not any(seen) and (small * 0.5).item() > 0


def test_a_finished_run_is_opened_and_only_begun_anew_when_asked(tmp_path, monkeypatch):
    in_seconds(monkeypatch)
    train("tiny", out=tmp_path, quiet=True)
    monkeypatch.setattr(run, "run_stage", lambda *_, **__: 1 / 0)
    model, _, record = train("tiny", out=tmp_path, quiet=True)
    assert record["curves"] and not model.training
    with pytest.raises(ZeroDivisionError):
        train("tiny", out=tmp_path, quiet=True, resume=False)


@pytest.mark.parametrize(
    "changes,named",
    [
        ({"seed": 1}, "--seed 0.*--seed 1"),
        ({"changes": {"stage2.text_share": 0.5}}, "--set stage2.text_share=0.5"),
    ],
)
def test_another_run_is_not_continued_and_what_differs_is_named(changes, named, tmp_path, monkeypatch):
    in_seconds(monkeypatch)
    train("tiny", out=tmp_path, quiet=True)
    with pytest.raises(ConfigError, match=named):
        train("tiny", out=tmp_path, quiet=True, **changes)
    recipe = STAGES["tiny"]
    monkeypatch.setitem(STAGES, "tiny", replace(recipe, text_count=21))
    with pytest.raises(ConfigError, match="recipe was"):
        train("tiny", out=tmp_path, quiet=True)


@pytest.mark.parametrize(
    "changes,named",
    [
        ({"stage4.steps": 3}, "no stage 'stage4'"),
        ({"stage2.depth": 3}, "no field 'depth'"),
        ({"stage2.name": "x"}, "no field 'name'"),
        ({"stage2.steps": "many"}, "a whole number, got 'many'"),
        ({"stage2.grouped": "perhaps"}, "true or false"),
        ({"stage2.text_share": "2"}, "0..1"),
        ({"stage1.warmup": 4000}, "shorter than"),
        ({"stage2.lr.eyes": 1}, "no part 'eyes'"),
        ({"stage2.lr.lora": 1}, "no part 'lora'"),
        ({"stage2.lr.decoder": "fast"}, "must be a number"),
        ({"stage2.lr": 1}, "no field 'lr'"),
        ({"stage2.steps.decoder": 1}, "no field 'steps.decoder'"),
        ({"stage1.lr.adaptor": 0, "stage1.lr.necks": 0}, "every part is frozen"),
    ],
)
def test_a_stage_can_not_be_set_to_what_it_cannot_be(changes, named):
    with pytest.raises(ConfigError, match=named):
        run.changed(STAGES["tiny"], changes)


def test_fields_of_stages_are_set_from_words_and_from_numbers():
    words = {"stage2.text_share": "0.7", "stage2.ramp": "30", "stage3.grouped": "false", "stage1.schedule": "step"}
    recipe = run.changed(STAGES["tiny"], words)
    assert recipe == run.changed(
        STAGES["tiny"],
        {"stage2.text_share": 0.7, "stage2.ramp": 30, "stage3.grouped": False, "stage1.schedule": "step"},
    )
    assert recipe.stages[1].ramp == 30 and recipe.stages[2].grouped is False
    slow = run.changed(STAGES["tiny"], {"stage2.lr.decoder": "1e-4", "stage2.muon.decoder": 0, "stage2.steps": 99})
    assert run.changed(STAGES["tiny"], {"stage2.muon_decay.necks": "0"}).stages[1].muon_decay["necks"] == 0.0
    before = STAGES["tiny"].stages[1]
    assert slow.stages[1].lr == {**before.lr, "decoder": 1e-4} and slow.stages[1].muon["decoder"] == 0.0
    assert slow.stages[1].steps == 99 and before.lr["decoder"] != 1e-4


def ask_blank(model, processor):
    talk = [{"role": "User", "content": "<image_placeholder>\nWhat?", "images": [Image.new("RGB", (50, 40))]}]
    return processor.decode(model.generate(**processor(talk), max_new_tokens=3)[0])


@pytest.mark.parametrize(
    "arguments,named",
    [
        ({"size": "giant"}, "no size 'giant'"),
        ({"size": "7b"}, "stages of 7b are the paper's"),
        ({"stages": (7,)}, "stages must be some of 0, 1, 2, 3, 4, 5, 6; got 7"),
        ({"size": "7b", "stages": (4,)}, "stages must be some of 0, 1, 2, 3; got 4"),
        ({"stages": (1, 2, 4)}, "practice goes on from what stage 3 made"),
        ({"stages": ()}, "stages must be some of"),
        ({"times": 0}, "times must be"),
        ({"every": 0}, "every must be"),
    ],
)
def test_an_impossible_run_is_refused_before_anything_is_made(arguments, named, tmp_path):
    with pytest.raises(ConfigError, match=named):
        train(**arguments, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


KILLED = """
import sys
from pathlib import Path
from test_trainer import in_seconds
import pytest
from dsvl_min.training.run import train
with pytest.MonkeyPatch.context() as patch:
    in_seconds(patch, steps=16)
    train("tiny", out=Path(sys.argv[1]), quiet=True, every=3)
"""


def test_a_process_killed_in_the_middle_leaves_what_the_same_command_goes_on_with(tmp_path):
    command = [sys.executable, "-c", KILLED, str(tmp_path / "cut")]
    metrics = tmp_path / "cut" / "metrics.jsonl"
    child = subprocess.Popen(command, cwd=Path(__file__).parent, stderr=subprocess.DEVNULL)
    while child.poll() is None and (not metrics.exists() or metrics.read_text().count("\n") < 22):
        time.sleep(0.01)
    child.kill()
    assert child.wait() == -signal.SIGKILL
    assert not (tmp_path / "cut" / "stage2" / "config.json").exists()  # it died in stage 2
    done = subprocess.run(command, cwd=Path(__file__).parent, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0 and "stage2 goes on after step" in done.stderr
    command[-1] = str(tmp_path / "whole")
    subprocess.run(command, cwd=Path(__file__).parent, check=True, stderr=subprocess.DEVNULL)
    assert without_clock(tmp_path / "cut") == without_clock(tmp_path / "whole")
    whole, cut = ((tmp_path / run / "model.safetensors").read_bytes() for run in ("whole", "cut"))
    assert whole == cut

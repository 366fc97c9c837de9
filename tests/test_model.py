import pytest
import torch
from reference import shake, their_model, worst

from dsvl_min.config import ModelConfig
from dsvl_min.model import DeepSeekVL, next_token_loss, pick

P = 36  # image tokens of the tiny model


def inputs(config, rows):
    """Rows are lists of token ids, with "image" for an image's placeholders; padded on the left."""
    flat = [[t for item in row for t in ([config.image_token_id] * P if item == "image" else [item])] for row in rows]
    T, N = max(map(len, flat)), sum(item == "image" for row in rows for item in row)
    batch = {
        "input_ids": torch.tensor([[config.pad_token_id] * (T - len(r)) + r for r in flat]),
        "attention_mask": torch.tensor([[0] * (T - len(r)) + [1] * len(r) for r in flat]),
    }
    if N and config.siglip:
        batch["pixel_values"] = torch.randn(N, 3, 48, 48)
    if N and config.sam:
        batch["high_res_pixel_values"] = torch.randn(N, 3, 128, 128)
    return batch


CASES = {
    "text only": [[5, 6, 7, 8, 9, 10]],
    "one image": [[5, "image", 7, 8]],
    "several images": [[5, "image", "image", 7, "image", 8]],
    "left-padded batch": [[5, 6, "image", 7, 8, "image", 9], [4, "image", 5], [4, 5, 6]],
}


@pytest.fixture(scope="module", params=["hybrid", "siglip"])
def pair(request):
    ours = shake(DeepSeekVL(ModelConfig.preset("tiny", request.param)))
    return ours, their_model(ours)


@pytest.mark.parametrize("case", CASES)
def test_logits_of_the_whole_model_equal_transformers(pair, case):
    ours, theirs = pair
    batch = inputs(ours.config, CASES[case])
    real = batch["attention_mask"].bool()
    with torch.no_grad():
        assert worst(ours(**batch).logits[real], theirs(**batch).logits[real]) < 1e-5


@pytest.mark.parametrize("case", CASES)
def test_greedy_text_equals_transformers_token_for_token(pair, case):
    ours, theirs = pair
    batch = inputs(ours.config, CASES[case])
    reference = theirs.generate(**batch, max_new_tokens=24, do_sample=False)[:, batch["input_ids"].shape[1] :]
    assert ours.generate(**batch, max_new_tokens=24).tolist() == reference.tolist()


def test_cached_generation_equals_running_everything_again(pair):
    model, _ = pair
    batch = inputs(model.config, CASES["left-padded batch"])
    new = model.generate(**batch, max_new_tokens=6)
    ids, mask = batch["input_ids"], batch["attention_mask"]
    images = model.image_embeddings(batch.get("pixel_values"), batch.get("high_res_pixel_values"))
    for step in range(6):
        with torch.no_grad():
            # generated tokens are looked up in the table, never taken for images
            known = torch.cat([model.embed(ids, images), model.decoder.embed(new[:, :step])], dim=1)
            hidden = model.decoder(known, torch.cat([mask, mask.new_ones(len(mask), step)], dim=1))
            assert torch.equal(model.decoder.head(hidden[:, -1]).argmax(dim=-1), new[:, step])


def test_loss_is_the_mean_over_supervised_tokens(pair):
    model, _ = pair
    batch = inputs(model.config, CASES["one image"])
    labels = torch.full_like(batch["input_ids"], -100)
    labels[0, -1] = batch["input_ids"][0, -1]
    with torch.no_grad():
        output = model(**batch, labels=labels)
    by_hand = -output.logits[0, -2].log_softmax(dim=-1)[batch["input_ids"][0, -1]]
    assert torch.isclose(output.loss, by_hand, atol=1e-5)


def test_the_loss_alone_is_the_loss_with_logits_and_so_are_its_gradients(pair):
    model, _ = pair
    batch = inputs(model.config, CASES["left-padded batch"])
    labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
    labels[0, :4] = -100
    found = []
    for loss in (model(**batch, labels=labels).loss, model.loss(labels=labels, **batch)):
        found.append((loss.item(), torch.autograd.grad(loss, model.adaptor.out.weight)[0]))
    assert found[0][0] == pytest.approx(found[1][0], abs=1e-5)
    assert torch.allclose(found[0][1], found[1][1], atol=1e-6)


def test_nothing_supervised_is_a_loss_of_zero_not_nan(pair):
    assert next_token_loss(torch.randn(1, 4, 9), torch.full((1, 4), -100)) == 0.0
    batch = inputs(pair[0].config, CASES["text only"])
    assert pair[0].loss(labels=torch.full_like(batch["input_ids"], -100), **batch) == 0.0


def test_placeholders_and_images_must_agree(pair):
    model, _ = pair
    batch = inputs(model.config, CASES["one image"])
    batch["input_ids"][0, 1] = 5
    with pytest.raises(ValueError, match="35 image placeholders.*36 tokens"):
        model(**batch)


def test_a_row_that_has_ended_is_filled_with_padding():
    model = shake(DeepSeekVL(ModelConfig.preset("tiny", "siglip")))
    eos, pad = model.config.eos_token_id, model.config.pad_token_id
    said = iter([[7, 7], [eos, 7], [8, 8], [8, eos], [9, 9]])

    def head(hidden):  # says what the list says, whatever it is given
        return torch.nn.functional.one_hot(torch.tensor(next(said)), 2048).float()

    model.decoder.head.forward = head
    out = model.generate(torch.tensor([[5, 6], [5, 6]]), max_new_tokens=5)
    assert out.tolist() == [[7, eos, pad, pad], [7, 7, 8, eos]]


def test_generation_stops_at_the_last_position():
    model = shake(DeepSeekVL(ModelConfig.preset("tiny", "siglip")))
    out = model.generate(torch.full((1, 510), 7), max_new_tokens=64)
    assert out.shape[1] <= 2
    with pytest.raises(ValueError, match="no room"):
        model.generate(torch.full((1, 512), 7))


def test_a_top_p_that_leaves_nothing_is_refused(tiny):
    with pytest.raises(ValueError, match="top_p must be above 0"):
        tiny[0].generate(torch.tensor([[5]]), temperature=1.0, top_p=0.0)


def test_top_p_draws_only_from_the_likeliest():
    logits = torch.tensor([[4.0, 3.9, -9.0, -9.0]]).expand(200, -1)
    drawn = pick(logits, temperature=1.0, top_p=0.9, generator=torch.Generator().manual_seed(0))
    assert set(drawn.tolist()) == {0, 1}
    assert set(pick(logits, temperature=1.0, top_p=0.3).tolist()) == {0}
    assert set(pick(logits).tolist()) == {0}


def test_the_streamer_hears_every_token(pair):
    model, _ = pair
    heard = []
    out = model.generate(**inputs(model.config, CASES["one image"]), max_new_tokens=5, streamer=heard.append)
    assert torch.stack(heard, dim=1).tolist() == out.tolist()


def test_sam_alone_runs_and_needs_only_its_own_pixels():
    model = shake(DeepSeekVL(ModelConfig.preset("tiny", "sam")))
    batch = inputs(model.config, CASES["one image"])
    assert "pixel_values" not in batch
    with torch.no_grad():
        assert model(**batch).logits.shape == (1, 39, 2048)

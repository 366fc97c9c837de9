"""The calls a reader finds on the first page, word for word."""

import torch
from PIL import Image

import dsvl_min
from dsvl_min.data.world import Scene, Thing, render


def test_a_random_model_of_each_vision_takes_a_batch():
    for vision in ("siglip", "sam", "hybrid"):
        config = dsvl_min.ModelConfig.preset("tiny", vision=vision)
        model = dsvl_min.DeepSeekVL(config)
        _, processor = dsvl_min.load("tiny")
        processor = dsvl_min.Processor(processor.tokenizer, config)
        batch = processor(
            [{"role": "User", "content": "<image_placeholder>\nHi", "images": [Image.new("RGB", (60, 40))]}]
        )
        assert model(**batch).logits.shape == (*batch["input_ids"].shape, config.decoder.vocab_size)


def test_the_seeds_own_conversation(tmp_path):
    photo = tmp_path / "photo.jpg"
    render(Scene("grey", (Thing("heart", "red", 0.5, 0.5, 0.68),)), 300).save(photo, quality=95)
    model, processor = dsvl_min.load("tiny")
    conversation = [
        {"role": "User", "content": "<image_placeholder>\nDescribe this image.", "images": [str(photo)]},
        {"role": "Assistant", "content": ""},
    ]
    batch = processor(conversation, return_tensors="pt")
    output = model(**batch)
    assert output.logits.shape == (1, batch["input_ids"].shape[1], 2048)
    ids = model.generate(**batch, max_new_tokens=64)
    assert processor.decode(ids[0]) == "A red heart."
    conversation[0]["images"] = [photo.read_bytes()]
    assert torch.equal(processor([conversation, conversation])["input_ids"][1], batch["input_ids"][0])


def test_the_parts_can_be_imported_from_the_top():
    for name in ("SiglipEncoder", "SamEncoder", "HybridVisionEncoder", "VisionLanguageAdaptor", "Decoder"):
        assert isinstance(getattr(dsvl_min, name), type)


def test_the_shipped_model_looks():
    """Sixty samples of each task: far enough from every control that sixty suffice."""
    from dsvl_min.evaluation.tasks import TASKS, evaluate, margins

    model, processor = dsvl_min.load("tiny")
    tasks = tuple(t for t in TASKS if t.name in ("naming", "grid documents", "handwritten digit"))
    gained = margins(evaluate(model, processor, seed=11, count=60, tasks=tasks, quiet=True))
    assert all(points >= 0.4 for points in gained.values()), gained

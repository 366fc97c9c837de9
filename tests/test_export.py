"""What transformers makes of an exported folder, with no code of ours."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from reference import shake, worst

import dsvl_min
from dsvl_min.config import ConfigError, ModelConfig
from dsvl_min.data.world import Scene, Thing, render
from dsvl_min.export import card, chat_template, export_hf
from dsvl_min.model import DeepSeekVL
from dsvl_min.processor import Processor

transformers = pytest.importorskip("transformers")
HEART = render(Scene("sky", (Thing("heart", "red", 0.5, 0.5, 0.65),)), 200).crop((0, 20, 200, 171))
QUESTION = "What is in the image?"


def like(size, tokenizer):
    """The released architecture of a size with its own proportions, at a thirty-second of the width."""
    config, tiny = ModelConfig.preset(size), ModelConfig.preset("tiny")
    tokens = {k: getattr(tiny, k) for k in ("image_token_id", "bos_token_id", "eos_token_id", "pad_token_id")}
    decoder = replace(config.decoder, vocab_size=2048, width=128, layers=3, heads=4, kv_heads=4, mlp_width=352)
    siglip = replace(config.siglip, width=64, layers=3, heads=4, mlp_width=256)
    sam = config.sam and replace(
        config.sam, width=48, layers=4, heads=4, mlp_width=192, global_layers=(2, 3), neck_width=16
    )
    small = ModelConfig(decoder=decoder, siglip=siglip, sam=sam, name=f"{size} made small", **tokens)
    return shake(DeepSeekVL(small)), Processor(tokenizer, small)


@pytest.fixture(scope="module", params=["tiny", "1.3b", "7b"])
def exported(request, tiny, tmp_path_factory):
    """(our model, our processor, folder, their model, their processor)."""
    folder = tmp_path_factory.mktemp("exported")
    model, processor = tiny if request.param == "tiny" else like(request.param, tiny[1].tokenizer)
    export_hf(model, processor, folder)
    theirs = transformers.AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    return model, processor, folder, theirs, transformers.AutoProcessor.from_pretrained(folder)


def ours_and_theirs(processor, theirs, picture=HEART, question=QUESTION):
    said = [{"role": "User", "content": f"<image_placeholder>\n{question}", "images": [picture]}]
    content = [{"type": "image", "image": picture}, {"type": "text", "text": question}]
    batch = theirs.apply_chat_template(
        [{"role": "user", "content": content}],
        add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt",
    )  # fmt: skip
    return processor(said, compatible="transformers"), batch


@torch.no_grad()
def test_transformers_sees_the_same_input_and_computes_the_same(exported):
    model, processor, _, theirs, their_processor = exported
    ours, batch = ours_and_theirs(processor, their_processor)
    assert torch.equal(ours["input_ids"], batch["input_ids"])
    assert all(torch.allclose(ours[k], batch[k], atol=1e-6) for k in ours if "pixel" in k)
    assert worst(model(**ours).logits, theirs(**batch).logits) < 1e-4


def test_it_says_the_same(exported):
    model, processor, _, theirs, their_processor = exported
    ours, batch = ours_and_theirs(processor, their_processor)
    theirs_new = theirs.generate(**batch, max_new_tokens=24)[0, batch["input_ids"].shape[1] :]
    ours_new = model.generate(**ours, max_new_tokens=24)[0]
    assert ours_new.tolist() == theirs_new.tolist()


def test_what_is_exported_opens_here_bit_for_bit_and_again(exported, tmp_path):
    model, _, folder, _, _ = exported
    opened, processor = dsvl_min.load(folder)
    state = model.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in opened.state_dict().items())
    export_hf(opened, processor, tmp_path)
    names = {path.name for path in folder.iterdir()}
    assert names == {path.name for path in tmp_path.iterdir()}
    different = [name for name in names if (folder / name).read_bytes() != (tmp_path / name).read_bytes()]
    assert not [name for name in different if name != "README.md"]  # which tells the size's name


def test_special_tokens_tie_and_dtype_are_written_out(exported):
    model, processor, folder, theirs, their_processor = exported
    config = json.loads((folder / "config.json").read_text())
    generation = json.loads((folder / "generation_config.json").read_text())
    tokens = {"bos_token_id": 2045, "eos_token_id": 2046, "pad_token_id": 2046}
    assert tokens.items() <= generation.items() and tokens.items() <= config["text_config"].items()
    assert config["tie_word_embeddings"] is False and config["text_config"]["tie_word_embeddings"] is False
    assert config["image_token_id"] == their_processor.image_token_id == 2047
    kept = their_processor.tokenizer
    assert (kept.bos_token_id, kept.eos_token_id, kept.pad_token_id) == (2045, 2046, 2046)
    assert not torch.equal(theirs.lm_head.weight, theirs.model.language_model.embed_tokens.weight)
    assert "trust_remote_code" not in str(config) and not list(folder.glob("*.py"))


def test_the_pipeline_opens_it(tiny, tmp_path):
    export_hf(*tiny, tmp_path)
    ask = transformers.pipeline("image-text-to-text", str(tmp_path))
    content = [{"type": "image", "image": HEART}, {"type": "text", "text": QUESTION}]
    said = ask(text=[{"role": "user", "content": content}], return_full_text=False)
    assert said[0]["generated_text"].strip() == "a red heart"


@pytest.mark.parametrize("turns", [1, 3])
def test_the_template_writes_our_prompt(tiny, tmp_path, turns):
    processor = tiny[1]
    export_hf(*tiny, tmp_path)
    theirs = transformers.AutoProcessor.from_pretrained(tmp_path)
    talk = [("User", "What is it?"), ("Assistant", "a red cat"), ("User", "  Sure? ")][:turns]
    ours = processor.prompt([{"role": role, "content": said} for role, said in talk])
    messages = [{"role": role.lower(), "content": [{"type": "text", "text": said}]} for role, said in talk]
    plain = [{"role": role.lower(), "content": said} for role, said in talk]
    for given in (messages, plain):
        assert theirs.apply_chat_template(given, add_generation_prompt=True) == ours
    other = [{"role": "system", "content": "Be brief."}, *plain]
    assert theirs.apply_chat_template(other, add_generation_prompt=True).startswith("Be brief.\n\nUser: What")


def test_released_sizes_put_nothing_after_an_image(tiny):
    model, processor = tiny
    assert r'after_image = "\n"' in chat_template(processor)
    config = replace(processor.config, name="7b")
    assert 'after_image = ""' in chat_template(Processor(processor.tokenizer, config))


def test_the_card_says_what_it_is(tiny):
    text = card(tiny[0].config, torch.float16)
    assert text.startswith("---\nlibrary_name: transformers\npipeline_tag: image-text-to-text")
    assert (
        "license: mit" in text
        and "36 image tokens" in text
        and f"{sum(p.numel() for p in tiny[0].parameters()):,}" in text
    )
    assert "license" not in card(ModelConfig.preset("7b")) and "7,331,390,721" in card(ModelConfig.preset("7b"))


def test_sam_alone_is_refused_before_anything_is_written(tiny, tmp_path):
    config = ModelConfig.preset("tiny", "sam")
    model = DeepSeekVL(config)
    with pytest.raises(ConfigError, match="SAM alone"):
        export_hf(model, Processor(tiny[1].tokenizer, config), tmp_path / "out")
    assert not (tmp_path / "out").exists()


# the two ways of making pixels

ODD = [
    (384, 384),
    (1000, 667),
    (667, 1000),
    (333, 71),
    (3000, 10),
    (9, 2000),
    (1, 1),
    (2, 3),
    (1023, 1025),
    (2600, 1700),
]


def noise(width, height):
    draw = np.random.default_rng(width * height)
    return Image.fromarray(draw.integers(0, 256, (height, width, 3), dtype=np.uint8))


def released(image, size, mean):
    """The released pixels, step by step as the fact sheet lists them (B.1): [size, size, 3] of whole grey levels."""
    width, height = image.size
    longest = max(width, height)
    new = [max(int(height / longest * size), 14), max(int(width / longest * size), 14)]
    small = np.asarray(image.resize((new[1], new[0]), Image.Resampling.BICUBIC))
    out = np.empty((size, size, 3), np.uint8)
    out[:] = [int(m * 255) for m in mean]
    top, left = (size - new[0]) // 2, (size - new[1]) // 2
    out[top : top + new[0], left : left + new[1]] = small
    return out


@pytest.mark.parametrize("size", ["1.3b", "7b"])
@pytest.mark.parametrize("sides", ODD)
def test_the_released_pixels_pixel_for_pixel(tiny, size, sides):
    config, image = ModelConfig.preset(size), noise(*sides)
    processor = Processor.__new__(Processor)
    processor.config = config
    pixels = processor.pixels([image])
    part = config.sam or config.siglip
    name = "high_res_pixel_values" if config.sam else "pixel_values"
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (part.mean, part.std))
    levels = torch.from_numpy(released(image, part.image_size, part.mean).copy()).permute(2, 0, 1)
    assert torch.equal(((pixels[name][0] * std + mean) * 255).round().to(torch.uint8), levels)
    assert torch.allclose(pixels[name][0], (levels / 255 - mean) / std, atol=1e-6)
    if config.sam:  # on the device, in floats: torchvision's Resize(antialias=True) is this function
        low = torch.nn.functional.interpolate(levels[None] / 255, size=(384, 384), mode="bilinear", antialias=True)
        assert torch.allclose(pixels["pixel_values"], (low - 0.5) / 0.5, atol=1e-6)


@pytest.mark.parametrize("size", ["1.3b", "7b"])
@pytest.mark.parametrize("sides", ODD)
def test_the_compatible_pixels_are_transformers_own(size, sides):
    from dsvl_min.export import processor_table

    config, image = ModelConfig.preset(size), noise(*sides)
    table = processor_table(config)["image_processor"]
    kind = getattr(transformers, table.pop("image_processor_type") + "Pil")
    theirs = kind(**table)([image], return_tensors="pt")
    processor = Processor.__new__(Processor)
    processor.config = config
    ours = processor.pixels([image], compatible="transformers")
    assert set(ours) == set(theirs)
    for name in ours:
        assert torch.allclose(ours[name], theirs[name], atol=2e-6), name


def test_the_two_differ_for_about_half_of_all_sizes():
    from dsvl_min.processor import fit

    draw = np.random.default_rng(0)
    sides = [tuple(int(s) for s in draw.integers(50, 2000, 2)) for _ in range(1000)]
    apart = np.mean([fit(*pair, 384) != fit(*pair, 384, round) for pair in sides])
    assert 0.4 < apart < 0.6


def test_another_word_for_compatible_is_refused(tiny):
    with pytest.raises(dsvl_min.InputError, match="compatible.*'hf'"):
        tiny[1]([{"role": "User", "content": "Hi"}], compatible="hf")

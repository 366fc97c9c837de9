"""A model out of parts from their own checkpoints, as their publishers write them."""

import json

import pytest
import torch
from reference import worst
from tokenizers import Tokenizer as Bpe

import dsvl_min
from dsvl_min import composed
from dsvl_min.checkpoint import WEIGHTS, CheckpointError
from dsvl_min.config import ConfigError

transformers = pytest.importorskip("transformers")


def siglip(folder):
    torch.manual_seed(1)
    vision = dict(hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, image_size=48,
                  patch_size=8, hidden_act="gelu")  # fmt: skip
    text = dict(hidden_size=48, intermediate_size=96, num_hidden_layers=1, num_attention_heads=4, vocab_size=99,
                projection_size=48)  # fmt: skip
    model = transformers.SiglipModel(transformers.SiglipConfig(vision_config=vision, text_config=text))
    model.save_pretrained(folder)
    return model.eval()


def sam(folder):
    torch.manual_seed(2)
    vision = dict(hidden_size=32, num_hidden_layers=3, num_attention_heads=4, image_size=128, patch_size=8,
                  mlp_dim=64, output_channels=16, window_size=5, global_attn_indexes=[1, 2])  # fmt: skip
    prompt = dict(hidden_size=16, image_size=128, patch_size=8)
    config = transformers.SamConfig(
        vision_config=vision, prompt_encoder_config=prompt,
        mask_decoder_config=dict(hidden_size=16, mlp_dim=32, num_attention_heads=2, iou_head_hidden_dim=16),
    )  # fmt: skip
    config.vision_config.num_pos_feats = 8
    model = transformers.SamModel(config)
    model.save_pretrained(folder)
    return model.eval()


def language(folder, tied=True, rows=2048):
    """SmolLM2's kind: grouped heads, tied embeddings, another theta, other special tokens, no image token."""
    torch.manual_seed(3)
    config = transformers.LlamaConfig(
        vocab_size=rows, hidden_size=64, intermediate_size=160, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256, rope_theta=130000.0, tie_word_embeddings=tied,
        bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    model = transformers.LlamaForCausalLM(config)
    model.save_pretrained(folder)
    table = json.loads((WEIGHTS / "tiny" / "tokenizer.json").read_text(encoding="utf-8"))
    table["added_tokens"] = []
    bpe = Bpe.from_str(json.dumps(table))
    bpe.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    bpe.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"bos_token": "<|im_start|>", "eos_token": {"content": "<|im_end|>"}})
    )
    return model.eval()


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    folders = {name: tmp_path_factory.mktemp(name) for name in ("siglip", "sam", "decoder")}
    return folders, {
        name: make(folders[name]) for name, make in (("siglip", siglip), ("sam", sam), ("decoder", language))
    }


@torch.no_grad()
def test_each_part_computes_what_it_did_on_its_own(parts):
    folders, theirs = parts
    model, processor = dsvl_min.compose(**folders)
    low, high, ids = torch.randn(2, 3, 48, 48), torch.randn(1, 3, 128, 128), torch.randint(0, 2000, (1, 9))
    assert worst(model.vision.siglip(low), theirs["siglip"].vision_model(low).last_hidden_state) < 1e-5
    late, _ = model.vision.sam.embed(high)
    assert worst(model.vision.sam.neck(late), theirs["sam"].vision_encoder(high).last_hidden_state) < 1e-5
    logits = model.decoder.head(model.decoder(model.decoder.embed(ids)))[..., :2048]
    assert worst(logits, theirs["decoder"](ids).logits) < 1e-5


def test_the_tokenizer_gets_the_image_token_and_the_whole_runs_and_is_saved(parts, tmp_path):
    model, processor = dsvl_min.compose(**parts[0])
    tokenizer = processor.tokenizer
    assert tokenizer.image == 2048 and model.config.decoder.vocab_size == 2049 and model.config.decoder.tied
    assert (tokenizer.bos, tokenizer.eos) == (2046, 2047)
    from PIL import Image

    asked = {"role": "User", "content": "<image_placeholder>\nWhat?", "images": [Image.new("RGB", (9, 9))]}
    batch = processor([asked])
    assert (batch["input_ids"] == 2048).sum() == 36
    said = model.generate(**batch, max_new_tokens=5)
    dsvl_min.save(model, processor, tmp_path)
    again, same = dsvl_min.load(tmp_path)
    assert torch.equal(again.generate(**same([asked]), max_new_tokens=5), said)
    assert "<|im_end|>" in processor.prompt([asked, {"role": "Assistant", "content": "x"}, asked])


def test_a_spare_row_is_used_before_the_table_grows(parts, tmp_path):
    language(tmp_path, tied=False, rows=2112)
    model, _ = dsvl_min.compose(siglip=parts[0]["siglip"], decoder=tmp_path)
    assert model.config.decoder.vocab_size == 2112 and not model.config.decoder.tied and model.config.vision == "siglip"


def test_only_the_adaptor_and_what_deepseek_adds_depends_on_the_seed(parts):
    a, b = (dsvl_min.compose(**parts[0], seed=seed)[0].state_dict() for seed in (0, 1))
    differ = {name for name in a if not torch.equal(a[name], b[name])}
    fresh = ("adaptor.", "vision.sam.early_neck.", "vision.sam.downsample.", "decoder.embed", "decoder.head")
    assert differ and all(name.startswith(fresh) for name in differ)
    assert torch.equal(a["decoder.embed.weight"][:2048], b["decoder.embed.weight"][:2048])


def edit(folder, name, **changes):
    path = folder / name
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_parts_that_cannot_be_joined_say_why(parts, tmp_path):
    folders = parts[0]
    with pytest.raises(ConfigError, match="needs a decoder"):
        dsvl_min.compose(siglip=folders["siglip"])
    with pytest.raises(ConfigError, match="siglip: model_type 'sam'"):
        dsvl_min.compose(siglip=folders["sam"], decoder=folders["decoder"])
    with pytest.raises(ConfigError, match="model_type 'siglip' is no LLaMA"):
        language(tmp_path)
        edit(tmp_path, "config.json", model_type="siglip")
        dsvl_min.compose(siglip=folders["siglip"], decoder=tmp_path)
    language(tmp_path)
    edit(tmp_path, "config.json", num_hidden_layers=3)
    with pytest.raises(CheckpointError, match="lacks model.layers.2"):
        dsvl_min.compose(siglip=folders["siglip"], decoder=tmp_path)
    edit(tmp_path, "config.json", num_hidden_layers=2, rope_scaling={"rope_type": "llama3", "factor": 8})
    with pytest.raises(ConfigError, match="scaled rotary"):
        dsvl_min.compose(siglip=folders["siglip"], decoder=tmp_path)
    language(tmp_path)
    edit(tmp_path, "tokenizer_config.json", eos_token=None)
    with pytest.raises(CheckpointError, match="lacks eos_token"):
        dsvl_min.compose(siglip=folders["siglip"], decoder=tmp_path)


def test_a_part_from_the_hub_can_be_pinned_to_a_revision(parts, monkeypatch):
    folders, asked = parts[0], {}

    def find(name, revision=None):
        asked[name] = revision
        return folders[name]

    monkeypatch.setattr(composed, "find", find)
    dsvl_min.compose(siglip="siglip", decoder="decoder", revisions={"decoder": "v1.2"})
    assert asked == {"siglip": None, "decoder": "v1.2"}
    with pytest.raises(ConfigError, match="revisions names sam"):
        dsvl_min.compose(siglip="siglip", decoder="decoder", revisions={"sam": "main"})

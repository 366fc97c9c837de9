"""The tables of names and configurations, against the released sizes and against transformers itself."""

import json
from collections import Counter
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dsvl_min.checkpoint import WEIGHTS, CheckpointError, describe
from dsvl_min.config import ConfigError, ModelConfig
from dsvl_min.layouts import (
    count,
    dropped,
    original_table,
    pieces,
    read_llama,
    read_original,
    read_transformers,
    recognise,
    shapes,
    transformers_table,
)

TOKENS = {"image_token_id": 100015, "bos_token_id": 100000, "eos_token_id": 100001, "pad_token_id": 100001}
RELEASED = {  # numbers in the transformers layout, its tensors, numbers in the original layout
    "1.3b": (1_962_640_384, 612, 1_975_235_584),
    "7b": (7_331_390_721, 854, 7_343_990_017),
}


def config_of(name):
    return ModelConfig.preset(name)


@pytest.mark.parametrize("size", RELEASED)
def test_the_released_sizes_count_as_published(size):
    ported, tensors, original = RELEASED[size]
    config = config_of(size)
    assert count(config, "transformers") == count(config, "own") == ported
    assert len(pieces(config, "transformers")) == tensors
    assert count(config, "original") == original


@pytest.mark.parametrize("layout", ["own", "original", "transformers", "transformers-flat"])
@pytest.mark.parametrize("size", ["tiny", "1.3b", "7b"])
def test_every_row_of_ours_is_filled_exactly_once_and_no_name_is_used_twice(size, layout):
    config = config_of(size)
    found = pieces(config, layout)
    assert not [name for name, times in Counter(piece.name for piece in found).items() if times > 1]
    covered = {}
    for piece in found:
        if piece.ours:
            covered.setdefault(piece.ours, []).append(piece)
    held = shapes(config)
    assert set(covered) == set(held)
    for name, parts in covered.items():
        every = list(range(held[name][0]))
        rows = sorted(row for part in parts for row in (every if part.rows is ... else every[part.rows]))
        assert rows == every, name


@pytest.mark.parametrize("size", ["tiny", "1.3b", "7b"])
def test_transformers_own_model_has_just_these_names_and_shapes(size):
    transformers = pytest.importorskip("transformers")
    table = transformers_table(config_of(size))
    kind = table.pop("architectures")[0].removesuffix("ForConditionalGeneration")
    with torch.device("meta"):
        theirs = getattr(transformers, kind + "ForConditionalGeneration")(
            getattr(transformers, kind + "Config")(**table)
        )
    state = {name: tuple(tensor.shape) for name, tensor in theirs.state_dict().items()}
    assert {piece.name: piece.shape for piece in pieces(config_of(size), "transformers-flat")} == state
    nested = {
        name.replace("model.vision_model.", "model.vision_model.vision_model."): shape for name, shape in state.items()
    }
    assert {piece.name: piece.shape for piece in pieces(config_of(size), "transformers")} == nested


def test_the_original_names_are_those_of_the_release():
    names = {piece.name: piece for piece in pieces(config_of("7b"), "original")}
    low, high = "vision_model.vision_tower_low.vision_tower.", "vision_model.vision_tower_high.vision_tower."
    expected = {
        low + "pos_embed": (1, 576, 1024), low + "blocks.23.attn.qkv.weight": (3072, 1024),
        low + "blocks.0.mlp.fc1.bias": (4096,), low + "norm.bias": (1024,), low + "attn_pool.latent": (1, 1, 1024),
        low + "attn_pool.kv.weight": (2048, 1024), high + "pos_embed": (1, 64, 64, 768),
        high + "hd_alpha_downsamples": (1,), high + "blocks.2.attn.rel_pos_h": (127, 64),
        high + "blocks.3.attn.rel_pos_w": (27, 64), high + "blocks.11.mlp.lin2.weight": (768, 3072),
        high + "neck_hd.3.bias": (256,), high + "downsamples.1.weight": (1024, 512, 3, 3),
        "vision_model.high_layer_norm.weight": (1024,), "aligner.high_up_proj.weight": (2048, 1024),
        "aligner.layers.1.bias": (4096,), "language_model.model.layers.29.mlp.gate_proj.weight": (11008, 4096),
        "language_model.lm_head.weight": (102400, 4096),
    }  # fmt: skip
    assert {name: names[name].shape for name in expected} == expected
    single = {piece.name for piece in pieces(config_of("1.3b"), "original")}
    assert {
        "vision_model.vision_tower.patch_embed.proj.weight",
        "aligner.layers.0.weight",
        "aligner.layers.2.bias",
    } <= single


def test_what_is_dropped_says_why():
    for piece in pieces(config_of("7b"), "original"):
        assert (piece.ours is None) == (dropped(piece.name, "original") is not None), piece.name
    assert "never runs" in dropped("model.vision_model.vision_model.head.probe", "transformers")
    assert dropped("model.vision_model.embeddings.position_ids", "transformers-flat")
    assert dropped("lm_head.weight", "transformers") is None and dropped("x", "own") is None


def test_grouped_heads_are_shared_out_by_their_number():
    config = config_of("tiny")
    config = replace(config, decoder=replace(config.decoder, kv_heads=2))
    rows = {p.name: p.shape[0] for p in pieces(config, "transformers") if "language_model.layers.0.self_attn" in p.name}
    assert [rows[f"model.language_model.layers.0.self_attn.{x}_proj.weight"] for x in "qkv"] == [128, 64, 64]


@pytest.mark.parametrize("size", RELEASED)
def test_configurations_translate_there_and_back(size):
    config = config_of(size)
    assert read_original(original_table(config), TOKENS) == config
    assert read_transformers(json.loads(json.dumps(transformers_table(config))), {}, TOKENS) == config


def released_7b():
    """The released 7B config.json, as far as it says anything about the model."""
    tower = {"image_size": 384, "model_name": "siglip_large_patch16_384", "output_dim": 1024, "pixel_mean": [0.5] * 3,
             "pixel_std": [0.5] * 3, "select_feature": "same", "select_layer": -1, "ckpt_path": ""}  # fmt: skip
    high = {**tower, "image_size": 1024, "model_name": "sam_b_downsample",
            "pixel_mean": [0.48145466, 0.4578275, 0.40821073],
            "pixel_std": [0.26862954, 0.26130258, 0.27577711]}  # fmt: skip
    return {
        "model_type": "multi_modality", "architectures": ["MultiModalityCausalLM"], "torch_dtype": "float16",
        "aligner_config": {"cls": "MlpProjector", "model_type": "aligner", "params": {
            "depth": 2, "input_dim": 1024, "n_embed": 4096, "projector_type": "low_high_hybrid_split_mlp_gelu"}},
        "language_config": {"model_type": "llama", "max_position_embeddings": 16384, "num_hidden_layers": 30,
                            "vocab_size": 102400, "torch_dtype": "float16"},
        "vision_config": {"cls": "HybridVisionTower", "model_type": "vision", "params": {
            "concat_type": "tuple", "freeze_high": True, "freeze_low": True, "high_res_cfg": high,
            "low_res_cfg": tower}},
    }  # fmt: skip


def test_the_released_config_files_are_read():
    assert read_original(released_7b(), TOKENS) == config_of("7b")
    small = released_7b()
    small["vision_config"] = {"cls": "CLIPVisionTower", "model_type": "vision",
                              "params": small["vision_config"]["params"]["low_res_cfg"]}  # fmt: skip
    small["aligner_config"]["params"] |= {"n_embed": 2048, "projector_type": "mlp_gelu"}
    small["language_config"] |= {"hidden_size": 2048, "intermediate_size": 5632, "num_attention_heads": 16,
                                 "num_hidden_layers": 24, "num_key_value_heads": 16}  # fmt: skip
    assert read_original(small, TOKENS) == config_of("1.3b")


def edited(table, path, value):
    *way, last = path.split(".")
    inner = table
    for step in way:
        inner = inner[step]
    inner[last] = value
    return table


BAD_ORIGINAL = {
    "a tower of another kind": ("vision_config.cls", "OtherTower", "OtherTower"),
    "a tower that isn't known": ("vision_config.params.low_res_cfg.model_name", "eva_02", "eva_02"),
    "another way of joining": ("vision_config.params.concat_type", "add", "concat_type 'add'"),
    "another adaptor": ("aligner_config.params.projector_type", "mlp_gelu", "goes with"),
    "a deeper adaptor": ("aligner_config.params.depth", 3, "depth 3"),
    "another language model": ("language_config.model_type", "mamba", "'mamba' is no LLaMA-type"),
    "biases": ("language_config.attention_bias", True, "attention_bias"),
    "scaled positions": ("language_config.rope_scaling", {"type": "linear", "factor": 4}, "scaled rotary"),
    "sizes that don't divide": ("language_config.hidden_size", 4100, "multiple of heads"),
    "patches that don't tile": ("vision_config.params.low_res_cfg.image_size", 380, "multiple of patch_size"),
    "a list for a table": ("vision_config.params", [1], "params must be a table"),
    "no image size": ("vision_config.params.low_res_cfg.image_size", None, "lacks image_size"),
}


@pytest.mark.parametrize("case", BAD_ORIGINAL)
def test_an_original_config_that_is_not_this_model_names_the_field(case):
    path, value, named = BAD_ORIGINAL[case]
    with pytest.raises(ConfigError, match=named):
        read_original(edited(released_7b(), path, value), TOKENS)


BAD_PORTED = {
    "tanh GELU": ("vision_config.hidden_act", "gelu_pytorch_tanh", "exact gelu"),
    "no language model": ("text_config", {}, "lacks text_config"),
    "another image token": ("image_token_id", 7, "image_token_id 7 is not the tokenizer's 100015"),
    "heads of another width": ("text_config.head_dim", 64, "head_dim 64"),
    "another activation": ("text_config.hidden_act", "gelu", "hidden_act 'gelu'"),
    "no relative positions": ("high_res_vision_config.use_rel_pos", False, "use_rel_pos"),
    "grids that differ": ("vision_config.image_size", 368, "image_token|grid"),
}


@pytest.mark.parametrize("case", [name for name in BAD_PORTED if name != "grids that differ"])
def test_a_ported_config_that_is_not_this_model_names_the_field(case):
    path, value, named = BAD_PORTED[case]
    with pytest.raises(ConfigError, match=named):
        read_transformers(edited(transformers_table(config_of("7b")), path, value), {}, TOKENS)


def test_the_upper_tie_flag_decides_as_it_does_in_transformers():
    table = edited(transformers_table(config_of("1.3b")), "tie_word_embeddings", True)
    assert read_transformers(table, {}, TOKENS).decoder.tied


def test_rope_theta_is_read_from_either_place():
    assert read_llama({"rope_theta": 5e5}, "x").rope_theta == 5e5
    assert read_llama({"rope_parameters": {"rope_theta": 1e5, "rope_type": "default"}}, "x").rope_theta == 1e5
    assert read_llama({}, "x").rope_theta == 1e4


def test_sam_alone_is_only_ours():
    config = ModelConfig.preset("tiny", "sam")
    for make in (original_table, transformers_table, lambda c: pieces(c, "original")):
        with pytest.raises(ConfigError, match="SAM alone"):
            make(config)


@pytest.mark.parametrize(
    "table,named",
    [([], "table of fields"), ({}, "model_type None"), ({"model_type": "llava"}, "model_type 'llava'"),
     ({"model_type": "siglip"}, r"it is a part: dsvl_min.compose\(siglip"), ({"format": "x"}, "format 'x'")],
)  # fmt: skip
def test_an_unknown_layout_says_what_it_is(table, named):
    with pytest.raises(ConfigError, match=named):
        recognise(table)


LEAVES = st.none() | st.booleans() | st.integers(-3, 5000) | st.floats(allow_nan=True) | st.text(max_size=4)
JUNK = st.recursive(
    LEAVES, lambda s: st.lists(s, max_size=2) | st.dictionaries(st.text(max_size=3), s, max_size=2), max_leaves=4
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([*BAD_ORIGINAL, *BAD_PORTED]), JUNK, st.booleans())
def test_a_config_with_junk_in_a_field_gives_a_model_or_a_named_error(tmp_path_factory, case, junk, original):
    folder = tmp_path_factory.mktemp("junk")
    table = released_7b() if original else transformers_table(config_of("7b"))
    path = (BAD_ORIGINAL if original else BAD_PORTED).get(case, ("model_type",))[0]
    (folder / "config.json").write_text(json.dumps(edited(table, path, junk)))
    (folder / "tokenizer.json").write_bytes((WEIGHTS / "tiny" / "tokenizer.json").read_bytes())
    try:
        config, _, _ = describe(folder)
        assert isinstance(config, ModelConfig)
    except (ConfigError, CheckpointError) as error:
        assert str(folder) in str(error)

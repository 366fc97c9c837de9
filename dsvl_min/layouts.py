"""Three layouts of one model: what each calls its tensors, and how each writes its configuration.

* own           what `save` writes
* original      deepseek-ai's release (config.json: `multi_modality`)
* transformers  `deepseek_vl` and `deepseek_vl_hybrid` as published by deepseek-community; `transformers-flat` is the
                same with SigLIP's names one level shallower, as transformers itself writes since 5.6

`pieces` is the whole truth about one of them: every tensor of the file, where it goes, or why it is dropped.
"""

import math
import re
from dataclasses import dataclass, fields, replace

import torch

from .config import SIZES, ConfigError, DecoderConfig, ModelConfig, SamConfig, SiglipConfig
from .model import DeepSeekVL

LAYOUTS = ("own", "original", "transformers", "transformers-flat")

# ours: (transformers, original).  {} is a layer's number; .weight and .bias follow unchanged.  [q,k,v] stands for three
# tensors which ours holds stacked, in that order.
SIGLIP = {
    "patches": ("embeddings.patch_embedding", "patch_embed.proj"),
    "positions": ("embeddings.position_embedding.weight", "pos_embed"),
    "blocks.{}.norm1": ("encoder.layers.{}.layer_norm1", "blocks.{}.norm1"),
    "blocks.{}.attention.qkv": ("encoder.layers.{}.self_attn.[q,k,v]_proj", "blocks.{}.attn.qkv"),
    "blocks.{}.attention.out": ("encoder.layers.{}.self_attn.out_proj", "blocks.{}.attn.proj"),
    "blocks.{}.norm2": ("encoder.layers.{}.layer_norm2", "blocks.{}.norm2"),
    "blocks.{}.mlp.up": ("encoder.layers.{}.mlp.fc1", "blocks.{}.mlp.fc1"),
    "blocks.{}.mlp.down": ("encoder.layers.{}.mlp.fc2", "blocks.{}.mlp.fc2"),
    "norm": ("post_layernorm", "norm"),
}
SAM = {  # the image encoder, which facebook/sam-* publishes under the same names
    "patches": ("patch_embed.projection", "patch_embed.proj"),
    "positions": ("pos_embed", "pos_embed"),
    "blocks.{}.norm1": ("layers.{}.layer_norm1", "blocks.{}.norm1"),
    "blocks.{}.attention.qkv": ("layers.{}.attn.qkv", "blocks.{}.attn.qkv"),
    "blocks.{}.attention.out": ("layers.{}.attn.proj", "blocks.{}.attn.proj"),
    "blocks.{}.attention.rows": ("layers.{}.attn.rel_pos_h", "blocks.{}.attn.rel_pos_h"),
    "blocks.{}.attention.columns": ("layers.{}.attn.rel_pos_w", "blocks.{}.attn.rel_pos_w"),
    "blocks.{}.norm2": ("layers.{}.layer_norm2", "blocks.{}.norm2"),
    "blocks.{}.mlp.up": ("layers.{}.mlp.lin1", "blocks.{}.mlp.lin1"),
    "blocks.{}.mlp.down": ("layers.{}.mlp.lin2", "blocks.{}.mlp.lin2"),
    "neck.reduce": ("neck.conv1", "neck.0"),
    "neck.norm1": ("neck.layer_norm1", "neck.1"),
    "neck.mix": ("neck.conv2", "neck.2"),
    "neck.norm2": ("neck.layer_norm2", "neck.3"),
}
SAM_OWN = {  # what DeepSeek-VL adds to SAM: the alpha branch's neck, the convolutions down to the token grid, alpha
    "early_neck.reduce": ("high_res_vision_neck.conv1", "neck_hd.0"),
    "early_neck.norm1": ("high_res_vision_neck.layer_norm1", "neck_hd.1"),
    "early_neck.mix": ("high_res_vision_neck.conv2", "neck_hd.2"),
    "early_neck.norm2": ("high_res_vision_neck.layer_norm2", "neck_hd.3"),
    "downsample.first": ("high_res_vision_proj.conv1", "downsamples.0"),
    "downsample.second": ("high_res_vision_proj.conv2", "downsamples.1"),
    "alpha": ("high_res_vision_alpha", "hd_alpha_downsamples"),
}
HYBRID_ADAPTOR = {
    "high": ("high_res_vision_proj", "high_up_proj"), "low": ("vision_proj", "low_up_proj"),
    "out": ("proj", "layers.1"),
}  # fmt: skip
SINGLE_ADAPTOR = {"low": ("linear1", "layers.0"), "out": ("linear2", "layers.2")}
DECODER = {  # the LLaMA names, the same in both
    ours: (theirs, theirs)
    for ours, theirs in {
        "embed": "embed_tokens",
        "blocks.{}.norm1": "layers.{}.input_layernorm",
        "blocks.{}.attention.qkv": "layers.{}.self_attn.[q,k,v]_proj",
        "blocks.{}.attention.out": "layers.{}.self_attn.o_proj",
        "blocks.{}.norm2": "layers.{}.post_attention_layernorm",
        "blocks.{}.mlp.gate_up": "layers.{}.mlp.[gate,up]_proj",
        "blocks.{}.mlp.down": "layers.{}.mlp.down_proj",
        "norm": "norm",
    }.items()
}

UNUSED_HEAD = "SigLIP's pooling head, which DeepSeek-VL never runs"
UNUSED_NORM = "a norm that the released code never calls"
COMPUTED = "computed anew, never read from a file"
DROPPED = {  # what a file may hold and we don't use: a pattern for the whole name, and why
    "original": {
        r"vision_model\.(vision_tower_low\.)?vision_tower\.attn_pool\..*": UNUSED_HEAD,
        r"vision_model\.(high|low)_layer_norm\.(weight|bias)": UNUSED_NORM,
        r"language_model\..*rotary_emb\.inv_freq": COMPUTED,
    },
    "transformers": {
        r"model\.vision_model\.(vision_model\.)?head\..*": UNUSED_HEAD,
        r".*\.position_ids": COMPUTED,
        r".*rotary_emb\.inv_freq": COMPUTED,
    },
}
DROPPED["transformers-flat"] = DROPPED["transformers"]


@dataclass(frozen=True)
class Piece:
    """One tensor of a file.  name, shape: theirs.  ours: the tensor it goes to, None if it is dropped; start: the row
    it begins at there, None if it is the whole.  how: the same in words.
    """

    name: str
    shape: tuple
    ours: str | None
    start: int | None = None
    how: str = "as it is"

    @property
    def rows(self):
        """Which rows of ours it is: an index."""
        return ... if self.start is None else slice(self.start, self.start + self.shape[0])


def spread(name):
    """ "a.[q,k,v]_proj" -> ["a.q_proj", "a.k_proj", "a.v_proj"]; a name without brackets alone."""
    found = re.search(r"\[(.*?)\]", name)
    if not found:
        return [name]
    return [name[: found.start()] + one + name[found.end() :] for one in found[1].split(",")]


def names(config, layout):
    """{our name: their names} for one ModelConfig, `{}` for a layer's number."""
    if config.adaptor != "hybrid":
        raise ConfigError(f"no layout but our own has a place for the adaptor's form {config.adaptor!r}")
    flat = layout == "transformers-flat"
    if layout == "original":
        tower = "vision_model.vision_tower"
        low, high = (f"{tower}_low.vision_tower.", f"{tower}_high.vision_tower.") if config.sam else (f"{tower}.", "")
        prefix = {"siglip": low, "sam": high, "sam own": high, "adaptor": "aligner.",
                  "decoder": "language_model.model.", "head": "language_model."}  # fmt: skip
    else:
        prefix = {"siglip": "model.vision_model." + ("" if flat else "vision_model."),
                  "sam": "model.high_res_vision_model.vision_encoder.", "sam own": "model.",
                  "adaptor": "model.aligner.", "decoder": "model.language_model.", "head": ""}  # fmt: skip
    side = 1 if layout == "original" else 0
    parts = [("decoder", "decoder.", DECODER), ("head", "decoder.", {"head": ("lm_head", "lm_head")})]
    if config.siglip:
        parts.append(("siglip", "vision.siglip.", SIGLIP))
    if config.sam:
        parts += [("sam", "vision.sam.", SAM), ("sam own", "vision.sam.", SAM_OWN)]
    parts.append(("adaptor", "adaptor.", HYBRID_ADAPTOR if config.vision == "hybrid" else SINGLE_ADAPTOR))
    return {ours + key: spread(prefix[part] + pair[side]) for part, ours, table in parts for key, pair in table.items()}


def translate(name, table):
    """Their names for one of our tensors.  KeyError if the table does not cover it."""
    for suffix in ("", ".weight", ".bias"):
        if suffix and not name.endswith(suffix):
            continue
        stem = name[: len(name) - len(suffix)]
        number = re.search(r"\.(\d+)\.", stem)
        key = stem.replace(number[0], ".{}.", 1) if number else stem
        if key in table:
            return [their.format(number[1] if number else "") + suffix for their in table[key]]
    raise KeyError(f"no name is known for the tensor {name}")


def split(shapes, table, heads=(1, 1)):
    """The Pieces that make up tensors of the given {our name: shape}.

    heads: query heads and key/value heads of the decoder, whose rows are shared out in that proportion.
    """
    out = []
    for name, shape in shapes.items():
        theirs = translate(name, table)
        share = [1] * len(theirs)
        if len(theirs) == 3 and name.startswith("decoder."):
            share = [heads[0], heads[1], heads[1]]
        start = 0
        for their, part in zip(theirs, share, strict=True):
            rows = shape[0] * part // sum(share)
            end = start + rows
            if len(theirs) == 1:
                out.append(Piece(their, shape, name))
            else:
                out.append(Piece(their, (rows, *shape[1:]), name, start, f"rows {start} to {end - 1} of {shape[0]}"))
            start = end
    return out


def shapes(config):
    """{our name: shape} of everything a checkpoint of this ModelConfig holds; nothing is allocated."""
    with torch.device("meta"):
        state = DeepSeekVL(config).state_dict()
    if config.decoder.tied:
        del state["decoder.head.weight"]
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def pieces(config, layout):
    """Every tensor of a checkpoint of this ModelConfig in a layout: a list of Pieces, those dropped last.

    Raises ConfigError for SAM alone, which only our own layout knows.
    """
    held = shapes(config)
    if layout == "own":
        return [Piece(name, shape, name) for name, shape in held.items()]
    if config.vision == "sam":
        raise ConfigError("only our own layout has SAM alone; the others know SigLIP alone, or both")
    heads = (config.decoder.heads, config.decoder.kv_heads)
    out = split(held, names(config, layout), heads)
    if layout == "original":
        out = [_with_batch(piece) if piece.name.endswith("tower.pos_embed") else piece for piece in out]
        out += _unused(config)
    return out


def _with_batch(piece):
    """The original keeps SigLIP's positions as a batch of one; SAM's have that dimension here too."""
    return (
        piece if len(piece.shape) == 4 else replace(piece, shape=(1, *piece.shape), how="without its first dimension")
    )


def _unused(config):
    """What the original release holds and never runs."""
    D, M = config.siglip.width, config.siglip.mlp_width
    pool = "vision_model.vision_tower_low.vision_tower." if config.sam else "vision_model.vision_tower."
    linear = {"q": (D, D), "kv": (2 * D, D), "proj": (D, D), "norm": (D,), "mlp.fc1": (M, D), "mlp.fc2": (D, M)}
    out = [(pool + "attn_pool.latent", (1, 1, D), UNUSED_HEAD)]
    for part, shape in linear.items():
        out += [(f"{pool}attn_pool.{part}.weight", shape, UNUSED_HEAD),
                (f"{pool}attn_pool.{part}.bias", shape[:1], UNUSED_HEAD)]  # fmt: skip
    if config.sam:
        for side, width in (("high", config.sam.out_width), ("low", D)):
            out += [(f"vision_model.{side}_layer_norm.{kind}", (width,), UNUSED_NORM) for kind in ("weight", "bias")]
    return [Piece(name, shape, None, how=f"dropped: {why}") for name, shape, why in out]


def dropped(name, layout):
    """Why a tensor of that name is left out of a layout, or None if it isn't."""
    for pattern, why in DROPPED.get(layout, {}).items():
        if re.fullmatch(pattern, name):
            return why
    return None


def count(config, layout="transformers"):
    """How many numbers a checkpoint of this ModelConfig holds in a layout."""
    return sum(math.prod(piece.shape) for piece in pieces(config, layout))


# configurations


def recognise(described):
    """Which layout a config.json is of: "own", "original" or "transformers".  Raises ConfigError naming what it is."""
    if not isinstance(described, dict):
        raise ConfigError(f"config.json must be a table of fields, got {type(described).__name__}")
    if str(described.get("format", "")).startswith("dsvl-min/"):
        return "own"
    kind = described.get("model_type")
    if kind == "multi_modality":
        return "original"
    if kind in ("deepseek_vl", "deepseek_vl_hybrid"):
        return "transformers"
    known = "multi_modality, deepseek_vl and deepseek_vl_hybrid"
    parts = {"siglip": "siglip", "siglip_vision_model": "siglip", "sam": "sam", "llama": "decoder"}
    hint = f"; it is a part: dsvl_min.compose({parts[kind]}=…) takes it" if kind in parts else ""
    raise ConfigError(
        f"config.json: format {described.get('format')!r} and model_type {kind!r} are none we open ({known}){hint}"
    )


def _field(data, name, where, default=None):
    """data[name], or the default; ConfigError if there is neither."""
    value = data.get(name, default)
    if value is None:
        raise ConfigError(f"{where} lacks {name}")
    return value


def _table(data, name):
    """A nested table of a config; {} if absent, ConfigError if it is none."""
    value = data.get(name) or {}
    if not isinstance(value, dict):
        raise ConfigError(f"{name} must be a table of fields, got {type(value).__name__}")
    return value


def named(config, tokens):
    """The ModelConfig with its tokenizer's ids and, where it equals a named size, that size's name."""
    config = replace(config, **tokens)
    for size in SIZES:
        try:
            if replace(ModelConfig.preset(size, config.vision), **tokens) == replace(config, name=size):
                return replace(config, name=size)
        except ConfigError:  # a tokenizer too large for that size
            continue
    return config


def read_llama(data, where, vocab_size=None):
    """DecoderConfig from a LLaMA-type table.  Fields left out have LlamaConfig's defaults, as transformers reads them.

    Raises ConfigError for what this decoder does not have: biases, scaled rotary positions, another activation.
    """
    kind = data.get("model_type", "llama")
    if kind != "llama":
        raise ConfigError(f"{where}: model_type {kind!r} is no LLaMA-type language model (llama)")
    for name in ("attention_bias", "mlp_bias"):
        if data.get(name):
            raise ConfigError(f"{where}: {name} is on; this decoder has no biases")
    if data.get("hidden_act", "silu") != "silu":
        raise ConfigError(f"{where}: hidden_act {data['hidden_act']!r}; this decoder has silu")
    rope = _table(data, "rope_parameters")
    for table in (rope, _table(data, "rope_scaling")):
        if table.get("rope_type", table.get("type", "default")) != "default":
            raise ConfigError(f"{where}: scaled rotary positions ({table}) are not built here")
    heads = data.get("num_attention_heads", 32)
    width = data.get("hidden_size", 4096)
    if data.get("head_dim") not in (None, width // heads):
        raise ConfigError(f"{where}: head_dim {data['head_dim']} is not hidden_size / heads ({width} / {heads})")
    return DecoderConfig(
        vocab_size=vocab_size or data.get("vocab_size", 32000), width=width, layers=data.get("num_hidden_layers", 32),
        heads=heads, kv_heads=data.get("num_key_value_heads") or heads, mlp_width=data.get("intermediate_size", 11008),
        max_positions=data.get("max_position_embeddings", 2048), norm_eps=data.get("rms_norm_eps", 1e-6),
        rope_theta=float(data.get("rope_theta") or rope.get("rope_theta") or 10000.0),
        tied=bool(data.get("tie_word_embeddings", False)),
    )  # fmt: skip


def llama_table(config, tokens):
    """The inverse of `read_llama`."""
    return {
        "model_type": "llama", "hidden_size": config.width, "intermediate_size": config.mlp_width,
        "num_hidden_layers": config.layers, "num_attention_heads": config.heads,
        "num_key_value_heads": config.kv_heads, "vocab_size": config.vocab_size,
        "max_position_embeddings": config.max_positions, "rms_norm_eps": config.norm_eps,
        "rope_theta": config.rope_theta, "hidden_act": "silu", "tie_word_embeddings": config.tied, **tokens,
    }  # fmt: skip


def read_siglip(data, where, mean=(0.5,) * 3, std=(0.5,) * 3):
    """SiglipConfig from transformers' `siglip_vision_model` table; fields left out have its defaults."""
    return SiglipConfig(
        image_size=data.get("image_size", 224), patch_size=data.get("patch_size", 16),
        width=data.get("hidden_size", 768), layers=data.get("num_hidden_layers", 12),
        heads=data.get("num_attention_heads", 12), mlp_width=data.get("intermediate_size", 3072),
        norm_eps=data.get("layer_norm_eps", 1e-6), mean=tuple(mean), std=tuple(std),
    )  # fmt: skip


def siglip_table(config):
    """The inverse of `read_siglip`: exact GELU and no pooling head, both against the class's defaults."""
    return {
        "model_type": "siglip_vision_model", "hidden_size": config.width, "intermediate_size": config.mlp_width,
        "num_hidden_layers": config.layers, "num_attention_heads": config.heads, "image_size": config.image_size,
        "patch_size": config.patch_size, "hidden_act": "gelu", "layer_norm_eps": config.norm_eps,
        "vision_use_head": False,
    }  # fmt: skip


def read_sam(data, where, token_grid, mean, std):
    """SamConfig from transformers' `sam_vision_model` table; fields left out have its defaults."""
    width = data.get("hidden_size", 768)
    layers = data.get("num_hidden_layers", 12)
    for name in ("qkv_bias", "use_abs_pos", "use_rel_pos"):
        if data.get(name, True) is not True:
            raise ConfigError(f"{where}: {name} is off; this encoder always has it")
    return SamConfig(
        image_size=data.get("image_size", 1024), patch_size=data.get("patch_size", 16), width=width, layers=layers,
        heads=data.get("num_attention_heads", 12),
        mlp_width=data.get("mlp_dim") or int(width * data.get("mlp_ratio", 4)),
        window=data.get("window_size", 14), global_layers=tuple(data.get("global_attn_indexes", (2, 5, 8, 11))),
        neck_width=data.get("output_channels", 256), token_grid=token_grid,
        norm_eps=data.get("layer_norm_eps", 1e-6), mean=tuple(mean), std=tuple(std),
    )  # fmt: skip


def sam_table(config):
    """The inverse of `read_sam`."""
    return {
        "model_type": "sam_vision_model", "hidden_size": config.width, "mlp_dim": config.mlp_width,
        "num_hidden_layers": config.layers, "num_attention_heads": config.heads, "image_size": config.image_size,
        "patch_size": config.patch_size, "output_channels": config.neck_width, "window_size": config.window,
        "global_attn_indexes": list(config.global_layers), "layer_norm_eps": config.norm_eps, "hidden_act": "gelu",
        "qkv_bias": True, "use_abs_pos": True, "use_rel_pos": True,
    }  # fmt: skip


def read_transformers(described, pixels, tokens):
    """ModelConfig from a `deepseek_vl` or `deepseek_vl_hybrid` config.json.

    pixels: its image processor's table, for mean and std; tokens: the tokenizer's ids by our field names.
    Raises ConfigError naming the field that is missing, or that this model does not have.
    """
    text, vision = _table(described, "text_config"), _table(described, "vision_config")
    if not text or not vision:
        raise ConfigError(f"config.json lacks {'text_config' if not text else 'vision_config'}")
    if "tie_word_embeddings" in described:  # the upper flag is the one that transformers obeys since 5.2
        text = {**text, "tie_word_embeddings": described["tie_word_embeddings"]}
    if vision.get("hidden_act", "gelu_pytorch_tanh") != "gelu":
        raise ConfigError(
            f"vision_config: hidden_act {vision.get('hidden_act')!r}; DeepSeek-VL's SigLIP has exact gelu"
        )
    own = tokens["image_token_id"]
    if described.get("image_token_id", own) != own:
        raise ConfigError(f"config.json: image_token_id {described['image_token_id']} is not the tokenizer's {own}")
    hybrid = described["model_type"] == "deepseek_vl_hybrid"
    siglip = read_siglip(
        vision, "vision_config", pixels.get("image_mean", (0.5,) * 3), pixels.get("image_std", (0.5,) * 3)
    )
    sam = None
    if hybrid:
        mean, std = pixels.get("high_res_image_mean", SamConfig.mean), pixels.get("high_res_image_std", SamConfig.std)
        sam = read_sam(_table(described, "high_res_vision_config"), "high_res_vision_config", siglip.grid, mean, std)
    return named(ModelConfig(decoder=read_llama(text, "text_config"), siglip=siglip, sam=sam, **tokens), tokens)


def transformers_table(config):
    """config.json of the transformers layout.

    The tie flag stands at both places and the token ids are written out, because the classes' defaults (tied; 1 and 2)
    are wrong for this model.
    """
    if config.vision == "sam":
        raise ConfigError("transformers has no DeepSeek-VL with SAM alone; export one with SigLIP, or both")
    tokens = {"bos_token_id": config.bos_token_id, "eos_token_id": config.eos_token_id,
              "pad_token_id": config.pad_token_id}  # fmt: skip
    hybrid = config.vision == "hybrid"
    table = {
        "architectures": [f"DeepseekVL{'Hybrid' * hybrid}ForConditionalGeneration"],
        "model_type": "deepseek_vl" + "_hybrid" * hybrid,
        "image_token_id": config.image_token_id,
        "tie_word_embeddings": config.decoder.tied,
        "text_config": llama_table(config.decoder, tokens),
        "vision_config": siglip_table(config.siglip),
    }
    return table | ({"high_res_vision_config": sam_table(config.sam)} if hybrid else {})


ORIGINAL_TOWERS = {"siglip_large_patch16_384": SiglipConfig, "sam_b_downsample": SamConfig}


def _tower(params, where, given=()):
    """A tower of the original release: a name that stands for its sizes.  `sizes`, ours, spells others out."""
    name = _field(params, "model_name", where)
    if name not in ORIGINAL_TOWERS:
        raise ConfigError(f"{where}: model_name {name!r} is none of {', '.join(ORIGINAL_TOWERS)}")
    kind = ORIGINAL_TOWERS[name]
    sizes = {**dict(given), **_table(params, "sizes")}
    unknown = set(sizes) - {f.name for f in fields(kind)}
    if unknown:
        raise ConfigError(f"{where}: sizes has unknown {', '.join(sorted(unknown))}")
    sizes |= {"image_size": _field(params, "image_size", where)}
    for ours, theirs in (("mean", "pixel_mean"), ("std", "pixel_std")):
        if theirs in params:
            sizes[ours] = tuple(params[theirs])
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in sizes.items()})


def read_original(described, tokens):
    """ModelConfig from a `multi_modality` config.json.  Raises ConfigError naming the field in the way."""
    vision, aligner = _table(described, "vision_config"), _table(described, "aligner_config")
    kind, params = vision.get("cls"), _table(vision, "params")
    if kind == "CLIPVisionTower":
        siglip, sam, wanted = _tower(params, "vision_config.params"), None, "mlp_gelu"
    elif kind == "HybridVisionTower":
        if params.get("concat_type", "tuple") != "tuple":
            raise ConfigError(f"vision_config.params: concat_type {params['concat_type']!r}; the released one is tuple")
        siglip = _tower(_table(params, "low_res_cfg"), "low_res_cfg")
        sam = _tower(_table(params, "high_res_cfg"), "high_res_cfg", {"token_grid": siglip.grid})
        wanted = "low_high_hybrid_split_mlp_gelu"
    else:
        raise ConfigError(f"vision_config: cls {kind!r} is neither CLIPVisionTower nor HybridVisionTower")
    projector = _table(aligner, "params")
    if projector.get("projector_type") != wanted or projector.get("depth", 2) != 2:
        raise ConfigError(
            f"aligner_config: {projector.get('projector_type')!r} of depth {projector.get('depth')}; {kind} goes with "
            f"{wanted!r} of depth 2"
        )
    decoder = read_llama(_table(described, "language_config"), "language_config")
    return named(ModelConfig(decoder=decoder, siglip=siglip, sam=sam, **tokens), tokens)


def original_table(config):
    """config.json of the original layout.  Towers of other sizes than released carry them in a field `sizes`, ours."""
    if config.vision == "sam":
        raise ConfigError("the original layout has no model with SAM alone")

    def tower(name, part):
        made = {"image_size": part.image_size, "model_name": name, "select_feature": "same", "select_layer": -1,
                "pixel_mean": list(part.mean), "pixel_std": list(part.std)}  # fmt: skip
        known = ORIGINAL_TOWERS[name]()
        other = {f.name: getattr(part, f.name) for f in fields(part) if getattr(part, f.name) != getattr(known, f.name)}
        for name in ("image_size", "mean", "std", "token_grid"):
            other.pop(name, None)
        return made | ({"sizes": other} if other else {})

    low = tower("siglip_large_patch16_384", config.siglip)
    aligner = {"depth": 2, "input_dim": config.siglip.width, "n_embed": config.decoder.width}
    if config.sam:
        high = tower("sam_b_downsample", config.sam)
        cls, params = "HybridVisionTower", {"concat_type": "tuple", "high_res_cfg": high, "low_res_cfg": low}
        aligner["projector_type"] = "low_high_hybrid_split_mlp_gelu"
    else:
        cls, params, aligner["projector_type"] = "CLIPVisionTower", low, "mlp_gelu"
    return {
        "model_type": "multi_modality", "architectures": ["MultiModalityCausalLM"],
        "aligner_config": {"cls": "MlpProjector", "model_type": "aligner", "params": aligner},
        "vision_config": {"cls": cls, "model_type": "vision", "params": params},
        "language_config": llama_table(config.decoder, {}),
    }  # fmt: skip

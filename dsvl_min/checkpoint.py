"""Weights on disk and their names.

`save` and `load` use our own layout: safetensors and json in one folder, nothing pickled,
written to a temporary file first.  `to_transformers` and `from_transformers` translate names:
one table per part says what every tensor is called on either side, and where one of our
tensors holds several of theirs (fused query/key/value, fused gate/up), in which order they
are stacked.
"""

import json
import os
import re
from pathlib import Path

import safetensors.torch
import torch

from .config import ModelConfig
from .model import DeepSeekVL
from .processor import Processor
from .tokenizer import Tokenizer

# ours: theirs.  {} is a layer's number; .weight and .bias follow unchanged.
SIGLIP = {
    "patches": ["embeddings.patch_embedding"],
    "positions": ["embeddings.position_embedding.weight"],
    "blocks.{}.norm1": ["encoder.layers.{}.layer_norm1"],
    "blocks.{}.norm2": ["encoder.layers.{}.layer_norm2"],
    "blocks.{}.attention.qkv": [f"encoder.layers.{{}}.self_attn.{x}_proj" for x in "qkv"],
    "blocks.{}.attention.out": ["encoder.layers.{}.self_attn.out_proj"],
    "blocks.{}.mlp.up": ["encoder.layers.{}.mlp.fc1"],
    "blocks.{}.mlp.down": ["encoder.layers.{}.mlp.fc2"],
    "norm": ["post_layernorm"],
}
SAM = {
    "positions": ["high_res_vision_model.vision_encoder.pos_embed"],
    "patches": ["high_res_vision_model.vision_encoder.patch_embed.projection"],
    "blocks.{}.norm1": ["high_res_vision_model.vision_encoder.layers.{}.layer_norm1"],
    "blocks.{}.norm2": ["high_res_vision_model.vision_encoder.layers.{}.layer_norm2"],
    "blocks.{}.attention.rows": ["high_res_vision_model.vision_encoder.layers.{}.attn.rel_pos_h"],
    "blocks.{}.attention.columns": ["high_res_vision_model.vision_encoder.layers.{}.attn.rel_pos_w"],
    "blocks.{}.attention.qkv": ["high_res_vision_model.vision_encoder.layers.{}.attn.qkv"],
    "blocks.{}.attention.out": ["high_res_vision_model.vision_encoder.layers.{}.attn.proj"],
    "blocks.{}.mlp.up": ["high_res_vision_model.vision_encoder.layers.{}.mlp.lin1"],
    "blocks.{}.mlp.down": ["high_res_vision_model.vision_encoder.layers.{}.mlp.lin2"],
    "neck.reduce": ["high_res_vision_model.vision_encoder.neck.conv1"],
    "neck.norm1": ["high_res_vision_model.vision_encoder.neck.layer_norm1"],
    "neck.mix": ["high_res_vision_model.vision_encoder.neck.conv2"],
    "neck.norm2": ["high_res_vision_model.vision_encoder.neck.layer_norm2"],
    "early_neck.reduce": ["high_res_vision_neck.conv1"],
    "early_neck.norm1": ["high_res_vision_neck.layer_norm1"],
    "early_neck.mix": ["high_res_vision_neck.conv2"],
    "early_neck.norm2": ["high_res_vision_neck.layer_norm2"],
    "downsample.first": ["high_res_vision_proj.conv1"],
    "downsample.second": ["high_res_vision_proj.conv2"],
    "alpha": ["high_res_vision_alpha"],
}
HYBRID_ADAPTOR = {"low": ["vision_proj"], "high": ["high_res_vision_proj"], "out": ["proj"]}
SINGLE_ADAPTOR = {"low": ["linear1"], "out": ["linear2"]}
DECODER = {
    "embed": ["embed_tokens"],
    "blocks.{}.norm1": ["layers.{}.input_layernorm"],
    "blocks.{}.attention.qkv": [f"layers.{{}}.self_attn.{x}_proj" for x in "qkv"],
    "blocks.{}.attention.out": ["layers.{}.self_attn.o_proj"],
    "blocks.{}.norm2": ["layers.{}.post_attention_layernorm"],
    "blocks.{}.mlp.gate_up": ["layers.{}.mlp.gate_proj", "layers.{}.mlp.up_proj"],
    "blocks.{}.mlp.down": ["layers.{}.mlp.down_proj"],
    "norm": ["norm"],
}


def transformers_names(config):
    """The whole table for one ModelConfig: our name -> their names, `{}` for a layer's number."""
    parts = [("decoder.", "model.language_model.", DECODER)]
    if config.siglip:
        parts.append(("vision.siglip.", "model.vision_model.", SIGLIP))
    if config.sam:
        parts.append(("vision.sam.", "model.", SAM))
    parts.append(("adaptor.", "model.aligner.", HYBRID_ADAPTOR if config.vision == "hybrid" else SINGLE_ADAPTOR))
    table = {"decoder.head": ["lm_head"]}
    for ours, theirs, names in parts:
        table.update({ours + k: [theirs + v for v in names[k]] for k in names})
    return table


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


def to_transformers(state, table, config=None):
    """Our state dict under their names, fused tensors taken apart."""
    out = {}
    for name, tensor in state.items():
        theirs = translate(name, table)
        for their, piece in zip(theirs, tensor.split(_rows(name, theirs, tensor, config)), strict=True):
            out[their] = piece
    return out


def from_transformers(state, table, names, config=None):
    """Their state dict under our `names`, separate tensors stacked."""
    return {name: torch.cat([state[their] for their in translate(name, table)]) for name in names}


def _rows(name, theirs, tensor, config):
    """How many rows of a fused tensor belong to each of their names; only the decoder's heads may be grouped."""
    grouped = config is not None and config.heads != config.kv_heads and not name.startswith("vision.")
    if grouped and theirs[0].endswith("q_proj.weight"):
        return [config.heads * config.head_width] + 2 * [config.kv_heads * config.head_width]
    return [len(tensor) // len(theirs)] * len(theirs) if len(theirs) > 1 else [len(tensor)]


FORMAT = "dsvl-min/1"
WEIGHTS = Path(__file__).parent / "weights"


class CheckpointError(ValueError):
    """A folder that cannot be opened as a model; the message names the file or tensor."""


def write_atomically(path, data):
    """Write bytes to a temporary file beside `path`, then rename: a reader never sees half a file."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def save(model, processor, folder, dtype=None, record=None):
    """Write model and processor in our own layout: config.json, model.safetensors, tokenizer.json.

    dtype: what to store the weights in (torch.float16 halves the file); by default what they are in.
    record: how the weights were made, kept as record.json.  config.json is written last, so a folder that
    has it is complete.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.detach().to("cpu", dtype).contiguous() for name, tensor in model.state_dict().items()}
    if model.config.decoder.tied:
        del state["decoder.head.weight"]
    write_atomically(folder / "model.safetensors", safetensors.torch.save(state))
    write_atomically(folder / "tokenizer.json", processor.tokenizer.to_json())
    if record is not None:
        write_atomically(folder / "record.json", json.dumps(record, indent=1).encode())
    described = {"format": FORMAT, "model": model.config.to_dict(), "system_prompt": processor.system_prompt}
    write_atomically(folder / "config.json", json.dumps(described, indent=1).encode())


def load(name, dtype=torch.float32, device="cpu"):
    """Open a trained model: (model, processor), the model in evaluation mode.

    name: "tiny", the model that comes with the package, or a folder that `save` wrote.
    Raises CheckpointError naming the file or tensor that is missing, damaged or of another shape.
    """
    folder = Path(name)
    if not folder.is_dir():
        folder = WEIGHTS / str(name).lower()
    if not folder.is_dir():
        shipped = ", ".join(sorted(p.name for p in WEIGHTS.iterdir() if (p / "config.json").exists()))
        raise CheckpointError(
            f"there is no folder {str(name)!r}, and no model of that name comes with the package (it has: {shipped})"
        )
    described = _read_json(folder / "config.json")
    stated = described.get("format") if isinstance(described, dict) else None
    if stated != FORMAT:
        raise CheckpointError(f"{folder / 'config.json'}: format {stated!r} is not {FORMAT!r}")
    absent = [name for name in ("model", "system_prompt") if name not in described]
    if absent:
        raise CheckpointError(f"{folder / 'config.json'} lacks {' and '.join(absent)}")
    config = ModelConfig.from_dict(described["model"])
    with torch.device("meta"):
        model = DeepSeekVL(config)
    state = read_tensors(folder / "model.safetensors")
    if config.decoder.tied:
        state["decoder.head.weight"] = state.get("decoder.embed.weight")
    fill(model, state, folder / "model.safetensors", dtype, device)
    tokenizer = Tokenizer.load(folder / "tokenizer.json")
    return model.eval(), Processor(tokenizer, config, described["system_prompt"])


def read_tensors(path):
    """All tensors of one safetensors file; CheckpointError if it is missing or damaged."""
    try:
        return safetensors.torch.load_file(path)
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing") from None
    except Exception as error:  # safetensors raises its own kinds
        raise CheckpointError(f"{path} is damaged: {error}") from None


def fill(module, state, where, dtype=None, device="cpu"):
    """Put `state` into a module built on the meta device; every tensor must fit and none be left over."""
    wanted = module.state_dict()
    missing, extra = sorted(set(wanted) - set(state)), sorted(set(state) - set(wanted))
    if missing or extra:
        told = [f"lacks {', '.join(missing[:3])}"] * bool(missing) + [f"has unknown {', '.join(extra[:3])}"] * bool(
            extra
        )
        raise CheckpointError(
            f"{where} is of another model: it {' and '.join(told)} ({len(missing) + len(extra)} in all)"
        )
    for name, tensor in wanted.items():
        if state[name].shape != tensor.shape:
            raise CheckpointError(
                f"{where}: {name} has shape {list(state[name].shape)}, the configuration says {list(tensor.shape)}"
            )
    module.load_state_dict({k: v.to(device, dtype) for k, v in state.items()}, assign=True)
    for part in module.modules():  # buffers that are computed, not stored
        if hasattr(part, "compute_buffers"):
            part.compute_buffers(device)
    return module


def _read_json(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing: the folder holds no model, or an unfinished one") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path} is not valid JSON: {error}") from None

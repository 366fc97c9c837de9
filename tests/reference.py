"""The same random weights in our modules and in their `transformers` counterparts."""

import pytest
import torch

from dsvl_min.export import twin as their_model  # noqa: F401
from dsvl_min.layouts import (
    DECODER,
    SAM,
    SIGLIP,
    llama_table,
    sam_table,
    siglip_table,
    split,
    spread,
)

transformers = pytest.importorskip("transformers")


def shake(module, seed=0):
    """Fill every parameter with noise, zeros too: alpha, relative positions and biases must count."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in module.named_parameters():
            fan_in = p[0].numel() if p.dim() > 1 else 1
            p.copy_(torch.randn(p.shape, generator=generator) * (fan_in**-0.5 if p.dim() > 1 else 0.3))
            if "norm" in name and name.endswith("weight"):
                p.add_(1.0)
    return module.eval()


def worst(ours, theirs):
    """The largest difference as a share of the reference's own scale."""
    assert ours.shape == theirs.shape
    return float((ours - theirs).abs().max() / theirs.abs().max())


def apart(module, table, heads=(1, 1)):
    """A module's tensors under the names of {our name: their name}."""
    state = module.state_dict()
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    names = {ours: spread(theirs) for ours, theirs in table.items()}
    return {piece.name: state[piece.ours][piece.rows] for piece in split(shapes, names, heads)}


def their_siglip(ours, text=None):
    """A SiglipModel with the weights of our Siglip (both towers and the pooling head)."""
    vision, text = ours.vision.config, ours.text.config
    made = transformers.SiglipConfig(
        vision_config={k: v for k, v in siglip_table(vision).items() if k != "vision_use_head"},
        text_config=dict(
            hidden_size=text.width, intermediate_size=text.mlp_width, num_hidden_layers=text.layers,
            num_attention_heads=text.heads, vocab_size=text.vocab_size, projection_size=vision.width,
            max_position_embeddings=text.length, hidden_act="gelu", layer_norm_eps=text.norm_eps,
            bos_token_id=0, eos_token_id=1,
        ),
    )  # fmt: skip
    theirs = transformers.SiglipModel(made)
    vision_names = {k: v[0] for k, v in SIGLIP.items()}
    text_names = {k: v for k, v in vision_names.items() if k.startswith("blocks")} | {
        "tokens": "embeddings.token_embedding",
        "positions": "embeddings.position_embedding.weight",
        "norm": "final_layer_norm",
        "head": "head",
    }
    state = {"vision_model." + k: v for k, v in apart(ours.vision, vision_names).items()}
    state |= {"text_model." + k: v for k, v in apart(ours.text, text_names).items()}
    pool = ours.pool.state_dict()
    head = "vision_model.head."
    for kind in ("weight", "bias"):
        state[f"{head}attention.in_proj_{kind}"] = torch.cat(
            [pool[f"attention.query.{kind}"], pool[f"attention.key_value.{kind}"]]
        )
        state[f"{head}attention.out_proj.{kind}"] = pool[f"attention.out.{kind}"]
        state[f"{head}layernorm.{kind}"] = pool[f"norm.{kind}"]
        state[f"{head}mlp.fc1.{kind}"] = pool[f"mlp.up.{kind}"]
        state[f"{head}mlp.fc2.{kind}"] = pool[f"mlp.down.{kind}"]
    state[head + "probe"] = pool["probe"]
    state["logit_scale"] = ours.log_temperature[None]
    state["logit_bias"] = ours.bias[None]
    theirs.load_state_dict(state, strict=True)
    return theirs.eval()


def their_llama(ours):
    """A LlamaForCausalLM with the weights of our Decoder."""
    theirs = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(**llama_table(ours.config, {"bos_token_id": 0, "eos_token_id": 1}))
    )
    table = {"decoder." + k: "model." + v[0] for k, v in DECODER.items()} | {"decoder.head": "lm_head"}
    holder = torch.nn.ModuleDict({"decoder": ours})
    theirs.load_state_dict(apart(holder, table, (ours.config.heads, ours.config.kv_heads)), strict=True)
    return theirs.eval()


def their_sam(ours, prompt):
    """A SamModel with the weights of our Sam: image encoder, prompt encoder, mask decoder."""
    config = ours.vision.config
    made = transformers.SamConfig(
        vision_config=sam_table(config),
        prompt_encoder_config=dict(
            hidden_size=config.neck_width, image_size=config.image_size, patch_size=config.patch_size,
            mask_input_channels=prompt.mask_channels, hidden_act="gelu",
        ),
        mask_decoder_config=dict(
            hidden_size=config.neck_width, num_attention_heads=prompt.heads, mlp_dim=prompt.mlp_width,
            num_hidden_layers=prompt.layers, num_multimask_outputs=prompt.masks, hidden_act="relu",
            iou_head_hidden_dim=prompt.iou_width, iou_head_depth=prompt.iou_layers,
        ),
    )  # fmt: skip
    made.vision_config.num_pos_feats = config.neck_width // 2
    theirs = transformers.SamModel(made)
    encoder = torch.nn.ModuleDict({k: getattr(ours.vision, k) for k in ("patches", "blocks", "neck")})
    encoder.register_parameter("positions", ours.vision.positions)
    state = {"vision_encoder." + k: v for k, v in apart(encoder, {k: v[0] for k, v in SAM.items()}).items()}
    p = ours.prompt.state_dict()
    state["shared_image_embedding.positional_embedding"] = p["frequencies"]
    state["prompt_encoder.shared_embedding.positional_embedding"] = p["frequencies"]
    for i, row in enumerate(p["kinds.weight"]):
        state[f"prompt_encoder.point_embed.{i}.weight"] = row[None]
    state["prompt_encoder.not_a_point_embed.weight"] = p["not_a_point"][None]
    state["prompt_encoder.no_mask_embed.weight"] = p["no_mask"][None]
    for at, name in {0: "conv1", 1: "layer_norm1", 3: "conv2", 4: "layer_norm2", 6: "conv3"}.items():
        for kind in ("weight", "bias"):
            state[f"prompt_encoder.mask_embed.{name}.{kind}"] = p[f"mask.{at}.{kind}"]
    d = ours.decoder.state_dict()
    state["mask_decoder.iou_token.weight"] = d["iou_token"]
    state["mask_decoder.mask_tokens.weight"] = d["mask_tokens"]
    attention = {"query": "q_proj", "key": "k_proj", "value": "v_proj", "out": "out_proj"}
    places = {"final.": "transformer.final_attn_token_to_image.", "norm.": "transformer.layer_norm_final_attn."}
    for i in range(prompt.layers):
        a, b = f"blocks.{i}.", f"transformer.layers.{i}."
        places |= {
            a + "self_attention.": b + "self_attn.",
            a + "to_image.": b + "cross_attn_token_to_image.",
            a + "to_tokens.": b + "cross_attn_image_to_token.",
            a + "mlp.layers.0.": b + "mlp.lin1.",
            a + "mlp.layers.1.": b + "mlp.lin2.",
        } | {f"{a}norm{j}.": f"{b}layer_norm{j}." for j in (1, 2, 3, 4)}
    places |= {"upscale.0.": "upscale_conv1.", "upscale.1.": "upscale_layer_norm.", "upscale.3.": "upscale_conv2."}
    stacks = {f"hyper.{i}.": f"output_hypernetworks_mlps.{i}." for i in range(prompt.masks + 1)}
    for a, b in (stacks | {"iou.": "iou_prediction_head."}).items():
        places |= {a + "layers.0.": b + "proj_in.", a + "layers.1.": b + "layers.0.", a + "layers.2.": b + "proj_out."}
    for name, tensor in d.items():
        for a, b in places.items():
            if name.startswith(a):
                rest = name.removeprefix(a)
                for ours_name, theirs_name in attention.items():
                    if rest.startswith(ours_name + "."):
                        rest = rest.replace(ours_name, theirs_name)
                state["mask_decoder." + b + rest] = tensor
    theirs.load_state_dict(state, strict=True)
    return theirs.eval()

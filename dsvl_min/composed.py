"""A model out of parts: SigLIP, SAM and a LLaMA-type language model, each from its own checkpoint.

DeepSeek-VL began so: three finished models that had never met, and a fresh adaptor between them.
"""

import torch

from .checkpoint import CheckpointError, find, read_json, tensors_of, token_ids, weight_files
from .config import ConfigError, ModelConfig, SamConfig
from .init import initialise
from .layouts import DECODER, SAM, SIGLIP, read_llama, read_sam, read_siglip, split, spread
from .model import DeepSeekVL
from .processor import SYSTEM_PROMPT, Processor
from .tokenizer import SPECIALS, Tokenizer

SAM_GRID = 24  # tokens along a side when SAM stands alone
FRESH = ("early_neck.", "downsample.", "alpha")  # of our SAM, what Meta's checkpoints don't have


def compose(
    siglip=None,
    sam=None,
    decoder=None,
    dtype=torch.float32,
    device="cpu",
    seed=0,
    system_prompt=SYSTEM_PROMPT,
    revisions=None,
):
    """A DeepSeekVL out of parts that have never met, with a fresh adaptor: where stage 1 begins.

    siglip: a folder or hub id of google/siglip-*; sam: of facebook/sam-vit-*; either may be left out.  decoder: of a
    LLaMA-type language model, whose tokenizer is given the image token (and its table a row for it, if none is spare).
    SigLIP runs with the exact GELU, as in DeepSeek-VL, where google's own configuration names the tanh form.
    revisions: {part: branch, tag or commit} of parts that are hub ids.
    Fresh, from `seed`: the adaptor, SAM's convolutions and early neck, the image token's row.
    Returns (model, processor).  Raises CheckpointError or ConfigError naming the part and the field in the way.
    """
    if decoder is None or (siglip is None and sam is None):
        raise ConfigError("compose needs a decoder, and siglip, sam or both")
    folders = {"siglip": siglip, "sam": sam, "decoder": decoder}
    revisions = revisions or {}
    unknown = sorted(revisions.keys() - {part for part, name in folders.items() if name is not None})
    if unknown:
        raise ConfigError(f"revisions names {', '.join(unknown)}, which is no part of this model")
    folders = {part: find(name, revisions.get(part)) for part, name in folders.items() if name is not None}
    tables = {part: read_json(folder / "config.json") for part, folder in folders.items()}
    tokenizer = _other_tokenizer(folders["decoder"])
    vision = {}
    try:
        rows = tables["decoder"].get("vocab_size", 32000)
        language = read_llama(tables["decoder"], "the decoder's config.json", max(rows, tokenizer.image + 1))
        if siglip is not None:
            vision["siglip"] = read_siglip(_part(tables["siglip"], "siglip"), "siglip")
        if sam is not None:
            grid = vision["siglip"].grid if siglip is not None else SAM_GRID
            table = _part(tables["sam"], "sam")
            vision["sam"] = read_sam(table, "sam", grid, SamConfig.mean, SamConfig.std)
        config = ModelConfig(decoder=language, name="composed", **vision, **token_ids(tokenizer))
    except (TypeError, AttributeError, ZeroDivisionError) as error:
        raise ConfigError(f"a part's config.json can't be understood: {error}") from None
    model = initialise(DeepSeekVL(config), seed).to(device, dtype)
    with torch.no_grad():
        for part, folder in folders.items():
            _pour(model, part, folder, rows)
    return model.eval(), Processor(tokenizer, config, system_prompt)


def _part(table, kind):
    """The vision tower's table in a config.json of SigLIP or SAM."""
    own = {"siglip": ("siglip", "siglip_vision_model"), "sam": ("sam", "sam_vision_model")}[kind]
    if table.get("model_type") not in own:
        raise ConfigError(f"{kind}: model_type {table.get('model_type')!r} is not {own[0]!r}")
    inner = table.get("vision_config", table)
    return inner if isinstance(inner, dict) else {}


def _pour(model, part, folder, rows):
    """Copy one part's checkpoint into a composed model; its other tensors (text tower, mask decoder …) are left out.

    rows: how many the language model's own token table has.
    """
    prefix, names = {
        "siglip": ("vision.siglip.", {k: ["vision_model." + n for n in spread(v[0])] for k, v in SIGLIP.items()}),
        "sam": ("vision.sam.", {k: ["vision_encoder." + n for n in spread(v[0])] for k, v in SAM.items()}),
        "decoder": ("decoder.", {k: ["model." + n for n in spread(v[0])] for k, v in DECODER.items()}
                    | {"head": ["lm_head"]}),
    }[part]  # fmt: skip
    state, heads = model.state_dict(), model.config.decoder
    own = {n: tuple(t.shape) for n, t in state.items() if n.startswith(prefix)}
    own = {n: s for n, s in own.items() if not (part == "sam" and n.removeprefix(prefix).startswith(FRESH))}
    if part == "decoder":
        own = {n: (rows, *s[1:]) if n in ("decoder.embed.weight", "decoder.head.weight") else s for n, s in own.items()}
        if heads.tied:
            own.pop("decoder.head.weight")
    wanted = {p.name: p for p in split(own, {prefix + k: v for k, v in names.items()}, (heads.heads, heads.kv_heads))}
    for path in weight_files(folder):
        for name, tensor in tensors_of(path):
            piece = wanted.pop(name, None)
            if piece is None:
                continue
            if tuple(tensor.shape) != piece.shape:
                raise CheckpointError(f"{path}: {name} has shape {list(tensor.shape)}, its configuration says "
                                      f"{list(piece.shape)}")  # fmt: skip
            first = slice(tensor.shape[0]) if piece.start is None else piece.rows  # the table may have grown
            state[piece.ours][first].copy_(tensor)
    if wanted:
        raise CheckpointError(f"{folder} lacks {', '.join(sorted(wanted)[:3])} ({len(wanted)} in all): is it {part}?")


def _other_tokenizer(folder):
    """The tokenizer of any language model: its own begin and end tokens, and the image token added."""
    described = read_json(folder / "tokenizer_config.json")
    config = read_json(folder / "config.json")

    def word(kind):
        token = described.get(f"{kind}_token")
        token = token.get("content") if isinstance(token, dict) else token
        if not isinstance(token, str) or not token:
            raise CheckpointError(
                f"{folder / 'tokenizer_config.json'} lacks {kind}_token (config.json: {config.get(kind + '_token_id')})"
            )
        return token

    return Tokenizer.load(folder / "tokenizer.json", (word("bos"), word("eos"), SPECIALS[2]), add_image=True)

"""Weights on disk: save, load, convert.

`load` opens three layouts (see `layouts`), from a folder or from the Hugging Face hub.  Tensors stream file by file
into their final number format and place: besides the model, no more than one file is in memory.  Nothing is ever
executed that a checkpoint brings: safetensors and json, or pickles read with weights_only=True.

`save` writes our own layout, to temporary files first, config.json last: a folder that has it is complete.
"""

import hashlib
import json
import math
import os
import pickle
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import nn
from tqdm import tqdm

from .config import ConfigError, ModelConfig
from .layouts import (
    Piece,
    dropped,
    original_table,
    pieces,
    read_original,
    read_transformers,
    recognise,
    shapes,
)
from .lora import add_lora, has_lora, is_lora, merge_lora
from .model import DeepSeekVL
from .processor import Processor
from .tokenizer import SPECIALS, Tokenizer

FORMAT = "dsvl-min/1"
TUNED = "dsvl-min-tuned/1"  # what a model that stays elsewhere was changed by
WEIGHTS = Path(__file__).parent / "weights"
SHARD = 5 * 10**9  # bytes of a file of weights before another is begun
FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


class CheckpointError(ValueError):
    """A folder that cannot be opened as a model; the message names the file or tensor."""


# writing


def write_atomically(path, data):
    """Write bytes to a temporary file beside `path`, then rename: a reader never sees half a file."""
    _into_place(path, lambda temporary: temporary.write_bytes(data))


def _into_place(path, write):
    """write(temporary file), then rename it to `path`; nothing is left behind if that fails."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_tensors(folder, tensors, limit=SHARD, progress=False):
    """Tensors, by name, as model.safetensors; beyond `limit` bytes as numbered files with an index."""
    groups, size = [{}], 0
    for name, tensor in tensors.items():
        if groups[-1] and size + tensor.nbytes > limit:
            groups.append({})
            size = 0
        groups[-1][name] = tensor
        size += tensor.nbytes
    files = {f"model-{i:05}-of-{len(groups):05}.safetensors": group for i, group in enumerate(groups, 1)}
    if len(groups) == 1:
        files = {"model.safetensors": groups[0]}
    bar = tqdm(total=sum(t.nbytes for t in tensors.values()), unit="B", unit_scale=True, disable=not progress,
               desc="writing")  # fmt: skip
    for file, group in files.items():
        whole = {name: tensor.detach().cpu().contiguous() for name, tensor in group.items()}

        def write(temporary, whole=whole):
            safetensors.torch.save_file(whole, temporary, {"format": "pt"})

        _into_place(folder / file, write)
        bar.update(sum(tensor.nbytes for tensor in whole.values()))
    bar.close()
    index = folder / "model.safetensors.index.json"
    if len(groups) > 1:
        table = {"metadata": {"total_size": bar.total}, "weight_map": {n: f for f, g in files.items() for n in g}}
        write_atomically(index, json.dumps(table, indent=1).encode())
    else:
        index.unlink(missing_ok=True)


def stored(model, dtype=None):
    """The tensors a checkpoint holds, by our names, in a number format; a tied head is stored once.

    Raises CheckpointError for quantised weights, which are not written back, and for LoRA beside matrices.
    """
    if has_lora(model):
        raise CheckpointError("the model has LoRA beside its matrices: merge_lora(model) makes them whole")
    if any(not p.is_floating_point() for p in model.parameters()):
        raise CheckpointError("quantised weights are for running only; load the model unquantised to write it")
    state = {name: tensor.detach().to(dtype=dtype) for name, tensor in model.state_dict().items()}
    if model.config.decoder.tied:
        del state["decoder.head.weight"]
    return state


def save(model, processor, folder, dtype=None, record=None, progress=False, limit=SHARD):
    """Write model and processor in our own layout: config.json, model.safetensors, tokenizer.json.

    dtype: what to store the weights in (torch.float16 halves the file); by default what they are in.
    record: how the weights were made, kept as record.json.  limit: bytes of a file of weights before another is
    begun.  config.json is written last, so a folder that has it is complete.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_tensors(folder, stored(model, dtype), limit, progress)
    write_atomically(folder / "tokenizer.json", processor.tokenizer.to_json())
    if record is not None:
        write_atomically(folder / "record.json", json.dumps(record, indent=1).encode())
    described = {"format": FORMAT, "model": model.config.to_dict(), "system_prompt": processor.system_prompt,
                 "tokenizer": file_hash(folder / "tokenizer.json")}  # fmt: skip
    if processor.tokenizer.specials != SPECIALS:
        described["specials"] = list(processor.tokenizer.specials)
    write_atomically(folder / "config.json", json.dumps(described, indent=1).encode())


def save_tuned(model, folder, base, rank, alpha, revision=None, record=None):
    """Write what training changed of a model with LoRA: A, B and the adaptor, and which model they belong to.

    base, revision: the name it was opened by.  `load(folder)` then opens that model, and adds this.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: p for name, p in model.named_parameters() if is_lora(name) or name.startswith("adaptor.")}
    write_tensors(folder, kept)
    if record is not None:
        write_atomically(folder / "record.json", json.dumps(record, indent=1).encode())
    base = str(Path(base).resolve()) if Path(base).is_dir() else str(base)
    described = {"format": TUNED, "base": base, "revision": revision, "rank": rank, "alpha": alpha,
                 "known by": fingerprint(find(base, revision))}  # fmt: skip
    write_atomically(folder / "config.json", json.dumps(described, indent=1).encode())


def file_hash(path):
    """Of a small file's content: 16 characters.  Raises CheckpointError if it is missing."""
    if not Path(path).is_file():
        raise CheckpointError(f"{path} is missing")
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]


def fingerprint(folder, blocks=64, length=4096):
    """A hash of samples from a folder's weights: other weights have another, and 15 GB needn't be read for it."""
    told = hashlib.sha256()
    for path in weight_files(folder):
        size = path.stat().st_size
        told.update(f"{path.name} {size}".encode())
        with open(path, "rb") as file:
            for i in range(blocks):
                file.seek(i * size // blocks)
                told.update(file.read(length))
    return told.hexdigest()


def _tuned(folder):
    """What `save_tuned` wrote down, checked; None if the folder holds a model of its own."""
    described = read_json(folder / "config.json")
    if not isinstance(described, dict) or described.get("format") != TUNED:
        return None
    kinds = {"base": str, "rank": int, "alpha": int | float, "known by": str}
    wrong = [name for name, kind in kinds.items() if not isinstance(described.get(name), kind)]
    if wrong:
        raise CheckpointError(f"{folder / 'config.json'} lacks {' and '.join(wrong)}")
    return described


def _load_tuned(folder, described, dtype, device, quantize, progress):
    """The model that a folder of `save_tuned` was trained from, with what it was changed by."""
    base = described["base"]
    try:
        model, processor = load(base, dtype, device, described.get("revision"), quantize, progress)
    except CheckpointError as error:
        raise CheckpointError(f"{folder} was tuned from {base}, which can't be opened: {error}") from None
    if fingerprint(find(base, described.get("revision"))) != described["known by"]:
        raise CheckpointError(f"{folder} was tuned from {base}, whose weights are others now: tune it again")
    add_lora(model, described["rank"], described["alpha"])
    wanted = {name: p for name, p in model.named_parameters() if is_lora(name) or name.startswith("adaptor.")}
    where = folder / "model.safetensors"
    found = dict(tensors_of(where))
    misfit = sorted(found.keys() ^ wanted.keys()) or [n for n, p in wanted.items() if found[n].shape != p.shape]
    if misfit:
        raise CheckpointError(f"{where} doesn't fit {base} with LoRA of rank {described['rank']}: {misfit[0]}")
    for name, p in wanted.items():
        p.data.copy_(found[name])
    return (model if quantize else merge_lora(model)).eval(), processor


def to_layout(model, layout, dtype=None):
    """The model's tensors under a layout's names: stacked ones taken apart, those it never runs left out."""
    state = stored(model, dtype)
    return {
        piece.name: state[piece.ours][piece.rows].reshape(piece.shape)
        for piece in pieces(model.config, layout)
        if piece.ours
    }


def save_original(model, processor, folder, dtype=torch.float16, limit=SHARD):
    """Write the original deepseek-ai layout, with noise for the parts it holds and never runs.

    What the released loader reads; here it serves to prove our own.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    draw = torch.Generator().manual_seed(0)
    state = to_layout(model, "original", dtype)
    for piece in pieces(model.config, "original"):
        if piece.ours is None:
            state[piece.name] = torch.randn(piece.shape, generator=draw).to(dtype)
    write_tensors(folder, state, limit)
    write_atomically(folder / "tokenizer.json", processor.tokenizer.to_json())
    write_atomically(folder / "config.json", json.dumps(original_table(model.config), indent=1).encode())


# finding


def find(name, revision=None):
    """The folder that holds a model: one that exists, one that came with the package, or one fetched from the hub.

    A name with one slash and no such folder, such as "deepseek-ai/deepseek-vl-1.3b-chat", is a hub id.
    revision: its branch, tag or commit.
    """
    folder = Path(name)
    if folder.is_dir():
        return folder
    if (WEIGHTS / str(name).lower() / "config.json").is_file():
        return WEIGHTS / str(name).lower()
    text = str(name)
    if text.count("/") == 1 and not text.startswith((".", "/", "~")) and not text.endswith("/"):
        return fetch(text, revision)
    shipped = ", ".join(sorted(p.name for p in WEIGHTS.iterdir() if (p / "config.json").exists()))
    raise CheckpointError(
        f"there is no folder {text!r}, and no model of that name comes with the package (it has: {shipped}); "
        "a hub id has the form owner/name, such as deepseek-ai/deepseek-vl-1.3b-chat"
    )


def fetch(name, revision=None):
    """Fetch a model from the Hugging Face hub, or find it in its cache: the folder.

    Interrupted downloads go on where they stopped; with HF_HUB_OFFLINE=1 only the cache is read.  No code is fetched.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=["*.json", "*.safetensors"]))
        if not any(folder.glob("*.safetensors")):
            folder = Path(snapshot_download(name, revision=revision, allow_patterns=["*.json", "*.bin"]))
    except LocalEntryNotFoundError as error:
        raise CheckpointError(
            f"there is no folder {name}, and as a hub id {name} is neither in the cache nor to be reached "
            f"({error.__cause__ or 'offline'}); fetch it once with a connection, or give a folder"
        ) from None
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        at = f" at revision {revision}" if revision else ""
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise CheckpointError(f"there is no folder {name}, and the hub has no such id{at} for us: {said}") from None
    return folder


def read_json(path):
    """A json file's contents; CheckpointError names it if it is missing or none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing: the folder holds no model, or an unfinished one") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path} is not valid JSON: {error}") from None


# reading tensors


def weight_files(folder):
    """The files of weights of a folder, in order; CheckpointError if there are none, or one in the index is absent."""
    for stem, kind in (("model", "safetensors"), ("pytorch_model", "bin")):
        index = folder / f"{stem}.{kind}.index.json"
        if index.is_file():
            table = read_json(index)
            table = table.get("weight_map") if isinstance(table, dict) else None
            if not isinstance(table, dict) or not table:
                raise CheckpointError(f"{index} lacks weight_map")
            files = [folder / name for name in sorted(set(map(str, table.values())))]
            for path in files:
                if path.parent != folder or not path.is_file():
                    raise CheckpointError(f"{index} names {path.name}, which is not in the folder")
            return files
        if (folder / f"{stem}.{kind}").is_file():
            return [folder / f"{stem}.{kind}"]
    raise CheckpointError(f"{folder / 'model.safetensors'} is missing, and there are no other weights in the folder")


def tensors_of(path):
    """(name, tensor) for each tensor of one file, read as they are asked for."""
    try:
        if path.suffix == ".bin":
            yield from _unpickle(path).items()
            return
        with safetensors.safe_open(path, "pt") as file:
            for name in file.keys():  # noqa: SIM118
                yield name, file.get_tensor(name)
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing") from None
    except CheckpointError:
        raise
    except (safetensors.SafetensorError, OSError, RuntimeError, EOFError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged: {error}") from None


def _unpickle(path):
    """A .bin file's tensors, without running anything it holds."""
    try:
        try:
            state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except RuntimeError:  # files older than 2020 can't be mapped
            state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "weights_only" in str(error) or "Unsupported" in str(error) or "GLOBAL" in str(error):
            raise CheckpointError(
                f"{path} holds more than tensors, and is not run: {str(error).splitlines()[0]}"
            ) from None
        raise CheckpointError(f"{path} is damaged: {error}") from None
    if not isinstance(state, dict) or not all(isinstance(t, torch.Tensor) for t in state.values()):
        raise CheckpointError(f"{path} is no table of tensors")
    return state


def fill(module, stream, parts, where, dtype=None, device="cpu", layout="own", place=None):
    """Put streamed (name, tensor) pairs into a module built on the meta device.

    parts: the Pieces expected.  place(module, name, tensor): puts a finished tensor into the module, by default as a
    parameter.  Raises CheckpointError naming what is missing, unknown, misshapen or of a wrong number format.
    """
    wanted = {piece.name: piece for piece in parts}
    needed = {piece.name for piece in parts if piece.ours}
    shape_of = {name: tensor.shape for name, tensor in module.state_dict().items()}
    left = {}
    for piece in parts:
        left[piece.ours] = left.get(piece.ours, 0) + 1
    made, unknown, misfit = {}, [], []
    for name, tensor in stream:
        piece = wanted.get(name)
        if piece is None or piece.ours is None:
            if piece is None and dropped(name, layout) is None:
                unknown.append(name)
            continue
        needed.discard(name)
        if tuple(tensor.shape) != piece.shape:
            misfit.append(f"{name} has shape {list(tensor.shape)}, the configuration says {list(piece.shape)}")
        if tensor.dtype not in FLOATS:
            misfit.append(f"{name} is stored as {tensor.dtype}; weights are floating-point numbers of 16 or 32 bits")
        if misfit:
            continue
        ours = piece.ours
        if ours not in made:
            made[ours] = torch.empty(shape_of[ours], dtype=dtype or tensor.dtype, device=device)
        target = made[ours][piece.rows]
        target.copy_(tensor.reshape(target.shape))
        left[ours] -= 1
        if left[ours] == 0:
            (place or put)(module, ours, made.pop(ours))
    if needed or unknown:
        told = [f"lacks {', '.join(sorted(needed)[:3])}"] * bool(needed)
        told += [f"has unknown {', '.join(sorted(unknown)[:3])}"] * bool(unknown)
        raise CheckpointError(
            f"{where} is of another model: it {' and '.join(told)} ({len(needed) + len(unknown)} in all)"
        )
    if misfit:
        raise CheckpointError(f"{where}: {misfit[0]}" + (f" ({len(misfit)} such in all)" if misfit[1:] else ""))
    for part in module.modules():  # buffers that are computed, not stored
        if hasattr(part, "compute_buffers"):
            part.compute_buffers(device)
    return module


def as_own(module):
    """The Pieces of a module's own file: every tensor under its own name."""
    return [Piece(name, tuple(tensor.shape), name) for name, tensor in module.state_dict().items()]


def put(module, name, tensor):
    """Make `tensor` the parameter or buffer of that dotted name."""
    at, _, leaf = name.rpartition(".")
    part = module.get_submodule(at)
    if leaf in part._buffers:
        part._buffers[leaf] = tensor
    else:
        setattr(part, leaf, nn.Parameter(tensor))


# quantised weights


def _quantiser(bits, dtype, device):
    """place() for `fill`: the matrices of the decoder's blocks become 8- or 4-bit as soon as they are read.

    bitsandbytes: its 4-bit kernels run on a T4 and, slowly, on a CPU; torchao's need a card of capability 8.
    """
    try:
        import bitsandbytes as bnb
    except ImportError:
        raise CheckpointError("quantize needs bitsandbytes: pip install bitsandbytes") from None

    def place(module, name, tensor):
        at, _, leaf = name.rpartition(".")
        part = module.get_submodule(at)
        if not shrinks(name, tuple(tensor.shape)):
            return put(module, name, tensor.to(device))
        size = (part.in_features, part.out_features)
        if bits == "4bit":
            small = bnb.nn.Linear4bit(*size, bias=False, compute_dtype=dtype, quant_type="nf4", device="meta")
            small.weight = bnb.nn.Params4bit(tensor, requires_grad=False, quant_type="nf4", module=small)
        else:
            small = bnb.nn.Linear8bitLt(*size, bias=False, has_fp16_weights=False, device="meta")
            small.weight = bnb.nn.Int8Params(tensor.to(torch.float16), requires_grad=False, has_fp16_weights=False)
        parent, _, own = at.rpartition(".")
        setattr(module.get_submodule(parent), own, small.to(device))

    return place


def shrinks(name, shape):
    """Is that tensor quantised?  The matrices of the decoder's blocks are, where blocks of 64 fit into their rows."""
    return name.startswith("decoder.blocks.") and len(shape) == 2 and shape[1] % 64 == 0


def memory(config, dtype=torch.float16, quantize=None):
    """Bytes of weights by part: {"vision", "adaptor", "decoder blocks", "embeddings and head"}.

    quantize: "8bit" (one byte a weight, and a 4-byte scale a row) or "4bit" (half a byte, and for every 64 weights a
    scale of one byte, for every 256 of those one of four) for what `shrinks`; the rest stays in `dtype`.
    """
    out = {"vision": 0.0, "adaptor": 0.0, "decoder blocks": 0.0, "embeddings and head": 0.0}
    for name, shape in shapes(config).items():
        numbers = math.prod(shape)
        cost = numbers * dtype.itemsize
        if quantize and shrinks(name, shape):
            cost = numbers + 4 * shape[0] if quantize == "8bit" else numbers / 2 + numbers / 64 * (1 + 4 / 256)
        part = name.partition(".")[0]
        if part == "decoder":
            part = "decoder blocks" if ".blocks." in name else "embeddings and head"
        out[part] += cost
    return {part: int(cost) for part, cost in out.items()}


# opening


def number_format(device):
    """float32 on a CPU; on a GPU bfloat16 where the card computes in it (capability 8 and later), else float16."""
    if torch.device(device).type != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.get_device_capability(device)[0] >= 8 else torch.float16


def load(name, dtype=None, device="cpu", revision=None, quantize=None, progress=False):
    """Open a trained model: (model, processor), the model in evaluation mode.

    name: "tiny", the model that comes with the package; a folder in our own layout, the original or the
    transformers one, or one that `dsvl tune` wrote; or a hub id (revision: its branch, tag or commit).
    dtype: by default float32 on a CPU, and on a GPU the 16-bit format that it computes in.
    quantize: "8bit" or "4bit" for the matrices of the decoder's blocks, with the package bitsandbytes.
    Raises CheckpointError or ConfigError naming the file, field or tensor that is missing, damaged or of another model.
    """
    if quantize not in (None, "8bit", "4bit"):
        raise CheckpointError(f'quantize must be None, "8bit" or "4bit", got {quantize!r}')
    folder = find(name, revision)
    dtype = dtype or number_format(device)
    tuned = _tuned(folder)
    if tuned:
        return _load_tuned(folder, tuned, dtype, device, quantize, progress)
    config, processor, layout = describe(folder)
    with torch.device("meta"):
        model = DeepSeekVL(config)
    place = _quantiser(quantize, dtype, device) if quantize else None
    files = weight_files(folder)
    if layout == "transformers" and _is_flat(files):
        layout = "transformers-flat"
    where = files[0] if len(files) == 1 else folder
    stream = (pair for path in tqdm(files, "reading", disable=not progress) for pair in tensors_of(path))
    fill(model, stream, pieces(config, layout), where, dtype, "cpu" if quantize else device, layout, place)
    if quantize:
        for part in model.modules():
            if hasattr(part, "compute_buffers"):
                part.compute_buffers(device)
    if config.decoder.tied:
        model.decoder.head.weight = model.decoder.embed.weight
    return model.eval(), processor


def _is_flat(files):
    """Are SigLIP's names one level shallower, as transformers writes them since 5.6?"""
    for path in files:
        for name, _ in tensors_of(path):
            if name.startswith("model.vision_model."):
                return not name.startswith("model.vision_model.vision_model.")
    return False


def describe(folder):
    """(ModelConfig, Processor, layout) of a folder, its weights unread."""
    folder = Path(folder)
    tuned = _tuned(folder)
    if tuned:
        return describe(find(tuned["base"], tuned.get("revision")))
    described = read_json(folder / "config.json")
    try:
        layout = recognise(described)
        if layout == "own":
            return (*_own(folder, described), layout)
        tokenizer = Tokenizer.load(folder / "tokenizer.json")
        tokens = token_ids(tokenizer)
        if layout == "original":
            config = read_original(described, tokens)
        else:
            config = read_transformers(described, _pixel_table(folder), tokens)
    except CheckpointError:
        raise
    except (ConfigError, FileNotFoundError) as error:
        raise ConfigError(f"{folder}: {error}") from None
    except (TypeError, AttributeError, ArithmeticError, ValueError, KeyError) as error:  # a word for a number, say
        raise ConfigError(f"{folder / 'config.json'} can't be understood: {error}") from None
    return config, Processor(tokenizer, config), layout


def token_ids(tokenizer):
    """A ModelConfig's token fields from a tokenizer."""
    return {"image_token_id": tokenizer.image, "bos_token_id": tokenizer.bos, "eos_token_id": tokenizer.eos,
            "pad_token_id": tokenizer.pad}  # fmt: skip


def _own(folder, described):
    """ModelConfig and Processor of our own layout."""
    if described["format"] != FORMAT:
        raise CheckpointError(f"{folder / 'config.json'}: format {described['format']!r} is not {FORMAT!r}")
    absent = [name for name in ("model", "system_prompt") if name not in described]
    if absent:
        raise CheckpointError(f"{folder / 'config.json'} lacks {' and '.join(absent)}")
    config = ModelConfig.from_dict(described["model"])
    tokenizer = Tokenizer.load(folder / "tokenizer.json", described.get("specials", SPECIALS))
    known = described.get("tokenizer")
    if known and known != (found := file_hash(folder / "tokenizer.json")):
        raise CheckpointError(
            f"{folder / 'tokenizer.json'} is not the tokenizer of these weights: its hash is {found}, config.json says "
            f"{known}; put that one back{_trained_by(folder)}"
        )
    return config, Processor(tokenizer, config, described["system_prompt"])


def _trained_by(folder):
    """What to type to have the weights of a folder anew, as the end of a message; "" if it isn't written down."""
    path = folder / "record.json"
    command = read_json(path).get("command") if path.is_file() else None
    return f", or train anew: {command} --out FOLDER" if command else ""


def check_world(folder, world):
    """CheckpointError if the folder's weights say that they saw another world than the one of this hash."""
    folder = Path(folder)
    path = folder / "record.json"
    seen = read_json(path).get("world") if path.is_file() else None
    if seen and seen != world:
        raise CheckpointError(
            f"the weights in {folder} saw an older world ({seen}; here it is {world}), so what is asked here would not "
            f"be what they learnt{_trained_by(folder)}"
        )


def _pixel_table(folder):
    """The image processor's table of the transformers layout: nested in processor_config.json, or a file of its own."""
    for name in ("processor_config.json", "preprocessor_config.json"):
        if (folder / name).is_file():
            table = read_json(folder / name)
            table = table.get("image_processor", table) if isinstance(table, dict) else {}
            if isinstance(table, dict) and "image_mean" in table:
                return table
    return {}

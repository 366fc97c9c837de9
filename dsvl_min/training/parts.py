"""Stage 0's parts: made, kept with what they must share, opened, and put together to where stage 1 begins."""

import hashlib
import json
import multiprocessing
import shutil
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save as to_bytes

from ..checkpoint import CheckpointError, as_own, file_hash, fill, read_json, tensors_of, write_atomically
from ..config import ConfigError
from ..data.sources import world_hash
from ..decoder import Decoder
from ..hardware import hardware
from ..init import initialise
from ..model import DeepSeekVL
from ..processor import Processor
from ..sam import Sam
from ..siglip import Siglip
from ..tokenizer import Tokenizer
from . import stage0
from .keep import Keeper
from .loop import thin
from .trainer import UNFINISHED


def make_parts(config, folder, seed=0, quiet=False, every=None, device="cpu", at_once=False):
    """Stage 0: the tokenizer, the encoders the config has and the decoder, from nothing, written to `folder`.

    Every part is stored in half precision, with record.json telling minutes, losses and `marks`.  every: a checkpoint
    is written every so many steps; what a run before this one left in the folder is then taken up where it ended.
    device: where it is computed.  at_once: the parts in a process each, as a GPU has room for.  Returns the record.
    """
    folder = Path(folder)
    record = {
        "command": f"dsvl train --size {config.name} --stages 0 --seed {seed}", "size": config.name, "seed": seed,
        "hardware": hardware(), "minutes": {}, "curves": {},
    }  # fmt: skip
    kept = folder / "record.json"
    if every and kept.exists():
        before = json.loads(kept.read_text(encoding="utf-8"))
        if before["command"] == record["command"]:
            record = before

    def note(name, minutes, lines=None):
        record["minutes"][name] = minutes
        if lines:
            record["curves"][name] = thin(lines)
        write_atomically(kept, json.dumps(record, indent=1).encode())

    # deviation: stage-0
    if "tokenizer" not in record["minutes"]:
        started = time.time()
        stage0.make_tokenizer(config.decoder.vocab_size, folder / "tokenizer.json")
        note("tokenizer", round((time.time() - started) / 60, 2))
    missing = [n for n in ("siglip", "sam", "decoder") if getattr(config, n) and n not in record["minutes"]]
    recipes = stage0.RECIPES[config.name]
    how = {"seed": seed, "quiet": quiet or at_once, "every": every, "device": device}
    if at_once:
        with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as processes:
            running = {
                processes.submit(make_part, config, folder, name, recipes[name], **how): name for name in missing
            }
            for done in as_completed(running):
                note(running[done], *done.result())
    else:
        for name in missing:
            note(name, *make_part(config, folder, name, recipes[name], **how))
    record["marks"] = marks(config, folder)
    write_atomically(kept, json.dumps(record, indent=1).encode())
    shutil.rmtree(folder / UNFINISHED, ignore_errors=True)
    return record


def make_part(config, folder, name, recipe, seed=0, quiet=False, every=None, device="cpu"):
    """One of the parts, written to `folder`, where the tokenizer is: (minutes it took, its metrics)."""
    folder, started = Path(folder), time.time()
    metrics = folder / UNFINISHED / name
    keeper = Keeper(metrics, f"stage0-{name}", every) if every else None
    how = {"seed": seed, "quiet": quiet, "keeper": keeper, "device": device}
    tokenizer = Tokenizer.load(folder / "tokenizer.json")
    if name == "siglip":
        module, lines = stage0.pretrain_siglip(config, tokenizer, metrics, recipe, **how)
    elif name == "sam":
        module, lines = stage0.pretrain_sam(config, metrics, recipe, **how)
    else:
        module, lines = stage0.pretrain_language(config, Processor(tokenizer, config), metrics, recipe, **how)
    state = {k: v.detach().half().contiguous() for k, v in module.state_dict().items()}
    write_atomically(folder / f"{name}.safetensors", to_bytes(state))
    return round((time.time() - started) / 60, 2), lines


def marks(config, folder):
    """Hashes of what parts must share with what is built from them: the world, the tokenizer, the size of each part."""
    sizes = {"siglip": config.siglip, "sam": config.sam, "decoder": config.decoder}
    told = {name: json.dumps(asdict(part), sort_keys=True).encode() for name, part in sizes.items() if part}
    told = {name: hashlib.sha256(text).hexdigest()[:16] for name, text in told.items()}
    return {"world": world_hash(), "tokenizer": file_hash(Path(folder) / "tokenizer.json"), **told}


def check_marks(config, folder, name):
    """CheckpointError unless a part was made by this world, with the tokenizer beside it and at the config's size."""
    folder = Path(folder)
    if not folder.is_dir():
        raise CheckpointError(f"there are no pretrained parts in {folder}; `dsvl train --stages 0` makes them")
    mend = f"`dsvl train --size {config.name} --stages 0 --out FOLDER` makes parts that fit, in FOLDER/parts"
    record = folder / "record.json"
    found = read_json(record).get("marks", {}) if record.is_file() else {}
    here = marks(config, folder)
    for mark, what in (("world", "an older world"), ("tokenizer", "another tokenizer"), (name, "another size")):
        if found.get(mark) != here[mark]:
            raise CheckpointError(
                f"{folder / name}.safetensors is of {what}: {mark} is {found.get(mark)} in record.json and "
                f"{here[mark]} here; {mend}"
            )


def read_part(folder, name, module):
    """Fill `module` (built on the meta device) from one of the stage-0 files."""
    path = Path(folder) / f"{name}.safetensors"
    return fill(module, tensors_of(path), as_own(module), path, torch.float32).eval()


def pretrained(config, folder, name):
    """One of the pretrained parts: "siglip" (both towers), "sam" (with its mask decoder) or "decoder"."""
    with torch.device("meta"):
        if name == "siglip":
            module = Siglip(config.siglip, stage0.text_tower(config))
        elif name == "sam":
            module = Sam(config.sam, stage0.prompt_parts(config))
        elif name == "decoder":
            module = Decoder(config.decoder)
        else:
            raise ConfigError(f"no part {name!r}; the parts are siglip, sam and decoder")
    check_marks(config, folder, name)
    return read_part(folder, name, module)


def assemble(config, folder, seed=0):
    """A DeepSeekVL of pretrained parts with a fresh adaptor: where stage 1 begins.

    folder: where `make_parts` wrote.  Returns (model, processor).
    """
    folder = Path(folder)
    check_marks(config, folder, "decoder")
    tokenizer = Tokenizer.load(folder / "tokenizer.json")
    model = initialise(DeepSeekVL(config), seed)
    model.decoder.load_state_dict(pretrained(config, folder, "decoder").state_dict())
    if config.siglip:
        model.vision.siglip.load_state_dict(pretrained(config, folder, "siglip").vision.state_dict())
    if config.sam:
        state = pretrained(config, folder, "sam").vision.state_dict()
        fresh = {k: v for k, v in model.vision.sam.state_dict().items() if k.startswith("downsample.") or k == "alpha"}
        model.vision.sam.load_state_dict(state | fresh)
    return model, Processor(tokenizer, config)

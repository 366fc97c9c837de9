"""From pretrained parts to a finished model: one call, one folder."""

import json
import time
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save as to_bytes

from ..checkpoint import WEIGHTS, CheckpointError, as_own, fill, load, save, tensors_of, write_atomically
from ..config import ConfigError, ModelConfig
from ..decoder import Decoder
from ..hardware import hardware
from ..init import initialise
from ..model import DeepSeekVL
from ..processor import Processor
from ..sam import Sam
from ..siglip import Siglip
from ..tokenizer import Tokenizer
from . import stage0
from .pool import make_pool, text_pool
from .stages import STAGES
from .trainer import run_stage

STAGE_NUMBERS = (0, 1, 2, 3)
PROGRESS = "progress.json"


def finished(out, command):
    """{stage: what it left} of the stages that a run by this command has finished in `out`."""
    path = Path(out) / PROGRESS
    if not path.exists():
        return {}
    progress = json.loads(path.read_text(encoding="utf-8"))
    if progress["command"] != command:
        raise ConfigError(f"{out} holds the beginning of another run ({progress['command']}); choose another folder")
    return progress["stages"]


def note(out, command, done, name, **left):
    """Write down that a stage is finished."""
    done[name] = left
    write_atomically(Path(out) / PROGRESS, json.dumps({"command": command, "stages": done}).encode())


def make_parts(config, folder, seed=0, quiet=False):
    """Stage 0: the tokenizer, the encoders the config has and the decoder, from nothing, written to `folder`.

    Every part is stored in half precision, with record.json telling minutes and losses.
    """
    folder = Path(folder)
    record = {
        "command": f"dsvl train --size {config.name} --stages 0 --seed {seed}",
        "size": config.name,
        "seed": seed,
        "hardware": hardware(),
        "minutes": {},
    }
    curves = {}
    started = time.time()

    def finish(name, module, lines):
        nonlocal started
        state = {k: v.detach().half().contiguous() for k, v in module.state_dict().items()}
        write_atomically(folder / f"{name}.safetensors", to_bytes(state))
        record["minutes"][name] = round((time.time() - started) / 60, 2)
        curves[name] = thin(lines)
        started = time.time()

    # deviation: stage-0
    tokenizer = stage0.make_tokenizer(config.decoder.vocab_size, folder / "tokenizer.json")
    processor = Processor(tokenizer, config)
    record["minutes"]["tokenizer"] = round((time.time() - started) / 60, 2)
    started = time.time()
    if config.siglip:
        finish("siglip", *stage0.pretrain_siglip(config, tokenizer, folder, seed=seed, quiet=quiet))
    if config.sam:
        finish("sam", *stage0.pretrain_sam(config, folder, seed=seed, quiet=quiet))
    finish("decoder", *stage0.pretrain_language(config, processor, folder, seed=seed, quiet=quiet))
    record["curves"] = curves
    write_atomically(folder / "record.json", json.dumps(record, indent=1).encode())
    (folder / "metrics.jsonl").unlink(missing_ok=True)
    return record


def thin(lines, points=200):
    """Metrics thinned to about `points` means of neighbouring steps: what a curve needs."""
    width = max(1, len(lines) // points)
    out = []
    for at in range(0, len(lines) - width + 1, width):
        group = lines[at : at + width]
        out.append({
            "step": group[0]["step"], "loss": round(sum(line["loss"] for line in group) / width, 4),
            "seconds": group[-1]["seconds"],
        })  # fmt: skip
    return out


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
    return read_part(folder, name, module)


def assemble(config, folder, seed=0):
    """A DeepSeekVL of pretrained parts with a fresh adaptor: where stage 1 begins.

    folder: where `make_parts` wrote.  Returns (model, processor).
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CheckpointError(f"there are no pretrained parts in {folder}; `dsvl train --stages 0` makes them")
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


def train(size="tiny", vision=None, stages=(1, 2, 3), out=None, seed=0, quiet=False, times=1, resume=False):
    """Train a size through the chosen stages and save it to `out` (default: runs/<size>).

    The folder ends up with the finished model in our own layout, a checkpoint for each stage, metrics.jsonl
    and record.json; nothing that came with the package is overwritten.  Stage 0 makes new pretrained parts in
    out/parts; without it the package's own are used.  Stages that are left out are skipped: 2,3 goes from a
    fresh adaptor straight to stage 2.  times: stages 1-3 take that many times their steps, over
    that many times their images (tiny: about 2 GB of memory for each).  resume: stages this run has already finished
    in `out` are read from their checkpoints, and it goes on with the next; the result is the same, bit for bit.
    Returns (model, processor, record).  Raises ConfigError for a size or stage that does not exist, or if `out` holds
    the beginning of another run.
    """
    config = ModelConfig.preset(size, vision)
    if config.name not in STAGES:
        raise ConfigError(f"no stages are written down for size {size!r}; there are some for {', '.join(STAGES)}")
    wrong = [n for n in stages if n not in STAGE_NUMBERS]
    if wrong or not stages:
        raise ConfigError(f"stages must be some of 0, 1, 2, 3; got {', '.join(map(str, stages)) or 'none'}")
    if times < 1:
        raise ConfigError(f"times must be a whole number from 1, got {times}")
    recipe = STAGES[config.name]
    out = Path(out or f"runs/{config.name}")
    out.mkdir(parents=True, exist_ok=True)
    command = f"dsvl train --size {config.name} --stages {','.join(map(str, stages))} --times {times} --seed {seed}"
    command += f" --vision {vision}" if vision else ""
    started, record = time.time(), {"command": command, "size": config.name, "vision": config.vision}
    record |= {"seed": seed, "times": times, "config": config.to_dict(), "hardware": hardware()}
    done = finished(out, command) if resume else {}
    if not done:
        (out / "metrics.jsonl").unlink(missing_ok=True)
        (out / PROGRESS).unlink(missing_ok=True)
    record["minutes"] = {name: stage["minutes"] for name, stage in done.items()}
    parts = WEIGHTS / f"{config.name}-parts"
    if 0 in stages:
        parts = out / "parts"
        if "stage0" not in done:
            make_parts(config, parts, seed, quiet)
            record["minutes"]["stage0"] = round((time.time() - started) / 60, 2)
            note(out, command, done, "stage0", minutes=record["minutes"]["stage0"])
        if tuple(stages) == (0,):
            return None, None, record
    model, processor = assemble(config, parts, seed)
    clock = time.time()
    images = tuple((source, count * times, low, high) for source, count, low, high in recipe.images)
    pool = make_pool(model, processor, images, seed, progress=None if quiet else "encoding images")
    texts = text_pool(recipe.texts, recipe.text_count, seed)
    record["minutes"]["images"] = round((time.time() - clock) / 60, 2)
    record["images"] = len(pool.samples)
    curves = {name: stage["curves"] for name, stage in done.items() if "curves" in stage}
    for number in sorted(set(stages) - {0}):
        clock = time.time()
        stage = recipe.stages[number - 1]
        if stage.name in done:
            model.load_state_dict(load(out / stage.name)[0].state_dict())
            continue
        stage = replace(stage, steps=stage.steps * times)
        lines = run_stage(model, processor, stage, pool, texts, out, seed, quiet)
        curves[stage.name] = {
            kind: thin([line for line in lines if line["text"] == (kind == "text")]) for kind in ("image", "text")
        }
        record["minutes"][stage.name] = round((time.time() - clock) / 60, 2)
        note(out, command, done, stage.name, minutes=record["minutes"][stage.name], curves=curves[stage.name])
    record["minutes"]["total"] = round((time.time() - started) / 60, 2)
    record["parameters"] = sum(p.numel() for p in model.parameters())
    record["curves"] = curves
    save(model, processor, out, record=record)
    return model, processor, record

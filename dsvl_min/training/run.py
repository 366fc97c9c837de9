"""From pretrained parts to a finished model: one call, one folder."""

import hashlib
import json
import shutil
import sys
import time
from dataclasses import fields, replace
from pathlib import Path

from ..checkpoint import WEIGHTS, file_hash, load, save, write_atomically
from ..config import ConfigError, ModelConfig
from ..data.sources import world_hash
from ..hardware import denormals_as_zero, hardware, peak
from . import stage0
from .keep import forget
from .loop import Show, summary_writer, thin
from .parts import assemble, make_parts
from .plan import as_table, plan
from .pool import make_pool, text_pool
from .ranks import together
from .stages import PARTS, STAGES, Stage, longer
from .trainer import UNFINISHED, run_stage

PROGRESS = "progress.json"


class Progress:
    """progress.json: which run a folder holds, and what its finished stages left.

    settings: all that decides how the run turns out, plain values by name.  Raises ConfigError if the folder holds the
    beginning of another run, naming what differs; with `restart` that is forgotten.  writes: False on ranks but one.
    """

    def __init__(self, out, settings, restart=False, writes=True):
        out = Path(out)
        self.path, self.settings, self.stages = out / PROGRESS, settings, {}
        if self.path.exists() and not restart:
            try:
                found = json.loads(self.path.read_text(encoding="utf-8"))
                before, self.stages = found["settings"], found["stages"]
            except (ValueError, KeyError, TypeError):
                anew = "choose another folder, or begin anew with --restart"
                raise ConfigError(f"{self.path} is damaged; {anew}") from None
            wrong = [k for k in sorted({*before, *settings}) if before.get(k) != settings.get(k)]
            if wrong:
                told = ", ".join(f"{k} was {before.get(k)!r} and is {settings.get(k)!r}" for k in wrong)
                raise ConfigError(
                    f"{out} holds another run ({told}); choose another folder, or begin anew with --restart"
                )
        elif writes:  # what another run left must not be taken for the beginning of this one
            for name in (PROGRESS, "metrics.jsonl", "parts/record.json"):
                (out / name).unlink(missing_ok=True)
            for name in (UNFINISHED, f"parts/{UNFINISHED}"):
                forget(out / name)
        if writes:
            self.write()

    def write(self):
        """Put it on the disk."""
        told = {"settings": self.settings, "stages": self.stages}
        write_atomically(self.path, json.dumps(told, indent=1).encode())

    def note(self, name, **left):
        """Write down that a stage is finished."""
        self.stages[name] = left
        self.write()


def changed(recipe, changes):
    """A recipe with fields of its stages set: {"stage2.text_share": 0.7, "stage2.lr.decoder": 0.0, …}.

    Raises ConfigError for a name unknown.
    """
    stages = {stage.name: stage for stage in recipe.numbered.values()}
    wanted = {}
    for name, value in changes.items():
        stage, _, field = name.partition(".")
        if stage not in stages:
            raise ConfigError(f"{name}: no stage {stage!r}; the stages are {', '.join(stages)}")
        now, (field, _, part) = stages[stage], field.partition(".")
        if part and field in ("lr", "muon", "muon_decay"):
            parts = [*PARTS, *(part for part in now.lr if part not in PARTS)]
            if part not in parts:
                raise ConfigError(f"{name}: no part {part!r}; the parts are {', '.join(parts)}")
            rates = wanted.setdefault(stage, {}).setdefault(field, dict(getattr(now, field)))
            rates[part] = _like(0.0, value, name)
            continue
        field += part and f".{part}"
        plain = [f.name for f in fields(Stage) if isinstance(getattr(now, f.name), bool | int | float | str)]
        if field not in plain or field == "name":
            raise ConfigError(f"{name}: no field {field!r} that can be set; there are {', '.join(plain[1:])}")
        wanted.setdefault(stage, {})[field] = _like(getattr(now, field), value, name)
    made = [replace(stage, **wanted.get(name, {})) for name, stage in stages.items()]
    return replace(recipe, stages=tuple(made[: len(recipe.stages)]), practice=tuple(made[len(recipe.stages) :]))


def _like(before, value, name):
    """A value of the kind of the one it replaces; text, as a command line has it, is read."""
    kind = type(before)
    if isinstance(value, str) and kind is not str:
        words = {"true": True, "false": False} if kind is bool else {}
        try:
            value = words[value.lower()] if words else kind(value)
        except (KeyError, ValueError):
            raise ConfigError(f"{name} must be {_KINDS[kind]}, got {value!r}") from None
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise ConfigError(f"{name} must be {_KINDS[kind]}, got {value!r}")
    return value


_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}


def asked_for(size, vision, stages, seed, times, changes, adaptor="hybrid"):
    """(ModelConfig, Recipe, the command that asks for it) of a run.  Raises ConfigError naming what can't be."""
    config = replace(ModelConfig.preset(size, vision), adaptor=adaptor)
    if config.name not in STAGES:
        raise ConfigError(f"no stages are written down for size {size!r}; there are some for {', '.join(STAGES)}")
    there_are = [0, *STAGES[config.name].numbered]
    if not stages or not set(stages) <= set(there_are):
        raise ConfigError(
            f"stages must be some of {', '.join(map(str, there_are))}; got {', '.join(map(str, stages)) or 'none'}"
        )
    if 3 not in stages and max(stages) > 3:
        raise ConfigError("practice goes on from what stage 3 made: name 3 among the stages too")
    if times < 1:
        raise ConfigError(f"times must be a whole number from 1, got {times}")
    recipe = longer(changed(STAGES[config.name], changes or {}), times)
    command = f"dsvl train --size {config.name} --stages {','.join(map(str, stages))} --times {times} --seed {seed}"
    command += f" --vision {vision}" if vision else ""
    command += f" --adaptor {adaptor}" if adaptor != "hybrid" else ""
    command += "".join(f" --set {name}={value}" for name, value in sorted((changes or {}).items()))
    return config, recipe, command


def dry_run(
    size="tiny", vision=None, stages=(1, 2, 3), seed=0, times=1, changes=None, adaptor="hybrid", recompute=False
):  # fmt: skip
    """The plan of the run that `train` would do with the same arguments, as text (see `plan`)."""
    config, recipe, command = asked_for(size, vision, stages, seed, times, changes, adaptor)
    chosen = [recipe.numbered[number] for number in sorted(set(stages) - {0})]
    before, record = "", WEIGHTS / f"{config.name}-parts" / "record.json"
    if 0 in stages and record.exists():
        made = json.loads(record.read_text(encoding="utf-8"))
        before = f"\nstage0\n  those that came with the package took {sum(made['minutes'].values()):.0f} minutes"
        before += f" on {made['hardware']['device']}\n"
    images = sum(recipe.drawn(chosen).values())
    return as_table(command, plan(config, chosen, None, recompute, images), images, before)


@denormals_as_zero()
def train(
    size="tiny",
    vision=None,
    stages=(1, 2, 3),
    out=None,
    seed=0,
    quiet=False,
    times=1,
    resume=True,
    every=100,
    changes=None,
    shard=False,
    device=None,
    adaptor="hybrid",
    means=None,
    tensorboard=False,
    watch=None,
):
    """Train a size through the chosen stages and save it to `out` (default: runs/<size>).

    The folder ends up with the finished model in our own layout, a checkpoint for each stage, metrics.jsonl
    and record.json; nothing that came with the package is overwritten.  Stage 0 makes new pretrained parts in
    out/parts; without it the package's own are used.  Stages that are left out are skipped: 2,3 goes from a
    fresh adaptor straight to stage 2.  times: all stages but 0 take that many times their steps, over that many times
    their images and texts (tiny: about 4 GB of memory for each, as long as the features fit into half of it).  Stages
    from 4 on, where there are any, are practice and go on from stage 3.  adaptor: its form.  changes: fields of stages
    that are set otherwise, {"stage2.text_share": 0.7}.

    A run that was cut off, by whatever, goes on when it is started again: at the last checkpoint, of which one is
    written `every` steps, and to the same result, bit for bit.  resume=False forgets it and begins anew.

    Under torchrun or accelerate launch all ranks train the one model (see `ranks`); shard: each holds a part of it.
    device: "cpu" or "cuda"; the GPU if there is one, in the numbers it computes in.  means: how a step is computed, see
    `Means`; a run may go on with others.  tensorboard: losses are also written for TensorBoard, to out/tensorboard.
    watch: looks on, see `run_stage`.  Meanwhile the smallest numbers count as zero, see `denormals_as_zero`.

    Returns (model, processor, record); the record is None on ranks but the first.  Raises ConfigError for a size or
    stage that does not exist, or if `out` holds another run; TrainingStopped for a loss that is not finite, and after
    Ctrl-C.
    """
    config, recipe, command = asked_for(size, vision, stages, seed, times, changes, adaptor)
    if not recipe.images:
        plain = [name for name, recipe in STAGES.items() if recipe.images]
        raise ConfigError(
            f"the stages of {config.name} are the paper's: they can be read and reckoned with (--dry-run), what can be "
            f"trained here is {', '.join(plain)}"
        )
    if every < 1:
        raise ConfigError(f"every must be a number of steps from 1, got {every}")
    if tensorboard:
        summary_writer()  # say at once that it is missing
    out = Path(out or f"runs/{config.name}")
    out.mkdir(parents=True, exist_ok=True)
    record = {"command": command, "size": config.name, "vision": config.vision, "seed": seed, "times": times,
              "config": config.to_dict(), "hardware": hardware(), "minutes": {}}  # fmt: skip
    recipes = recipe, *(stage0.RECIPES[config.name].values() if 0 in stages else ())
    settings = {"command": command, "recipe": hashlib.sha256(repr(recipes).encode()).hexdigest()[:16],
                "world": world_hash()}  # fmt: skip
    shipped = WEIGHTS / f"{config.name}-parts"
    if 0 not in stages and shipped.is_dir():
        settings["parts"] = " ".join(file_hash(path) for path in sorted(shipped.glob("*.safetensors")))
    record["world"] = settings["world"]
    with together(shard, device) as ranks:
        if ranks.why and not quiet and ranks.first:
            print(f"{ranks.device}, {str(ranks.dtype).removeprefix('torch.')}: {ranks.why}", file=sys.stderr)
        progress = Progress(out, settings, not resume, ranks.first)
        ranks.wait()
        show = Show(tensorboard, peak=peak(ranks.device))
        asked = config, recipe, set(stages), out, seed, quiet, every
        return _train(*asked, record, progress, ranks, means, show, watch)


def _train(config, recipe, stages, out, seed, quiet, every, record, progress, ranks, means, show, watch):
    """The body of `train`, once everything has been found possible."""
    done, minutes, parts = progress.stages, record["minutes"], WEIGHTS / f"{config.name}-parts"
    minutes |= {name: stage["minutes"] for name, stage in done.items()}
    if any("mfu" in stage for stage in done.values()):
        record["mfu"] = {name: stage["mfu"] for name, stage in done.items() if "mfu" in stage}
    if 0 in stages:
        parts = out / "parts"
        if "stage0" not in done and ranks.first:  # small parts: one process makes them
            began = time.time()
            make_parts(config, parts, seed, quiet, every, ranks.device, at_once=ranks.device.type == "cuda")
            minutes["stage0"] = round((time.time() - began) / 60, 2)
            progress.note("stage0", minutes=minutes["stage0"])
        ranks.wait()
        if stages == {0}:
            return None, None, record if ranks.first else None
    chosen = [recipe.numbered[number] for number in sorted(stages - {0})]
    if all(stage.name in done for stage in chosen) and (out / "config.json").exists():
        kept = json.loads((out / "record.json").read_text(encoding="utf-8"))
        return *load(out, device=ranks.device), kept if ranks.first else None
    model, processor = assemble(config, parts, seed)
    texts, pool, drawn = text_pool(recipe.texts, recipe.text_count, seed), None, None
    curves = {name: stage["curves"] for name, stage in done.items() if "curves" in stage}
    for stage in chosen:
        if stage.name in done:
            model.load_state_dict(load(out / stage.name)[0].state_dict())
            continue
        practises = stage in recipe.practice
        images = recipe.practised if practises else recipe.images
        if drawn is not images:  # practice has its own, of which it needs the tokens alone
            began, pool, drawn = time.time(), None, images
            bar = None if quiet or not ranks.first else "encoding images"
            pool = make_pool(model.to(ranks.device), processor, images, seed, progress=bar, tokens=practises)
            name = "practice images" if practises else "images"
            minutes[name] = round((time.time() - began) / 60, 2)
            if ranks.first:
                progress.note(name, minutes=minutes[name])
        if show.peak:
            (told,) = plan(config, [stage], show.peak, images=len(pool.samples))
            show = replace(show, operations=told["operations"] / stage.steps / ranks.size)
        lines = run_stage(
            model, processor, stage, pool, texts, out, seed, quiet, every, ranks, means, show, watch=watch
        )
        curves[stage.name] = {
            kind: thin([line for line in lines if line["text"] == (kind == "text")]) for kind in ("image", "text")
        }
        minutes[stage.name] = round(lines[-1]["seconds"] / 60, 2)
        used = show.used(lines[-1]["seconds"] / len(lines))
        if used is not None:
            record.setdefault("mfu", {})[stage.name] = round(used, 3)
        if ranks.first:
            told = {} if used is None else {"mfu": round(used, 3)}
            progress.note(stage.name, minutes=minutes[stage.name], curves=curves[stage.name], **told)
            shutil.rmtree(out / UNFINISHED, ignore_errors=True)
    minutes["total"] = round(sum(minutes.values()), 2)
    record |= {"parameters": sum(p.numel() for p in model.parameters()), "curves": curves}
    record |= {name: count for name, count in recipe.drawn(chosen).items() if count}
    if ranks.first:
        save(model, processor, out, record=record)
    ranks.wait()
    return model, processor, record if ranks.first else None

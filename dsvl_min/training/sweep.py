"""Many runs that differ in what is asked about: `dsvl train --sweep FILE`.

    out = "runs/text-share"
    at-once = 1                        # processes side by side, each with its part of the cores
    tasks = ["naming", "counting"]     # what each finished run is asked, besides its losses; may be left out
    count = 200                        # held-out samples a task

    [run]                              # what all have in common: the arguments of `dsvl train`
    size = "tiny"
    stages = [1, 2, 3]

    [vary]                             # one run for every combination
    "stage2.text_share" = [0.0, 0.2, 0.7]
    seed = [0, 1]

The same command goes on with what is missing.  out/table.json holds every run's settings and results.
"""

import itertools
import json
import os
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..checkpoint import write_atomically
from ..config import ConfigError
from ..evaluation.tasks import CONTROLS, named
from .run import asked_for

ARGUMENTS = ("size", "vision", "adaptor", "stages", "seed", "times", "every", "device")
KNOWN = {"out": str, "at-once": int, "tasks": list, "count": int, "run": dict, "vary": dict}
LAST = 20  # steps whose mean loss is told


def read(path):
    """A sweep file as a dictionary with all its fields.  Raises ConfigError naming the file and the fault."""
    found = _toml(path)
    for name, value in found.items():
        if name not in KNOWN:
            raise ConfigError(f"{path}: no field {name!r}; there are {', '.join(KNOWN)}")
        if not isinstance(value, KNOWN[name]):
            raise ConfigError(f"{path}: {name} must be a {KNOWN[name].__name__}, got {value!r}")
    found = {"at-once": 1, "tasks": [], "count": 200, "run": {}, **found}
    for name in ("out", "vary"):
        if not found.get(name):
            raise ConfigError(f"{path}: {name} is missing")
    for name, values in found["vary"].items():
        if not isinstance(values, list) or not values:
            raise ConfigError(f"{path}: vary.{name} must be a list of values, got {values!r}")
    if found["at-once"] < 1:
        raise ConfigError(f"{path}: at-once must be at least 1, got {found['at-once']}")
    named(found["tasks"])
    _known(path, (*found["run"], *found["vary"]), ARGUMENTS)
    return found


def settings(path):
    """The settings of one run from a TOML file: {"size": "tiny", "stage2.text_share": 0.7, …}.  Raises ConfigError."""
    found = {}
    for name, value in _toml(path).items():  # [stage2] text_share = 0.7 is "stage2.text_share" = 0.7
        found |= {f"{name}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {name: value}
    _known(path, found, (*ARGUMENTS, "out"))
    return found


def _toml(path):
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"there is no file {str(path)!r}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no TOML: {error}") from None


def _known(path, names, arguments):
    for name in names:
        if name not in arguments and "." not in name:
            raise ConfigError(f"{path}: no setting {name!r}; there are {', '.join(arguments)}, and STAGE.FIELD")


def runs(found):
    """{folder's name: settings} of every combination, in order."""
    out = {}
    for values in itertools.product(*found["vary"].values()):
        varied = dict(zip(found["vary"], values, strict=True))
        name = " ".join(f"{k}={_word(v)}" for k, v in varied.items()).replace("/", "-")
        out[name] = {**found["run"], **varied}
    return out


def arguments(settings):
    """Settings as `dsvl train` takes them on its command line."""
    words = []
    for name, value in settings.items():
        words += ["--set", f"{name}={_word(value)}"] if "." in name else [f"--{name}", _word(value)]
    return words


def _word(value):
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def sweep(path, restart=False):
    """Do every run of a sweep file that isn't done, then all tables in one: [{settings, loss, …}], in order.

    Every combination is checked before the first run begins.  A run that fails doesn't end the others; its row has
    "failed".
    """
    found = read(path)
    wanted, out = runs(found), Path(found["out"])
    for settings in wanted.values():
        asked = {"size": "tiny", "vision": None, "stages": (1, 2, 3), "seed": 0, "times": 1, **settings}
        plain = {k: asked[k] for k in ("size", "vision", "stages", "seed", "times")}
        changes = {k: v for k, v in settings.items() if "." in k}
        asked_for(**plain, changes=changes, adaptor=asked.get("adaptor", "hybrid"))
    out.mkdir(parents=True, exist_ok=True)
    threads = max(1, (os.cpu_count() or 1) // found["at-once"])
    with ThreadPoolExecutor(found["at-once"]) as side_by_side:
        rows = list(side_by_side.map(lambda item: one(*item, found, out, threads, restart), wanted.items()))
    write_atomically(out / "table.json", json.dumps(rows, indent=1).encode())
    return rows


def one(name, settings, found, out, threads, restart=False):
    """One run in a process of its own, and what became of it."""
    folder = out / name
    dsvl, env = [sys.executable, "-m", "dsvl_min.cli"], {**os.environ, "OMP_NUM_THREADS": str(threads)}
    words = ["train", *arguments(settings), "--out", str(folder), "--quiet", *["--restart"] * restart]
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "evaluation.json"
    with (folder / "log.txt").open("a", encoding="utf-8") as log:
        failed = subprocess.run([*dsvl, *words], env=env, stdout=log, stderr=log).returncode
        if not failed and found["tasks"] and (restart or not table.exists()):
            asked = ["--count", str(found["count"]), "--tasks", ",".join(found["tasks"]), "--json", str(table)]
            failed = subprocess.run(
                [*dsvl, "eval", "--model", str(folder), *asked, "--quiet"], env=env, stdout=log, stderr=log
            ).returncode
    row = {"name": name, **settings}
    if failed:
        lines = (folder / "log.txt").read_text(encoding="utf-8").strip().splitlines()
        return {**row, "failed": lines[-1] if lines else f"exit code {failed}"}
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    row["minutes"] = record["minutes"]["total"]
    row["loss"] = final_losses(folder / "metrics.jsonl")
    if found["tasks"]:
        scores = json.loads(table.read_text(encoding="utf-8"))["tasks"]
        row["tasks"] = {task: {c: cells[c] for c in CONTROLS} for task, cells in scores.items()}
    return row


def final_losses(path):
    """{stage: {"image" | "text": mean loss of its last steps}} of a metrics.jsonl."""
    kinds = {}
    for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        kinds.setdefault(line["stage"], {}).setdefault("text" if line["text"] else "image", []).append(line["loss"])
    return {
        stage: {kind: round(sum(losses[-LAST:]) / len(losses[-LAST:]), 4) for kind, losses in found.items()}
        for stage, found in kinds.items()
    }


def as_table(rows):
    """The rows as text: each run's last losses and, where it was asked, its scores with the right image."""
    lines = []
    for row in rows:
        lines.append(row["name"])
        if "failed" in row:
            lines.append(f"    failed: {row['failed']}")
            continue
        for stage, kinds in row["loss"].items():
            lines.append(f"    {stage:9}" + ", ".join(f"{kind} {loss:.3f}" for kind, loss in kinds.items()))
        for task, scores in row.get("tasks", {}).items():
            lines.append(f"    {task}: {scores['image']:.1%}")
        lines.append(f"    {row['minutes']:.1f} minutes")
    return "\n".join(lines)

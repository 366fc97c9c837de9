"""`make book`: train the three stages, draw the figures, execute and render the pages.

What hasn't changed isn't done again: a run is kept until the code that made it, or its pretrained parts, change.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUN = ROOT / "runs" / "tiny"
PAGES = ROOT / "_build" / "html"
GATE = {"naming", "grid documents", "handwritten digit"}  # what the live run must have learnt to see,
MARGIN = 0.40  # by this much more than with any control
BIN = Path(sys.executable).parent


def fingerprint():
    """A hash of all code and weights that decide how the live run turns out."""
    import dsvl_min.evaluation.tasks  # noqa: F401
    import dsvl_min.training.run  # noqa: F401

    files = sorted(Path(m.__file__) for name, m in sys.modules.items() if name.startswith("dsvl_min") and m.__file__)
    files += sorted((ROOT / "dsvl_min" / "weights" / "tiny-parts").iterdir())
    total = hashlib.sha256()
    for file in files:
        total.update(file.read_bytes())
    return total.hexdigest()


def train():
    """The three stages, live, and what they taught."""
    mark, now = RUN / "made-by", fingerprint()
    if mark.exists() and mark.read_text() == now:
        return "kept: nothing it depends on has changed"
    subprocess.run([BIN / "dsvl", "train", "--size", "tiny", "--out", RUN], check=True)
    table = RUN / "evaluation.json"
    subprocess.run([BIN / "dsvl", "eval", "--model", RUN, "--seed", "1", "--json", table], check=True)
    from dsvl_min.evaluation.tasks import margins

    gained = margins(json.loads(table.read_text(encoding="utf-8")))
    blind = {task: f"{gained[task]:+.0%}" for task in GATE if gained[task] < MARGIN}
    if blind:
        sys.exit(f"the live run does not look: gain over the best control, where {MARGIN:.0%} is asked: {blind}")
    mark.write_text(now)
    return "trained"


def figures():
    """Every figure again, from the configurations and the recorded results."""
    scripts = sorted(p for p in (ROOT / "figures").glob("*.py") if "style.main(" in p.read_text() and p.stem != "style")
    for script in scripts:
        subprocess.run([sys.executable, script], check=True, stdout=subprocess.DEVNULL)
    return f"{len(scripts)} drawn"


def pages():
    """Jupyter Book, warnings being errors; every code cell runs."""
    command = [BIN / "jupyter-book", "build", ROOT, "-W", "--keep-going", "-n", "--quiet"]
    subprocess.run(command, check=True, env={**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"})
    return "rendered"


def main():
    rows, started = [], time.time()
    if subprocess.run([sys.executable, ROOT / "figures" / "recorded.py"]).returncode:
        sys.exit("a recorded result can't be used; nothing was built")
    for name, step in (("train and evaluate", train), ("figures", figures), ("pages", pages)):
        print(f"\n== {name}", flush=True)
        clock = time.time()
        rows.append((name, step(), time.time() - clock))
    print()
    for name, what, seconds in rows:
        print(f"{name:20} {seconds / 60:6.1f} min   {what}")
    print(f"{'all':20} {(time.time() - started) / 60:6.1f} min")
    print(f"\nthe book: {(PAGES / 'index.html').relative_to(ROOT)}   (`make serve` shows it)")


if __name__ == "__main__":
    main()

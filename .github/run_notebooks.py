"""Run notebooks as they are, and check that torch and numpy are left alone.  Needs only what every notebook server has.

python run_notebooks.py FOLDER
"""

import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

KEPT = ("torch", "numpy")


def run(path):
    """Seconds a notebook takes; raises CellExecutionError at the first cell that fails."""
    clock = time.time()
    with tempfile.TemporaryDirectory() as folder:
        notebook = nbformat.read(path, as_version=4)
        NotebookClient(notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    return time.time() - clock


def main(folder):
    before = {name: metadata.version(name) for name in KEPT}
    failed = []
    for path in sorted(Path(folder).rglob("*.ipynb")):
        try:
            print(f"{path}: {run(path):.0f} s", flush=True)
        except CellExecutionError as error:
            failed.append(path)
            print(f"{path}: failed\n{error}", flush=True)
    moved = {name: metadata.version(name) for name in KEPT if metadata.version(name) != before[name]}
    if moved:
        print(f"the install cell moved {moved}; there was {before}")
    sys.exit(bool(failed or moved))


if __name__ == "__main__":
    main(sys.argv[1])

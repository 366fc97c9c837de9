"""Where the project lives: folders, version, addresses.  Each is written in one place and read here."""

import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
BOOK, NOTEBOOKS, DRAWN = ROOT / "book", ROOT / "notebooks", ROOT / "figures" / "drawn"

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
VERSION = PROJECT["version"]
TAG = f"v{VERSION}"  # what a page's buttons and a notebook's install cell point at, so that a semester stays stable
REPOSITORY = CONFIG["repository"]["url"].rstrip("/")
OWNER, NAME = REPOSITORY.split("/")[-2:]
SITE = CONFIG["html"]["baseurl"].rstrip("/")
RAW = f"https://raw.githubusercontent.com/{OWNER}/{NAME}/{TAG}"


def notebook_of(stem):
    """The file name of a chapter's notebook: "01-whole-model" -> "01_whole_model.ipynb"."""
    return stem.replace("-", "_") + ".ipynb"


def launch_addresses(stem):
    """{"Colab": address, "Binder": address} of a chapter's own notebook at this version."""
    path = f"notebooks/{notebook_of(stem)}"
    return {
        "Colab": f"https://colab.research.google.com/github/{OWNER}/{NAME}/blob/{TAG}/{path}",
        "Binder": f"https://mybinder.org/v2/gh/{OWNER}/{NAME}/{TAG}?urlpath=lab/tree/{path}",
    }

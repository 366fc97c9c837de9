"""The files that say what to install agree with each other."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def name_of(requirement):
    return re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower().replace("_", "-")


def requirements():
    return [*PROJECT["dependencies"], *(r for extra in PROJECT["optional-dependencies"].values() for r in extra)]


def pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def test_every_requirement_has_a_lower_bound_and_a_pin_that_meets_it():
    from packaging.requirements import Requirement

    pinned = pins()
    for text in requirements():
        requirement = Requirement(text)
        assert any(s.operator == ">=" for s in requirement.specifier), text
        assert requirement.specifier.contains(pinned[name_of(text)]), text


def test_what_is_installed_is_what_is_pinned():
    from importlib.metadata import version

    for text in PROJECT["dependencies"]:
        assert version(name_of(text)).split("+")[0] == pins()[name_of(text)]


def test_the_core_stays_small():
    assert {name_of(r) for r in PROJECT["dependencies"]} == {
        "torch", "numpy", "pillow", "safetensors", "tokenizers", "tqdm",
    }  # fmt: skip


def test_the_conda_environment_installs_the_same_project():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    plain = [d for d in environment["dependencies"] if isinstance(d, str)]
    (pip,) = [d["pip"] for d in environment["dependencies"] if isinstance(d, dict)]
    python = next(d for d in plain if d.startswith("python="))
    assert PROJECT["requires-python"] == f">={python.removeprefix('python=')}"
    assert plain == [python, "pip"], "packages belong in pyproject.toml, so that they are written once"
    assert "-c constraints.txt" in pip and "-e .[book]" in pip
    extras = re.search(r"\[(.*)\]", next(p for p in pip if p.startswith("-e")))[1].split(",")
    assert set(extras) <= set(PROJECT["optional-dependencies"])


def test_the_licences_are_there():
    assert PROJECT["license"] == "MIT" and (ROOT / "LICENSE").read_text().startswith("MIT License")
    assert "CC BY 4.0" in (ROOT / "book" / "LICENSE").read_text()
    assert "creativecommons.org/licenses/by/4.0" in (ROOT / "_config.yml").read_text()

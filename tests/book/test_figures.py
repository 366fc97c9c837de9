"""Figures are what their scripts draw, and results belong to what they are said to be about."""

import importlib
import io
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "figures"
sys.path.insert(0, str(FIGURES))
SCRIPTS = sorted(p.stem for p in FIGURES.glob("*.py") if "style.main(draw" in p.read_text() and p.stem != "style")
RESULTS = sorted((FIGURES / "results").glob("*.json"))


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_committed_figure_is_what_its_script_draws_now(script):
    style = importlib.import_module("style")
    draw = importlib.import_module(script).draw
    for ink in (style.LIGHT, style.DARK):
        drawn = io.BytesIO()
        draw(ink).savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
        path = FIGURES / "drawn" / f"{script.replace('_', '-')}{ink.suffix}.svg"
        assert path.read_bytes() == drawn.getvalue(), f"run: python figures/{script}.py"


def test_no_drawing_is_left_over():
    names = {f"{s.replace('_', '-')}{suffix}.svg" for s in SCRIPTS for suffix in ("", "-dark")}
    assert {p.name for p in (FIGURES / "drawn").iterdir()} == names


@pytest.mark.parametrize("path", RESULTS, ids=lambda p: p.stem)
def test_a_result_says_how_it_was_obtained(path):
    result = json.loads(path.read_text())
    assert result["command"].startswith(("python ", "dsvl "))
    assert len(result["commit"]) == 40
    hardware = result.get("hardware") or result["run"]["hardware"]
    assert hardware["device"] and hardware["date"] and hardware["packages"]["torch"]


@pytest.mark.parametrize("name", ["tiny", "maps"])
def test_the_shipped_models_results_are_of_the_shipped_weights(name):
    from record import digest

    from dsvl_min.checkpoint import WEIGHTS

    result = json.loads((FIGURES / "results" / f"{name}.json").read_text())
    assert result["weights"] == digest(WEIGHTS / "tiny" / "model.safetensors")


@pytest.mark.parametrize("name", ["tiny", "tiny-live"])
def test_what_is_said_to_see_beats_its_controls_by_forty_points(name):
    from dsvl_min.evaluation.tasks import margins

    evaluation = json.loads((FIGURES / "results" / f"{name}.json").read_text())["evaluation"]
    gained = margins(evaluation)
    assert evaluation["count"] >= 500
    assert all(gained[task] >= 0.40 for task in ("naming", "grid documents", "handwritten digit")), gained

"""Figures are what their scripts draw."""

import importlib
import io
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "figures"
sys.path.insert(0, str(FIGURES))
SCRIPTS = sorted(p.stem for p in FIGURES.glob("*.py") if "style.main(draw" in p.read_text() and p.stem != "style")


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


@pytest.mark.parametrize("name", ["tiny", "tiny-live"])
def test_what_is_said_to_see_beats_its_controls_by_forty_points(name):
    import recorded

    from dsvl_min.evaluation.tasks import margins

    evaluation = recorded.read(name)["data"]["evaluation"]
    gained = margins(evaluation)
    assert evaluation["count"] >= 500
    assert all(gained[task] >= 0.40 for task in ("naming", "grid documents", "handwritten digit")), gained

"""Figures are what their scripts draw."""

import importlib
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "figures"
sys.path.insert(0, str(FIGURES))
import style  # noqa: E402

SCRIPTS = sorted(p.stem for p in FIGURES.glob("*.py") if "style.main(" in p.read_text() and p.stem != "style")
DRAWN = sorted((FIGURES / "drawn").iterdir())


def drawings(script):
    """{name: draw} of a script."""
    module = importlib.import_module(script)
    return style.drawings(getattr(module, "DRAWINGS", module.draw), script)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_committed_figure_is_what_its_script_draws_now(script):
    for name, draw in drawings(script).items():
        for ink in (style.LIGHT, style.DARK):
            path = style.DRAWN / f"{name}{ink.suffix}.svg"
            assert path.read_bytes() == style.svg(draw, ink), f"run: python figures/{script}.py"


def test_no_drawing_is_left_over():
    names = {f"{name}{suffix}.svg" for s in SCRIPTS for name in drawings(s) for suffix in ("", "-dark")}
    assert {p.name for p in DRAWN} == names


def test_a_drawing_says_which_results_it_draws():
    results = {"controls": ["tiny", "tiny-live"], "curves": ["tiny-live"], "asked": ["tiny"],
               "hard": ["tiny"], "letters": ["tiny"], "things": ["things", "tiny", "tiny-letters", "tiny-things"],
               "weighing": ["tiny", "weighing"], "further": ["tiny"],
               "carried": ["carried"], "two-by-two": ["two-by-two"],
               "matched-resolution": ["matched-resolution"], "reading": ["reading"], "readable": ["readable"],
               "windows": ["windows"], "matching": ["matching"], "same-thing": ["same-thing"],
               "image-tokens": ["image-tokens"],
               "image-order": ["image-order"], "text-share": ["text-share"], "freezing": ["freezing"],
               "practice": ["practice"], "practice-forms": ["practice"], "characters": ["characters"],
               **{name: [name] for name in ("stage-1", "forgetting", "answers", "lora", "lost")}}  # fmt: skip
    for path in DRAWN:
        found = results.get(path.stem.removesuffix("-dark"), [])
        assert style.sources(path) == [f"figures/results/{name}.json" for name in found], path.name
        assert all((ROOT / source).exists() for source in style.sources(path))


def test_a_page_shows_only_drawings_that_exist_in_light_and_dark():
    shown = {"README.md": re.findall(r"figures/drawn/([\w-]+)\.svg", (ROOT / "README.md").read_text(encoding="utf-8"))}
    for page in (ROOT / "book").glob("*.md"):
        shown[page.name] = re.findall(r"^`{3,}\{drawing\} *([\w-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert shown["README.md"] and shown["01-whole-model.md"]
    for page, names in shown.items():
        for name in names:
            for suffix in ("", "-dark"):
                path = style.DRAWN / f"{name.removesuffix('-dark')}{suffix}.svg"
                assert path.exists(), f"{page} shows {name}, and there is no {path.name}"


@pytest.mark.parametrize("path", DRAWN, ids=lambda p: p.stem)
def test_text_in_a_drawing_is_large_enough(path):
    least = 12 if path.stem.startswith("map-") else 7  # a small map is shown at three quarters of its size
    assert min(sizes(path)) >= least


def sizes(path):
    """The size in points of each text in a drawing: glyphs are outlines, scaled by a hundredth of it."""
    scales = re.findall(r"<!-- .*? -->\s*<g [^>]*scale\(([\d.]+) -", path.read_text(encoding="utf-8"))
    return [100 * float(scale) for scale in scales]


def test_small_text_would_be_noticed(tmp_path):
    def draw(ink):
        figure, axes = style.canvas(ink, 2, 1)
        axes.text(1, 0.3, "large", fontsize=9)
        axes.text(1, 0.7, "small", fontsize=6.5)
        return figure

    path = tmp_path / "words.svg"
    path.write_bytes(style.svg(draw, style.LIGHT))
    assert sorted(sizes(path)) == [6.5, 9]


def test_a_map_is_small_and_lights_one_room():
    lit = {}
    for room in importlib.import_module("model_map").ROOMS:
        path = style.DRAWN / f"map-{room}.svg"
        assert path.stat().st_size < 40_000, path.name
        filled = re.findall(r"fill: (#\w+); stroke: (#\w+)", path.read_text(encoding="utf-8"))
        lit[room] = {fill for fill, stroke in filled if fill == stroke} - {style.LIGHT.text}
    colors = style.LIGHT.colors
    assert lit["world"] == {colors["ochre"]} and lit["siglip"] == {colors["blue"]} and lit["sam"] == {colors["orange"]}
    assert lit["join"] == {colors["blue"], colors["orange"]} and lit["decoder"] == {colors["purple"]}
    assert lit["adaptor"] == {colors["green"]} and lit["embed"] == {colors["grey"]} and len(lit["training"]) == 5


def test_the_map_of_training_says_which_stages_train_a_part():
    from model_map import stages_of

    said = {part: stages_of(part).strip() for part in ("siglip", "sam", "convs", "adaptor", "embed", "decoder")}
    assert said == {"siglip": "3", "sam": "frozen", "convs": "1 2 3", "adaptor": "1 2 3", "embed": "2 3",
                    "decoder": "2 3"}  # fmt: skip


@pytest.mark.parametrize("name", ["tiny", "tiny-live"])
def test_what_is_said_to_see_beats_its_controls_by_forty_points(name):
    import recorded

    from dsvl_min.evaluation.tasks import margins

    evaluation = recorded.read(name)["data"]["evaluation"]
    gained = margins(evaluation)
    assert evaluation["count"] >= 500
    assert all(gained[task] >= 0.40 for task in ("naming", "grid documents", "handwritten digit")), gained

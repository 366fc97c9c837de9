"""The scene editor: a form of plain HTML where there is no ipywidgets, live where there is."""

import builtins
import json
import re

import pytest

from dsvl_min.data import editor as module
from dsvl_min.data.world import COLORS, OBJECT_COLORS, SHAPES, Scene, Thing, outline

SCENE = Scene("mint", (Thing("star", "blue", 0.4, 0.6, 0.5, angle=30.0),), noise=4.0)


def test_the_form_holds_the_worlds_geometry_and_begins_with_the_scene():
    html = module.Form(SCENE, side=24)._repr_html_()
    world = json.loads(re.search(r"const world = (\{.*\}), start = ", html)[1])
    start = json.loads(re.search(r"start = (\{.*?\});", html)[1])
    assert list(world["outlines"]) == list(SHAPES) and world["colors"] == {c: list(COLORS[c]) for c in OBJECT_COLORS}
    assert world["outlines"]["star"] == [[round(a, 4) for a in p] for p in outline("star")]
    assert world["outlines"]["ring"] is None
    assert start == {"shape": "star", "color": "blue", "x": 0.4, "y": 0.6, "size": 0.5, "angle": 30.0,
                     "background": "mint", "grain": 4.0, "side": 24}  # fmt: skip


def test_two_forms_on_a_page_have_names_of_their_own():
    names = {re.search(r'id="(dsvl-editor-\d+)"', module.Form()._repr_html_())[1] for _ in range(2)}
    assert len(names) == 2


def test_without_ipywidgets_it_is_the_form(monkeypatch):
    monkeypatch.setattr(module.util, "find_spec", lambda name: None)
    assert isinstance(module.editor(SCENE), module.Form)


def test_live_it_draws_again_when_a_fact_changes_and_asks_the_model():
    pytest.importorskip("ipywidgets")
    asked = []
    live = module.editor(SCENE, ask=lambda question, picture: asked.append(picture.tobytes()) or "a blue star")
    shape = next(w for w in live.children[0].children[0].children if w.description == "shape")
    shape.value = "heart"
    assert live.scene.things[0].shape == "heart" and len(asked) == 2 and asked[0] != asked[1]
    assert "a blue star" in live.children[1].value and "blue heart" in live.children[1].value
    assert builtins.bytes(live.children[0].children[1].value).startswith(b"\x89PNG")

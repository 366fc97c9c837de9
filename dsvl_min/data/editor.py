"""A scene editor for notebooks: change a fact, see the picture, at full size and shrunk.

Where ipywidgets and a kernel are at hand it draws with `render` and can ask a model; elsewhere, and on a page of the
book, it is a form of plain HTML that draws the same geometry in the browser.
"""

import io
import itertools
import json
from importlib import resources, util

from PIL import Image

from .words import article
from .world import BACKGROUNDS, COLORS, OBJECT_COLORS, SHAPES, Scene, Thing, outline, render

START = Scene("sky", (Thing("heart", "red", 0.5, 0.5, 0.6),))
_number = itertools.count(1)


class Form:
    """The editor as HTML.  scene: one object, where it begins; side: how many pixels the shrunk picture has."""

    def __init__(self, scene=START, side=48):
        (thing,) = scene.things
        self.world = {
            "outlines": {shape: outline(shape) for shape in SHAPES},
            "colors": {name: COLORS[name] for name in OBJECT_COLORS}, "backgrounds": BACKGROUNDS,
        }  # fmt: skip
        self.start = {
            **{name: getattr(thing, name) for name in ("shape", "color", "x", "y", "size", "angle")},
            "background": scene.background, "grain": scene.noise, "side": side,
        }  # fmt: skip
        self.number = next(_number)

    def _repr_html_(self):
        text = resources.files("dsvl_min.data").joinpath("editor.html").read_text(encoding="utf-8")
        rounded = json.loads(json.dumps(self.world), parse_float=lambda number: round(float(number), 4))
        for word, new in (("WORLD", json.dumps(rounded)), ("START", json.dumps(self.start))):
            text = text.replace(word, new, 1)
        return text.replace("ID", f"dsvl-editor-{self.number}")


def editor(scene=START, side=48, ask=None):
    """An editor of a scene with one object.

    ask(question, picture) -> answer: if given, what a model says of the whole picture is shown too (live only).
    Returns an ipywidgets box where ipywidgets is installed, else a Form; either is shown by a notebook as it is.
    """
    return _live(scene, side, ask) if util.find_spec("ipywidgets") else Form(scene, side)


def _live(scene, side, ask):
    import ipywidgets as widgets

    (thing,) = scene.things
    wide = {"style": {"description_width": "5rem"}, "layout": {"width": "20rem"}}

    def slider(name, value, low, high, step):
        return widgets.FloatSlider(value=value, min=low, max=high, step=step, description=name, **wide)

    inputs = {
        "shape": widgets.Dropdown(options=SHAPES, value=thing.shape, description="shape", **wide),
        "color": widgets.Dropdown(options=OBJECT_COLORS, value=thing.color, description="colour", **wide),
        "background": widgets.Dropdown(
            options=list(BACKGROUNDS), value=scene.background, description="background", **wide
        ),
        "x": slider("x", thing.x, 0, 1, 0.01), "y": slider("y", thing.y, 0, 1, 0.01),
        "size": slider("size", thing.size, 0.05, 0.9, 0.01), "angle": slider("angle", thing.angle, 0, 345, 15),
        "grain": slider("grain", scene.noise, 0, 40, 1),
        "side": widgets.IntSlider(value=side, min=3, max=128, description="shrink to", **wide),
    }  # fmt: skip
    whole, small = (widgets.Image(format="png", width=192, height=192) for _ in range(2))
    said = widgets.HTML()
    box = widgets.HBox([widgets.VBox(list(inputs.values())), whole, small])
    editor = widgets.VBox([box, said])

    def draw(_=None):
        now = {name: field.value for name, field in inputs.items()}
        made = Thing(now["shape"], now["color"], now["x"], now["y"], now["size"], now["angle"])
        editor.scene = Scene(now["background"], (made,), noise=now["grain"])
        picture = render(editor.scene, 128)
        whole.value = _png(picture)
        small.value = _png(picture.resize((now["side"],) * 2, Image.Resampling.BOX).resize((192, 192), 0))
        lines = [f"<code>{editor.scene.things[0]}</code>", article(f"{made.color} {made.shape}")]
        if ask:
            lines.append(f"the model says: {ask('What is in the image?', picture)}")
        said.value = "<br>".join(lines)

    for field in inputs.values():
        field.observe(draw, "value")
    draw()
    return editor


def _png(picture):
    file = io.BytesIO()
    picture.save(file, "png")
    return file.getvalue()

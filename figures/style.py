"""One look for every figure: fonts, colours, the shapes of the model's parts, a light and a dark version.

A figure script defines `draw(ink)`, which returns a matplotlib Figure, and ends with `style.main(draw, __file__)`:
run alone it writes NAME.svg and NAME-dark.svg into figures/drawn.  A script of several drawings ends with
`style.main(DRAWINGS, __file__)`, DRAWINGS being {name: draw}.
"""

import io
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import recorded
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Polygon

matplotlib.use("svg")

HERE = Path(__file__).parent
DRAWN = HERE / "drawn"


@dataclass(frozen=True)
class Ink:
    """What differs between the light and the dark version.

    colors: six hues after Okabe and Ito.  Each contrasts enough with its ground to be text, mark or, under text in the
    ground's colour, fill; and any two differ for eyes with only two kinds of cone as well (tests/book/test_palette.py).
    """

    suffix: str
    ground: str
    text: str
    quiet: str  # text that stands back
    faint: str  # lines that only guide the eye
    colors: dict


LIGHT = Ink("", "#ffffff", "#1b1f24", "#59636e", "#d0d7de", {
    "blue": "#2977c9", "orange": "#c15603", "green": "#016b42", "purple": "#843394", "grey": "#6d7175",
    "ochre": "#644400",
})  # fmt: skip
DARK = Ink("-dark", "#14181e", "#e6edf3", "#9ea7b3", "#3d444d", {
    "blue": "#45a6fb", "orange": "#ed7c2f", "green": "#3bd499", "purple": "#bd7bc3", "grey": "#97a2ab",
    "ochre": "#f9d861",
})  # fmt: skip

# Every part of the model, wherever it is drawn: its colour and its outline.  Outlines differ, for whom colours don't.
PARTS = {
    "image": ("ochre", "picture"), "siglip": ("blue", "round"), "sam": ("orange", "round"),
    "convs": ("orange", "narrowing"), "adaptor": ("green", "hexagon"), "embed": ("grey", "pill"),
    "decoder": ("purple", "square"),
}  # fmt: skip


def figure(ink, width=7.2, height=3.4):
    """An empty Figure in the house style; sizes in inches."""
    matplotlib.rcParams.update({
        "font.family": "DejaVu Sans", "font.size": 9, "svg.fonttype": "path", "svg.hashsalt": "dsvl-min",
        "text.color": ink.text, "axes.labelcolor": ink.text, "axes.edgecolor": ink.text, "xtick.color": ink.text,
        "ytick.color": ink.text, "axes.titlecolor": ink.text, "axes.facecolor": ink.ground,
        "figure.facecolor": ink.ground,
        "axes.spines.top": False, "axes.spines.right": False, "grid.color": ink.faint, "legend.frameon": False,
        "axes.titlesize": 9.5, "axes.titleweight": "bold", "axes.titlelocation": "left",
    })  # fmt: skip
    return Figure(figsize=(width, height), layout="constrained")


def canvas(ink, width, height):
    """A Figure and axes that fill it, without ticks, whose units are inches: for boxes and arrows."""
    made = figure(ink, width, height)
    made.set_layout_engine("none")
    axes = made.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    return made, axes


def part(ink, axes, name, x, y, w, h, label, lit=True, size=9):
    """A part of the model on a canvas: filled if lit, else only outlined."""
    hue, outline = PARTS[name]
    color, c = ink.colors[hue], min(0.14, h / 3, w / 3)  # c: how much of a corner is cut or rounded
    look = {"edgecolor": color, "facecolor": color if lit else ink.ground, "linewidth": 1.4, "joinstyle": "round"}
    corners = {
        "square": [(0, 0), (w, 0), (w, h), (0, h)],
        "picture": [(0, 0), (w, 0), (w, h - c), (w - c, h), (0, h)],
        "narrowing": [(0, 0), (w, 0.6 * c), (w, h - 0.6 * c), (0, h)],
        "hexagon": [(c, 0), (w - c, 0), (w, h / 2), (w - c, h), (c, h), (0, h / 2)],
    }
    if outline in corners:
        axes.add_patch(Polygon([(x + dx, y + dy) for dx, dy in corners[outline]], closed=True, **look))
    else:
        radius = h / 2 if outline == "pill" else 0.08
        box = f"round,pad=0,rounding_size={radius}"
        axes.add_patch(FancyBboxPatch((x, y), w, h, boxstyle=box, **look))
    axes.text(x + w / 2, y + h / 2, label, ha="center", va="center", weight="bold", fontsize=size, linespacing=1.15,
              color=ink.ground if lit else ink.quiet)  # fmt: skip


def arrow(ink, axes, *points):
    """An arrow along straight lines through points (x, y) of a canvas."""
    *way, last, end = points
    if way:
        axes.plot(*zip(*way, last, strict=True), color=ink.text, linewidth=0.9)
    axes.add_patch(FancyArrowPatch(last, end, arrowstyle="-|>", mutation_scale=9, color=ink.text, linewidth=0.9,
                                   shrinkA=0, shrinkB=1.5))  # fmt: skip


_read = set()  # results the drawing in hand has read


def result(name):
    """What figures/results/NAME.json recorded.  The drawing will say that it draws from it."""
    _read.add(name)
    return recorded.read(name)["data"]


def svg(draw, ink):
    """The drawing as the bytes of an SVG, whose metadata name the results it draws from."""
    _read.clear()
    drawn, out = draw(ink), io.BytesIO()
    source = ", ".join(f"figures/results/{name}.json" for name in sorted(_read))
    drawn.savefig(out, format="svg", metadata={"Date": None, "Creator": None, **({"Source": source} if source else {})})
    return out.getvalue()


def sources(path):
    """The results an SVG was drawn from, ["figures/results/NAME.json", ...]; empty if from configurations alone."""
    found = ElementTree.parse(path).find(".//{http://purl.org/dc/elements/1.1/}source")
    return [] if found is None else found.text.split(", ")


def drawings(draw, script):
    """{name: draw} of what a script hands to `main`."""
    return draw if isinstance(draw, dict) else {Path(script).stem.replace("_", "-"): draw}


def main(draw, script):
    """Draw both versions and write them."""
    DRAWN.mkdir(exist_ok=True)
    for name, one in drawings(draw, script).items():
        for ink in (LIGHT, DARK):
            path = DRAWN / f"{name}{ink.suffix}.svg"
            path.write_bytes(svg(one, ink))
            print(path.relative_to(HERE.parent))

"""One look for every figure: fonts, colours safe for colour blindness, a light and a dark version.

A figure script defines `draw(ink)`, which returns a matplotlib Figure, and ends with
`style.main(draw, __file__)`: run alone it writes NAME.svg and NAME-dark.svg into figures/drawn.
"""

from dataclasses import dataclass
from pathlib import Path

import matplotlib
import recorded
from matplotlib.figure import Figure

matplotlib.use("svg")

HERE = Path(__file__).parent
DRAWN = HERE / "drawn"

# Okabe and Ito's colours, which people with any colour vision can tell apart; one for each part of the model.
COLORS = {
    "siglip": "#0072B2", "sam": "#D55E00", "adaptor": "#009E73", "decoder": "#AA4499", "text": "#777777",
    "image": "#0072B2", "blank": "#E69F00", "shuffled": "#CC79A7", "none": "#888888",
}  # fmt: skip


@dataclass(frozen=True)
class Ink:
    """What differs between the light and the dark version."""

    text: str
    faint: str
    ground: str
    suffix: str


LIGHT = Ink("#1b1f24", "#d0d7de", "#ffffff", "")
DARK = Ink("#e6edf3", "#3d444d", "#14181e", "-dark")


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


def result(name):
    """What figures/results/NAME.json recorded."""
    return recorded.read(name)["data"]


def main(draw, script):
    """Draw both versions and write them."""
    DRAWN.mkdir(exist_ok=True)
    for ink in (LIGHT, DARK):
        path = DRAWN / f"{Path(script).stem.replace('_', '-')}{ink.suffix}.svg"
        draw(ink).savefig(path, metadata={"Date": None, "Creator": None})
        print(path.relative_to(HERE.parent))

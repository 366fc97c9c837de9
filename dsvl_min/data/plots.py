"""A chart as plain data, the matplotlib that draws it, and the code a person would have written for it.

matplotlib is asked for only when a chart is drawn.  What it reads from its global settings is set for the moment of
drawing and put back, under a lock, so that a picture depends on its chart alone.
"""

import functools
import json
import math
import threading
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image

from .world import check_size

KINDS = ("bar", "barh", "line", "scatter", "pie")
SIDE = 1.28  # inches: 128 pixels at 100 to the inch
LEFT, RIGHT, BOTTOM, TOP = 0.24, 0.88, 0.16, 0.84  # where the axes stand, from the lower left
STYLE = {
    "figure.figsize": (SIDE, SIDE), "figure.dpi": 100,
    "figure.subplot.left": LEFT, "figure.subplot.right": RIGHT,
    "figure.subplot.bottom": BOTTOM, "figure.subplot.top": TOP,
    "font.size": 8, "axes.titlesize": 8, "axes.titlepad": 4, "axes.titley": 1.0,
    "xtick.major.size": 2, "ytick.major.size": 2, "xtick.major.pad": 2, "ytick.major.pad": 2,
    "axes.spines.top": False, "axes.spines.right": False, "lines.markersize": 5,
}  # fmt: skip
_lock = threading.RLock()  # matplotlib draws in one thread at a time


@contextmanager
def matplotlib_style():
    """matplotlib as it comes, with STYLE; everything as it was afterwards.  ImportError says how to install it."""
    try:
        import matplotlib
    except ImportError:
        raise ImportError('charts and formulas are drawn by matplotlib: pip install "dsvl-min[demo]"') from None
    with _lock:
        wanted = {**matplotlib.rcParamsDefault, **STYLE}
        present = matplotlib.rcParams
        changes = {k: v for k, v in wanted.items() if not k.startswith("backend") and present[k] != v}
        with matplotlib.rc_context(changes):
            yield


@dataclass(frozen=True)
class Chart:
    """A chart with few values.

    kind: one of KINDS; labels: a name for each value (for scatter its whole-numbered x); values: whole numbers from 0
    to top (for pie, per cent); top: where the axis ends; title: above it; colors: by matplotlib's names, one for all
    values (a line), one each (a pie), or either.  Raises ValueError where they don't fit together.
    """

    kind: str
    labels: tuple
    values: tuple
    top: int = 10
    title: str = ""
    colors: tuple = ("blue",)

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"no kind of chart {self.kind!r}; the kinds are {', '.join(KINDS)}")
        if not self.values or len(self.labels) != len(self.values):
            raise ValueError(f"a chart needs a label for each value, got {len(self.labels)} for {len(self.values)}")
        if not all(0 <= v <= self.top for v in self.values):
            raise ValueError(f"a chart's values must lie in 0..{self.top}, got {self.values}")
        allowed = {"pie": {len(self.values)}, "line": {1}}.get(self.kind, {1, len(self.values)})
        if len(self.colors) not in allowed:
            raise ValueError(f"{len(self.colors)} colours don't fit a {self.kind} chart of {len(self.values)} values")

    def draw(self, size=128):
        """A PIL RGB image, size × size, drawn by matplotlib without pyplot."""
        with matplotlib_style():
            canvas, axes = _empty(self.kind, check_size(size))
            try:
                _fill(axes, self)
                canvas.draw()
                return Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3].copy())
            finally:
                for artist in (*axes.patches, *axes.lines, *axes.collections, *axes.texts):
                    artist.remove()
                axes.containers.clear()

    def code(self):
        """The lines of pyplot that draw the same picture under STYLE."""
        places = [int(label) for label in self.labels] if self.kind == "scatter" else []
        names, values, colors = (
            json.dumps(part, ensure_ascii=False) for part in (self.labels, self.values, self.colors)
        )
        color = colors if len(self.colors) > 1 else colors[1:-1]
        lines = {
            "bar": [f"plt.bar({names}, {values}, color={color})", f"plt.ylim(0, {self.top})"],
            "barh": [f"plt.barh({names}, {values}, color={color})", f"plt.xlim(0, {self.top})"],
            "line": [f'plt.plot({names}, {values}, color={color}, marker="o")', f"plt.ylim(0, {self.top})"],
            "scatter": [
                f"plt.scatter({places}, {values}, color={color})", f"plt.xticks({places})", f"plt.ylim(0, {self.top})",
            ],
            "pie": [f"plt.pie({values}, labels={names}, colors={colors})"],
        }[self.kind]  # fmt: skip
        if self.title:
            lines.append(f"plt.title({json.dumps(self.title, ensure_ascii=False)})")
        return "\n".join(lines)

    def marks(self):
        """[(x, y, value)]: where each value is to be seen, 0 to 1 from the upper left of the picture that is drawn.

        A bar's end, a point's middle, a slice's middle.
        """
        if self.kind == "pie":
            middle, radius = ((LEFT + RIGHT) / 2, 0.5), (RIGHT - LEFT) / 2.5
            turned = [sum(self.values[:i]) + value / 2 for i, value in enumerate(self.values)]
            around = [2 * math.pi * part / sum(self.values) for part in turned]
            places = [(middle[0] + 0.6 * radius * math.cos(a), middle[1] - 0.6 * radius * math.sin(a)) for a in around]
            return [(*place, value) for place, value in zip(places, self.values, strict=True)]
        at = list(map(int, self.labels)) if self.kind == "scatter" else range(len(self.values))
        wide = 0.4 if self.kind in ("bar", "barh") else 0.0  # half a bar
        first, last = min(at) - wide, max(at) + wide
        margin = 0.05 * (last - first)  # matplotlib's, on either side
        along = [(place - first + margin) / (last - first + 2 * margin) for place in at]
        across = [value / self.top for value in self.values]
        rows = zip(*((across, along) if self.kind == "barh" else (along, across)), self.values, strict=True)
        return [(LEFT + x * (RIGHT - LEFT), 1 - BOTTOM - y * (TOP - BOTTOM), value) for x, y, value in rows]

    def numbers(self):
        """Which each value is, from 1 on, in the order of the labels; for scatter the x it stands at."""
        return [int(label) for label in self.labels] if self.kind == "scatter" else [*range(1, len(self.values) + 1)]

    def axis_end(self):
        """(x, y) of the number at the values' axis's end, as `marks` gives places; a pie has none."""
        if self.kind == "pie":
            raise ValueError("a pie has no axis")
        return (RIGHT, 1 - BOTTOM + 0.07) if self.kind == "barh" else (LEFT - 0.08, 1 - TOP)

    def to_dict(self):
        """Plain dictionary, ready for json."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data):
        """The inverse of `to_dict`."""
        return cls(**{name: tuple(v) if isinstance(v, list | tuple) else v for name, v in data.items()})


@functools.lru_cache(maxsize=len(KINDS) * 4)
def _empty(kind, size):
    """A canvas and its empty axes; making them anew would take as long as drawing."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(SIDE, SIDE), dpi=size / SIDE)
    return FigureCanvasAgg(figure), figure.add_subplot()


def _fill(axes, chart):
    at, color = range(len(chart.values)), list(chart.colors) if len(chart.colors) > 1 else chart.colors[0]
    axes.set_title(chart.title)
    if chart.kind == "pie":
        axes.pie(chart.values, labels=chart.labels, colors=chart.colors)
        return
    axes.relim()
    axes.autoscale(True)
    if chart.kind == "bar":
        axes.bar(at, chart.values, color=color)
    elif chart.kind == "barh":
        axes.barh(at, chart.values, color=color)
    elif chart.kind == "line":
        axes.plot(at, chart.values, color=color, marker="o")
    else:
        axes.scatter([int(label) for label in chart.labels], chart.values, color=color)
    along, across = (axes.yaxis, axes.xaxis) if chart.kind == "barh" else (axes.xaxis, axes.yaxis)
    if chart.kind == "scatter":
        along.set_ticks([int(label) for label in chart.labels])
    else:
        along.set_ticks(at, chart.labels)
    (axes.set_xlim if chart.kind == "barh" else axes.set_ylim)(0, chart.top)

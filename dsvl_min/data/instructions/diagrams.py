"""Diagrams that several instructions draw: charts, tables, flows, circuits."""

from ..world import text_width
from .drawing import arrow, box, disc, line, polygon, word

LABELS = "ABCDEF"
INKS = ("#2c6fb7", "#c0392b", "#2e8b57", "#8e44ad")


def fitted(string, width, height):
    """The largest font size up to `height` at which the string is no wider than `width`."""
    return min(height, width / text_width(string, 1.0))


def plot_area(labels, sideways, top):
    """Axes from 0 to `top` with a line at each unit and names along the other axis: (marks, place).

    place(i, value) is the point of the i-th name at a value.
    """
    x0, x1, y0, y1 = (0.2, 0.97, 0.05, 0.86)
    marks = []
    for v in range(top + 1):
        t = v / top
        if sideways:
            x = x0 + (x1 - x0) * t
            ends, at = ((x, y0), (x, y1)), (x, 0.92)
        else:
            y = y1 - (y1 - y0) * t
            ends, at = ((x0, y), (x1, y)), (0.11, y)
        marks.append(line(*ends, color="#bdbdbd" if v else "black", width=0.008))
        if top < 6 or v % 2 == 0:
            marks.append(word(v, *at, 0.085))
    n = len(labels)

    def place(i, value):
        along, t = (i + 0.5) / n, value / top
        if sideways:
            return x0 + (x1 - x0) * t, y0 + (y1 - y0) * along
        return x0 + (x1 - x0) * along, y1 - (y1 - y0) * t

    for i, label in enumerate(labels):
        x, y = place(i, 0)
        marks.append(word(label, 0.11, y, 0.1) if sideways else word(label, x, 0.93, 0.1))
    return marks, place


def chart(values, labels, kind, color, top):
    """A chart of whole numbers up to `top`: kind "bar", "barh" or "plot"; marks."""
    marks, place = plot_area(labels, kind == "barh", top)
    points = [place(i, v) for i, v in enumerate(values)]
    if kind == "plot":
        return [*marks, line(*points, color=color, width=0.02), *(disc(x, y, 0.025, "", color) for x, y in points)]
    half = 0.26 / len(values)
    for i, (x, y) in enumerate(points):
        fx, fy = place(i, 0)
        corners = (fx, y - half, x, y + half) if kind == "barh" else (x - half, y, x + half, fy)
        marks.append(box(*corners, "", color))
    return marks


def table(rows, height):
    """Rows of words, each so high, in a ruled table; the first row and column are names.  Marks."""
    left, top, width = 0.03, 0.08, 0.94
    n, m = len(rows), len(rows[0])
    step, bottom, right = width / m, top + n * height, left + width
    shades = ((right, top + height), (left + step, bottom))
    marks = [box(left, top, x, y, "", "#dde3ea") for x, y in shades]
    marks += [line((left, top + i * height), (right, top + i * height), width=0.01) for i in range(n + 1)]
    marks += [line((left + j * step, top), (left + j * step, bottom), width=0.01) for j in range(m + 1)]
    for i, cells in enumerate(rows):
        for j, cell in enumerate(cells):
            if cell != "":
                size = fitted(str(cell), step - 0.06, 0.12)
                marks.append(word(cell, left + (j + 0.5) * step, top + (i + 0.5) * height, size))
    return marks


def step_box(string, x, y, width, height, choice=False):
    """A word in a box, or a choice in a diamond; marks."""
    a, b = width / 2, height / 2
    if choice:
        frame = polygon((x, y - b), (x + a, y), (x, y + b), (x - a, y), fill="#fff4cc", width=0.012)
    else:
        frame = box(x - a, y - b, x + a, y + b, "black", "#dbe9f6", 0.012)
    return [frame, word(string, x, y, fitted(string, width * (0.66 if choice else 0.9), 0.11))]


def chain(strings, width=0.56):
    """Boxes one below another with arrows between; marks."""
    x, top, bottom, height = 0.5, 0.09, 0.91, 0.14
    ys = [top + (bottom - top) * i / (len(strings) - 1) for i in range(len(strings))]
    marks = []
    for y, after in zip(ys, ys[1:], strict=False):
        marks += arrow(x, y + height / 2, x, after - height / 2 - 0.045)
    for string, y in zip(strings, ys, strict=True):
        marks += step_box(string, x, y, width, height)
    return marks


def switch(x, y, closed, name="", width=0.22):
    """A switch lying in a wire along y, its name below; marks."""
    a, b = x - width / 2, x + width / 2
    lever = line((a, y), (b, y), width=0.02) if closed else line((a, y), (b - 0.04, y - 0.12), width=0.02)
    marks = [
        box(a, y - 0.02, b, y + 0.02, "", "paper"),
        lever,
        disc(a, y, 0.022, "", "black"),
        disc(b, y, 0.022, "", "black"),
    ]
    return [*marks, word(name, x, y + 0.09, 0.1)] if name else marks


def circuit(switches, parallel=False, battery=True, cut=None):
    """A battery, a lamp and one or two switches in one loop or, `parallel`, on two branches; marks.

    switches: whether each is closed; battery: whether it is there; cut: the place (x, y) of a break in the wire.
    """
    left, right, top, bottom = 0.16, 0.84, 0.24, 0.82
    marks = [box(left, top, right, bottom, "black", "", 0.015)]
    if battery:
        marks.append(box(left - 0.05, 0.5, left + 0.05, 0.55, "", "paper"))
        marks += [
            line((left - 0.1, 0.5), (left + 0.1, 0.5), width=0.02),
            line((left - 0.05, 0.55), (left + 0.05, 0.55), width=0.035),
        ]
        marks += [word("+", left - 0.1, 0.42, 0.1)]
    else:
        marks += [
            box(left - 0.05, 0.46, left + 0.05, 0.6, "", "paper"),
            disc(left, 0.46, 0.02, "", "black"),
            disc(left, 0.6, 0.02, "", "black"),
        ]
    r = 0.09
    marks.append(disc(right, 0.53, r, "black", "white"))
    marks += [line((right - 0.7 * r, 0.53 - s * 0.7 * r), (right + 0.7 * r, 0.53 + s * 0.7 * r)) for s in (-1, 1)]
    if len(switches) == 1:
        marks += switch(0.5, top, switches[0])
    elif parallel:
        marks += [line((0.3, top), (0.3, 0.53), (0.7, 0.53), (0.7, top))]
        marks += switch(0.5, top, switches[0], "S") + switch(0.5, 0.53, switches[1], "T")
    else:
        marks += switch(0.34, top, switches[0], "S", 0.2) + switch(0.67, top, switches[1], "T", 0.2)
    if cut:
        x, y = cut
        marks.append(box(x - 0.06, y - 0.03, x + 0.06, y + 0.03, "", "paper"))
        marks += [line((x - 0.06, y), (x - 0.08, y + 0.06)), line((x + 0.06, y), (x + 0.08, y - 0.06))]
    return marks

"""What the shipped model still answers when a picture's tokens are reordered, moved or kept apart."""

import style

SERIES = {  # key of a row -> label, colour, mark, is it filled?
    "page": ("a page's characters", "orange", "s", True),
    "page in the prompt's order": ("a page's characters, in the order shuffled into", "orange", "s", False),
    "naming": ("names of objects", "blue", "o", True),
}


def draw(ink):
    rows = style.result("image-order")["rows"]
    figure = style.figure(ink, 8.0, 3.6)
    axis, labelled = figure.add_subplot(), set()
    for y, row in enumerate(rows.values()):
        axis.axhline(y, color=ink.faint, linewidth=0.6, zorder=0)
        for key, (label, hue, mark, filled) in SERIES.items():
            if key in row:
                at, color = y + (0.14 if key == "naming" else -0.14), ink.colors[hue]
                axis.plot([100 * end for end in row[key]["interval"]], [at, at], color=color, linewidth=1.4)
                axis.plot(100 * row[key]["share"], at, mark, color=color, markersize=6, linestyle="none",
                          markerfacecolor=color if filled else ink.ground,
                          label=None if key in labelled else label)  # fmt: skip
                labelled.add(key)
    axis.set_yticks(range(len(rows)), list(rows))
    axis.set(xlim=(-3, 103), xlabel="right, %")
    axis.invert_yaxis()
    figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

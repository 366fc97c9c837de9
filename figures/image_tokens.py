"""What the shipped model still answers when something else stands in the adaptor's place."""

import style

TASKS = {"page": ("letters of a page", "orange", "s"), "naming": ("names of objects", "blue", "o")}


def draw(ink):
    rows = style.result("image-tokens")["rows"]
    figure = style.figure(ink, 7.6, 3.6)
    axis = figure.add_subplot()
    for y, row in enumerate(rows.values()):
        axis.axhline(y, color=ink.faint, linewidth=0.6, zorder=0)
        for task, (label, hue, mark) in TASKS.items():
            if task in row:
                at, color = y + (0.14 if task == "naming" else -0.14), ink.colors[hue]
                axis.plot([100 * end for end in row[task]["interval"]], [at, at], color=color, linewidth=1.4)
                axis.plot(100 * row[task]["share"], at, mark, color=color, markersize=6, label=None if y else label)
    axis.set_yticks(range(len(rows)), list(rows))
    axis.set(xlim=(-3, 103), xlabel="right answers, %")
    axis.invert_yaxis()
    figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

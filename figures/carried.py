"""What a picture carries at each side, and what the shipped model reads of it."""

import style

LINES = {"name": ("an object's name", "blue", "o"), "direction": ("which way it points", "ochre", "^"),
         "letter": ("a letter on a page", "orange", "s")}  # fmt: skip
TICKS = (3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128)


def draw(ink):
    found = style.result("carried")
    figure = style.figure(ink, 8.2, 3.7)
    axis = figure.add_subplot()
    for asked, (label, hue, mark) in LINES.items():
        for verb, line, fill in (("carried", "-", ink.colors[hue]), ("read", "--", ink.ground)):
            points = found[verb].get(asked, {})
            if points:
                told = label + (": carried" if verb == "carried" else ": read by tiny")
                shares = [100 * p["share"] for p in points.values()]
                axis.plot([int(s) for s in points], shares, mark, linestyle=line, color=ink.colors[hue],
                          markerfacecolor=fill, linewidth=1.4, markersize=5, label=told)  # fmt: skip
            for side, point in points.items():
                axis.plot([int(side)] * 2, [100 * end for end in point["interval"]], color=ink.colors[hue], marker="_",
                          markersize=6, linewidth=1)  # fmt: skip
    axis.set_xscale("log")
    axis.set_xticks(TICKS, [str(t) for t in TICKS])
    axis.set_xticks([], minor=True)
    axis.set(xlabel="side of the picture, pixels", ylabel="right answers, %", ylim=(-3, 104))
    axis.grid(axis="y", linewidth=0.5)
    figure.legend(*axis.get_legend_handles_labels(), loc="outside right upper", fontsize=8)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

"""What a picture carries at each side, and what the shipped model reads of it."""

import style

LINES = {"name": ("an object's name", "blue", "o"), "direction": ("which way it points", "ochre", "^"),
         "letter": ("a letter on a page", "orange", "s")}  # fmt: skip
TICKS = (3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128)


def draw(ink):
    found = style.result("carried")
    figure = style.figure(ink, 8.2, 3.7)
    axis = figure.add_subplot()
    for asked, (label, color, mark) in LINES.items():
        points = found["carried"][asked]
        sides, shares = [int(s) for s in points], [100 * p["share"] for p in points.values()]
        axis.plot(sides, shares, mark, linestyle="-", color=ink.colors[color], linewidth=1.6, markersize=5,
                  label=f"{label}: carried")  # fmt: skip
        for side, point in zip(sides, points.values(), strict=True):
            low, high = point["interval"]
            axis.plot(
                [side, side], [100 * low, 100 * high], marker="_", markersize=6, color=ink.colors[color], linewidth=1
            )
        if asked in found["read"]:
            read = found["read"][asked]
            axis.plot([int(s) for s in read], [100 * p["share"] for p in read.values()], mark, linestyle="--",
                      markerfacecolor=ink.ground, color=ink.colors[color], linewidth=1.2, markersize=5,
                      label=f"{label}: read by tiny")  # fmt: skip
    axis.set_xscale("log")
    axis.set_xticks(TICKS, [str(t) for t in TICKS])
    axis.set_xticks([], minor=True)
    axis.set(xlabel="side of the picture, pixels", ylabel="right answers, %", ylim=(-3, 104))
    axis.grid(axis="y", linewidth=0.5)
    figure.legend(*axis.get_legend_handles_labels(), loc="outside right upper", fontsize=8)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

"""What one probe finds in an encoder's cells, by the encoder's objective and its resolution."""

import style

ROWS = {"random": ("nothing learnt", "grey", "s", ":"), "matching": ("matching", "blue", "o", "-"),
        "segmenting": ("segmenting", "orange", "^", "--")}  # fmt: skip
ASKED = {"letter": "a letter in its cell", "direction": "which way it points", "shape": "shape", "colour": "colour"}
SIDES = (48, 128)


def draw(ink):
    found = style.result("two-by-two")
    figure = style.figure(ink, 8.4, 3.1)
    axes = figure.subplots(1, 4, sharey=True)
    for axis, (fact, title) in zip(axes, ASKED.items(), strict=True):
        for row, (label, hue, mark, line) in ROWS.items():
            color = ink.colors[hue]
            every = [[100 * e["right"][fact] for e in found["encoders"] if e["encoder"] == f"{row} {side}"]
                     for side in SIDES]  # fmt: skip
            axis.plot((0, 1), [marks[0] for marks in every], line, color=color, linewidth=1.4)
            for x, marks in enumerate(every):
                axis.plot(x, marks[0], mark, color=color, markersize=6, label=label if not x else None)
                axis.plot([x] * len(marks[1:]), marks[1:], mark, color=color, markersize=3)
                more = [100 * e["right"][fact] for e in found["encoders"] if e["encoder"] == f"{row} {SIDES[x]} longer"]
                if more:
                    axis.plot([x] * len(more), more, "D", color=color, markersize=4.5, markerfacecolor=ink.ground)
                    axis.annotate("", (x, more[0]), (x, marks[0]), arrowprops={"arrowstyle": "-", "color": color,
                                  "linewidth": 0.8, "linestyle": ":"})  # fmt: skip
                guess = 100 * found["expected"][fact][f"{row} {SIDES[x]}"]
                axis.plot(x + (-0.22, 0.22)[x], guess, mark, color=color, markerfacecolor=ink.ground, markersize=6)
        axis.axhline(100 * found["chance"][fact], color=ink.quiet, linewidth=0.9, linestyle=(0, (1, 2)))
        axis.set_title(title, loc="left")
        axis.set_xticks((0, 1), [f"{side} px" for side in SIDES])
        axis.set(xlim=(-0.45, 1.45), ylim=(0, 104))
        axis.grid(axis="y", linewidth=0.5)
    axes[0].set_ylabel("right answers, %")
    axes[0].text(1.4, 100 * found["chance"]["letter"] + 1.5, "chance", ha="right", fontsize=8, color=ink.quiet)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

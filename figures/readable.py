"""What a linear map reads off single tokens of SigLIP, from the cut patches to the encoder's output."""

import style

PANELS = (  # title, chance, lines of (what, label, hue, mark)
    ("the shape of the picture's object", 1 / 8, (
        ("bare", "from patches that show\nnone of it", "blue", "o"),
        ("covered", "from the other patches", "orange", "s"))),
    ("a symbol of a page", 1 / 34, (
        ("own", "from its own patch", "orange", "s"),
        ("neighbour", "from the patch to its left", "blue", "o"))),
)  # fmt: skip


def draw(ink):
    found = style.result("readable")
    figure = style.figure(ink, 8.6, 3.6)
    for axis, (title, chance, lines) in zip(figure.subplots(1, 2, sharey=True), PANELS, strict=True):
        last = len(found["trained"]["bare"]) - 1
        axis.axhline(100 * chance, color=ink.quiet, linewidth=0.8, linestyle=":")
        for what, label, hue, mark in lines:
            for name, line in (("trained", "-"), ("untrained", "--")):
                points = found[name][what]
                axis.plot(range(len(points)), [100 * p["share"] for p in points], marker=mark, linestyle=line,
                          color=ink.colors[hue], linewidth=1.4, markersize=5,
                          markerfacecolor=ink.colors[hue] if name == "trained" else ink.ground,
                          label=label if name == "trained" else None)  # fmt: skip
                for x, point in enumerate(points):
                    axis.plot([x, x], [100 * end for end in point["interval"]], color=ink.colors[hue], linewidth=1)
        axis.set_xticks(range(last + 1), ["cut", *map(str, range(1, last)), "norm"])
        axis.set(title=title, xlabel="after block", ylim=(0, 100))
        axis.grid(axis="y", linewidth=0.5)
        axis.legend(fontsize=8, loc="upper left" if title.startswith("the shape") else "lower left",
                    bbox_to_anchor=None if title.startswith("the shape") else (0, 0.12))  # fmt: skip
    figure.axes[0].set_ylabel("read rightly, %")
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

"""Names learnt by matching: two losses, repeated captions told or untold."""

import style

WAYS = {  # panel, label, hue, line
    "sigmoid": (0, "repeats marked", "green", "-"), "sigmoid, untold": (0, "unmarked", "orange", "--"),
    "sigmoid, from -10": (0, "marked, bias from −10", "purple", ":"),
    "softmax": (1, "repeats marked", "green", "-"), "softmax, untold": (1, "unmarked", "orange", "--"),
}  # fmt: skip


def draw(ink):
    found = style.result("matching")
    figure = style.figure(ink, 8.2, 3.2)
    axes = figure.subplots(1, 2, sharey=True)
    for way, (panel, label, hue, line) in WAYS.items():
        axis, color, runs = axes[panel], ink.colors[hue], [r for r in found["runs"] if r["way"] == way]
        steps = [told["step"] + 1 for told in runs[0]["told"]]
        every = [[100 * told["name"] for told in run["told"]] for run in runs]
        for names in every:
            axis.plot(steps, names, line, color=color, linewidth=0.6)
        mean = [sum(column) / len(column) for column in zip(*every, strict=True)]
        axis.plot(steps, mean, line, color=color, linewidth=1.6, label=label)
        axis.plot(
            steps[-1] * 1.03, 100 * found["expected"][way], "o", color=color, markerfacecolor=ink.ground, markersize=5
        )
    for axis, title in zip(axes, ("the sigmoid loss", "the softmax (CLIP's)"), strict=True):
        axis.set(xlabel="steps", ylim=(0, 104))
        axis.set_title(title, loc="left")
        axis.grid(axis="y", linewidth=0.5)
        axis.legend(loc="lower right")
    axes[0].set_ylabel("named rightly, %")
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

"""Whether patches tell which of two twins they lie on, by depth."""

import style

LINES = {  # label, hue, line
    "SAM, masks": ("SAM", "green", "-"), "SAM, masks, 300 steps": ("SAM, 300 steps of masks", "green", ":"),
    "SAM, untrained": ("SAM, untrained", "quiet", "-"), "SigLIP, untrained": ("SigLIP, untrained", "quiet", "--"),
    "SigLIP, matching": ("SigLIP", "orange", "--"),
}  # fmt: skip


def draw(ink):
    found = style.result("same-thing")
    figure = style.figure(ink, 6.4, 3.4)
    axis = figure.subplots()
    axis.axhline(50, color=ink.quiet, linewidth=0.9, linestyle=(0, (1, 2)))
    for name, (label, hue, line) in LINES.items():
        color, every = ink.quiet if hue == "quiet" else ink.colors[hue], found["encoders"][name]
        blocks = len(found["encoders"]["SAM, masks"][0])
        for by_depth in every:
            axis.plot(range(blocks), [100 * x for x in by_depth[:blocks]], line, color=color, linewidth=0.6)
        mean = [100 * sum(column) / len(column) for column in zip(*every, strict=True)][:blocks]
        axis.plot(range(blocks), mean, line, color=color, linewidth=1.6, label=label)
        guess = 100 * found["expected"][name]
        axis.plot(blocks - 0.85, guess, "o", color=color, markerfacecolor=ink.ground, markersize=5)
    labels = ["patches", *(f"block {i}" + " (global)" * (i - 1 in found["global"]) for i in range(1, blocks))]
    axis.set_xticks(range(blocks), labels)
    axis.set(ylim=(0, 104), ylabel="same thing more alike, %")
    axis.grid(axis="y", linewidth=0.5)
    axis.legend(loc="lower left", ncols=2)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

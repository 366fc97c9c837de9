"""What stage 1 teaches, by what it may move and by how long it lasts."""

import style

WAYS = {  # label, hue, mark
    "adaptor": ("the adaptor alone", "green", "^"), "necks": ("and SAM's necks (stage 1)", "orange", "s"),
    "decoder": ("and the decoder", "purple", "D"),
}  # fmt: skip
KINDS = {"things": "captions of things", "pages": "pages of ten symbols"}


def draw(ink):
    found = style.result("stage-1")
    figure = style.figure(ink, 8.2, 3.2)
    for axis, (kind, title) in zip(figure.subplots(1, 2, sharey=True), KINDS.items(), strict=True):
        for way, (label, hue, mark) in WAYS.items():
            color, runs = ink.colors[hue], [r for r in found["runs"] if r["way"] == way]
            steps = sorted({r["steps"] for r in runs})
            every = [[100 * r[kind] for r in runs if r["steps"] == s] for s in steps]
            axis.plot(steps, [sum(v) / len(v) for v in every], color=color, linewidth=1.4)
            for x, values in zip(steps, every, strict=True):
                axis.plot([x] * len(values), values, mark, color=color, markersize=5,
                          label=label if x == steps[0] else None)  # fmt: skip
            guess = 100 * found["expected"][kind][way]
            axis.plot(steps[-1] * 1.06, guess, mark, color=color, markerfacecolor=ink.ground, markersize=5)
        before = [100 * r[kind] for r in found["runs"] if r["way"] == "nothing"]
        axis.axhline(sum(before) / len(before), color=ink.quiet, linewidth=0.9, linestyle=(0, (1, 2)))
        axis.set_xscale("log", base=2)
        axis.set_xticks(steps, [str(s) for s in steps])
        axis.minorticks_off()
        axis.set(xlabel="steps", ylim=(0, 104))
        axis.set_title(title, loc="left")
        axis.grid(axis="y", linewidth=0.5)
    figure.axes[0].set_ylabel("words predicted rightly, %")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

"""What the miniature answers with one encoder, the other, both, or SigLIP at SAM's resolution."""

from statistics import median

import style

ASKED = {
    "grid documents": "a page in a grid", "ragged documents": "a ragged page", "handwritten digit": "a digit",
    "naming": "colour and shape", "counting": "how many", "relations": "which side",
}  # fmt: skip
KINDS = {  # label, hue, mark
    "siglip 48": ("SigLIP at 48 px", "blue", "o"), "siglip 128": ("SigLIP at 128 px", "purple", "D"),
    "sam 128": ("SAM at 128 px", "orange", "^"), "hybrid": ("SigLIP at 48 and SAM at 128: the hybrid", "green", "s"),
}  # fmt: skip


def draw(ink):
    found = style.result("matched-resolution")
    figure = style.figure(ink, 8.4, 4.6)
    axes = figure.subplots(2, 3, sharey=True)
    for axis, (task, title) in zip(axes.flat, ASKED.items(), strict=True):
        for x, (kind, (label, hue, mark)) in enumerate(KINDS.items()):
            color = ink.colors[hue]
            rights = [100 * r["right"][task]["image"] for r in found["runs"] if r["kind"] == kind]
            axis.plot([x, x], [min(rights), max(rights)], color=color, linewidth=1.2)
            axis.plot([x] * len(rights), rights, mark, color=color, markersize=3)
            axis.plot(x, median(rights), mark, color=color, markersize=7, label=label)
            guess = 100 * found["expected"][task][kind]
            axis.plot(x - 0.3, guess, mark, color=color, markerfacecolor=ink.ground, markersize=6)
        blind = 100 * median(r["right"][task]["blank"] for r in found["runs"])
        axis.axhline(blind, color=ink.quiet, linewidth=0.9, linestyle=(0, (1, 2)))
        axis.set_title(title, loc="left")
        axis.set(xlim=(-0.6, len(KINDS) - 0.6), ylim=(-2, 104), xticks=[])
        axis.grid(axis="y", linewidth=0.5)
    for row, unit in zip(axes, ("right, % (pages: characters)", "right, %"), strict=True):
        row[0].set_ylabel(unit)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

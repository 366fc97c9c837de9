"""Which parts each stage moved, by its checkpoints: a map of stage × part."""

import style
from matplotlib.patches import Rectangle

NAMES = {
    "siglip": "SigLIP", "sam": "SAM's blocks", "necks": "necks, convolutions", "adaptor": "adaptor",
    "decoder": "decoder",
}  # fmt: skip


def draw(ink):
    stages = style.result("freezing")["stages"]
    figure = style.figure(ink, 8.2, 2.5)
    axis = figure.subplots()
    shares = [[stages[s]["parts"][part]["moved"] for part in NAMES] for s in stages]
    most = max(map(max, shares))
    for y, row in enumerate(shares):
        for x, share in enumerate(row):
            cell = Rectangle((x - 0.46, y - 0.42), 0.92, 0.84, facecolor="none", edgecolor=ink.faint)
            if share:  # a bar as long as the part moved
                bar = Rectangle((x - 0.46, y + 0.28), 0.92 * share / most, 0.14, linewidth=0)
                axis.add_patch(bar)
                bar.set(facecolor=ink.colors["blue"])
            else:
                cell.set(hatch="///")
            axis.add_patch(cell)
            told = f"{share:.0%}" if share else "not a bit"
            label = axis.text(x, y, told, ha="center", va="center", weight="bold" if share else "normal")
            if not share:
                label.set_bbox({"facecolor": ink.ground, "edgecolor": "none", "pad": 2})
    axis.set(xlim=(-0.5, len(NAMES) - 0.5), ylim=(len(shares) - 0.5, -0.5))
    axis.set_xticks(range(len(NAMES)), NAMES.values())
    axis.set_yticks(range(len(shares)), [f"stage {name[-1]}" for name in stages])
    axis.tick_params(length=0)
    axis.xaxis.tick_top()
    for spine in axis.spines.values():
        spine.set_visible(False)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

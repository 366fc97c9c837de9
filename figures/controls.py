"""Every task asked four times: right image, blank image, another sample's image, no image."""

import style

CONTROLS = ("image", "blank", "shuffled", "none")
NAMES = {"image": "right image", "blank": "blank image", "shuffled": "another image", "none": "no image"}
MARKS = {"image": "o", "blank": "s", "shuffled": "^", "none": "x"}
HUES = {"image": "blue", "blank": "orange", "shuffled": "purple", "none": "grey"}


def draw(ink):
    figure = style.figure(ink, 8.2, 3.9)
    axes = figure.subplots(1, 2, sharey=True)
    for axis, name, title in zip(axes, ("tiny-live", "tiny"), ("live run", "shipped model"), strict=True):
        result = style.result(name)
        evaluation = result["evaluation"]
        tasks = list(evaluation["tasks"])
        for row, task in enumerate(tasks):
            scores = evaluation["tasks"][task]
            axis.axhline(row, color=ink.faint, linewidth=0.6, zorder=0)
            for control in CONTROLS:
                low, high = scores["interval"][control]
                axis.plot([100 * low, 100 * high], [row, row], color=ink.colors[HUES[control]], linewidth=1.4)
                axis.plot(
                    100 * scores[control], row, MARKS[control], color=ink.colors[HUES[control]], markersize=6,
                    label=NAMES[control] if row == 0 else None,
                )  # fmt: skip
        axis.set_title(title, fontsize=9)
        axis.set(xlim=(-3, 103), xlabel="right answers, %")
        axis.set_yticks(
            range(len(tasks)), [t + (" *" if evaluation["tasks"][t]["score"] == "characters" else "") for t in tasks]
        )
    axes[0].invert_yaxis()
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

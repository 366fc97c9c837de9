"""What is told rightly of two objects while the decoder practises on nothing else."""

import style

KINDS = {
    "colour": ("what colour the one of that shape is", "orange", "s"),
    "side": ("on which side it is", "blue", "o"),
}


def draw(ink):
    found = style.result("practice")
    figure = style.figure(ink, 7.2, 3.2)
    axis = figure.subplots()
    steps = sorted(map(int, found["looks"]))
    asked = [step * found["questions_a_step"] / 1000 for step in steps]
    for kind, (label, hue, mark) in KINDS.items():
        looks, color = [found["looks"][str(step)][kind] for step in steps], ink.colors[hue]
        share = [100 * look["share"] for look in looks]
        reach = [[abs(100 * look["interval"][end] - s) for look, s in zip(looks, share, strict=True)] for end in (0, 1)]
        axis.errorbar(asked, share, reach, color=color, marker=mark, markersize=5, linewidth=1.4, elinewidth=0.7,
                      label=label)  # fmt: skip
        axis.axhline(100 * found["guesses"][kind], color=color, linewidth=0.9, linestyle=(0, (1, 2)))
        axis.plot(1.03 * asked[-1], 100 * found["expected"][kind], mark, color=color, markerfacecolor=ink.ground)
    axis.set(xlabel="questions practised, thousands", ylabel="told rightly, %", ylim=(0, 104))
    axis.grid(axis="y", linewidth=0.5)
    axis.legend(loc="lower right", fontsize=8)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

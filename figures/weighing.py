"""What each kind of answer weighs in two rounds of practice, and what is counted and read off charts in the later."""

import style
from reading import line_through

KINDS = ("counts of a shape", "other counts", "chart values", "reading", "descriptions", "else")
LABELS = ("how many there are\nof a shape", "other counts", "a chart's value", "reading", "descriptions", "all else")
ROUNDS = (("things", "tokens", "third round: tokens weigh alike", "blue"),
          ("charts", "answers", "fourth: answers weigh the root of their tokens", "orange"))  # fmt: skip
LINES = {"counting": ("counts", "green", "X"), "chart values": ("values of charts", "purple", "^"),
         "signs": ("signs", "blue", "o")}  # fmt: skip


def draw(ink):
    found, run = style.result("weighing"), style.result("tiny")["run"]["reading and charts"]
    figure = style.figure(ink, 8.2, 3.9)
    weights, practised = figure.subplots(1, 2)
    for number, (name, way, label, hue) in enumerate(ROUNDS):
        shares = [100 * found["shares"][name][way][kind] for kind in KINDS]
        at = [-place - 0.38 * number for place in range(len(KINDS))]
        weights.barh(at, shares, 0.36, color=ink.colors[hue], label=label)
        for y, share in zip(at, shares, strict=True):
            weights.text(share + 0.6, y, f"{share:.1f}", va="center", fontsize=8)
    weights.set_yticks([-place - 0.19 for place in range(len(KINDS))], LABELS)
    weights.set(xlabel="of the weight in steps with pictures, %", xlim=(0, 52))
    weights.set_title("what answers weigh", loc="left")
    thousands = [look["step"] * run["batch"] / 1000 for look in run["looks"]]
    for task, (label, hue, mark) in LINES.items():
        line_through(practised, thousands, [look["right"][task] for look in run["looks"]], ink.colors[hue], mark,
                     label=label)  # fmt: skip
        practised.plot(1.06 * thousands[-1], 100 * run["expected"][task], mark, markersize=6, color=ink.colors[hue],
                       markerfacecolor=ink.ground)  # fmt: skip
    alone = [look["step"] * found["batch"] / 1000 for look in found["alone"]]
    line_through(practised, alone, [look["right"] for look in found["alone"]], ink.colors["ochre"], "D",
                 label="counts, and nothing else practised")  # fmt: skip
    practised.set(xlabel="thousand samples practised", ylabel="right, %", ylim=(-3, 104))
    practised.set_title("what the decoder tells", loc="left")
    practised.grid(axis="y", linewidth=0.5)
    handles = [*weights.get_legend_handles_labels()[0], *practised.get_legend_handles_labels()[0]]
    figure.legend(handles, [handle.get_label() for handle in handles], loc="outside lower center", ncols=3, fontsize=8)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

"""What image tokens tell of the objects that are to be counted, and what is made of it, before and after teaching."""

import style
from letters import OTHERS
from reading import SOURCES, line_through

KINDS = (("before", "before things were taught", "blue", "o"), ("taught", "after", "orange", "s"))
PLACES = ("colour,\nfrom one\ntoken", "shape,\nfrom one\ntoken", "count,\na network\nof its own", "count,\nthe decoder")
LINES = {"counting": ("counts", "green", "X"), **OTHERS, "signs": SOURCES["signs"]}


def draw(ink):
    found, run = style.result("things"), style.result("tiny")["run"]["reading and things"]
    figure = style.figure(ink, 8.2, 3.9)
    told, practised = figure.subplots(1, 2, sharey=True)
    for kind, label, hue, mark in KINDS:
        row = style.result({"before": "tiny-letters", "taught": "tiny-things"}[kind])["evaluation"]["tasks"]["counting"]
        points = [found["tokens"][kind][fact] for fact in ("colour", "shape", "count")]
        points.append({"share": row["image"], "interval": row["interval"]["image"]})
        at = [x + (-0.08 if kind == "before" else 0.08) for x in range(len(points))]
        for x, point in zip(at, points, strict=True):
            told.plot([x, x], [100 * end for end in point["interval"]], color=ink.colors[hue], linewidth=1.2)
        told.plot(at, [100 * p["share"] for p in points], mark, markersize=7, color=ink.colors[hue], label=label)
    told.plot([1.6, 3.4], [20, 20], ":", color=ink.quiet, linewidth=0.8)
    told.set_xticks(range(len(PLACES)), PLACES)
    told.set(ylabel="right, %", ylim=(-3, 104), xlim=(-0.5, 3.5))
    told.set_title("what is told of objects to be counted", loc="left")
    thousands = [look["step"] * run["batch"] / 1000 for look in run["looks"]]
    for task, (label, hue, mark) in LINES.items():
        color = ink.colors[hue]
        line_through(practised, thousands, [look["right"][task] for look in run["looks"]], color, mark, label=label)
        practised.plot(1.06 * thousands[-1], 100 * run["expected"][task], mark, markersize=6, color=color,
                       markerfacecolor=ink.ground)  # fmt: skip
    practised.set_xlabel("thousand samples practised")
    practised.set_title("the decoder, over taught tokens", loc="left")
    for axis in (told, practised):
        axis.grid(axis="y", linewidth=0.5)
        axis.legend(*axis.get_legend_handles_labels(), loc="lower left" if axis is told else "lower right", fontsize=8)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

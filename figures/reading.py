"""Necks and adaptor are taught letters; then a decoder practises reading on the tokens they make, and on others."""

import style

SOURCES = {
    "documents": ("a page in a grid", "green", "s"), "signs": ("signs", "blue", "o"),
    "free-documents": ("free pages", "orange", "^"), "several-digits": ("several digits", "purple", "D"),
}  # fmt: skip
TASKS = {"signs": "signs", "free documents": "free-documents", "several digits": "several-digits"}


def draw(ink):
    found = style.result("reading")
    figure = style.figure(ink, 8.2, 3.6)
    taught, practised = figure.subplots(1, 2, sharey=True)
    looks = found["teaching"]["looks"]
    for source, (label, hue, mark) in SOURCES.items():
        line_through(taught, [look["step"] / 1000 for look in looks], [look["read"][source] for look in looks],
              ink.colors[hue], mark, label=label)  # fmt: skip
    for run in found["runs"]:
        known = run["kind"] == "taught"
        thousands = [look["pictures"] / 1000 for look in run["looks"]]
        for task, source in TASKS.items():
            _, hue, mark = SOURCES[source]
            line_through(practised, thousands, [look["right"][task] for look in run["looks"]], ink.colors[hue], mark,
                  face=None if known else ink.ground, line="-" if known else ":")  # fmt: skip
            if known:
                practised.plot(1.05 * thousands[-1], 100 * found["expected"]["taught"][task], mark, markersize=6,
                               color=ink.colors[hue], markerfacecolor=ink.ground)  # fmt: skip
    taught.set(xlabel="thousand steps of teaching", ylabel="right, %", ylim=(-3, 104))
    taught.set_title("a reader: single characters", loc="left")
    practised.set_xlabel("thousand pictures practised")
    practised.set_title("the decoder: signs, pages, numbers", loc="left")
    for axis in (taught, practised):
        axis.grid(axis="y", linewidth=0.5)
    figure.legend(*taught.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def line_through(axis, at, points, color, mark, face=None, line="-", label=None):
    """A line through points, with their intervals."""
    for x, point in zip(at, points, strict=True):
        axis.plot([x, x], [100 * end for end in point["interval"]], color=color, linewidth=1.0)
    axis.plot(at, [100 * p["share"] for p in points], line, marker=mark, color=color, linewidth=1.4, markersize=5,
              markerfacecolor=face or color, label=label)  # fmt: skip


if __name__ == "__main__":
    style.main(draw, __file__)

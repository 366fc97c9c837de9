"""The shipped model learns to read: letters for its image tokens, then practice of everything over them."""

import style
from reading import SOURCES, line_through

TASKS = {
    "documents": ("documents", "grid documents"), "signs": ("signs", "signs"),
    "free-documents": ("free-documents", "free documents"), "several-digits": ("several-digits", "several digits"),
}  # fmt: skip
OTHERS = {"naming": ("names an object", "ochre", "v"), "relations": ("tells sides", "grey", "P")}


def draw(ink):
    run = style.result("tiny")["run"]
    figure = style.figure(ink, 8.2, 3.8)
    taught, practised = figure.subplots(1, 2, sharey=True)
    looks = run["letters"]["looks"]
    for source, (label, hue, mark) in SOURCES.items():
        line_through(taught, [look["minutes"] for look in looks], [look["read"][source] for look in looks],
                     ink.colors[hue], mark, label=label)  # fmt: skip
    looks, batch = run["reading"]["looks"], run["reading"]["batch"]
    thousands = [look["step"] * batch / 1000 for look in looks]
    rows = [(task, *SOURCES[source]) for source, (_, task) in TASKS.items()]
    rows += [(task, *style_of) for task, style_of in OTHERS.items()]
    for task, label, hue, mark in rows:
        line_through(practised, thousands, [look["right"][task] for look in looks], ink.colors[hue], mark,
                     label=label if task in OTHERS else None)  # fmt: skip
        expected = run["reading"]["expected"][task]
        practised.plot(1.06 * thousands[-1], 100 * expected, mark, markersize=6, color=ink.colors[hue],
                       markerfacecolor=ink.ground)  # fmt: skip
    taught.set(xlabel="minutes of teaching", ylabel="right, %", ylim=(-3, 104))
    taught.set_title("a reader: single characters", loc="left")
    practised.set_xlabel("thousand samples practised")
    practised.set_title("the decoder: whole answers", loc="left")
    for axis in (taught, practised):
        axis.grid(axis="y", linewidth=0.5)
    handles = [*taught.get_legend_handles_labels()[0], *practised.get_legend_handles_labels()[0]]
    figure.legend(handles, [handle.get_label() for handle in handles], loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

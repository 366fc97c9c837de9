"""The shipped model learns to read: letters for its image tokens, then practice of everything over them."""

import style
from reading import SOURCES, line_through

TASKS = {
    "documents": ("documents", "grid documents"), "signs": ("signs", "signs"),
    "free-documents": ("free-documents", "free documents"), "several-digits": ("several-digits", "several digits"),
}  # fmt: skip
OTHERS = {"naming": ("names an object", "ochre", "v"), "relations": ("tells sides", "grey", "P")}


def rounds(run):
    """What was seen in each round: [(letters, reading), ...] of a record."""
    return [(run[f"letters{again}"], run[f"reading{again}"]) for again in ("", " again")]


def draw(ink):
    run = style.result("tiny")["run"]
    figure = style.figure(ink, 8.2, 3.8)
    taught, practised = figure.subplots(1, 2, sharey=True)
    tasks = {task: SOURCES[source] for source, (_, task) in TASKS.items()} | OTHERS
    minutes = thousands = 0
    for number, (letters, reading) in enumerate(rounds(run)):
        looks = letters["looks"][1 if number else 0 :]  # a later round's reader is new and would begin at nothing
        for source, (label, hue, mark) in SOURCES.items():
            line_through(taught, [minutes + look["minutes"] for look in looks],
                         [look["read"][source] for look in looks], ink.colors[hue], mark,
                         label=None if number else label)  # fmt: skip
        looks = reading["looks"]
        far = [thousands + look["step"] * reading["batch"] / 1000 for look in looks]
        for task, (label, hue, mark) in tasks.items():
            line_through(practised, far, [look["right"][task] for look in looks], ink.colors[hue], mark,
                         label=label if task in OTHERS and not number else None)  # fmt: skip
        if number:
            taught.axvline(minutes, color=ink.quiet, linewidth=0.8)
            practised.axvline(thousands, color=ink.quiet, linewidth=0.8)
        minutes, thousands = minutes + letters["minutes"], far[-1]
    for task, (_, hue, mark) in tasks.items():
        practised.plot(1.06 * thousands, 100 * reading["expected"][task], mark, markersize=6, color=ink.colors[hue],
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

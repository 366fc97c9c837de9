"""The shipped model learns to read: letters for its image tokens, then practice of everything over them."""

import style
from reading import SOURCES, line_through

TASKS = {
    "documents": ("documents", "grid documents"), "signs": ("signs", "signs"),
    "free-documents": ("free-documents", "free documents"), "several-digits": ("several-digits", "several digits"),
}  # fmt: skip
OTHERS = {"naming": ("names an object", "ochre", "v"), "relations": ("tells sides", "grey", "P")}


def draw(ink):
    tasks = {task: SOURCES[source] for source, (_, task) in TASKS.items()} | OTHERS
    return rounds(ink, ("", " again"), SOURCES, tasks, "a reader: single characters")


def rounds(ink, names, sources, tasks, told):
    """Two rounds, one after the other: at the left what a reader tells, at the right what the decoder answers.

    names: what the rounds' keys in the record end in.  sources, tasks: {name: (label, hue, marker)}.  told: a title.
    """
    run = style.result("tiny")["run"]
    figure = style.figure(ink, 8.2, 3.8)
    taught, practised = figure.subplots(1, 2, sharey=True)
    labels = {label for label, _, _ in sources.values()}
    minutes = thousands = 0
    for number, name in enumerate(names):
        letters, reading = run[f"letters{name}"], run[f"reading{name}"]
        new = max(point["share"] for point in letters["looks"][0]["read"].values()) < 0.1
        looks = letters["looks"][1 if number and new else 0 :]  # a new reader would begin a later round at nothing
        for source, (label, hue, mark) in sources.items():
            line_through(taught, [minutes + look["minutes"] for look in looks],
                         [look["read"][source] for look in looks], ink.colors[hue], mark,
                         label=None if number else label)  # fmt: skip
        looks = reading["looks"]
        far = [thousands + look["step"] * reading["batch"] / 1000 for look in looks]
        for task, (label, hue, mark) in tasks.items():
            line_through(practised, far, [look["right"][task] for look in looks], ink.colors[hue], mark,
                         label=None if number or label in labels else label)  # fmt: skip
        if number:
            taught.axvline(minutes, color=ink.quiet, linewidth=0.8)
            practised.axvline(thousands, color=ink.quiet, linewidth=0.8)
        minutes, thousands = minutes + letters["minutes"], far[-1]
    for task, (_, hue, mark) in tasks.items():
        practised.plot(1.06 * thousands, 100 * reading["expected"][task], mark, markersize=6, color=ink.colors[hue],
                       markerfacecolor=ink.ground)  # fmt: skip
    taught.set(xlabel="minutes of teaching", ylabel="right, %", ylim=(-3, 104))
    taught.set_title(told, loc="left")
    practised.set_xlabel("thousand samples practised")
    practised.set_title("the decoder: whole answers", loc="left")
    for axis in (taught, practised):
        axis.grid(axis="y", linewidth=0.5)
    handles = [*taught.get_legend_handles_labels()[0], *practised.get_legend_handles_labels()[0]]
    figure.legend(handles, [handle.get_label() for handle in handles], loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

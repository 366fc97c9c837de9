"""Every form of question before practice and after it: what was learnt, kept and lost."""

import style

ROWS = {  # source: what its pictures show
    "naming": "one object", "relations": "two objects", "counting": "one to five of a shape, some others",
    "inventory": "up to six objects", "digits": "a handwritten digit", "signs": "a sign",
    "documents": "a page in a grid",
}  # fmt: skip


def draw(ink):
    found = style.result("practice")["forms"]
    rows = [(source, form) for source in ROWS for form in found["before"][source]]
    figure = style.figure(ink, 8.2, 0.24 * (len(rows) + len(ROWS)) + 0.9)
    axis, at, labels, ticks = figure.subplots(), 0, [], []
    for source, shown in ROWS.items():
        axis.text(0, at, shown, fontsize=8.5, fontweight="bold", va="center")
        at += 1
        for form, before in found["before"][source].items():
            after, color = found["after"][source][form], ink.colors["blue"]
            axis.plot(100 * before["share"], at, "o", color=ink.colors["orange"], markerfacecolor=ink.ground,
                      markersize=8.5, label="before practice" if not labels else None)  # fmt: skip
            axis.plot([100 * end for end in after["interval"]], [at, at], color=color, linewidth=1.2)
            axis.plot(100 * after["share"], at, "o", color=color, markersize=5, label="after" if not labels else None)
            labels, ticks = [*labels, form], [*ticks, at]
            at += 1
    axis.set_yticks(ticks, labels)
    axis.set(xlim=(-3, 103), ylim=(at - 0.4, -0.7), xlabel="right answers, % (of what is read: characters)")
    axis.grid(axis="x", linewidth=0.5)
    figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

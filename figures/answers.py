"""What a stage 3 leaves behind, by what of its samples is learnt."""

import style

WAYS = {  # label, hue, hatch
    "none": ("no stage 3", "grey", "..."), "pages": ("pages", "orange", "\\\\\\"),
    "everything": ("dialogues, every word", "blue", "///"), "answers": ("dialogues, answers alone", "green", ""),
}  # fmt: skip
MEASURES = {
    "naming": "what is\nit?", "handwritten digit": "which\ndigit?", "counting": "how\nmany?",
    "grid documents": "read the\ntext", "ends": "ends by\nitself",
}  # fmt: skip


def draw(ink):
    found = style.result("answers")
    figure = style.figure(ink, 8.2, 3.2)
    axis = figure.subplots()
    for i, (way, (label, hue, hatch)) in enumerate(WAYS.items()):
        runs = [r for r in found["runs"] if r["way"] == way]
        for x, measure in enumerate(MEASURES):
            values = [100 * (r["ends"] if measure == "ends" else r["tasks"][measure]) for r in runs]
            at, mean = x + 0.2 * (i - 1.5), sum(values) / len(values)
            axis.bar(at, mean, 0.18, color=ink.colors[hue] if not hatch else ink.ground, edgecolor=ink.colors[hue],
                     hatch=hatch, linewidth=1.0, label=label if x == 0 else None)  # fmt: skip
            guess = found["expected"].get(measure, {}).get(way)
            if guess is not None:
                axis.plot(at, 100 * guess, "o", color=ink.text, markerfacecolor=ink.ground, markersize=4.5)
    axis.set_xticks(range(len(MEASURES)), MEASURES.values())
    axis.tick_params(axis="x", length=0)
    axis.set(ylabel="of held-out questions, %", ylim=(0, 104))
    axis.grid(axis="y", linewidth=0.5)
    axis.set_axisbelow(True)
    figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

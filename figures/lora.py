"""What tuning on a new question teaches and costs, whole and with LoRA."""

import style

WAYS = {  # label, hue, mark
    "whole": ("the decoder itself", "purple", "D"), "rank 2": ("LoRA of rank 2", "orange", "^"),
    "rank 16": ("LoRA of rank 16", "green", "s"), "rank 16, 4 bits": ("rank 16, over 4 bits", "blue", "P"),
    "whole, with old questions": ("the decoder, old questions too", "purple", "*"),
    "rank 16, with old questions": ("rank 16, old questions too", "green", "*"),
}  # fmt: skip
OLD = {
    "naming": "an old question: what is in the image?",
    "handwritten digit": "an old question, same pictures: which digit?",
}


def draw(ink):
    found = style.result("lora")
    figure = style.figure(ink, 8.2, 3.6)
    for axis, (task, title) in zip(figure.subplots(1, 2, sharey=True), OLD.items(), strict=True):
        for way, (label, hue, mark) in WAYS.items():
            runs = [r for r in found["runs"] if r["way"] == way]
            color = ink.colors[hue]
            for seed in {r["seed"] for r in runs}:
                line = sorted((r for r in runs if r["seed"] == seed), key=lambda r: r["scale"])
                x, y = [100 * r["new"]["image"] for r in line], [100 * r["old"][task] for r in line]
                axis.plot(x, y, color=color, linewidth=1.0, linestyle="-" if len(line) > 1 else "")
                for scale, a, b in zip((r["scale"] for r in line), x, y, strict=True):
                    size = 10 if mark == "*" else 4 + 2.5 * scale
                    axis.plot(a, b, mark, color=color, markersize=size)
            axis.plot([], [], mark, color=color, markersize=9 if mark == "*" else 6, label=label)
        before = [100 * r["old"][task] for r in found["runs"] if r["way"] == "before"]
        axis.axhline(sum(before) / len(before), color=ink.quiet, linewidth=0.9, linestyle=(0, (1, 2)))
        axis.axvline(50, color=ink.quiet, linewidth=0.9, linestyle=(0, (1, 2)))
        axis.set(xlabel="the new question answered rightly, %", xlim=(45, 95), ylim=(-3, 104))
        axis.set_title(title, loc="left")
        axis.grid(axis="y", linewidth=0.5)
    figure.axes[0].set_ylabel("answered rightly, %")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

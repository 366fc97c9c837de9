"""What stage 2 leaves of the language and gives to the eyes, by the decoder's learning rate, with text and without."""

import style

SHARES = {0.0: ("pictures alone", "orange", "s"), 0.2: ("a fifth of text", "purple", "D")}


def draw(ink):
    found = style.result("forgetting")
    figure = style.figure(ink, 8.2, 3.2)
    language, eyes = figure.subplots(1, 2)
    runs = [r for r in found["runs"] if r["scale"] is not None]
    for axis, kind, scaled in ((language, "bits", 1), (eyes, "things", 100)):
        for share, (label, hue, mark) in SHARES.items():
            color, chosen = ink.colors[hue], [r for r in runs if r["share"] == share and not r["ramp"]]
            scales = sorted({r["scale"] for r in chosen})
            every = [[scaled * r[kind] for r in chosen if r["scale"] == s] for s in scales]
            axis.plot(scales, [sum(v) / len(v) for v in every], color=color, linewidth=1.4)
            for x, values in zip(scales, every, strict=True):
                axis.plot([x] * len(values), values, mark, color=color, markersize=5,
                          label=label if x == scales[0] else None)  # fmt: skip
            if kind == "bits":
                guess = [found["expected"][str(share)][str(s)] for s in scales]
                axis.plot(scales, guess, mark, color=color, markerfacecolor=ink.ground, markersize=5)
        ramped = [r for r in runs if r["ramp"]]
        axis.plot([1.12 * r["scale"] for r in ramped], [scaled * r[kind] for r in ramped], "*",
                  color=ink.colors["blue"], markersize=9, label="a fifth of text, after a ramp")  # fmt: skip
        before = [scaled * r[kind] for r in found["runs"] if r["scale"] is None]
        axis.axhline(sum(before) / len(before), color=ink.quiet, linewidth=0.9, linestyle=(0, (1, 2)))
        axis.set_xscale("log")
        axis.set_xticks(scales, [f"×{s:g}" for s in scales])
        axis.minorticks_off()
        axis.set_xlabel("the decoder's learning rate, tiny's own being ×1")
        axis.grid(axis="y", linewidth=0.5)
    language.set_ylabel("bits per byte (lower is better)")
    language.set_title("the language", loc="left")
    eyes.set(ylabel="tokens predicted rightly, %", ylim=(0, 104))
    eyes.set_title("the eyes: captions of things", loc="left")
    handles, labels = language.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

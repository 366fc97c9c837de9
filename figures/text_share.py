"""What the share of text in stage 2 leaves of the language, and gives to the eyes."""

import style

KINDS = {"things": ("captions of things", "blue", "o"), "pages": ("pages of letters", "orange", "s")}


def draw(ink):
    found = style.result("text-share")
    figure = style.figure(ink, 8.2, 3.2)
    language, eyes = figure.subplots(1, 2)
    runs = [r for r in found["runs"] if r["share"] is not None and "fresh" not in r]
    fresh = [r for r in found["runs"] if "fresh" in r]
    shares = sorted({r["share"] for r in runs})
    at = [100 * share for share in shares]
    panels = [(language, "bits", "bits per byte of English", "purple", "D")]
    panels += [(eyes, kind, label, hue, mark) for kind, (label, hue, mark) in KINDS.items()]
    for axis, kind, label, hue, mark in panels:
        color, scale = ink.colors[hue], 1 if kind == "bits" else 100
        every = [[scale * r[kind] for r in runs if r["share"] == share] for share in shares]
        axis.plot(at, [sum(v) / len(v) for v in every], color=color, linewidth=1.4)
        for x, values in zip(at, every, strict=True):
            axis.plot([x] * len(values), values, mark, color=color, markersize=5, label=label if x == at[0] else None)
        guess = [scale * found["expected"][kind][str(share)] for share in shares]
        axis.plot(at, guess, mark, color=color, markerfacecolor=ink.ground, markersize=5)
        for r in fresh:
            mean = (
                scale
                * sum(q[kind] for q in runs if q["share"] == r["share"])
                / sum(q["share"] == r["share"] for q in runs)
            )
            more = {"arrowstyle": "-", "color": color, "linewidth": 0.8, "linestyle": ":"}
            axis.annotate("", (100 * r["share"], scale * r[kind]), (100 * r["share"], mean), arrowprops=more)
            axis.plot(100 * r["share"], scale * r[kind], "*", color=color, markersize=9,
                      label="English, with more texts" if kind == "bits" else None)  # fmt: skip
        before = [scale * r[kind] for r in found["runs"] if r["share"] is None]
        axis.axhline(sum(before) / len(before), color=color, linewidth=0.9, linestyle=(0, (1, 2)))
    language.set_ylabel("bits per byte (lower is better)")
    language.set_title("the language", loc="left")
    eyes.set(ylabel="tokens predicted rightly, %", ylim=(0, 104))
    eyes.set_title("the eyes", loc="left")
    for axis in (language, eyes):
        axis.set(xlabel="share of steps that read text, %", xlim=(-4, 94))
        axis.grid(axis="y", linewidth=0.5)
    handles = [h for axis in (language, eyes) for h in axis.get_legend_handles_labels()[0]]
    figure.legend(handles, [h.get_label() for h in handles], loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

"""Where on its way into the decoder a character gets lost: in a grid, on a sign, on a page set freely."""

import style

SOURCES = {
    "documents": ("a page in a grid", "green", "s"), "signs": ("a sign", "blue", "o"),
    "free-documents": ("a page set freely", "orange", "^"),
}  # fmt: skip
STATIONS = {
    "SAM's patches": "SAM's patches,\nnine of 8 px", "SAM's tokens": "SAM's tokens,\nfour of 21 px",
    "image tokens": "image tokens,\nfour", "SigLIP's tokens": "SigLIP's tokens,\nfour",
}  # fmt: skip


def draw(ink):
    found = style.result("characters")
    figure = style.figure(ink, 8.2, 3.6)
    axis = figure.subplots()
    for shift, (source, (label, hue, mark)) in enumerate(SOURCES.items()):
        color = ink.colors[hue]
        points = [found["read"][source][station] for station in STATIONS]
        at = [x + 0.08 * (shift - 1) for x in range(len(points))]
        for x, point in zip(at, points, strict=True):
            axis.plot([x, x], [100 * end for end in point["interval"]], color=color, linewidth=1.2)
        for some, label_too in ((slice(0, 3), label), (slice(3, 4), None)):  # SigLIP's are on another way
            axis.plot(at[some], [100 * p["share"] for p in points[some]], marker=mark, color=color, linewidth=1.4,
                      markersize=6, label=label_too)  # fmt: skip
        if source in found["taught"][-1]:
            point = found["taught"][-1][source]
            axis.plot(at[1], 100 * point["share"], mark, color=color, markerfacecolor=ink.ground, markersize=7,
                      label=f"{label}, necks taught")  # fmt: skip
            axis.plot([at[1]] * 2, [100 * end for end in point["interval"]], color=color, linewidth=1.2, zorder=1)
    axis.axhline(100 / 34, color=ink.quiet, linewidth=0.8, linestyle=":")
    axis.set_xticks(range(len(STATIONS)), STATIONS.values())
    axis.set(ylabel="characters read, %", ylim=(0, 104))
    axis.grid(axis="y", linewidth=0.5)
    figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

"""What image tokens tell of the objects that are to be counted, and what is counted, before they were taught things."""

import style

KINDS = (("before", "tokens that were taught letters", "blue", "o"),
         ("taught", "tokens that were taught things too", "orange", "s"))  # fmt: skip
PLACES = ("colour,\nfrom one token", "shape,\nfrom one token", "a counter that learns\nnothing else",
          "the decoder")  # fmt: skip


def draw(ink):
    found = style.result("things")
    said = {"before": "tiny-letters", "taught": "tiny"}
    figure = style.figure(ink, 8.2, 3.4)
    axis = figure.subplots()
    for kind, label, hue, mark in KINDS:
        row = style.result(said[kind])["evaluation"]["tasks"]["counting"]
        points = [found["tokens"][kind][fact] for fact in ("colour", "shape", "count")]
        points.append({"share": row["image"], "interval": row["interval"]["image"]})
        shift = -0.06 if kind == "before" else 0.06
        for x, point in enumerate(points):
            axis.plot([x + shift] * 2, [100 * end for end in point["interval"]], color=ink.colors[hue], linewidth=1.2)
        axis.plot([x + shift for x in range(len(points))], [100 * p["share"] for p in points], mark, markersize=7,
                  color=ink.colors[hue], label=label)  # fmt: skip
    axis.axvline(1.5, color=ink.quiet, linewidth=0.8)
    axis.plot([1.6, 3.4], [20, 20], ":", color=ink.quiet, linewidth=0.8)
    axis.set_xticks(range(len(PLACES)), PLACES)
    axis.set(ylabel="right, %", ylim=(0, 104), xlim=(-0.5, 3.5))
    axis.set_title("single objects", loc="left")
    axis.text(1.6, 1.02, "how many of a shape", transform=axis.get_xaxis_transform(), fontsize="medium")
    axis.grid(axis="y", linewidth=0.5)
    figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

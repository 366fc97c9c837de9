"""How far on its way to an answer a small object's shape and colour can be read, and what is said."""

import style

LINES = (  # fact, label, hue
    ("color", "colour", "blue"), ("shape", "shape", "orange"),
)  # fmt: skip
WAYS = (("four", "the four tokens of its ninth", "-", "o"), ("one", "the token of its middle", "--", "s"))


def draw(ink):
    found = style.result("lost")
    figure = style.figure(ink, 8.2, 3.7)
    axis = figure.add_subplot()
    stations = list(found["read"]["shape"]["one"])
    for shift, (fact, label, hue) in zip((-0.12, 0.12), LINES, strict=True):
        for way, told, line, mark in WAYS:
            points = [found["read"][fact][way][station] for station in stations]
            axis.plot(range(len(stations)), [100 * p["share"] for p in points], marker=mark, linestyle=line,
                      color=ink.colors[hue], linewidth=1.4, markersize=5, label=f"{label}, {told}")  # fmt: skip
            for x, p in enumerate(points):
                axis.plot([x, x], [100 * end for end in p["interval"]], color=ink.colors[hue], linewidth=1)
        for how, fill in (("in place", ink.colors[hue]), ("in any place", ink.ground)):
            p = found["said"][how][fact]
            x = len(stations) + shift
            axis.plot([x, x], [100 * end for end in p["interval"]], color=ink.colors[hue], linewidth=1)
            axis.plot(x, 100 * p["share"], "D", color=ink.colors[hue], markerfacecolor=fill, markersize=7,
                      label=f"{label}, said {how}")  # fmt: skip
    axis.axhline(100 / 8, color=ink.quiet, linewidth=0.8, linestyle=":")
    axis.set_xticks(range(len(stations) + 1), [s.replace(" tokens", "\ntokens").replace("block ", "block\n")
                                               for s in stations] + ["said"])  # fmt: skip
    axis.set(ylabel="objects right, %", ylim=(0, 104))
    axis.grid(axis="y", linewidth=0.5)
    figure.legend(*axis.get_legend_handles_labels(), loc="outside right upper", fontsize=8)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

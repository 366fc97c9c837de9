"""What one block of SAM-B costs on grids of every size: counted, timed, and in memory."""

import style

from dsvl_min import ModelConfig
from dsvl_min.probes.windows import block_cost

WAYS = {"windowed": ("within windows", "blue", "o"), "global": ("global, fused", "orange", "s"),
        "written": ("global, scores written down", "purple", "^")}  # fmt: skip


def draw(ink):
    found, config = style.result("windows"), ModelConfig.preset("7b").sam
    sides, figure = found["sides"], style.figure(ink, 8.6, 3.7)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))

    def counted(side, window):
        return sum(block_cost(side, config.width, window))

    speed = counted(sides[-1], config.window) / found["windowed"][-1]["seconds"]
    for window, hue in ((config.window, "blue"), (0, "orange")):
        left.plot(sides, [counted(s, window) / speed for s in sides], linestyle=":", color=ink.colors[hue],
                  linewidth=1.4, label=None)  # fmt: skip
    for way, (label, hue, mark) in WAYS.items():
        left.plot(sides, [p["seconds"] for p in found[way]], mark, linestyle="-", color=ink.colors[hue], markersize=5,
                  linewidth=1.4, label=label)  # fmt: skip
    left.plot([], [], linestyle=":", color=ink.quiet, label="as counted")
    left.set(xscale="log", yscale="log", xlabel="patches along a side", ylabel="seconds", title="time")
    left.set_xticks(sides, [str(s) for s in sides])
    left.set_xticks([], minor=True)
    left.set_yticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
    left.set_yticks([], minor=True)
    left.grid(axis="y", linewidth=0.5)
    left.legend(fontsize=8, loc="upper left")
    for place, (way, (_, hue, _)) in enumerate(WAYS.items()):
        right.barh(-place, found[way][-1]["memory_gb"], color=ink.colors[hue], height=0.6)
        right.text(found[way][-1]["memory_gb"] + 0.03, -place, f"{found[way][-1]['memory_gb']:.2f}", va="center")
    right.set_yticks([0, -1, -2], ["windows", "fused", "written"])
    right.set(
        title=f"memory at {sides[-1]} × {sides[-1]}", xlabel="GB", xlim=(0, 1.25 * found["written"][-1]["memory_gb"])
    )
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

"""What is told rightly of the hardest pictures while the decoder practises: pairs, then counts, then everything."""

from itertools import accumulate

import style

KINDS = {
    "colour": ("what colour the one of that shape is", "orange", "s"),
    "side": ("on which side it is", "blue", "o"),
    "counted": ("how many there are of a shape", "green", "^"),
    "named": ("what the only object is", "purple", "D"),
}
STAGES = {"pairs": "pairs", "counts": "counts,\na few pairs", "mixed": "all tasks"}


def asked(found):
    """How many thousand questions were asked before each look, and before the beginning and the end of each stage."""
    each = {stage["name"]: stage["questions_a_step"] / 1000 for stage in found["stages"]} | {"end": 0.0}
    ends = [0.0, *accumulate(stage["steps"] * each[stage["name"]] for stage in found["stages"])]
    begun = dict(zip(each, ends, strict=True))
    return [begun[look["stage"]] + look["step"] * each[look["stage"]] for look in found["looks"]], ends


def draw(ink):
    found = style.result("practice")
    figure = style.figure(ink, 8.2, 3.9)
    axis = figure.subplots()
    at, ends = asked(found)
    for place, (kind, (label, hue, mark)) in enumerate(KINDS.items(), 2):
        looks, color = [look["kinds"][kind] for look in found["looks"]], ink.colors[hue]
        share = [100 * look["share"] for look in looks]
        reach = [[abs(100 * look["interval"][end] - s) for look, s in zip(looks, share, strict=True)] for end in (0, 1)]
        axis.errorbar(at, share, reach, color=color, marker=mark, markersize=4.5, linewidth=1.4, elinewidth=0.6,
                      label=label)  # fmt: skip
        if kind in found["guesses"]:
            axis.axhline(100 * found["guesses"][kind], color=color, linewidth=0.9, linestyle=(0, (1, 2)))
        right, hoped = (1 + 0.013 * place) * ends[-1], 100 * found["expected"][kind]
        axis.plot(right, hoped, mark, color=color, markerfacecolor=ink.ground)
    for left, right, stage in zip(ends, ends[1:], found["stages"], strict=False):
        axis.axvline(right, color=ink.quiet, linewidth=0.8)
        axis.text((left + right) / 2, 104, STAGES[stage["name"]], ha="center", va="bottom", fontsize=8)
    axis.set(xlabel="questions practised, thousands", ylabel="told rightly, %", ylim=(0, 102))
    axis.grid(axis="y", linewidth=0.5)
    figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

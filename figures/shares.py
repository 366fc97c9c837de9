"""Where the parameters of a DeepSeek-VL sit: shares by part, at tiny and at the released sizes."""

import style

from dsvl_min.checkpoint import memory
from dsvl_min.config import ModelConfig

PARTS = {"vision": ("encoders", "blue"), "adaptor": ("adaptor", "green"),
         "decoder blocks": ("decoder's blocks", "purple"),
         "embeddings and head": ("tables in and out", "grey")}  # fmt: skip


def draw(ink):
    figure = style.figure(ink, 7.2, 2.2)
    axis = figure.add_subplot()
    sizes = ("7b", "1.3b", "tiny")
    for row, size in enumerate(sizes):
        held, left = memory(ModelConfig.preset(size)), 0.0
        whole = sum(held.values())
        for part, (label, hue) in PARTS.items():
            share = 100 * held[part] / whole
            axis.barh(row, share, left=left, height=0.62, color=ink.colors[hue], edgecolor=ink.ground,
                      label=label if row == 0 else None)  # fmt: skip
            if share > 4:
                axis.text(left + share / 2, row, f"{share:.0f} %", ha="center", va="center", color=ink.ground,
                          weight="bold")  # fmt: skip
            left += share
    axis.set_yticks(range(len(sizes)), sizes)
    axis.set(xlim=(0, 100), xlabel="share of the parameters, %")
    figure.legend(*axis.get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize=8)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

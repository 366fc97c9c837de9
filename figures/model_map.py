"""The whole model as a map: every shape on the way from pixels to words, read from the configurations."""

import style
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from dsvl_min import ModelConfig


def shapes(config):
    """What flows along each arrow of the map, as text."""
    low, high, D = config.siglip, config.sam, config.decoder.width
    t, g = config.image_grid, high.grid
    return {
        "low": f"{low.image_size}×{low.image_size}",
        "high": f"{high.image_size}×{high.image_size}",
        "siglip": f"{t}×{t}×{low.width}",
        "blocks": f"{g}×{g}×{high.width}",
        "neck": f"{g}×{g}×{high.neck_width}",
        "resized": f"{4 * t}×{4 * t}×{high.neck_width}",
        "sam": f"{t}×{t}×{high.out_width}",
        "image": f"{config.image_tokens}×{D}",
        "words": f"T×{D}",
        "logits": f"T×{config.decoder.vocab_size:,}",
    }


# name: (left, bottom, width, height, label, part)
ROOMS = {
    "siglip": (2.45, 3.95, 1.0, 0.8, "SigLIP", "siglip"),
    "sam": (2.45, 2.4, 1.0, 0.8, "SAM", "sam"),
    "neck": (4.75, 2.4, 0.8, 0.8, "neck", "sam"),
    "resize": (6.8, 2.4, 0.9, 0.8, "resize", "sam"),
    "convs": (8.95, 2.4, 1.0, 0.8, "2 convs\nstride 2", "sam"),
    "early": (4.75, 1.35, 0.8, 0.55, "neck", "sam"),
    "same": (6.8, 1.35, 3.15, 0.55, "same resize and convs", "sam"),
    "adaptor": (11.25, 2.95, 1.1, 1.4, "adaptor", "adaptor"),
    "embed": (2.45, 0.2, 1.0, 0.7, "embed", "text"),
    "decoder": (13.55, 0.2, 1.2, 4.15, "decoder", "decoder"),
}
# (from x, y, to x, y, what flows, label's x, y)
ARROWS = (
    (1.15, 4.35, 2.45, 4.35, "low", 1.82, 4.57), (1.15, 2.8, 2.45, 2.8, "high", 1.82, 3.02),
    (3.45, 4.35, 11.25, 3.95, "siglip", 7.2, 4.38),
    (3.45, 2.8, 4.75, 2.8, "blocks", 4.07, 3.02), (5.55, 2.8, 6.8, 2.8, "neck", 6.15, 3.02),
    (7.7, 2.8, 8.95, 2.8, "resized", 8.3, 3.02), (9.95, 2.8, 11.25, 3.3, "sam", 10.45, 3.37),
    (12.35, 3.65, 13.55, 3.65, "image", 12.93, 3.87), (3.45, 0.55, 13.55, 0.55, "words", 8.3, 0.77),
    (14.75, 2.25, 16.1, 2.25, "logits", 15.38, 2.47),
)  # fmt: skip


def draw(ink, lit=None):
    """The map; with lit=NAME only that room is filled."""
    tiny, paper = (shapes(ModelConfig.preset(name)) for name in ("tiny", "7b"))
    figure = style.figure(ink, 9.6, 3.6)
    axes = figure.add_subplot()
    axes.set(xlim=(-0.15, 16.9), ylim=(-0.1, 5.1))
    axes.axis("off")
    for name, (x, y, w, h, label, part) in ROOMS.items():
        color, on = style.COLORS[part], lit in (None, name)
        axes.add_patch(FancyBboxPatch(
            (x, y), w, h, boxstyle="round,pad=0,rounding_size=0.12", linewidth=1.2, edgecolor=color,
            facecolor=color if on else ink.ground,
        ))  # fmt: skip
        axes.text(x + w / 2, y + h / 2, label, ha="center", va="center", weight="bold", color="white" if on else color)
    axes.text(0.55, 3.57, "image", ha="center", va="center", weight="bold", fontsize=10)
    axes.text(0.55, 0.55, "question", ha="center", va="center", weight="bold", fontsize=10)
    axes.text(16.45, 2.25, "next\nword", ha="center", va="center", weight="bold", fontsize=10)

    def arrow(x0, y0, x1, y1):
        axes.add_patch(
            FancyArrowPatch((x0, y0), (x1, y1), arrowstyle="-|>", mutation_scale=9, color=ink.text, linewidth=0.9)
        )

    for y in (4.35, 2.8):
        axes.plot([0.9, 1.15], [3.57 + (0.2 if y > 3 else -0.2), y], color=ink.text, linewidth=0.9)
    arrow(1.15, 0.55, 2.45, 0.55)
    axes.plot([2.95, 2.95], [2.4, 1.62], color=ink.text, linewidth=0.9)
    arrow(2.95, 1.62, 4.75, 1.62)
    axes.text(3.83, 1.4, "after its first\nglobal block", ha="center", va="top", fontsize=7.5)
    arrow(5.55, 1.62, 6.8, 1.62)
    axes.plot([9.95, 10.4], [1.62, 1.62], color=ink.text, linewidth=0.9)
    arrow(10.4, 1.62, 10.4, 2.97)
    axes.text(10.5, 1.62, "× α, added", ha="left", va="center", fontsize=7.5)
    for x0, y0, x1, y1, flow, x, y in ARROWS:
        arrow(x0, y0, x1, y1)
        axes.text(x, y, tiny[flow], ha="center", va="center", fontsize=7.5)
        axes.text(
            *((11.2, 2.6) if flow == "sam" else (x, y - 0.42)),
            paper[flow],
            ha="center",
            va="center",
            fontsize=7.5,
            alpha=0.62,
        )
    axes.text(16.9, 4.95, "above each arrow: tiny; below: the paper's 7B", ha="right", va="center", fontsize=8)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)

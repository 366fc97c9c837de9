"""The whole model as a map: every shape on the way from pixels to words, read from the configurations.

Beside it small maps, map-ROOM, in which only the room that a chapter stands in is lit.
"""

import functools

import style

from dsvl_min import ModelConfig
from dsvl_min.training.stages import STAGES


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


# part, left, bottom, width, height, label; inches
BOXES = (
    ("image", 0.05, 1.97, 0.56, 0.60, "image"),
    ("siglip", 1.33, 2.78, 0.60, 0.52, "SigLIP"),
    ("sam", 1.33, 1.73, 0.60, 0.52, "SAM"),
    ("convs", 2.65, 1.73, 0.47, 0.52, "neck"),
    ("convs", 3.84, 1.73, 0.56, 0.52, "resize"),
    ("convs", 5.12, 1.73, 0.68, 0.52, "2 convs\nstride 2"),
    ("convs", 2.65, 0.98, 0.47, 0.42, "neck"),
    ("convs", 3.84, 0.98, 1.96, 0.42, "same resize and convs"),
    ("adaptor", 6.24, 2.28, 0.82, 0.76, "adaptor"),
    ("embed", 1.33, 0.20, 0.66, 0.42, "embed"),
    ("decoder", 7.74, 0.20, 0.64, 2.84, "decoder"),
)
# an arrow's points; what flows; where that is written
ARROWS = (
    (((0.61, 2.42), (0.74, 3.04), (1.33, 3.04)), "low", (1.02, 3.04)),
    (((0.61, 2.12), (0.74, 1.99), (1.33, 1.99)), "high", (0.98, 1.99)),
    (((1.93, 3.04), (5.98, 3.04), (6.28, 2.78)), "siglip", (4.1, 3.04)),
    (((1.93, 1.99), (2.65, 1.99)), "blocks", (2.28, 1.99)),
    (((3.12, 1.99), (3.84, 1.99)), "neck", (3.47, 1.99)),
    (((4.40, 1.99), (5.12, 1.99)), "resized", (4.75, 1.99)),
    (((5.80, 1.99), (5.98, 1.99), (6.28, 2.54)), "sam", (6.48, 1.99)),
    (((7.06, 2.66), (7.74, 2.66)), "image", (7.39, 2.66)),
    (((1.99, 0.41), (7.74, 0.41)), "words", (4.9, 0.41)),
    (((8.38, 1.62), (9.08, 1.62)), "logits", (8.72, 1.62)),
)


def draw(ink):
    """The map, with the shapes of tiny and, standing back, of the paper's 7B."""
    tiny, paper = (shapes(ModelConfig.preset(name)) for name in ("tiny", "7b"))
    figure, axes = style.canvas(ink, 9.6, 3.6)
    write = functools.partial(axes.text, ha="center", va="center", fontsize=7.5)
    for name, x, y, w, h, label in BOXES:
        style.part(ink, axes, name, x, y, w, h, label)
    write(0.36, 0.41, "question", weight="bold", fontsize=9.5)
    write(9.33, 1.62, "next\nword", weight="bold", fontsize=9.5)
    style.arrow(ink, axes, (0.74, 0.41), (1.33, 0.41))
    style.arrow(ink, axes, (1.63, 1.73), (1.63, 1.19), (2.65, 1.19))
    write(2.14, 1.14, "after its first\nglobal block", va="top")
    style.arrow(ink, axes, (3.12, 1.19), (3.84, 1.19))
    style.arrow(ink, axes, (5.80, 1.19), (5.89, 1.19), (5.89, 1.99))
    write(5.98, 1.19, "× α, added", ha="left")
    for points, flow, (x, y) in ARROWS:
        style.arrow(ink, axes, *points)
        write(x, y + 0.13, tiny[flow])
        write(x, y - 0.13, paper[flow], color=ink.quiet)
    write(9.52, 3.45, "above each arrow: tiny; below: the paper's 7B", ha="right", fontsize=8)
    return figure


# The small map.  part, left, bottom, width, height, label
SMALL = {
    "image": (0.12, 1.06, 0.95, 0.76, "image"),
    "siglip": (1.75, 1.54, 1.10, 0.56, "SigLIP"),
    "sam": (1.75, 0.82, 1.10, 0.56, "SAM"),
    "convs": (3.35, 0.82, 1.05, 0.56, "convs"),
    "adaptor": (5.15, 1.02, 1.30, 0.86, "adaptor"),
    "embed": (1.75, 0.10, 1.10, 0.56, "embed"),
    "decoder": (7.20, 0.10, 1.15, 2.00, "decoder"),
}
ROOMS = {
    "world": {"image"},
    "siglip": {"siglip"},
    "sam": {"sam", "convs"},
    "join": {"siglip", "sam", "convs"},
    "adaptor": {"adaptor"},
    "embed": {"embed"},
    "decoder": {"decoder"},
    "training": set(SMALL) - {"image", "sam"},
}
TRAINED_AS = {"convs": "necks", "embed": "decoder"}  # the stages' own name for a part, where it is another


def stages_of(part):
    """The second line of a part's label on the map of training: which stages train it."""
    if part == "image":
        return ""
    stages = STAGES["tiny"].stages
    numbers = [stage.name.removeprefix("stage") for stage in stages if stage.lr.get(TRAINED_AS.get(part, part), 0) > 0]
    return "\n" + (" ".join(numbers) or "frozen")


def draw_room(ink, room):
    """The small map with one room lit; for the training what is trained, with the stages that train it."""
    figure, axes = style.canvas(ink, 9.6, 2.2)
    write = functools.partial(axes.text, ha="center", va="center", fontsize=12)
    for name, (*place, label) in SMALL.items():
        label += stages_of(name) if room == "training" else ""
        style.part(ink, axes, name, *place, label, lit=name in ROOMS[room], size=12)
    write(0.60, 0.38, "question")
    write(9.12, 1.10, "next\nword")
    if room == "training":
        write(4.9, 0.60, "numbers: the stages that train it")
    for points in (
        ((1.07, 1.56), (1.30, 1.82), (1.75, 1.82)), ((1.07, 1.32), (1.30, 1.10), (1.75, 1.10)),
        ((2.85, 1.10), (3.35, 1.10)),
        ((2.85, 1.82), (4.85, 1.82), (5.19, 1.58)), ((4.40, 1.10), (4.85, 1.10), (5.19, 1.32)),
        ((6.45, 1.45), (7.20, 1.45)), ((1.07, 0.38), (1.75, 0.38)), ((2.85, 0.38), (7.20, 0.38)),
        ((8.35, 1.10), (8.80, 1.10)),
    ):  # fmt: skip
        style.arrow(ink, axes, *points)
    return figure


DRAWINGS = {"model-map": draw, **{f"map-{room}": functools.partial(draw_room, room=room) for room in ROOMS}}

if __name__ == "__main__":
    style.main(DRAWINGS, __file__)

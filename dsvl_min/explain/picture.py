"""One picture of one answer: the image, the attention, the occlusion."""

from pathlib import Path

import numpy as np

from ..processor import InputError, load_image, to_square
from .maps import ask, attention_map, occlusion_map, share_on


def picture(model, processor, image, question, mask=None):
    """Answer a question about an image and draw what the answer rests on.

    mask: boolean [S, S] at the model's high resolution, True on what the answer is about; with it each map's
    title says which share of the map falls there, beside the mask's share of the area (chance), and the mask
    is outlined.  Returns (matplotlib Figure, answer, {map's name: share or None}).
    Raises InputError if the image cannot be read or the model answers nothing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise InputError('pictures need matplotlib: pip install "dsvl-min[demo]"') from None
    image = load_image(image)
    batch = ask(processor, image, question)
    batch.pop("labels")
    answer = processor.decode(model.generate(**batch.to(model.device, model.dtype))[0])
    if not answer:
        raise InputError("the model answered nothing, so there is nothing to explain")
    encoder = model.config.sam or model.config.siglip
    square = to_square(image, encoder.image_size, encoder.mean).permute(1, 2, 0)
    maps = {
        "attention": attention_map(model, batch),
        "occlusion": occlusion_map(model, processor, image, question, answer),
    }
    figure = Figure(figsize=(8.4, 3.1), layout="constrained")
    axes = figure.subplots(1, 3)
    axes[0].imshow(square)
    axes[0].set_title(f"{question}\n{answer}", fontsize=9, wrap=True)
    shares = {}
    for axis, (name, heat) in zip(axes[1:], maps.items(), strict=True):
        S = len(square)
        shown = axis.imshow(heat, cmap="viridis", extent=(-0.5, S - 0.5, S - 0.5, -0.5))
        figure.colorbar(shown, ax=axis, shrink=0.8)
        shares[name] = None if mask is None else share_on(heat, mask)
        title = {"attention": "attention to each image token", "occlusion": "fall in log-probability if covered"}[name]
        if mask is not None:
            title += f"\n{shares[name]:.0%} on the object; chance {mask.mean():.0%}"
            axis.contour(mask.astype(float), levels=[0.5], colors="white", linewidths=1.2)
        axis.set_title(title, fontsize=9)
    for axis in axes:
        axis.set_xticks([])
        axis.set_yticks([])
    return figure, answer, shares


def object_mask(scene, size, names):
    """Boolean [size, size]: True on the scene's parts with these names (see `regions`).

    Raises ValueError if the scene has no such part.
    """
    from ..data.world import regions

    region, parts = regions(scene, size)
    wanted = [k for k, part in enumerate(parts, 1) if part["name"] in names]
    if not wanted:
        raise ValueError(f"the scene has no {' or '.join(names)}; it has {', '.join(p['name'] for p in parts)}")
    return np.isin(region, wanted)


def explain(model, processor, image, question, out):
    """Write the picture of `picture` to a file; returns one line saying so.

    out: the picture's path (any format matplotlib writes).
    """
    figure, answer, _ = picture(model, processor, image, question)
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=150)
    return f"{answer}  (drawn to {out})"

"""One picture of one answer: the image, the attention, the occlusion."""

from pathlib import Path

from ..processor import InputError, load_image, to_square
from .maps import ask, attention_map, occlusion_map


def explain(model, processor, image, question, out):
    """Answer a question about an image and draw what the answer rests on; returns one line saying so.

    out: the picture's path (any format matplotlib writes).
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise InputError('pictures need matplotlib: pip install "dsvl-min[book]"') from None
    image = load_image(image)
    batch = ask(processor, image, question)
    batch.pop("labels")
    answer = processor.decode(model.generate(**batch)[0])
    if not answer:
        raise InputError("the model answered nothing, so there is nothing to explain")
    encoder = model.config.sam or model.config.siglip
    square = to_square(image, encoder.image_size, encoder.mean).permute(1, 2, 0)
    maps = [
        ("attention to the image", attention_map(model, batch), "viridis"),
        ("fall in log-probability", occlusion_map(model, processor, image, question, answer), "viridis"),
    ]
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    axes = figure.subplots(1, 3)
    axes[0].imshow(square)
    axes[0].set_title(f"{question}\n{answer}", fontsize=9, wrap=True)
    for axis, (title, heat, colors) in zip(axes[1:], maps, strict=True):
        shown = axis.imshow(heat, cmap=colors)
        axis.set_title(title, fontsize=9)
        figure.colorbar(shown, ax=axis, shrink=0.8)
    for axis in axes:
        axis.set_xticks([])
        axis.set_yticks([])
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=150)
    return f"{answer}  (drawn to {out})"

"""Two maps of one answer: where the decoder attends, and which pixels the answer rests on.

Shapes: S side of the high-resolution image, P image tokens.
"""

import warnings

import numpy as np
import torch
from torch.nn import functional as F

from ..attention import capture_attention
from ..processor import InputError, normalise, to_square


def ask(processor, image, question, answer=""):
    """The batch of one question about one image, with an answer already given or none."""
    messages = [{"role": "User", "content": f"{processor.config.image_tag}\n{question}", "images": [image]}]
    if answer:
        messages.append({"role": "Assistant", "content": answer})
    return processor(messages, supervise=True)


def attention_map(model, batch):
    """Attention of the prompt's last position to the image, averaged over layers and heads: [grid, grid], sums to one.

    batch: one conversation with one image, as `ask` makes it without an answer.
    """
    with torch.no_grad(), capture_attention(model.decoder) as weights:
        model(**{k: v for k, v in batch.to(model.device, model.dtype).items() if k != "labels"})
    at = (batch["input_ids"][0] == model.config.image_token_id).nonzero()[:, 0]
    rows = torch.stack(
        [layers[0][0, :, -1, at.to(model.device)].mean(dim=0) for layers in weights.values()]
    )  # [layers, P]
    row = rows.mean(dim=0)
    return (row / row.sum()).unflatten(0, (model.config.image_grid, -1)).float().cpu().numpy()


def answer_log_probability(model, batch, square):
    """Log-probability of the batch's answer, end token included, for other pixels: [B, 3, S, S] in 0..1 -> [B].

    batch: one conversation, as `ask` makes it with an answer.
    """
    B, config = len(square), model.config
    pixels = {}
    if config.siglip:
        low = square
        if config.sam:
            size = (config.siglip.image_size, config.siglip.image_size)
            low = F.interpolate(square, size=size, mode="bilinear", antialias=True, align_corners=False)
        pixels["pixel_values"] = normalise(low, config.siglip)
    if config.sam:
        pixels["high_res_pixel_values"] = normalise(square, config.sam)
    pixels = {name: values.to(model.device, model.dtype) for name, values in pixels.items()}
    logits = model(batch["input_ids"].to(model.device).expand(B, -1), **pixels).logits[:, :-1].float()
    labels = batch["labels"][:, 1:].to(model.device).expand(B, -1)
    told = logits.log_softmax(dim=-1).gather(2, labels.clamp(min=0)[..., None])[..., 0]
    return (told * (labels >= 0)).sum(dim=1).to(square.device)


@torch.no_grad()
def occlusion_map(model, processor, image, question, answer, window=16, stride=8):
    """How much the answer's log-probability falls when a window is covered with the padding colour: [S, S].

    Each pixel holds the mean over the windows that cover it.  Uses Captum's Occlusion.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Captum looks for a progress bar's widget, and we show none
            from captum.attr import Occlusion
    except ImportError:
        raise InputError("occlusion needs Captum: pip install captum") from None
    encoder = model.config.sam or model.config.siglip
    square = to_square(image, encoder.image_size, encoder.mean)[None]
    batch = ask(processor, image, question, answer)
    ground = torch.tensor(encoder.mean).view(1, 3, 1, 1).expand_as(square)
    fall = Occlusion(lambda pixels: answer_log_probability(model, batch, pixels)).attribute(
        square, sliding_window_shapes=(3, window, window), strides=(3, stride, stride), baselines=ground,
        perturbations_per_eval=32,
    )  # fmt: skip
    return fall[0].mean(dim=0).numpy()


def share_on(heat, mask):
    """The share of a map's positive part that falls inside a mask; chance is the mask's own share of the area.

    heat: [g, g] or [S, S]; mask [S, S] boolean.  A cell's value holds for every pixel in it.
    """
    heat = np.clip(np.asarray(heat, dtype=np.float64), 0, None)
    cell = np.arange(len(mask)) * len(heat) // len(mask)
    heat = heat[np.ix_(cell, cell)]
    return float((heat * mask).sum() / max(heat.sum(), 1e-12))

"""Two models on the same input, component by component: where do they part?

    rungs = ladder(a, b, batch)
    print(as_table(rungs))

Either model may be ours or transformers' own.  A difference is a share of the component's largest value in `a`, so
that components can be compared; the first above the tolerance is marked.
"""

from dataclasses import dataclass

import torch

from .checkpoint import CheckpointError, describe, find, load
from .model import DeepSeekVL
from .processor import InputError

TOLERANCE = 1e-5  # of the largest value: float32's rounding stays below, one block's tanh GELU comes above

# component: the module whose output it is, in ours and in transformers'.  {} is a layer's number; "module:input" is
# what goes into the module; of several calls the first counts.
COMPONENTS = {
    "pixels, low resolution": ("vision.siglip.patches:input", "vision_model.embeddings.patch_embedding:input"),
    "SigLIP patches": ("vision.siglip.patches", "vision_model.embeddings.patch_embedding"),
    "SigLIP positions": ("vision.siglip.blocks.0.norm1:input", "vision_model.encoder.layers.0.layer_norm1:input"),
    "SigLIP block {}": ("vision.siglip.blocks.{}", "vision_model.encoder.layers.{}"),
    "SigLIP's tokens": ("vision.siglip.norm", "vision_model.post_layernorm"),
    "pixels, high resolution": ("vision.sam.patches:input", "vision_encoder.patch_embed.projection:input"),
    "SAM patches": ("vision.sam.patches", "vision_encoder.patch_embed.projection"),
    "SAM positions": ("vision.sam.blocks.0.norm1:input", "vision_encoder.layers.0.layer_norm1:input"),
    "SAM block {}": ("vision.sam.blocks.{}", "vision_encoder.layers.{}"),
    "neck": ("vision.sam.neck", "vision_encoder.neck"),
    "early neck": ("vision.sam.early_neck", "high_res_vision_neck"),
    "resize": ("vision.sam.downsample.first:input", "high_res_vision_proj.conv1:input"),
    "first convolution": ("vision.sam.downsample.first", "high_res_vision_proj.conv1"),
    "second convolution": ("vision.sam.downsample.second", "high_res_vision_proj.conv2"),
    "alpha branch": ("adaptor.high:input", "aligner.high_res_vision_proj:input"),
    "adaptor, high half": ("adaptor.high", "aligner.high_res_vision_proj"),
    "adaptor, low half": ("adaptor.low", "aligner.vision_proj|aligner.linear1"),
    "adaptor, joined": ("adaptor.out:input", "aligner.proj:input|aligner.linear2:input"),
    "image tokens": ("adaptor.out", "aligner.proj|aligner.linear2"),
    "prompt": ("decoder.blocks.0:input", "language_model.layers.0:input"),
    "decoder block {}": ("decoder.blocks.{}", "language_model.layers.{}"),
    "decoder norm": ("decoder.norm", "language_model.norm"),
    "logits": ("decoder.head", "lm_head"),
}


@dataclass(frozen=True)
class Rung:
    """One component: the largest difference as a share of the largest value, and whether it is the first to part."""

    name: str
    apart: float
    first: bool = False


@torch.no_grad()
def ladder(a, b, batch, batch_b=None, tolerance=TOLERANCE):
    """Run both models and compare every component: a list of Rungs, in the order of the data's way.

    batch: what both take; batch_b: b's own, if it has another processor.  Components that only one of them has are
    Rungs with a difference of infinity.  Raises InputError if the two are of different shapes somewhere.
    """
    left, right = outputs(a, batch), outputs(b, batch_b or batch)
    rungs, parted = [], False
    for name in sorted(left.keys() | right.keys(), key=_place):
        if name in left and name in right:
            apart = difference(left[name], right[name], name)
        else:
            apart = float("inf")
        first = not parted and not apart <= tolerance  # NaN parts too
        parted = parted or first
        rungs.append(Rung(name, apart, first))
    return rungs


def difference(a, b, name="the tensors"):
    """The largest difference as a share of a's largest value."""
    if a.shape != b.shape:
        raise InputError(
            f"{name}: {list(a.shape)} and {list(b.shape)} can't be compared; the models are of different sizes"
        )
    a, b = a.float(), b.float().to(a.device)
    scale = float(a.abs().max())
    apart = float((a - b).abs().max())
    return apart / scale if scale else apart


def outputs(model, batch):
    """{component: its tensor} of one forward pass."""
    ours = isinstance(model, DeepSeekVL)
    modules = dict(model.named_modules())
    caught, handles = {}, []
    for name, (own, their) in COMPONENTS.items():
        for path in own.split("|") if ours else their.split("|"):
            for component, module, before in _found(modules, name, path):
                handles.append(_listen(module, component, before, caught))
    try:
        batch = {k: v.to(model.device, model.dtype if v.is_floating_point() else None) for k, v in batch.items()}
        model(**batch)
    finally:
        for handle in handles:
            handle.remove()
    return caught


def _found(modules, name, path):
    """(component, module, is it the input?) for each module of a path; transformers' are found by their names' ends."""
    path, _, what = path.partition(":")
    layer = 0
    while True:
        wanted = path.format(layer)
        found = [m for n, m in modules.items() if n == wanted or n.endswith("." + wanted)]
        if not found:
            return
        yield name.format(layer), found[0], what == "input"
        if "{}" not in path:
            return
        layer += 1


def _listen(module, component, before, caught):
    """Keep the module's first output (or input) under the component's name."""

    def keep(tensor):
        tensor = tensor[0] if isinstance(tensor, tuple) else tensor
        caught.setdefault(component, tensor.detach())

    if before:
        return module.register_forward_pre_hook(
            lambda _, args, kwargs: keep(args[0] if args else next(iter(kwargs.values()))), with_kwargs=True
        )
    return module.register_forward_hook(lambda _, args, out: keep(out))


def _place(name):
    """Where a component stands on the way: (its place in COMPONENTS, its layer)."""
    order = list(COMPONENTS)
    stem, _, last = name.rpartition(" ")
    return (order.index(f"{stem} {{}}"), int(last)) if last.isdigit() else (order.index(name), 0)


def as_table(rungs):
    """The rungs as text, the first divergence marked."""
    lines = [f"{'component':26} largest difference"]
    for rung in rungs:
        apart = "only in one" if rung.apart == float("inf") else f"{rung.apart:.1e}"
        lines.append(f"{rung.name:26} {apart:>12}{'   ← they part here' if rung.first else ''}")
    if not any(rung.first for rung in rungs):
        lines.append("they don't part")
    return "\n".join(lines)


def open_model(name, **options):
    """(model, processor) of a name for `load`; "transformers:FOLDER" is opened by transformers' own classes."""
    if not str(name).startswith("transformers:"):
        return load(name, **options)
    try:
        import transformers
    except ImportError:
        raise CheckpointError(f"{name} needs transformers: pip install transformers") from None
    folder = find(str(name).removeprefix("transformers:"))
    _, processor, layout = describe(folder)
    if layout != "transformers":
        raise CheckpointError(f"{folder} is in the {layout} layout; transformers opens its own (dsvl export writes it)")
    return transformers.AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval(), processor

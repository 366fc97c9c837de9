"""LoRA: a frozen matrix W gets two thin ones beside it, A and B, and computes W x + (alpha / rank) B A x.

B begins at nought, so nothing changes at first.  Gradients and optimizer are those of A and B alone, and the frozen
matrices may be quantised (QLoRA).  The layers are those of the package peft.

Source: Hu et al. 2021 (arXiv 2106.09685); Dettmers et al. 2023 (arXiv 2305.14314).
"""

from .config import ConfigError

# The matrices of the decoder's blocks.  Ours holds query, key and value stacked: they share one A.
TARGETS = r"blocks\.\d+\.(attention\.(qkv|out)|mlp\.(gate_up|down))"


def add_lora(model, rank=16, alpha=None):
    """Put LoRA beside every matrix of a DeepSeekVL's decoder blocks, in place; alpha: 2 · rank, if not given.

    Raises ConfigError for a rank below 1, a model that has LoRA already, or if peft isn't there.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError:
        raise ConfigError("LoRA needs the package peft: pip install peft") from None
    if rank < 1:
        raise ConfigError(f"the rank of LoRA must be at least 1, got {rank}")
    if has_lora(model):
        raise ConfigError("this model has LoRA already; merge_lora(model) makes its matrices whole")
    _keep_differentiable(model)
    inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=alpha or 2 * rank, target_modules=TARGETS), model.decoder)
    for name, p in model.decoder.named_parameters():
        if is_lora(name):
            p.data = p.data.float()  # 16 bits are too few to add up small steps in
    return model


def _keep_differentiable(model):
    """Where a CPU computes in bfloat16, bitsandbytes repacks a 4-bit matrix the first time it answers, and from then on
    lets no gradient through, without a word.  Raises ConfigError if that has happened, and sees to it that it doesn't.
    """
    for part in model.decoder.modules():
        if hasattr(part, "support_avx512bf16_for_cpu"):
            if getattr(part.weight.quant_state, "packing_format_for_cpu", False):
                raise ConfigError("the 4-bit matrices were repacked for answering and can't be learnt through: open "
                                  "the model again, and add LoRA before you ask it anything")  # fmt: skip
            part.support_avx512bf16_for_cpu = False


def is_lora(name):
    """Is that the name of a parameter that `add_lora` put in?"""
    return ".lora_" in name


def has_lora(model):
    """Has the model LoRA beside its matrices?"""
    return any(is_lora(name) for name, _ in model.named_parameters())


def merge_lora(model):
    """Add (alpha / rank) B A to each matrix, and take A and B away: the model of before, with other weights.

    Raises ConfigError where the matrices are quantised: the sum would have to be rounded again.
    """
    if any(not p.is_floating_point() for p in model.parameters()):
        raise ConfigError("LoRA can't be merged into quantised matrices; open the model unquantised")
    for parent in list(model.decoder.modules()):
        for name, layer in list(parent.named_children()):
            if hasattr(layer, "base_layer"):
                layer.merge()
                setattr(parent, name, layer.base_layer)
    del model.decoder.peft_config
    model.decoder.requires_grad_(True)
    return model

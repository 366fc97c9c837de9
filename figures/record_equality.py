"""Record the largest difference between each part and its `transformers` counterpart, as a share of the output's scale.

    python figures/record_equality.py        # writes figures/results/equality.json

The same random weights on both sides, float32, at tiny's geometry; what `make test` holds below 1e-5.
"""

import sys
from dataclasses import replace
from pathlib import Path

import recorded
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from reference import shake, their_llama, their_model, their_sam, their_siglip, worst  # noqa: E402

from dsvl_min import Decoder, DeepSeekVL, ModelConfig  # noqa: E402
from dsvl_min.config import PromptConfig, SiglipTextConfig  # noqa: E402
from dsvl_min.sam import Sam  # noqa: E402
from dsvl_min.siglip import Siglip  # noqa: E402

SEED = 0


@torch.no_grad()
def differences():
    """{what is compared: largest difference / largest value of the reference}."""
    torch.manual_seed(SEED)
    config, out = ModelConfig.preset("tiny"), {}
    low, high = torch.randn(2, 3, 48, 48), torch.randn(2, 3, 128, 128)
    ids = torch.randint(0, 50, (2, 8))

    siglip = shake(Siglip(config.siglip, SiglipTextConfig(50, 8, 48, 2, 4, 96)))
    reference = their_siglip(siglip)(input_ids=ids, pixel_values=low)
    out["SigLIP patch tokens"] = worst(siglip.vision(low), reference.vision_model_output.last_hidden_state)
    out["SigLIP image-text logits"] = worst(siglip(low, ids), reference.logits_per_image)

    prompt = PromptConfig(layers=2, heads=4, mlp_width=64, iou_width=32)
    sam = shake(Sam(config.sam, prompt))
    point = torch.rand(2, 3, 1, 2) * 128, torch.ones(2, 3, 1)
    reference = their_sam(sam, prompt)(high, input_points=point[0], input_labels=point[1], multimask_output=True)
    out["SAM masks"] = worst(sam(high, *point)[0][:, :, 1:], reference.pred_masks)

    model = shake(DeepSeekVL(config))
    theirs = their_model(model)
    out["SAM with neck, convolutions and alpha"] = worst(
        model.vision.sam(high), theirs.model.get_high_res_image_features(high).last_hidden_state
    )
    a, b = model.vision(low, high)
    out["adaptor, two encoders"] = worst(model.adaptor(a, b), theirs.model.aligner(a, b))
    text = torch.randint(0, 2000, (1, 40))
    words = torch.cat([text[:, :4], torch.full((1, 36), config.image_token_id), text], dim=1)
    out["logits, hybrid"] = worst(
        model(words, None, low[:1], high[:1]).logits,
        theirs(words, pixel_values=low[:1], high_res_pixel_values=high[:1]).logits,
    )
    single = shake(DeepSeekVL(ModelConfig.preset("tiny", "siglip")))
    theirs = their_model(single)
    out["adaptor, SigLIP alone"] = worst(single.adaptor(a), theirs.model.aligner(a))
    out["logits, SigLIP alone"] = worst(single(words, None, low[:1]).logits, theirs(words, pixel_values=low[:1]).logits)
    for kv_heads in (4, 2):
        decoder = shake(Decoder(replace(config.decoder, kv_heads=kv_heads)))
        logits = decoder.head(decoder(decoder.embed(text)))
        out[f"decoder, {kv_heads} of 4 key/value heads"] = worst(logits, their_llama(decoder)(text).logits)
    return out


if __name__ == "__main__":
    found = differences()
    recorded.write(
        "equality",
        "How far is each part of the model from its `transformers` counterpart with the same random weights?",
        "python figures/record_equality.py",
        seeds=[SEED],
        data={"largest_difference": found},
    )
    for what, value in found.items():
        print(f"{what:40} {value:.1e}")

"""Record what `transformers` computes with the shipped model's weights: dsvl_min/checks/reference.safetensors.

    python figures/record_reference.py

To be run again whenever the shipped weights are remade; tests/checks/test_transformers_numbers.py says when.
"""

import json
import sys
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
import transformers

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from reference import their_model  # noqa: E402

import dsvl_min  # noqa: E402
from dsvl_min.checks.reference import FILE  # noqa: E402
from dsvl_min.data.world import Scene, Thing, render  # noqa: E402

POSITIONS = 4  # of the logits: the last ones


def ask():
    """(picture as uint8 [1, 3, 128, 128], the processor's batch): two things and a question, the same every time."""
    scene = Scene("grey", (Thing("star", "green", 0.27, 0.4, 0.44), Thing("ring", "pink", 0.74, 0.6, 0.4)))
    picture = render(scene, 128)
    _, processor = dsvl_min.load("tiny")
    asked = {"role": "User", "content": "<image_placeholder>\nWhat colour is the star?", "images": [picture]}
    pixels = torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1)[None]
    return pixels, processor([asked])


@torch.no_grad()
def computed(batch):
    """{part: what transformers computes}."""
    model, _ = dsvl_min.load("tiny")
    theirs = their_model(model)
    low, high = batch["pixel_values"], batch["high_res_pixel_values"]
    siglip = theirs.model.get_image_features(low, high)
    fine = theirs.model.get_high_res_image_features(high)
    logits = theirs(batch["input_ids"], pixel_values=low, high_res_pixel_values=high).logits
    return {
        "siglip": siglip.last_hidden_state, "sam": fine.last_hidden_state, "adaptor": siglip.pooler_output,
        "logits": logits[:, -POSITIONS:],
    }  # fmt: skip


if __name__ == "__main__":
    picture, batch = ask()
    tensors = {"picture": picture, "pixel_values": batch["pixel_values"], "input_ids": batch["input_ids"]}
    tensors |= computed(batch)
    about = {"transformers": transformers.__version__, "torch": torch.__version__.partition("+")[0]}
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    safetensors.torch.save_file(tensors, FILE, {"about": json.dumps(about)})
    print({name: list(tensor.shape) for name, tensor in tensors.items()}, FILE.stat().st_size)

from dataclasses import replace

import pytest
import torch
from reference import shake, their_model, their_sam, worst

from dsvl_min.config import ModelConfig, PromptConfig
from dsvl_min.model import DeepSeekVL
from dsvl_min.sam import SMALL, Sam, SamEncoder, WindowAttention, from_windows, into_windows

PROMPT = PromptConfig(layers=2, heads=4, mlp_width=64, iou_width=32)


@pytest.fixture(scope="module")
def pair():
    ours = shake(Sam(ModelConfig.preset("tiny").sam, PROMPT))
    return ours, their_sam(ours, PROMPT)


PROMPTS = {
    "a point": lambda: (dict(points=torch.rand(2, 3, 1, 2) * 128, labels=torch.ones(2, 3, 1)),),
    "points on and off": lambda: (dict(points=torch.rand(2, 3, 2, 2) * 128, labels=torch.randint(0, 2, (2, 3, 2))),),
    "a box": lambda: (dict(boxes=torch.rand(2, 3, 4) * 128),),
    "points, a box and a mask": lambda: (
        dict(
            points=torch.rand(2, 3, 2, 2) * 128,
            labels=torch.randint(0, 2, (2, 3, 2)),
            boxes=torch.rand(2, 3, 4) * 128,
            masks=torch.randn(2, 1, 64, 64),
        ),
    ),
}


@pytest.mark.parametrize("prompt", PROMPTS)
def test_masks_and_their_iou_equal_transformers(pair, prompt):
    ours, theirs = pair
    (given,) = PROMPTS[prompt]()
    pixels = torch.randn(2, 3, 128, 128)
    names = {"points": "input_points", "labels": "input_labels", "boxes": "input_boxes", "masks": "input_masks"}
    with torch.no_grad():
        masks, iou = ours(pixels, **given)
        reference = {names[k]: v for k, v in given.items()}
        several = theirs(pixels, **reference, multimask_output=True)
        single = theirs(pixels, **reference, multimask_output=False)
    assert worst(masks[:, :, 1:], several.pred_masks) < 1e-5
    assert worst(iou[:, :, 1:], several.iou_scores) < 1e-5
    assert worst(masks[:, :, :1], single.pred_masks) < 1e-5


@pytest.mark.parametrize("window", [5, 4, 16])  # padded, exact, a single window
def test_high_resolution_tokens_equal_transformers_with_alpha(window):
    config = ModelConfig.preset("tiny")
    config = replace(config, sam=replace(config.sam, window=window))
    ours = shake(DeepSeekVL(config))
    assert ours.vision.sam.alpha.abs().item() > 0.01
    theirs = their_model(ours)
    pixels = torch.randn(2, 3, 128, 128)
    with torch.no_grad():
        reference = theirs.model.get_high_res_image_features(pixels).last_hidden_state
        assert worst(ours.vision.sam(pixels), reference) < 1e-5


@pytest.mark.parametrize("side", [5, SMALL, SMALL + 1])
def test_a_layer_says_the_same_with_and_without_gradients(side):
    layer, x = shake(WindowAttention(32, 2, side)), torch.randn(2, side, side, 32)
    with torch.no_grad():
        silent = layer(x)
    assert worst(layer(x).detach(), silent) < 1e-5


def test_the_alpha_branch_starts_silent_and_counts_once_alpha_moves():
    encoder = shake(SamEncoder(ModelConfig.preset("tiny").sam))
    pixels = torch.randn(1, 3, 128, 128)
    with torch.no_grad():
        late, early = encoder.embed(pixels)
        encoder.alpha.zero_()
        silent = encoder.tokens(late, early)
        assert torch.equal(silent, encoder.tokens(late, torch.randn_like(early)))
        encoder.alpha.fill_(0.5)
        assert (encoder.tokens(late, early) - silent).abs().max() > 0.01


@pytest.mark.parametrize("grid,window", [(16, 5), (16, 4), (7, 7), (3, 5)])
def test_windows_come_back_as_they_went(grid, window):
    x = torch.randn(2, grid, grid, 3)
    windows = into_windows(x, window)
    assert windows.shape[1:3] == (window, window)
    assert torch.equal(from_windows(windows, grid), x)


def test_a_prompt_without_points_or_boxes_is_refused():
    ours = Sam(ModelConfig.preset("tiny").sam, PROMPT)
    with pytest.raises(ValueError, match="points or boxes"):
        ours.prompt()
    with pytest.raises(ValueError, match="labels"):
        ours.prompt(points=torch.zeros(1, 1, 1, 2))

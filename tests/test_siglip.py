import torch
from reference import shake, their_siglip, worst

from dsvl_min.config import ModelConfig, SiglipTextConfig
from dsvl_min.siglip import Siglip, SiglipEncoder, sigmoid_loss

TEXT = SiglipTextConfig(vocab_size=50, length=8, width=48, layers=2, heads=4, mlp_width=96)


def test_both_towers_and_the_pool_equal_transformers():
    ours = shake(Siglip(ModelConfig.preset("tiny").siglip, TEXT))
    theirs = their_siglip(ours)
    pixels, ids = torch.randn(3, 3, 48, 48), torch.randint(0, 50, (4, 8))
    with torch.no_grad():
        reference = theirs(input_ids=ids, pixel_values=pixels)
        patches = ours.vision(pixels)
        assert worst(patches, reference.vision_model_output.last_hidden_state) < 1e-5
        assert worst(ours.pool(patches), reference.vision_model_output.pooler_output) < 1e-5
        assert worst(ours.text(ids), reference.text_model_output.pooler_output) < 1e-5
        assert worst(ours(pixels, ids), reference.logits_per_image) < 1e-5


def test_an_image_of_another_size_is_refused_by_name():
    encoder = SiglipEncoder(ModelConfig.preset("tiny").siglip)
    for shape in [(1, 3, 47, 48), (1, 1, 48, 48), (3, 48, 48)]:
        try:
            encoder(torch.zeros(shape))
        except ValueError as error:
            assert "pixel_values" in str(error) and "48" in str(error)
        else:
            raise AssertionError(f"{shape} was taken")


def test_sigmoid_loss_is_a_yes_no_question_for_each_pair():
    logits = torch.tensor([[2.0, -1.0], [0.5, 3.0]])
    positive = torch.eye(2, dtype=torch.bool)
    by_hand = sum(
        -torch.log(torch.sigmoid(logits[i, j] if i == j else -logits[i, j])) for i in range(2) for j in range(2)
    )
    assert torch.isclose(sigmoid_loss(logits, positive), by_hand / 2)


def test_identical_captions_may_both_be_positive():
    logits = torch.full((2, 2), 5.0)
    assert sigmoid_loss(logits, torch.ones(2, 2, dtype=torch.bool)) < 0.05
    assert sigmoid_loss(logits, torch.eye(2, dtype=torch.bool)) > 4.0

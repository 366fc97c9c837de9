import torch

from dsvl_min.attention import attend, capture_attention, causal_mask
from dsvl_min.config import ModelConfig
from dsvl_min.model import DeepSeekVL


class Listener(torch.nn.Module):
    def forward(self, *args, **kwargs):
        return attend(*args, owner=self, **kwargs)


def test_the_long_way_round_gives_the_same_numbers():
    q, k, v = (torch.randn(2, 4, 6, 8) for _ in range(3))
    bias, allowed = torch.randn(2, 4, 6, 6), torch.rand(2, 1, 6, 6) > 0.3
    allowed |= torch.eye(6, dtype=torch.bool)
    cases = [{}, {"bias": bias}, {"bias": allowed}, {"causal": True}, {"bias": allowed, "causal": True}, {"scale": 0.2}]
    listener = Listener()
    for case in cases:
        fast = listener(q, k, v, **case)
        with capture_attention(listener):
            slow = listener(q, k, v, **case)
        assert torch.allclose(fast, slow, atol=1e-5), case


def test_grouped_heads_share_keys_in_order():
    q, k, v = torch.randn(1, 4, 5, 8), torch.randn(1, 2, 5, 8), torch.randn(1, 2, 5, 8)
    together = attend(q, k, v)
    for head in range(4):
        alone = attend(q[:, head : head + 1], k[:, head // 2 : head // 2 + 1], v[:, head // 2 : head // 2 + 1])
        assert torch.allclose(together[:, head : head + 1], alone, atol=1e-6)


def test_a_causal_query_block_ends_at_the_last_key():
    assert causal_mask(2, 4).tolist() == [[True, True, True, False], [True] * 4]
    q, k, v = torch.randn(1, 1, 2, 4), torch.randn(1, 1, 5, 4), torch.randn(1, 1, 5, 4)
    whole = attend(torch.cat([torch.randn(1, 1, 3, 4), q], dim=2), k, v, causal=True)[:, :, -2:]
    assert torch.allclose(attend(q, k, v, causal=True), whole, atol=1e-6)


def test_a_narrow_value_keeps_its_width():
    q, k, v = torch.randn(1, 2, 3, 8), torch.randn(1, 2, 3, 8), torch.randn(1, 2, 3, 5)
    expected = (q @ k.transpose(-1, -2) * 8**-0.5).softmax(-1) @ v
    assert torch.allclose(attend(q, k, v), expected, atol=1e-6)


def test_every_attention_of_the_model_hands_out_its_weights():
    config = ModelConfig.preset("tiny")
    model = DeepSeekVL(config).eval()
    ids = torch.tensor([[1] + [config.image_token_id] * 36 + [2, 3]])
    pixels = {"pixel_values": torch.randn(1, 3, 48, 48), "high_res_pixel_values": torch.randn(1, 3, 128, 128)}
    with torch.no_grad(), capture_attention(model) as weights:
        model(ids, **pixels)
    layers = config.siglip.layers + config.sam.layers + config.decoder.layers
    assert len(weights) == layers
    for name, (w,) in weights.items():
        assert torch.allclose(w.sum(-1), torch.ones(()), atol=1e-5), name
    assert weights["decoder.blocks.0.attention"][0].shape == (1, 4, 39, 39)
    assert weights["vision.sam.blocks.0.attention"][0].shape == (16, 4, 25, 25)  # 4 × 4 windows of 5 × 5
    assert weights["vision.sam.blocks.1.attention"][0].shape == (1, 4, 256, 256)
    assert weights["decoder.blocks.0.attention"][0].triu(1).abs().max() == 0


def test_captured_weights_carry_gradients():
    listener = Listener()
    q = torch.randn(1, 1, 3, 4, requires_grad=True)
    with capture_attention(listener) as weights:
        out = listener(q, q, q)
    (gradient,) = torch.autograd.grad(out.sum(), weights[""][0])
    assert gradient.abs().sum() > 0


def test_capturing_ends_with_the_block_even_after_an_error():
    listener = Listener()
    try:
        with capture_attention(listener) as weights:
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    listener(*(torch.randn(1, 1, 2, 4) for _ in range(3)))
    assert weights == {}

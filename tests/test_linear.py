import pytest
import torch

from dsvl_min.linear import LARGE, Linear


@pytest.mark.parametrize("bias", [True, False])
@torch.no_grad()
def test_a_large_weight_gives_what_a_plain_layer_gives_whatever_the_rows(bias):
    layer = Linear(256, 1024, bias=bias)
    assert layer.weight.numel() >= LARGE
    for x in (torch.randn(1, 1, 256), torch.randn(3, 7, 256), torch.randn(2, 256, 5).transpose(1, 2), torch.randn(256)):
        assert torch.allclose(layer(x), torch.nn.functional.linear(x, layer.weight, layer.bias), atol=1e-5)
    with torch.inference_mode():
        assert layer(torch.randn(2, 256)).shape == (2, 1024)


def test_a_large_weight_still_learns():
    layer, x = Linear(256, 1024), torch.randn(2, 256, requires_grad=True)
    layer(x).sum().backward()
    assert layer.weight.grad is not None and x.grad is not None


@torch.no_grad()
def test_a_compiled_layer_leaves_the_choice_of_kernel_to_the_compiler():
    layer, x, seen = Linear(256, 1024), torch.randn(1, 3, 256), []

    def note(graph, _):
        seen.append(graph.code)
        return graph

    assert torch.allclose(torch.compile(layer, backend=note)(x), layer(x), atol=1e-5)
    assert seen and "mkldnn" not in seen[0]

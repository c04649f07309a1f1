"""Max pooling without a gradient against PyTorch's own."""

import pytest
import torch
import torch.nn.functional as F

from stn_demo.model.pooling import MaxPool2d, max_pool


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("by", [(2, 2), (1, 2), (2, 1), (1, 1), (1, 3)])
@pytest.mark.parametrize("sides", [(6, 8), (7, 5), (2, 9), (3, 3)])
def test_max_pool_equals_pytorch_to_the_bit(sides, by, ceil_mode):
    x = torch.randn(3, 4, *sides, generator=torch.Generator().manual_seed(0))
    x[0, 0, 0, 0], x[1, 1, 1, 1], x[2, 2, -1, -1] = torch.nan, torch.inf, -torch.inf
    with torch.no_grad():
        for layout in (x, x.contiguous(memory_format=torch.channels_last)):
            expected = F.max_pool2d(layout, by, ceil_mode=ceil_mode)
            torch.testing.assert_close(max_pool(layout, by, ceil_mode), expected, rtol=0, atol=0, equal_nan=True)
            torch.testing.assert_close(
                MaxPool2d(by, ceil_mode=ceil_mode)(layout), expected, rtol=0, atol=0, equal_nan=True
            )


def test_gradient_equals_pytorch():
    x = torch.zeros(1, 1, 4, 4, requires_grad=True)  # all equal: PyTorch gives the gradient to the first of each four
    max_pool(x).sum().backward()
    assert torch.equal(x.grad[0, 0, ::2, ::2], torch.ones(2, 2))
    assert x.grad.sum() == 4

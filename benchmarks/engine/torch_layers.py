"""Layers of the benchmark's nets in PyTorch with Caffe's arithmetic. Shapes are NCHW."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class WithinChannelLRN(nn.Module):
    """LRN over a square window of each plane: y = x * (1 + alpha * average(x^2))^-0.75.

    As average pooling, with the power as two square roots: several times faster than any use of
    torch's own LocalResponseNorm.
    """

    def __init__(self, size: int, alpha: float) -> None:
        super().__init__()
        self.size, self.alpha = size, alpha

    def forward(self, x: Tensor) -> Tensor:
        """(batch, C, H, W) to the same shape."""
        average = functional.avg_pool2d(x * x, self.size, stride=1, padding=self.size // 2)
        root = (1 + self.alpha * average).rsqrt()
        return x * (root * root.sqrt())


class _AcrossChannels(torch.autograd.Function):
    """s = 1 + band * x^2 (a 1x1 convolution); y = x * s^-0.75; its gradient in closed form.

    Of the exact forms tried (LocalResponseNorm, avg_pool3d, conv3d, shifted sums, this band with
    and without a gradient of its own), the fastest over both layouts of CaffeNet's two LRNs.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, band: Tensor, ones: Tensor) -> Tensor:
        scale = functional.conv2d(x * x, band, ones)
        root = scale.rsqrt()
        power = root * root.sqrt()
        y = x * power
        ctx.save_for_backward(x, scale, power, y, band)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        x, scale, power, y, band = ctx.saved_tensors
        return (dy * power - 1.5 * x * functional.conv2d(dy * y / scale, band), None, None)


class AcrossChannelsLRN(nn.Module):
    """LRN over neighbouring channels, beta 0.75, k 1: s = 1 + alpha/size * sum of x^2."""

    def __init__(self, channels: int, size: int, alpha: float) -> None:
        super().__init__()
        index = torch.arange(channels)
        near = (index[:, None] - index[None, :]).abs() <= size // 2
        self.register_buffer("band", (near * (alpha / size)).float()[:, :, None, None])
        self.register_buffer("ones", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, H, W) to the same shape."""
        return _AcrossChannels.apply(x, self.band, self.ones)  # type: ignore[no-any-return]


def max_pool() -> nn.Module:
    """3x3 with stride 2; ceil_mode is Caffe's rounding."""
    return nn.MaxPool2d(3, 2, ceil_mode=True)


def ave_pool() -> nn.Module:
    """As max_pool; divides by the number of pixels that a window covers, as Caffe does."""
    return nn.AvgPool2d(3, 2, ceil_mode=True)


def conv(
    inputs: int,
    outputs: int,
    std: float,
    kernel: int = 5,
    bias: float = 0,
    *,
    stride: int = 1,
    padding: int = 0,
    groups: int = 1,
) -> nn.Module:
    """A convolution with gaussian weights and constant bias."""
    layer = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups)
    return filled(layer, std, bias)


def linear(inputs: int, outputs: int, std: float, bias: float = 0) -> nn.Module:
    """An inner product with gaussian weights and constant bias."""
    return filled(nn.Linear(inputs, outputs), std, bias)


def filled(layer: nn.Conv2d | nn.Linear, std: float, bias: float) -> nn.Module:
    """The layer with its first weights."""
    nn.init.normal_(layer.weight, std=std)
    assert layer.bias is not None
    nn.init.constant_(layer.bias, bias)
    return layer


def relu() -> nn.Module:
    """In place, as in the prototxts."""
    return nn.ReLU(inplace=True)

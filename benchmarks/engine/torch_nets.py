"""The benchmark's nets as PyTorch modules, equal layer for layer to the prototxts under caffe/.

Parameters are in the prototxts' order (weights, then bias, layer after layer), so one flat float
array fits both sides. Shapes are NCHW; images of CaffeNet are (batch, 3, 227, 227), those of the
CIFAR nets (batch, 3, 32, 32). check.py shows that these nets compute what Caffe computes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
        return dy * power - 1.5 * x * functional.conv2d(dy * y / scale, band), None, None


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


def cifar10_quick() -> nn.Sequential:
    """See caffe/examples/cifar10/cifar10_quick_train_test.prototxt."""
    return nn.Sequential(
        *(conv(3, 32, 0.0001, padding=2), max_pool(), relu()),
        *(conv(32, 32, 0.01, padding=2), relu(), ave_pool()),
        *(conv(32, 64, 0.01, padding=2), relu(), ave_pool()),
        *(nn.Flatten(), linear(1024, 64, 0.1), linear(64, 10, 0.1)),
    )


def cifar10_full() -> nn.Sequential:
    """See caffe/examples/cifar10/cifar10_full_train_test.prototxt."""
    return nn.Sequential(
        *(conv(3, 32, 0.0001, padding=2), max_pool(), relu(), WithinChannelLRN(3, 5e-5)),
        *(conv(32, 32, 0.01, padding=2), relu(), ave_pool(), WithinChannelLRN(3, 5e-5)),
        *(conv(32, 64, 0.01, padding=2), relu(), ave_pool()),
        *(nn.Flatten(), linear(1024, 10, 0.01)),
    )


def caffenet() -> nn.Sequential:
    """See caffe/models/bvlc_reference_caffenet/train_val.prototxt."""
    return nn.Sequential(
        *(conv(3, 96, 0.01, 11, stride=4), relu(), max_pool(), AcrossChannelsLRN(96, 5, 1e-4)),
        *(conv(96, 256, 0.01, 5, 1, padding=2, groups=2), relu(), max_pool()),
        AcrossChannelsLRN(256, 5, 1e-4),
        *(conv(256, 384, 0.01, 3, padding=1), relu()),
        *(conv(384, 384, 0.01, 3, 1, padding=1, groups=2), relu()),
        *(conv(384, 256, 0.01, 3, 1, padding=1, groups=2), relu(), max_pool()),
        *(nn.Flatten(), linear(9216, 4096, 0.005, 1), relu(), nn.Dropout(0.5)),
        *(linear(4096, 4096, 0.005, 1), relu(), nn.Dropout(0.5), linear(4096, 1000, 0.01)),
    )


@dataclass(frozen=True)
class Recipe:
    """A net and the numbers of its solver.

    image -- channels, height and width; decay -- weight decay, momentum is 0.9 everywhere;
    multipliers -- (lr_mult, decay_mult) of weights and of biases; special -- the same for single
    layers, by the name of the module in the Sequential. solver -- the prototxt, below caffe/.
    """

    solver: str

    build: Callable[[], nn.Sequential]
    image: tuple[int, int, int]
    classes: int
    batch: int
    rate: float
    decay: float
    multipliers: tuple[tuple[float, float], tuple[float, float]]
    special: dict[str, tuple[tuple[float, float], tuple[float, float]]]


CIFAR = ((1.0, 1.0), (2.0, 1.0))
RECIPES = {
    "cifar10_quick": Recipe(
        "examples/cifar10/cifar10_quick_solver.prototxt",
        *(cifar10_quick, (3, 32, 32), 10, 100, 0.001, 0.004, CIFAR),
        special={},
    ),
    "cifar10_full": Recipe(
        "examples/cifar10/cifar10_full_solver.prototxt",
        *(cifar10_full, (3, 32, 32), 10, 100, 0.001, 0.004, CIFAR),
        # conv3 has no multipliers, ip1 a strong decay.
        special={"8": ((1.0, 1.0), (1.0, 1.0)), "12": ((1.0, 250.0), (2.0, 0.0))},
    ),
    "caffenet": Recipe(
        "models/bvlc_reference_caffenet/solver.prototxt",
        *(caffenet, (3, 227, 227), 1000, 32, 0.01, 0.0005, ((1.0, 1.0), (2.0, 0.0))),
        special={},
    ),
}


def optimizer(net: nn.Sequential, recipe: Recipe, rate: float) -> torch.optim.SGD:
    """Fused SGD with Caffe's multipliers, one group for each pair of them.

    rate -- the base learning rate (recipe.rate to train as the solver does).
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in net.named_parameters():
        layer, kind = name.split(".")
        pair = recipe.special.get(layer, recipe.multipliers)[kind == "bias"]
        groups.setdefault(pair, []).append(parameter)
    settings = [
        {"params": members, "lr": rate * lr_mult, "weight_decay": recipe.decay * decay_mult}
        for (lr_mult, decay_mult), members in groups.items()
    ]
    return torch.optim.SGD(settings, lr=rate, momentum=0.9, fused=True)


def step(net: nn.Sequential, sgd: torch.optim.SGD, images: Tensor, labels: Tensor) -> Tensor:
    """One training step: forward, backward, update. Returns the loss before the update."""
    sgd.zero_grad(set_to_none=True)
    loss = functional.cross_entropy(net(images), labels)
    loss.backward()  # type: ignore[no-untyped-call]
    sgd.step()
    return loss

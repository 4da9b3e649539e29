"""GoogLeNet and ResNet-50 as PyTorch modules, in the order of their prototxts' layers."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_layers import AcrossChannelsLRN, conv, linear, max_pool, relu


def unit(inputs: int, outputs: int, kernel: int = 1, stride: int = 1) -> nn.Sequential:
    """A convolution with GoogLeNet's fillers (the deviation of xavier, bias 0.2) and its ReLU."""
    std = (inputs * kernel**2) ** -0.5
    return nn.Sequential(
        conv(inputs, outputs, std, kernel, 0.2, stride=stride, padding=kernel // 2), relu()
    )


class Inception(nn.Module):
    """Four branches side by side: 1x1, 3x3, 5x5 and pooling, joined along the channels."""

    def __init__(self, inputs: int, *outputs: int) -> None:
        """outputs -- of 1x1, 3x3_reduce, 3x3, 5x5_reduce, 5x5 and pool_proj."""
        super().__init__()
        one, three_reduce, three, five_reduce, five, pool = outputs
        self.branches = nn.ModuleList(
            [
                unit(inputs, one),
                nn.Sequential(unit(inputs, three_reduce), unit(three_reduce, three, 3)),
                nn.Sequential(unit(inputs, five_reduce), unit(five_reduce, five, 5)),
                nn.Sequential(nn.MaxPool2d(3, 1, 1), unit(inputs, pool)),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, H, W) to (batch, sum of the branches' outputs, H, W)."""
        return torch.cat([branch(x) for branch in self.branches], 1)


def side_head(inputs: int) -> nn.Sequential:
    """An auxiliary classifier of GoogLeNet on 14x14 images."""
    return nn.Sequential(
        *(nn.AvgPool2d(5, 3), unit(inputs, 128), nn.Flatten()),
        *(linear(2048, 1024, 2048**-0.5, 0.2), relu(), nn.Dropout(0.7)),
        linear(1024, 1000, 1024**-0.5),
    )


class GoogLeNet(nn.Module):
    """See caffe/models/bvlc_googlenet/train_val.prototxt."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(
            *(unit(3, 64, 7, 2), max_pool(), AcrossChannelsLRN(64, 5, 1e-4)),
            *(unit(64, 64), unit(64, 192, 3), AcrossChannelsLRN(192, 5, 1e-4), max_pool()),
            Inception(192, 64, 96, 128, 16, 32, 32),
            Inception(256, 128, 128, 192, 32, 96, 64),
            max_pool(),
            Inception(480, 192, 96, 208, 16, 48, 64),
        )
        self.head1 = side_head(512)
        self.second = nn.Sequential(
            Inception(512, 160, 112, 224, 24, 64, 64),
            Inception(512, 128, 128, 256, 24, 64, 64),
            Inception(512, 112, 144, 288, 32, 64, 64),
        )
        self.head2 = side_head(528)
        self.third = nn.Sequential(
            *(Inception(528, 256, 160, 320, 32, 128, 128), max_pool()),
            Inception(832, 256, 160, 320, 32, 128, 128),
            Inception(832, 384, 192, 384, 48, 128, 128),
            *(nn.AvgPool2d(7), nn.Flatten(), nn.Dropout(0.4), linear(1024, 1000, 1024**-0.5)),
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        """Scores of the two auxiliary classifiers and of the last one, (batch, 1000) each."""
        first = self.first(images)
        second = self.second(first)
        return [self.head1(first), self.head2(second), self.third(second)]


def normalised(
    inputs: int, outputs: int, kernel: int = 1, stride: int = 1, *, bias: bool = False
) -> list[nn.Module]:
    """A convolution with the deviation of filler msra, and what BatchNorm and Scale do."""
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=bias)
    nn.init.normal_(layer.weight, std=(2 / (inputs * kernel**2)) ** 0.5)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return [layer, nn.BatchNorm2d(outputs, eps=1e-5, momentum=0.001)]


class Residual(nn.Module):
    """1x1, 3x3 and 1x1 convolutions, added to the input or, where shapes differ, to its 1x1."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * width
        self.shortcut = (
            nn.Sequential(*normalised(inputs, outputs, 1, stride))
            if inputs != outputs
            else nn.Identity()
        )
        self.branch = nn.Sequential(
            *(*normalised(inputs, width, 1, stride), relu()),
            *(*normalised(width, width, 3), relu()),
            *normalised(width, outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, H, W) to (batch, 4 * width, H / stride, W / stride)."""
        return functional.relu(self.branch(x).add_(self.shortcut(x)), inplace=True)


class ResNet50(nn.Sequential):
    """See caffe/models/resnet50/train_val.prototxt."""

    def __init__(self) -> None:
        blocks, inputs = [], 64
        for width, count in ((64, 3), (128, 4), (256, 6), (512, 3)):
            for i in range(count):
                blocks.append(Residual(inputs, width, 2 if i == 0 and width > 64 else 1))
                inputs = 4 * width
        super().__init__(
            *(*normalised(3, 64, 7, 2, bias=True), relu(), max_pool(), *blocks),
            *(nn.AvgPool2d(7), nn.Flatten(), linear(2048, 1000, (2 / 2048) ** 0.5)),
        )

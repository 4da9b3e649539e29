"""The benchmark's nets as PyTorch modules, equal layer for layer to the prototxts under caffe/.

Parameters are in the prototxts' order (weights, then bias, layer after layer), so one flat float
array fits both sides. Shapes are NCHW; images are (batch, 3, 32, 32) for the CIFAR nets, (batch, 3,
227, 227) for CaffeNet, (batch, 3, 224, 224) for the others. check.py shows that these nets compute
what Caffe computes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_deep_nets import GoogLeNet, ResNet50
from torch_layers import AcrossChannelsLRN, WithinChannelLRN, ave_pool, conv, linear, max_pool, relu
from workloads import MODELS, Model


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

    decay -- weight decay, momentum is 0.9 everywhere; multipliers -- (lr_mult, decay_mult) of
    weights and of biases; special -- the same for single layers, by the name of the module. heads
    -- weights of the losses, where a net gives several scores.
    """

    model: Model
    build: Callable[[], nn.Module]
    classes: int
    rate: float
    decay: float
    multipliers: tuple[tuple[float, float], tuple[float, float]]
    special: dict[str, tuple[tuple[float, float], tuple[float, float]]]
    heads: tuple[float, ...] = (1.0,)


CIFAR = ((1.0, 1.0), (2.0, 1.0))
RECIPES = {
    "cifar10_quick": Recipe(
        MODELS["cifar10_quick"],
        *(cifar10_quick, 10, 0.001, 0.004, CIFAR),
        special={},
    ),
    "cifar10_full": Recipe(
        MODELS["cifar10_full"],
        *(cifar10_full, 10, 0.001, 0.004, CIFAR),
        # conv3 has no multipliers, ip1 a strong decay.
        special={"8": ((1.0, 1.0), (1.0, 1.0)), "12": ((1.0, 250.0), (2.0, 0.0))},
    ),
    "caffenet": Recipe(
        MODELS["caffenet"],
        *(caffenet, 1000, 0.01, 0.0005, ((1.0, 1.0), (2.0, 0.0))),
        special={},
    ),
    "googlenet": Recipe(
        MODELS["googlenet"],
        *(GoogLeNet, 1000, 0.01, 0.0002, ((1.0, 1.0), (2.0, 0.0))),
        special={},
        heads=(0.3, 0.3, 1.0),
    ),
    "resnet50": Recipe(
        MODELS["resnet50"],
        *(ResNet50, 1000, 0.1, 0.0001, ((1.0, 1.0), (1.0, 1.0))),
        special={},
    ),
}


def optimizer(net: nn.Module, recipe: Recipe, rate: float) -> torch.optim.SGD:
    """Fused SGD with Caffe's multipliers, one group for each pair of them.

    rate -- the base learning rate (recipe.rate to train as the solver does).
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in net.named_parameters():
        layer, kind = name.rsplit(".", 1)
        pair = recipe.special.get(layer, recipe.multipliers)[kind == "bias"]
        groups.setdefault(pair, []).append(parameter)
    settings = [
        {"params": members, "lr": rate * lr_mult, "weight_decay": recipe.decay * decay_mult}
        for (lr_mult, decay_mult), members in groups.items()
    ]
    return torch.optim.SGD(settings, lr=rate, momentum=0.9, fused=True)


def loss(recipe: Recipe, net: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """The mean loss over a batch; of several scores, the weighted sum."""
    scores = net(images)
    if isinstance(scores, Tensor):
        return functional.cross_entropy(scores, labels)
    losses = (functional.cross_entropy(head, labels) for head in scores)
    return torch.stack([w * value for w, value in zip(recipe.heads, losses)]).sum()


def step(
    recipe: Recipe, net: nn.Module, sgd: torch.optim.SGD, images: Tensor, labels: Tensor
) -> Tensor:
    """One training step: forward, backward, update. Returns the loss before the update."""
    sgd.zero_grad(set_to_none=True)
    value = loss(recipe, net, images, labels)
    value.backward()  # type: ignore[no-untyped-call]
    sgd.step()
    return value

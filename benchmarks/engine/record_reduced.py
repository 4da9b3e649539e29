"""Trains the reduced nets (reduced.py) in PyTorch, in double precision, and writes what becomes of
their weights to tests/resources/reduced, for tests/python/test_reduced_nets.py.

usage: benchmarks/engine/run --record-reduced

The nets are put together from their prototxts, of PyTorch's functions; updates are Caffe's rule,
written out. A file has the loss of each step, and of each parameter its name (layer/index), its
change's norm and projections, and how far PyTorch in float is from that, as a part of the norm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import reduced
import torch
from torch import Tensor
from torch.nn import functional

AVERAGE = 0.999  # the part of BatchNorm's running statistics that a step leaves


class Trained:
    """A net of a message, in PyTorch; its parameters come to be in the first pass.

    parameters -- by (layer, index); statistics -- BatchNorm's, which follow no gradient.
    """

    def __init__(self, message: Any, precision: torch.dtype) -> None:
        self.layers = [layer for layer in message.layer if layer.type != "Input"]
        self.precision = precision
        self.parameters: dict[tuple[str, int], Tensor] = {}
        self.statistics: dict[tuple[str, int], Tensor] = {}
        self.momentum: dict[tuple[str, int], Tensor] = {}

    def parameter(self, layer: Any, index: int, *shape: int) -> Tensor:
        """Blob `index` of a layer."""
        key = (layer.name, index)
        if key not in self.parameters:
            first = torch.from_numpy(reduced.initial(layer.type, layer.name, index, shape))
            self.parameters[key] = first.to(self.precision).requires_grad_()
        return self.parameters[key]

    def loss(self, inputs: dict[str, Any]) -> Tensor:
        """Of one pass: the weighted sum of all losses."""
        blobs = {name: torch.from_numpy(values) for name, values in inputs.items()}
        blobs["data"] = blobs["data"].to(self.precision)
        losses = []
        for layer in self.layers:
            bottoms = [blobs[name] for name in layer.bottom]
            top = OPERATIONS[layer.type](self, layer, *bottoms)
            if layer.type == "SoftmaxWithLoss":
                losses.append(top * sum(layer.loss_weight or [1]))
            blobs[layer.top[0]] = top
        return torch.stack(losses).sum()

    def step(self, inputs: dict[str, Any], training: reduced.Training) -> float:
        """One step of SGD: v = 0.9 v + rate (dw + decay w), w = w - v. Returns the loss before."""
        loss = self.loss(inputs)
        keys = list(self.parameters)
        gradients = torch.autograd.grad(loss, [self.parameters[key] for key in keys])
        specs = {layer.name: layer.param for layer in self.layers}
        with torch.no_grad():
            for (name, index), gradient in zip(keys, gradients):
                given = specs[name][index : index + 1]
                rate = training.rate * (given[0].lr_mult if given else 1)
                decay = training.decay * (given[0].decay_mult if given else 1)
                weights = self.parameters[name, index]
                step = rate * (gradient + decay * weights)
                before = self.momentum.get((name, index))
                self.momentum[name, index] = step if before is None else 0.9 * before + step
                weights -= self.momentum[name, index]
        return float(loss.detach())

    def changes(self) -> dict[tuple[str, int], Any]:
        """What has become of every blob since the beginning, by (layer, index)."""
        types = {layer.name: layer.type for layer in self.layers}
        return {
            (name, index): blob.detach().double().numpy()
            - reduced.initial(types[name], name, index, blob.shape)
            for (name, index), blob in {**self.parameters, **self.statistics}.items()
        }


def convolution(net: Trained, layer: Any, x: Tensor) -> Tensor:
    """Square kernels."""
    p = layer.convolution_param
    kernel, group = p.kernel_size[0], p.group
    weights = net.parameter(layer, 0, p.num_output, x.shape[1] // group, kernel, kernel)
    bias = net.parameter(layer, 1, p.num_output) if p.bias_term else None
    stride, pad = (p.stride[0] if p.stride else 1), (p.pad[0] if p.pad else 0)
    return functional.conv2d(x, weights, bias, stride, pad, groups=group)


def inner_product(net: Trained, layer: Any, x: Tensor) -> Tensor:
    """Over all that an item has."""
    x = x.flatten(1)
    outputs = layer.inner_product_param.num_output
    return functional.linear(
        x, net.parameter(layer, 0, outputs, x.shape[1]), net.parameter(layer, 1, outputs)
    )


def pooling(net: Trained, layer: Any, x: Tensor) -> Tensor:
    """Averages have no padding in these nets, and cover whole windows."""
    p = layer.pooling_param
    if p.pool == p.AVE:
        return functional.avg_pool2d(x, p.kernel_size, p.stride)
    return functional.max_pool2d(x, p.kernel_size, p.stride, p.pad, ceil_mode=True)


def normalisation(net: Trained, layer: Any, x: Tensor) -> Tensor:
    """By the batch's own mean and variance. The running sums that a step leaves are Caffe's: the
    variance's of a sample, and how often they were added to, less what they have lost."""
    mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
    count = x.numel() // x.shape[1]
    new = [mean, variance * count / (count - 1), torch.ones(1, dtype=x.dtype)]
    for index, value in enumerate(new):
        key = (layer.name, index)
        before = net.statistics.get(key, torch.zeros_like(value))
        net.statistics[key] = AVERAGE * before + value.detach()
    eps = layer.batch_norm_param.eps
    return functional.batch_norm(x, None, None, training=True, eps=eps)


def scale(net: Trained, layer: Any, x: Tensor) -> Tensor:
    """A factor and a bias for each channel."""
    factor, bias = (net.parameter(layer, index, x.shape[1]) for index in (0, 1))
    return x * factor[:, None, None] + bias[:, None, None]


def lrn(net: Trained, layer: Any, x: Tensor) -> Tensor:
    """Across channels."""
    p = layer.lrn_param
    return functional.local_response_norm(x, p.local_size, p.alpha, p.beta, p.k)


OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "Convolution": convolution,
    "InnerProduct": inner_product,
    "Pooling": pooling,
    "BatchNorm": normalisation,
    "Scale": scale,
    "LRN": lrn,
    "ReLU": lambda net, layer, x: functional.relu(x),
    "Dropout": lambda net, layer, x: x,
    "Concat": lambda net, layer, *xs: torch.cat(xs, 1),
    "Eltwise": lambda net, layer, *xs: sum(xs[1:], xs[0]),
    "SoftmaxWithLoss": lambda net, layer, x, y: functional.cross_entropy(x, y.long()),
}


def train(name: str, precision: torch.dtype) -> tuple[list[float], dict[tuple[str, int], Any]]:
    """Losses of all steps, and the changes after them."""
    net = Trained(reduced.net(name), precision)
    training = reduced.NETS[name]
    losses = [net.step(reduced.minibatch(name, step), training) for step in range(reduced.STEPS)]
    return losses, net.changes()


def record(name: str) -> None:
    """Writes one net's file."""
    losses, changes = train(name, torch.float64)
    _, rounded = train(name, torch.float32)
    norms = {key: float(np.linalg.norm(change)) for key, change in changes.items()}
    rounding = [np.linalg.norm(rounded[key] - changes[key]) / norms[key] for key in changes]
    projections = [reduced.projections(*key, change) for key, change in changes.items()]
    reduced.RECORDED.mkdir(exist_ok=True)
    np.savez_compressed(
        reduced.RECORDED / f"{name}.npz",
        loss=np.array(losses, np.float32),
        parameter=np.array([f"{layer}/{index}" for layer, index in changes]),
        norm=np.array(list(norms.values()), np.float32),
        rounding=np.array(rounding, np.float32),
        projections=np.array(projections, np.float32),
    )
    worst = int(np.argmax(rounding))
    print(
        f"{name}: losses {' '.join(f'{loss:.4f}' for loss in losses)}; PyTorch in float is off by "
        f"{np.median(rounding):.1e} in half of the changes, at most by {rounding[worst]:.1e} "
        f"({list(changes)[worst]})"
    )


if __name__ == "__main__":
    torch.manual_seed(0)
    for net_name in reduced.NETS:
        record(net_name)

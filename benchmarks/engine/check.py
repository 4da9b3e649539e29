"""Shows that this benchmark's PyTorch nets are those of the prototxts and compute what Caffe does.

usage: benchmarks/engine/run --check

Compares the settings with the prototxts, one net's first steps with those that Caffe recorded
(where those are at hand), and the two forms of LRN with plain definitions. Then writes
loss and gradients of each net to a folder, for check_engine.py to compare the engine's with.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from google.protobuf import text_format
from torch import Tensor, nn
from torch_layers import AcrossChannelsLRN, WithinChannelLRN
from torch_nets import RECIPES, Recipe, loss, optimizer, step

from sparknet.proto import caffe_pb2

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(os.environ.get("SPARKNET_SHARED", ROOT.parent / "shared")) / "golden"
LEARNS = ("Convolution", "InnerProduct")


def require(holds: bool, what: str) -> None:
    """Ends the check where something differs."""
    if not holds:
        sys.exit(f"benchmarks/engine: {what}")


def close(ours: Tensor, truth: Tensor, what: str, tolerance: float = 1e-4) -> None:
    """Ends the check where values differ by more than the tolerance of the largest of them."""
    worst = ((ours - truth).abs().max() / truth.abs().max()).item()
    require(worst < tolerance, f"{what} differs by {worst:.1e} of the largest value")
    print(f"{what}: differs by at most {worst:.1e} of the largest value")


def check_settings(name: str, recipe: Recipe) -> None:
    """Rates, decays, shapes and fillers against solver and net prototxt."""
    solver = text_format.Parse(
        (ROOT / "caffe" / recipe.model.solver).read_text(encoding="utf-8"),
        caffe_pb2.SolverParameter(),
    )
    parameters = text_format.Parse(
        (ROOT / "caffe" / solver.net).read_text(encoding="utf-8"), caffe_pb2.NetParameter()
    )
    numbers = (solver.base_lr, solver.momentum, solver.weight_decay)
    require(np.allclose(numbers, (recipe.rate, 0.9, recipe.decay)), f"{name}: {solver}")
    net = recipe.build()
    sgd = optimizer(net, recipe, recipe.rate)
    rates = {p: (g["lr"], g["weight_decay"]) for g in sgd.param_groups for p in g["params"]}
    modules = [m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    layers = [layer for layer in parameters.layer if layer.type in LEARNS]
    require(len(modules) == len(layers), f"{name}: {len(modules)} layers with weights")
    for module, layer in zip(modules, layers):
        require(shape(module) == expected_shape(layer), f"{name}, {layer.name}: {module}")
        std = module.weight.std().item()
        require(abs(std / expected_std(layer, module) - 1) < 0.1, f"{name}, {layer.name}: {std}")
        biased = getattr(layer, setting(layer)).bias_term
        require(biased == (module.bias is not None), f"{name}, {layer.name}: bias {biased}")
        for i, blob in enumerate(module.parameters()):
            spec = layer.param[i] if i < len(layer.param) else caffe_pb2.ParamSpec()
            wanted = (recipe.rate * spec.lr_mult, recipe.decay * spec.decay_mult)
            require(np.allclose(rates[blob], wanted), f"{name}, {layer.name}: {rates[blob]}")
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    scales = [layer for layer in parameters.layer if layer.type == "Scale"]
    require(len(norms) == len(scales), f"{name}: {len(norms)} normalisations")
    weights = sum(p.numel() for p in net.parameters())
    print(f"{name}: {weights:,} weights, settings as in {recipe.model.solver}")


def expected_std(layer: Any, module: nn.Conv2d | nn.Linear) -> float:
    """The deviation of the weights that the prototxt's filler gives."""
    filler = getattr(layer, setting(layer)).weight_filler
    inputs = module.weight[0].numel()
    fillers = {"gaussian": filler.std, "xavier": inputs**-0.5, "msra": (2 / inputs) ** 0.5}
    return float(fillers[filler.type])


def setting(layer: Any) -> str:
    """The field with a layer's own parameters."""
    return {"Convolution": "convolution_param", "InnerProduct": "inner_product_param"}[layer.type]


def shape(module: nn.Conv2d | nn.Linear) -> tuple[int, ...]:
    """Outputs, and kernel, stride, padding and groups of a convolution."""
    if isinstance(module, nn.Linear):
        return (module.out_features,)
    geometry = (module.kernel_size[0], module.stride[0], int(module.padding[0]))
    return (module.out_channels, *geometry, module.groups)


def expected_shape(layer: Any) -> tuple[int, ...]:
    """The same from the prototxt."""
    p = getattr(layer, setting(layer))
    if layer.type == "InnerProduct":
        return (p.num_output,)
    stride, pad = (p.stride[0] if p.stride else 1), (p.pad[0] if p.pad else 0)
    return (p.num_output, p.kernel_size[0], stride, pad, p.group)


def check_trajectory(name: str, recipe: Recipe) -> None:
    """Five steps from the same weights on the same images give Caffe's losses."""
    folder = GOLDEN / "nets" / name
    if not folder.is_dir():
        print(f"{name}: no recorded steps of Caffe ({folder.name} in shared/golden/nets): skipped")
        return
    weights = caffe_pb2.NetParameter.FromString((folder / "init.caffemodel").read_bytes())
    blobs = [blob for layer in weights.layer for blob in layer.blobs]
    net = recipe.build()
    with torch.no_grad():
        for parameter, blob in zip(net.parameters(), blobs):
            parameter.copy_(torch.tensor(blob.data).reshape(parameter.shape))
    sgd = optimizer(net, recipe, recipe.rate)
    recorded = np.load(folder / "steps.npz")
    losses = []
    for k in range(5):
        images = torch.from_numpy(recorded[f"data/{k}"])
        labels = torch.from_numpy(recorded[f"label/{k}"]).long()
        losses.append(step(recipe, net, sgd, images, labels).detach())
    truth = torch.tensor([float(recorded[f"loss/{k}"]) for k in range(5)])
    close(torch.stack(losses), truth, f"{name}: loss of 5 steps against Caffe's")


def with_gradient(layer: nn.Module | Any, x: Tensor, dy: Tensor) -> tuple[Tensor, Tensor]:
    """y and dx."""
    x = x.clone().requires_grad_()
    y = layer(x)
    y.backward(dy)
    assert x.grad is not None
    return y.detach(), x.grad


def within_by_definition(x: Tensor) -> Tensor:
    """LRN within a channel, window 3, alpha 0.5: sums over shifted planes."""
    padded = nn.functional.pad(x * x, (1, 1, 1, 1))
    height, width = x.shape[2:]
    total = sum(padded[:, :, i : i + height, j : j + width] for i in range(3) for j in range(3))
    return x * (1 + 0.5 / 9 * total) ** -0.75


def check_normalisation() -> None:
    """Both forms of LRN, and their gradients, at an alpha large enough to matter."""
    torch.manual_seed(2)
    x, dy = torch.randn(2, 2, 16, 9, 9)
    across = nn.LocalResponseNorm(5, alpha=0.5, beta=0.75, k=1)
    cases = [
        ("LRN across channels", AcrossChannelsLRN(16, 5, 0.5), across),
        ("LRN within channels", WithinChannelLRN(3, 0.5), within_by_definition),
    ]
    for name, ours, definition in cases:
        for what, a, b in zip(
            ("y", "dx"), with_gradient(ours, x, dy), with_gradient(definition, x, dy)
        ):
            close(a, b, f"{name}, {what}")


def gradients(
    recipe: Recipe, net: nn.Module, images: Tensor, labels: Tensor
) -> tuple[Tensor, list[Tensor]]:
    """Loss and gradients of one pass, in double precision."""
    net.zero_grad()
    value = loss(recipe, net, images, labels)
    value.backward()  # type: ignore[no-untyped-call]
    return value.detach().double(), [
        p.grad.double() for p in net.parameters() if p.grad is not None
    ]


def record(name: str, recipe: Recipe, folder: Path) -> None:
    """Writes inputs, parameters, loss and gradients of one pass; no dropout, 4 images.

    Gradients are those of double precision. How far PyTorch's in float are from them, as a part of
    their norm, is written too: in deep nets rounding decides which inputs ReLU and pooling pass on.
    """
    torch.manual_seed(3)
    net = recipe.build()
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0
    images = torch.rand(4, *recipe.model.image) * 255 - 128
    labels = torch.randint(recipe.classes, (4,))
    arrays = {"data": images, "label": labels}
    for i, parameter in enumerate(net.parameters()):
        arrays[f"parameter/{i}"] = parameter.detach().clone()
    _, rounded = gradients(recipe, net, images, labels)
    arrays["loss"], exact = gradients(recipe, net.double(), images.double(), labels)
    for i, (ours, truth) in enumerate(zip(rounded, exact)):
        arrays[f"gradient/{i}"] = truth
        arrays[f"rounding/{i}"] = (ours - truth).norm() / truth.norm()
    np.savez(folder / f"{name}.npz", **{key: value.numpy() for key, value in arrays.items()})


def main(folder: Path) -> None:
    """All checks; the first difference ends them with status 1."""
    for name, recipe in RECIPES.items():
        check_settings(name, recipe)
    check_normalisation()
    check_trajectory("cifar10_quick", RECIPES["cifar10_quick"])
    for name, recipe in RECIPES.items():
        record(name, recipe, folder)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))

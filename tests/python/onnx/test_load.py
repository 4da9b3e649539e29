"""Whole ONNX files: as torch writes them, and our own read back."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx_nets import SMALL, data, layer
from onnx_runs import Model, assert_near, built, check_load, inputs_of, run

from sparknet import models
from sparknet.errors import ArgumentError, FileError, ParseError, UnsupportedError
from sparknet.local import Net
from sparknet.onnx import convert, deploy, export, load

pytestmark = pytest.mark.boundary


def block(m: Model, x: str, name: str, channels: tuple[int, int], stride: int) -> str:
    """A basic block of torchvision's ResNet, whose BatchNorms have become part of convolutions."""
    inside, outside = channels

    def conv(x: str, part: str, source: int, kernel: int, stride: int) -> str:
        pads = [kernel // 2] * 4
        weights = m.weight(outside, source, kernel, kernel), m.weight(outside)
        sizes = {"kernel_shape": [kernel] * 2, "dilations": [1, 1], "group": 1}
        where = f"/{name}/{part}/Conv"
        return m.op("Conv", x, *weights, name=where, pads=pads, strides=[stride] * 2, **sizes)

    y = m.op("Relu", conv(x, "conv1", inside, 3, stride), name=f"/{name}/relu/Relu")
    y = conv(y, "conv2", outside, 3, 1)
    if stride != 1:
        x = conv(x, "downsample/downsample.0", inside, 1, stride)
    return m.op("Relu", m.op("Add", y, x, name=f"/{name}/Add"), name=f"/{name}/relu_1/Relu")


def resnet(m: Model) -> str:
    weights = m.weight(8, 3, 7, 7, name="conv1.weight")
    x = m.op("Conv", "input", weights, name="/conv1/Conv", pads=[3] * 4, strides=[2, 2])
    statistics = (m.weight(8), m.weight(8), m.weight(8), m.weight(8, low=0.5))
    x = m.op("BatchNormalization", x, *statistics, name="/bn1/BatchNormalization")
    x = m.op("Relu", x, name="/relu/Relu")
    pool = {"kernel_shape": [3, 3], "pads": [1] * 4, "strides": [2, 2], "ceil_mode": 0}
    x = m.op("MaxPool", x, name="/maxpool/MaxPool", **pool)
    x = block(m, x, "layer1/layer1.0", (8, 8), 1)
    x = block(m, x, "layer2/layer2.0", (8, 16), 2)
    x = m.op("GlobalAveragePool", x, name="/avgpool/GlobalAveragePool")
    x = m.op("Flatten", x, name="/Flatten", axis=1)
    weights = m.weight(10, 16, name="fc.weight"), m.weight(10, name="fc.bias")
    return m.op("Gemm", x, *weights, name="/fc/Gemm", transB=1)


def flat_by_arithmetic(m: Model, x: str) -> str:
    """What torch writes for ``x.view(x.size(0), -1)`` where the batch is free."""
    extent = m.op("Gather", m.op("Shape", x), m.op_constant(np.int64(0)), axis=0)
    first = m.op("Unsqueeze", extent, m.op_constant(np.array([0])))
    return m.op("Reshape", x, m.op("Concat", first, m.op_constant(np.array([-1])), axis=0))


def vgg(m: Model) -> str:
    x = "input"
    for index, (inside, outside) in enumerate(((3, 8), (8, 12))):
        weights = m.weight(outside, inside, 3, 3), m.weight(outside)
        x = m.op("Relu", m.op("Conv", x, *weights, pads=[1] * 4, name=f"/features/{index}/Conv"))
        x = m.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = flat_by_arithmetic(m, x)
    x = m.op("Relu", m.op("Gemm", x, m.weight(20, 12 * 8 * 8), m.weight(20), transB=1))
    x = m.op("Add", m.op("MatMul", m.op("Identity", x), m.weight(20, 10)), m.weight(10))
    return m.op("Softmax", x, axis=-1)


def googlenet(m: Model) -> str:
    x = m.op("Mul", "input", m.constant(0.458))  # transform_input
    x = m.op("Add", x, m.constant(np.array([-0.03, -0.09, -0.19]).reshape(1, 3, 1, 1)))
    x = m.op("Conv", x, m.weight(8, 3, 7, 7), pads=[3] * 4, strides=[2, 2])
    x = m.op("MaxPool", m.op("Relu", x), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    x = m.op("LRN", x, size=5)
    branches = [
        m.op("Conv", x, m.weight(4, 8, 1, 1)),
        m.op("Conv", m.op("Conv", x, m.weight(4, 8, 1, 1)), m.weight(6, 4, 3, 3), pads=[1] * 4),
        m.op(
            "Conv",
            m.op("MaxPool", x, kernel_shape=[3, 3], strides=[1, 1], pads=[1] * 4, ceil_mode=1),
            m.weight(4, 8, 1, 1),
        ),
    ]
    x = m.op("Concat", *(m.op("Relu", branch) for branch in branches), axis=1)
    x = m.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    x = m.op("ReduceMean", x, axes=[2, 3], keepdims=1)
    return m.op("Gemm", m.op("Flatten", x), m.weight(10, 14), m.weight(10), transB=1)


@pytest.mark.parametrize("net", [resnet, vgg, googlenet])
@pytest.mark.parametrize("extent", [32, 33])
def test_nets_of_torchvision(net: object, extent: int, tmp_path: Path) -> None:
    model = Model()
    shapes = {"input": ("batch_size", 3, extent, extent)}
    path = model.save(tmp_path / "m.onnx", shapes, net(model))  # type: ignore[operator]
    for batch in (1, 3):
        check_load(path, batch=batch)


def test_names(tmp_path: Path) -> None:
    model = Model()
    path = model.save(tmp_path / "resnet.onnx", {"input": ("N", 3, 32, 32)}, resnet(model))
    net, weights = load(path, batch=4)
    assert net.name == "resnet"
    assert [(layer.name, layer.type) for layer in net.layer[:5]] == [
        ("input", "Input"),
        ("conv1/Conv", "Convolution"),
        ("bn1/BatchNormalization_norm", "BatchNorm"),
        ("bn1/BatchNormalization", "Scale"),
        ("relu/Relu", "ReLU"),
    ]
    assert list(net.layer[0].input_param.shape[0].dim) == [4, 3, 32, 32]
    assert weights["fc/Gemm"][0].shape == (10, 16)
    assert {array.dtype for blobs in weights.values() for array in blobs} == {np.dtype("float32")}


def test_a_net_that_was_read_for_one_item_takes_others(tmp_path: Path) -> None:
    model = Model()
    path = model.save(tmp_path / "m.onnx", {"input": ("N", 3, 32, 32)}, vgg(model))
    message, weights = load(path)
    net = deploy.net(message, {}, 5)
    net.set_weights(weights)
    fed = inputs_of(net)
    assert_near(net.forward(**fed), run(path, fed))


def test_two_files_of_caffe(tmp_path: Path) -> None:
    model = Model()
    path = model.save(tmp_path / "m.onnx", {"input": ("N", 3, 32, 32)}, googlenet(model))
    convert(path, tmp_path / "m.prototxt", tmp_path / "m.caffemodel")
    net = Net(tmp_path / "m.prototxt", weights=tmp_path / "m.caffemodel")
    fed = inputs_of(net)
    assert_near(net.forward(**fed), run(path, fed))
    with pytest.raises(FileError, match=r"nowhere/m\.prototxt: No such file"):
        convert(path, tmp_path / "nowhere/m.prototxt", tmp_path / "m.caffemodel")


ROUND_TRIPS = (
    "examples/mnist/lenet.prototxt",
    "examples/cifar10/cifar10_full.prototxt",
    "models/bvlc_googlenet/deploy.prototxt",
    "models/bvlc_reference_caffenet/deploy.prototxt",
    "with BatchNorm",
)


@pytest.mark.parametrize("path", ROUND_TRIPS)
def test_what_was_exported_comes_back(path: str, tmp_path: Path) -> None:
    text = SMALL
    if path != "with BatchNorm":
        text = re.sub(r"num_output: 4096", "num_output: 64", models.prototxt(path))
    net = built(text, 1)
    export(text, net, tmp_path / "net.onnx")
    message, weights = load(tmp_path / "net.onnx")
    again = deploy.net(message, {}, None)
    again.set_weights(weights)
    # Layers and their weights are the same ones, except that BatchNorm's become averages.
    normal = {layer.name for layer in message.layer if layer.type == "BatchNorm"}
    scales = {name for name in weights if name not in normal and len(weights[name][0].shape) == 1}
    for name in set(weights) - normal - scales:
        for ours, theirs in zip(weights[name], net.params[name]):
            np.testing.assert_array_equal(ours, theirs.data)
    fed = inputs_of(again)
    expected = again.forward(**fed)
    for name in net.inputs:
        net.blobs[name].reshape(*fed[name].shape)
    net.reshape()
    assert_near(expected, net.forward(**fed))


def test_pooling_comes_back_as_it_was(tmp_path: Path) -> None:
    for pool in ("MAX", "AVE"):
        fields = f"pooling_param {{ pool: {pool} kernel_size: 3 stride: 2 pad: 1 }}"
        text = data("x", "2 3 8 7") + layer("Pooling", "x", fields)
        export(text, {}, tmp_path / "net.onnx")
        (found,) = (x for x in load(tmp_path / "net.onnx")[0].layer if x.type == "Pooling")
        p = found.pooling_param
        assert (p.kernel_size, p.stride, p.pad, p.round_mode) == (3, 2, 1, p.CEIL)
        check_load(tmp_path / "net.onnx")


def test_outputs_keep_their_names(tmp_path: Path) -> None:
    model = Model()
    model.op("Tanh", "x", name="t")
    model.nodes.append(onnx.helper.make_node("Identity", ["t_output_0"], ["result"]))
    model.nodes.append(onnx.helper.make_node("Identity", ["x"], ["copy"]))
    path = model.save(tmp_path / "m.onnx", {"x": (2, 3)}, "result", "copy")
    net = check_load(path)
    assert sorted(net.outputs) == ["copy", "result"]


def test_weights_in_half_precision_and_beside(tmp_path: Path) -> None:
    model = Model()
    weights = model.draws.normal(size=(40, 30)).astype(np.float16)
    model.constants.append(onnx.numpy_helper.from_array(weights, "w"))
    out = model.op("Gemm", "x", model.op("Cast", "w", to=1))
    path = model.save(tmp_path / "m.onnx", {"x": (2, 40)}, out)
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="m.data")
    assert (tmp_path / "m.data").is_file()
    check_load(path)


def test_operators_that_are_not_covered_are_named(tmp_path: Path) -> None:
    model = Model()
    out = model.op("Erf", model.op("Erf", "x", name="/act/Erf"), name="/act/Erf_1")
    out = model.op("Einsum", out, equation="ij->ji", name="/mix/Einsum")
    path = model.save(tmp_path / "m.onnx", {"x": (2, 3)}, out)
    with pytest.raises(UnsupportedError) as failure:
        load(path)
    assert str(failure.value) == (
        f"{path}: Caffe's layers do not cover node 'act/Erf' (Erf), node 'mix/Einsum' (Einsum)"
    )


def test_operators_of_others_are_named(tmp_path: Path) -> None:
    node = onnx.helper.make_node("Relu", ["x"], ["y"], name="n", domain="com.example")
    value = onnx.helper.make_tensor_value_info("x", 1, (2, 3))
    graph = onnx.helper.make_graph([node], "g", [value], [onnx.ValueInfoProto(name="y")])
    opsets = [onnx.helper.make_opsetid("", 17), onnx.helper.make_opsetid("com.example", 1)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets), tmp_path / "m.onnx")
    with pytest.raises(UnsupportedError, match=r"node 'n' \(com\.example\.Relu\)"):
        load(tmp_path / "m.onnx")


def test_shapes_of_inputs(tmp_path: Path) -> None:
    model = Model()
    shapes = {"x": ("N", 3, "H", "W")}
    path = model.save(tmp_path / "m.onnx", shapes, model.op("GlobalAveragePool", "x"))
    with pytest.raises(ArgumentError, match=r"'x' has shape \(N, 3, H, W\): pass another"):
        load(path)
    with pytest.raises(ArgumentError, match=r"no input 'X'; did you mean x\?"):
        load(path, inputs={"X": (1, 3, 4, 4)})
    check_load(path, inputs={"x": (2, 3, 5, 4)})


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"m\.onnx: No such file"):
        load(tmp_path / "m.onnx")
    for content in (b"", b"not an ONNX file at all", bytes(range(256))):
        (tmp_path / "m.onnx").write_bytes(content)
        with pytest.raises(ParseError, match=r"m\.onnx: not an ONNX file"):
            load(tmp_path / "m.onnx")


def test_an_output_without_data(tmp_path: Path) -> None:
    model = Model()
    out = model.op("Tanh", model.weight(2, 3))
    path = model.save(tmp_path / "m.onnx", {"x": (2, 3)}, model.op("Tanh", "x"), out)
    with pytest.raises(UnsupportedError, match="does not depend on data"):
        load(path)

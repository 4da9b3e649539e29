"""Tables of nets: numbers worked out by hand, and those published of well-known nets."""

from __future__ import annotations

import pytest

from sparknet import Net, spec
from sparknet.summary import Built, Summary, without_splits

# As the engine describes it: with Split layers, and shapes of parameters.
BUILT = """
name: "small"
layer { name: "x" type: "Input" top: "x" }
layer { name: "x_x_0_split" type: "Split" bottom: "x" top: "x_x_0_split_0" top: "x_x_0_split_1" }
layer { name: "ip1" type: "InnerProduct" bottom: "x_x_0_split_0" top: "ip1"
        param { name: "w" } param { lr_mult: 0 } inner_product_param { num_output: 300 }
        blobs { shape { dim: 300 dim: 500 } } blobs { shape { dim: 300 } } }
layer { name: "relu" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "x_x_0_split_1" top: "ip2"
        param { name: "w" } inner_product_param { num_output: 300 bias_term: false }
        blobs { shape { dim: 300 dim: 500 } } }
layer { name: "bn" type: "BatchNorm" bottom: "ip2" top: "bn"
        blobs { shape { dim: 300 } } blobs { shape { dim: 300 } } blobs { shape { dim: 1 } } }
layer { name: "flat" type: "Flatten" bottom: "bn" top: "flat" }
"""
SHAPES = {
    "x": (8, 500),
    "x_x_0_split_0": (8, 500),
    "x_x_0_split_1": (8, 500),
    **dict.fromkeys(["ip1", "ip2", "bn", "flat"], (8, 300)),
}
TABLE = """\
layer  type          output shape  parameters  MFLOPs   memory
--------------------------------------------------------------
x      Input         (8, 500)                          16.0 kB
ip1    InnerProduct  (8, 300)         150,300     2.4   9.6 kB
relu   ReLU          (8, 300)
ip2    InnerProduct  (8, 300)         150,000     2.4   9.6 kB
bn     BatchNorm     (8, 300)             601           9.6 kB
flat   Flatten       (8, 300)
--------------------------------------------------------------
small: 6 layers
150,901 parameters, 150,000 of them learned (603.6 kB)
4.8 MFLOPs in a forward pass
44.8 kB of activations"""


def small() -> Summary:
    return Summary(Built(spec.net(BUILT), SHAPES))


@pytest.mark.unit
def test_table() -> None:
    assert str(small()) == TABLE
    assert repr(small()) == TABLE


@pytest.mark.unit
def test_table_of_a_notebook() -> None:
    html = small()._repr_html_()
    cells = [
        [part.split(">")[1].split("<")[0] for part in row.split("<td")[1:]]
        for row in html.split("<tr>")[2:]
    ]
    lines = TABLE.splitlines()[2:8]
    assert [" ".join(row).split() for row in cells] == [line.split() for line in lines]
    assert "44.8 kB of activations</p>" in html
    tagged = Summary(Built(spec.net('layer { name: "<b>" type: "Input" }'), {}))._repr_html_()
    assert "&lt;b&gt;" in tagged
    assert "<b>" not in tagged


@pytest.mark.unit
def test_numbers() -> None:
    summary = small()
    assert (summary.flops, summary.bytes) == (2 * 2 * 8 * 300 * 500, 4 * (4000 + 3 * 2400))
    row = summary.rows[1]
    assert (row.layer, row.shapes, row.parameters) == ("ip1", ((8, 300),), 150_300)
    assert (row.flops, row.bytes) == (2_400_000, 9600)


@pytest.mark.unit
def test_many_outputs_of_a_shape_are_counted() -> None:
    tops = " ".join(f'top: "{number}"' for number in range(8))
    net = spec.net(f'layer {{ name: "s" type: "Slice" bottom: "x" {tops} }}')
    shapes = dict.fromkeys("01234", (4, 1)) | {"5": (4, 2)} | dict.fromkeys("67", (4, 3))
    line = str(Summary(Built(net, shapes))).splitlines()[2]
    assert "  5 of (4, 1), (4, 2), (4, 3), (4, 3)  " in line


@pytest.mark.unit
def test_splits_of_splits_are_left_out_and_those_of_users_stay() -> None:
    net = spec.net(
        """
        layer { name: "s" type: "Split" bottom: "a" top: "a_1" top: "a_2" }
        layer { name: "t" type: "Split" bottom: "a_1" top: "t_split_0" top: "t_split_1" }
        layer { name: "u" type: "Split" bottom: "t_split_1" top: "u_split_0" top: "u_split_1" }
        layer { name: "r" type: "ReLU" bottom: "u_split_0" top: "r" }
        """
    )
    kept = without_splits(net).layer
    assert [(layer.name, list(layer.bottom)) for layer in kept] == [("s", ["a"]), ("r", ["a_1"])]
    assert len(net.layer) == 4


# Multiply-accumulates of one image: outputs of a layer times the weights that each is made with,
# which are fewer where filters are in two groups.
CAFFENET = {
    "conv1": 55 * 55 * 96 * 11 * 11 * 3,
    "conv2": 27 * 27 * 256 * 5 * 5 * 48,
    "conv3": 13 * 13 * 384 * 3 * 3 * 256,
    "conv4": 13 * 13 * 384 * 3 * 3 * 192,
    "conv5": 13 * 13 * 256 * 3 * 3 * 192,
    "fc6": 4096 * 6 * 6 * 256,
    "fc7": 4096 * 4096,
    "fc8": 1000 * 4096,
}


@pytest.mark.boundary
def test_caffenet_has_the_published_numbers() -> None:
    summary = Net.load("models/bvlc_reference_caffenet/deploy.prototxt").summary()
    counted = {row.layer: row.flops for row in summary.rows if row.flops}
    assert counted == {name: 2 * 10 * macs for name, macs in CAFFENET.items()}
    assert round(summary.flops / 20 / 1e6) == 724
    assert (summary.parameters, summary.learned) == (60_965_224, 60_965_224)
    shapes = {row.layer: row.shapes for row in summary.rows}
    assert shapes["pool5"] == ((10, 256, 6, 6),)
    assert shapes["prob"] == ((10, 1000),)


@pytest.mark.boundary
def test_resnet_50_has_the_published_numbers() -> None:
    net = Net.load("models/resnet50/deploy.prototxt")
    summary = net.summary()
    batch = net.layers[0].input_param.shape[0].dim[0]
    assert summary.learned == 25_557_096
    assert summary.parameters - summary.learned == 53_120 + 53  # And a count for each BatchNorm.
    # He et al. 2016, table 1: 3.8 billion multiply-adds.
    assert summary.flops / 2 / batch == pytest.approx(3.8e9, rel=0.02)


@pytest.mark.boundary
def test_recurrent_layers_of_the_engine() -> None:
    net = Net("r", inputs={"x": (7, 3, 6), "c": (7, 3), "s": (3, 4)})
    x, c, s = net.inputs
    x.LSTM("lstm", c, s, num_output=5)
    x.RNN("rnn", c, num_output=5)
    net["x"].Reshape("image", shape={"dim": [7, 3, 2, 3]}).Deconvolution(
        "up", num_output=2, kernel_size=2, stride=2
    )
    rows = {row.layer: row for row in net.summary().rows}
    assert rows["lstm"].flops == 2 * (7 * 3 * 20 * (6 + 5) + 3 * 20 * 4)
    assert rows["lstm"].parameters == 20 * (6 + 1 + 4 + 5)
    assert rows["rnn"].flops == 2 * 7 * 3 * 5 * (6 + 5 + 5)
    assert rows["up"].shapes == ((7, 2, 4, 6),)
    assert rows["up"].flops == 2 * (7 * 3 * 2 * 3) * (2 * 2 * 2)
    assert rows["image"].bytes == 0


@pytest.mark.boundary
def test_phases_have_their_layers() -> None:
    net = Net("n", inputs={"x": (2, 3), "label": (2,)})
    net.SoftmaxWithLoss("loss", net.inputs)
    net.Accuracy("accuracy", net.inputs, include="TEST")
    named = {phase: [row.layer for row in net.summary(phase).rows] for phase in ("TRAIN", "TEST")}
    assert named == {"TRAIN": ["x", "label", "loss"], "TEST": ["x", "label", "loss", "accuracy"]}
    assert [row.layer for row in net.summary().rows] == named["TEST"]

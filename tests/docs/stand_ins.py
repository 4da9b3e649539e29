"""Small things in place of large ones, for the comments ``setup`` in pages.

A page speaks of the reader's data, models and buckets: these have their names and shapes, and take
seconds.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cifar_files
import numpy as np
from digits_data import digits
from numpy.typing import NDArray

import sparknet
from sparknet import data
from sparknet.data import Dataset

DIGITS_SOLVER = "caffe/examples/digits/digits_lenet_solver.prototxt"
DIGITS_MLP = """
layer { name: "ip1" type: "InnerProduct" bottom: "data" top: "ip1"
  inner_product_param { num_output: 32 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
"""
_TESTED = 360


def digits_frames(spark: Any) -> tuple[Any, Any]:
    """scikit-learn's digits to train and to test on: columns id, features (a vector), label."""
    from pyspark.ml.linalg import Vectors

    images, labels = digits()
    rows = [
        (number, Vectors.dense(image.ravel().tolist()), int(label))
        for number, (image, label) in enumerate(zip(images, labels))
    ]
    frame = spark.createDataFrame(rows, ["id", "features", "label"]).repartition(4).cache()
    return frame.where(f"id >= {_TESTED}"), frame.where(f"id < {_TESTED}")


def digits_data(items: int = 1797) -> tuple[Dataset, Dataset]:
    """The same as data sets of (1, 8, 8)."""
    images, labels = digits(items)
    tested = items // 5
    return (
        data.from_numpy(images[tested:], labels[tested:], 2),
        data.from_numpy(images[:tested], labels[:tested], 2),
    )


def digits_trainer(**options: Any) -> sparknet.Trainer:
    """A trainer of the quickstart's net on them, whose solver ends soon."""
    train, test = digits_data()
    given = {"max_iter": 60, "test_interval": 20, "snapshot_prefix": "digits", "seed": 1}
    return sparknet.Trainer(DIGITS_SOLVER, train, test, workers=2, **{**given, **options})


def cifar(folder: str = "caffe/data/cifar10", records: int = 200) -> None:
    """Files in the layout of CIFAR-10."""
    cifar_files.write(Path(folder), records)


def pictures(number: int, size: int = 64, classes: int = 2) -> list[tuple[bytes, int]]:
    """JPEGs, of which each class has a colour, and their classes."""
    from PIL import Image

    generator = np.random.default_rng(1)
    made = []
    for index in range(number):
        values = generator.integers(0, 100, (size, size, 3), dtype=np.uint8)
        values[..., index % classes % 3] += 100
        file = io.BytesIO()
        Image.fromarray(values).save(file, "JPEG")
        made.append((file.getvalue(), index % classes))
    return made


def folders(root: str, number: int = 12, names: Sequence[str] = ("cat", "dog")) -> None:
    """Pictures in a folder for each class."""
    for index, (picture, label) in enumerate(pictures(number, classes=len(names))):
        file = Path(root, names[label], f"{index}.jpg")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture)


def tars(prefix: str, labels: str, number: int = 16, **how: Any) -> None:
    """Two tars of pictures, ``<prefix>0.tar`` and ``<prefix>1.tar``, and a file of their labels."""
    Path(prefix).parent.mkdir(parents=True, exist_ok=True)
    made = pictures(number, **how)
    for part in range(2):
        with tarfile.open(f"{prefix}{part}.tar", "w") as archive:
            for index in range(part, number, 2):
                entry = tarfile.TarInfo(f"{index}.jpg")
                entry.size = len(made[index][0])
                archive.addfile(entry, io.BytesIO(made[index][0]))
    lines = [f"{index}.jpg {label}\n" for index, (_, label) in enumerate(made)]
    Path(labels).write_text("".join(lines), encoding="utf-8")


def put(spark: Any, uri: str, *files: str | Path) -> None:
    """Copies files into a folder of any file system that Hadoop knows."""
    hadoop = spark._jvm.org.apache.hadoop.fs
    settings = spark.sparkContext._jsc.hadoopConfiguration()
    for file in files:
        source = hadoop.Path(Path(file).resolve().as_uri())
        target = hadoop.Path(uri, Path(file).name)
        systems = [place.getFileSystem(settings) for place in (source, target)]
        hadoop.FileUtil.copy(systems[0], source, systems[1], target, False, settings)


def image_net(name: str, *, crop: int, classes: int = 10, features: int = 16) -> sparknet.Net:
    """A net on colour images with the names that CaffeNet has, but small."""
    net = sparknet.Net(name, inputs={"data": (2, 3, crop, crop)})
    xavier = {"type": "xavier"}
    (images,) = net.inputs
    pooled = images.Convolution(
        "conv1", num_output=4, kernel_size=9, stride=8, weight_filler=xavier
    ).Pooling("pool5", pool="AVE", global_pooling=True)
    fc7 = pooled.InnerProduct("fc7", num_output=features, weight_filler=xavier)
    fc7.ReLU(in_place=True).InnerProduct("fc8", num_output=classes, weight_filler=xavier)
    return net


def pretrained(net: sparknet.Net, prototxt: str, caffemodel: str) -> None:
    """A net's files as somebody gives them away: for prediction, with weights."""
    from sparknet.local import Net

    deployed = sparknet.Net.load(net.to_proto())
    deployed.outputs[-1].Softmax("prob")
    deployed.save(prototxt)
    Net(prototxt).save(caffemodel)


def arrays(items: int, *shape: int) -> NDArray[np.uint8]:
    """Bytes of any values."""
    generator = np.random.default_rng(1)
    return generator.integers(0, 256, (items, *shape), dtype=np.uint8)


def onnx_model(path: str, image: int = 224, classes: int = 10) -> None:
    """An ONNX file as of a classifier of colour images: from "input" to "output"."""
    from onnx import TensorProto, helper, numpy_helper, save

    generator = np.random.default_rng(1)
    weights = {
        "conv.weight": generator.normal(0, 0.1, (8, 3, 7, 7)),
        "conv.bias": np.zeros(8),
        "fc.weight": generator.normal(0, 0.1, (classes, 8)),
        "fc.bias": np.zeros(classes),
    }
    names = list(weights)
    nodes = [
        helper.make_node("Conv", ["input", *names[:2]], ["a"], "conv", strides=[7, 7]),
        helper.make_node("Relu", ["a"], ["b"], "relu"),
        helper.make_node("GlobalAveragePool", ["b"], ["c"], "pool"),
        helper.make_node("Flatten", ["c"], ["d"], "flat"),
        helper.make_node("Gemm", ["d", *names[2:]], ["output"], "fc", transB=1),
    ]
    shapes = {"input": ["N", 3, image, image], "output": ["N", classes]}
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    ]
    kept = [numpy_helper.from_array(v.astype(np.float32), n) for n, v in weights.items()]
    graph = helper.make_graph(nodes, "classifier", ends[:1], ends[1:], kept)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)


SHAPES = ("circle", "square", "triangle")


def shapes(folder: str, number: int, seed: int = 1, sorted_by_name: bool = False) -> None:
    """JPEGs of shapes in any colour and place, of unlike sizes, in the folder.

    sorted_by_name: in a folder for each shape.
    """
    from PIL import Image, ImageDraw

    generator = np.random.default_rng(seed)
    for index in range(number):
        kind = SHAPES[index % 3]
        width, height, side = (int(n) for n in generator.integers((40, 40, 20), (90, 90, 36)))
        ground, colour = (tuple(generator.integers(*r, 3).tolist()) for r in ((0, 90), (140, 256)))
        x, y = (int(n) for n in generator.integers(0, (width - side, height - side)))
        image = Image.new("RGB", (width, height), ground)
        pen = ImageDraw.Draw(image)
        if kind == "circle":
            pen.ellipse((x, y, x + side, y + side), fill=colour)
        elif kind == "square":
            pen.rectangle((x, y, x + side, y + side), fill=colour)
        else:
            corners = [(x, y + side), (x + side // 2, y), (x + side, y + side)]
            pen.polygon(corners, fill=colour)
        file = Path(folder, kind if sorted_by_name else "", f"{index:04d}.jpg")
        file.parent.mkdir(parents=True, exist_ok=True)
        image.save(file, quality=92)


def net_of_shapes(spark: Any, folder: str) -> None:
    """A net that tells ``SHAPES`` apart, as ``deploy.prototxt`` and ``shapes.caffemodel``.

    It looks at 32 x 32 pixels, less 104, 117, 123, divided by 64.
    """
    from pyspark.sql import functions as F  # noqa: N812 (as in Spark's documentation)

    from sparknet.ml import CaffeClassifier

    shapes(f"{folder}/known", 600, sorted_by_name=True)
    net = sparknet.Net("shapes", inputs={"data": (32, 3, 32, 32)})
    msra = {"type": "msra"}
    conv1 = net["data"].Convolution(
        "conv1", num_output=16, kernel_size=5, pad=2, weight_filler=msra
    )
    pool1 = conv1.ReLU(in_place=True).Pooling("pool1", kernel_size=2, stride=2)
    conv2 = pool1.Convolution("conv2", num_output=32, kernel_size=3, pad=1, weight_filler=msra)
    pool2 = conv2.ReLU(in_place=True).Pooling("pool2", kernel_size=4, stride=4)
    pool2.InnerProduct("scores", num_output=3, weight_filler={"type": "xavier"})
    files = spark.read.format("binaryFile").load(f"{folder}/known/*/*.jpg").orderBy("path")
    classifier = CaffeClassifier(
        net,
        features_col="content",
        label_col="kind",
        image_size=32,
        mean=[104, 117, 123],
        scale=1 / 64,
        channel_order="bgr",
        mirror=True,
        optimizer="Adam",
        learning_rate=0.003,
        epochs=12,
        tau=5,
        seed=1,
    )
    model = classifier.fit(files.withColumn("kind", F.element_at(F.split("path", "/"), -2)))
    model.save_caffe(folder)
    Path(folder, "weights.caffemodel").rename(f"{folder}/shapes.caffemodel")
    assert tuple(model.labels) == SHAPES

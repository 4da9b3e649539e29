"""Mistakes that users make, and the one line that each of them is told."""

from __future__ import annotations

from typing import NamedTuple

# Typed before all mistakes, in a session `spark` of two slots and a heap of 512 MB.
PRELUDE = """
import pathlib, time
import numpy as np
import pandas
import sparknet
from sparknet import data
from sparknet.errors import SparkNetError

NET = '''
layer { name: "data" type: "JavaData" top: "data" java_data_param { shape { dim: 4 dim: 8 } } }
layer { name: "label" type: "JavaData" top: "label" java_data_param { shape { dim: 4 dim: 1 } } }
layer {
  name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 3 weight_filler { type: "xavier" } }
}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
'''
pathlib.Path("typo.prototxt").write_text(NET.replace("num_output", "num_outptu"))
LARGE = NET.replace("num_output: 3", "num_output: 4500000").replace("xavier", "constant")
items, labels = np.random.default_rng(1).normal(size=(32, 8)), np.arange(32) % 3
train = data.from_numpy(items, labels, spark=spark)
rows = spark.createDataFrame([([1.0, 2.0], 0), ([3.0], 1)], ["values", "label"])
sc = spark.sparkContext

def trainer(net=NET, data=train, **options):
    return sparknet.Trainer(net=net, train=data, **{"learning_rate": 0.1, **options})

def working(seconds):
    def item(number):
        time.sleep(0.1 if number else seconds)
        return np.zeros(8), 0
    return sc.parallelize(range(10**5), 2).map(item)

def with_python(**changes):
    for name, value in changes.items():
        setattr(sc, name, value)
    try:
        return data.from_rdd(sc.parallelize([(np.zeros(8), 0)], 1))
    finally:
        for name in changes:
            setattr(sc, name, OWN[name])

OWN = {"pythonExec": sc.pythonExec, "pythonVer": sc.pythonVer}
Connect = type("SparkSession", (), {"__module__": "pyspark.sql.connect.session"})
"""


class Mistake(NamedTuple):
    """name: what is wrong. line: what is typed. error: the class of the error. told: a pattern of
    all of its message. logged: a task of Spark's fails, which the log of a session that is not
    ``sparknet.session``'s tells as well."""

    name: str
    line: str
    error: str
    told: str
    logged: bool = False


MISTAKES = [
    Mistake(
        "a column that is not there",
        'data.from_dataframe(rows, (2,), features="vlaues")',
        "ArgumentError",
        r"the DataFrame has no column 'vlaues', only \['values', 'label'\]; did you mean values\?",
    ),
    Mistake(
        "a row of another length",
        'data.from_dataframe(rows, (2,), features="values").count()',
        "ArgumentError",
        r"bad data: record 0 of partition \d: column 'values' has 1 value instead of 2",
    ),
    Mistake(
        "items of another shape than the net takes",
        "trainer(data=data.from_numpy(items[:, :5], labels, spark=spark))",
        "ShapeError",
        r"layer 'data' takes items of 8, and the data set's are 5",
    ),
    Mistake(
        "as many labels as there are not items",
        "data.from_numpy(items, labels[:7], spark=spark)",
        "ShapeError",
        r"32 images, but 7 labels",
    ),
    Mistake(
        "a label out of range",
        "trainer(data=data.from_numpy(items, labels + 1, spark=spark))",
        "NumericError",
        r"label 3\.0 of record \d+ of partition \d is not one of the net's classes, 0 to 2:"
        r" they are numbered without gaps, as StringIndexer does it",
    ),
    Mistake(
        "a solver that is not there",
        'sparknet.Trainer("solver.prototxt", train)',
        "FileError",
        r"solver\.prototxt: No such file or directory",
    ),
    Mistake(
        "data that are not there",
        'data.cifar("cifar10", spark=spark).count()',
        "FileError",
        r"/\S+/cifar10/data_batch_1\.bin is missing; \S+/get_cifar10\.sh fetches CIFAR-10",
    ),
    Mistake(
        "a snapshot that is not there",
        'trainer().restore("model_iter_10.solverstate")',
        "FileError",
        r"'/\S+/model_iter_10\.solverstate' cannot be opened: No such file or directory",
    ),
    Mistake(
        "a typo in a prototxt",
        'trainer("typo.prototxt")',
        "ParseError",
        r'typo\.prototxt:6:\d+: Message type "caffe\.InnerProductParameter" has no field named '
        r'"num_outptu"; did you mean num_output\?',
    ),
    Mistake(
        "a typo in a layer's type",
        'trainer(NET.replace("InnerProduct", "InerProduct"))',
        "NetError",
        r"layer 'ip': unknown layer type 'InerProduct'; did you mean InnerProduct\?",
    ),
    Mistake(
        "a typo in an argument",
        "trainer(learning_rat=1)",
        "ArgumentError",
        r".*no option 'learning_rat'.*did you mean learning_rate.*",
    ),
    Mistake(  # It is none, but takes longer than users may think.
        "more workers than slots",
        "_ = trainer(workers=3).fit(1, tau=1, progress=False)",
        "SparkNet",
        r"workers: 3 \(they take turns: slots: 2\), executors that train: 1, "
        r"threads of each net: \d+",
    ),
    Mistake(
        "a learning rate that is too large",
        "trainer(learning_rate=3e38, momentum=0.9).fit(1, tau=9)",
        "NumericError",
        r"worker \d \(executor \w+\) failed in iteration \d: .*layer 'ip' .* not finite.*"
        r"\(a smaller base_lr or clip_gradients may help\)",
    ),
    Mistake(
        "data that are not numbers",
        "trainer(data=data.from_numpy(items * np.nan, labels, spark=spark)).fit(1)",
        "NumericError",
        r"worker \d \(executor \w+\) failed in iteration 0: iteration 0: the loss is nan, as the "
        r"data of layer 'data' are not finite; the weights are kept as they were",
    ),
    Mistake(
        "a function that fails",
        "data.from_rdd(sc.parallelize([0, 1], 2).map(lambda i: (np.ones(2) / i, 1 // i))).count()",
        "CallbackError",
        r"a Python function on an executor failed: ZeroDivisionError: .*",
    ),
    Mistake(
        "workers without a Python",
        'with_python(pythonExec="/nowhere/python3")',
        "SetupError",
        r"the Python of the executors does not start: .*/nowhere/python3.*PYSPARK_PYTHON.*",
        logged=True,
    ),
    Mistake(
        "workers of another Python",
        'with_python(pythonVer="3.7")',
        "SetupError",
        r"the executors have Python 3\.\d+, and this program is Python 3\.7: .*PYSPARK_PYTHON.*",
        logged=True,
    ),
    Mistake(
        "pandas where a data set belongs",
        "trainer(data=pandas.DataFrame(items))",
        "ArgumentError",
        r"train is no data set, but of type pandas\.DataFrame: pass sparknet\.data\.from_numpy\(.*",
    ),
    Mistake(
        "a DataFrame where a data set belongs",
        "trainer(data=rows)",
        "ArgumentError",
        r"train is no data set, but of type pyspark\.DataFrame: pass "
        r"sparknet\.data\.from_dataframe\(.*",
    ),
    Mistake(
        "a heap that is too small",
        "trainer(LARGE)",
        "OutOfMemoryError",
        r"spark\.driver\.memory is too small: a net of 40\.5 million weights takes about \d+ MB of "
        r"it, and there are \d+ MB; set it to \d+m when the application is started",
    ),
    Mistake(
        "a session of Spark Connect",
        "data.from_numpy(items, labels, spark=Connect())",
        "SetupError",
        r"this session is Spark Connect's, whose driver is elsewhere: .*",
    ),
]

# After the session has been stopped.
GONE = [
    Mistake(
        "a session that is stopped",
        "of_before.train(1)",
        "StateError",
        r"the Spark session is stopped: make a new one, and its data and trainers",
    ),
    Mistake(
        "data of a session that is stopped",
        "train.count()",
        "StateError",
        r"the Spark session is stopped: make a new one, and its data and trainers",
    ),
    Mistake(
        "data for a session that is stopped",
        "data.from_numpy(items, labels)",
        "SetupError",
        r"no Spark session: call sparknet\.session\(\) first, or pass spark=",
    ),
]

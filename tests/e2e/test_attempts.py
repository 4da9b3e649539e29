"""What fails because of the user's data and functions is tried once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from crews import PRELUDE
from processes import python

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# Each case says what it raised and how many tasks of Spark's failed; functions leave a file for
# each time that they fail.
JOB = (
    PRELUDE
    + """
import uuid
from pyspark.sql.functions import udf
from pyspark.sql.types import ArrayType, FloatType

spark = sparknet.session(2)
context, tracker = spark.sparkContext, spark.sparkContext.statusTracker()
place = str(folder)


def failing(kind, *words):
    from pathlib import Path
    import uuid

    Path(place, f"{kind}-{uuid.uuid4()}").touch()
    raise ValueError(*words)


def attempts(kind):
    return len(list(folder.glob(f"{kind}-*")))


def case(kind, body):
    known = set(jobs())
    try:
        body()
        told = "nothing"
    except sparknet.errors.SparkNetError as error:
        told = f"{type(error).__name__} {error}"
    context._jsc.sc().listenerBus().waitUntilEmpty()
    failed = 0
    for job in set(jobs()) - known:
        for stage in tracker.getJobInfo(job).stageIds:
            info = tracker.getStageInfo(stage)
            failed += info.numFailedTasks if info is not None else 0
    say("case", kind, attempts(kind), failed, told)


def jobs():
    return tracker.getJobIdsForGroup(None)


def third(kind):
    def function(number):
        if number == 3:
            failing(kind, "three is too many")
        return np.full(4, number, np.float32), number

    return function


def read(rdd):
    return data.from_rdd(rdd).count()


numbers = context.parallelize(range(8), 2)
case("items", lambda: read(numbers.map(third("items"))))
case("first", lambda: read(numbers.map(lambda number: failing("first", "none at all"))))
case("shape", lambda: read(numbers.map(lambda n: (np.zeros(4 if n != 5 else 3), n))))

held = data.from_numpy(images, labels, partitions)


def brighter(batch, numbers):
    failing("batches", "no such colour")


case("batches", lambda: held.map_batches(brighter, shape=(1, 8, 8)).count())

rows = [([1.0, 2.0, 3.0, 4.0], 0), ([1.0, 2.0, 3.0], 1), (None, 0)]
for kind, some in (("length", rows[:2]), ("null", [rows[0], rows[2]])):
    frame = spark.createDataFrame(some, "features array<double>, label int")
    case(kind, lambda: data.from_dataframe(frame, (4,)).count())
column = udf(lambda label: failing("column", "no such row"), ArrayType(FloatType()))
frame = spark.createDataFrame(rows[:1], "features array<double>, label int")
frame = frame.withColumn("features", column("label"))
case("column", lambda: data.from_dataframe(frame, (4,)).count())
spark.conf.set("spark.sql.ansi.enabled", "true")
frame = spark.sql("select array(1.0D / (id - 1)) as features, 0 as label from range(3)")
case("division", lambda: data.from_dataframe(frame, (1,)).count())

# In the middle of a round: partitions are computed again there.
armed = str(folder / "armed")


def again(batch, numbers):
    from pathlib import Path

    if Path(armed).exists():
        failing("round", "not any more")
    return batch


with sparknet.Trainer(
    SOLVER, held.map_batches(again).persist("NONE"), workers=2, seed=1
) as trainer:
    Path(armed).touch()
    case("round", lambda: trainer.train(1))

# What input and output fail with may go well the next time.
once = str(folder / "once")


def unsteady(number):
    from pathlib import Path

    if number == 3 and not Path(once).exists():
        Path(once).touch()
        raise ConnectionResetError("by peer")
    return np.full(4, number, np.float32), number


case("unsteady", lambda: say("count", read(numbers.map(unsteady))))
spark.stop()
"""
)

FUNCTION = "CallbackError a Python function on an executor failed: ValueError: "
BAD_RECORD = "ArgumentError bad data: record 0 of partition 1: column 'features' "

# Attempts of functions, tasks that failed, what was said.
EXPECTED = {
    "items": (1, 0, FUNCTION + "three is too many"),
    "first": (1, 0, FUNCTION + "none at all"),
    "shape": (0, 0, r"ShapeError item \d of its partition has shape \(3,\), expected \(4,\)"),
    "batches": (2, 0, FUNCTION + "no such colour"),  # One of each partition.
    "length": (0, 0, BAD_RECORD + "has 3 values instead of 4"),
    "null": (0, 0, BAD_RECORD + "is null"),
    "column": (1, 0, FUNCTION + "no such row"),
    "division": (0, 0, "CallbackError .*DIVIDE_BY_ZERO"),
    "unsteady": (0, 1, "nothing"),
}


def test_only_storages_are_tried_again(jar: Path, tmp_path: Path) -> None:
    with python(jar, tmp_path, JOB, tmp_path, "2") as program:
        assert program.wait() == 0
        text = program.out
    cases = re.findall(r"^case (\w+) (\d+) (\d+) (.*)$", text, re.MULTILINE)
    found = {name: (int(attempts), int(failed), told) for name, attempts, failed, told in cases}
    assert "count 8" in text.splitlines()
    attempts, failed, told = found.pop("round")
    assert 1 <= attempts <= 2  # Once for each worker at most.
    assert failed == 0
    assert FUNCTION.removeprefix("CallbackError ") + "not any more" in told
    for name, (attempts, failed, pattern) in EXPECTED.items():
        assert found[name][:2] == (attempts, failed), (name, found[name])
        assert re.match(pattern, found[name][2]), (name, found[name])

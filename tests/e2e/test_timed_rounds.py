"""An executor that stops in the middle of rounds that last for some time."""

from __future__ import annotations

import math
import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from crews import COUNTING, PRELUDE, executor, go, reach
from processes import Program, python

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

BATCH, ITEMS = 4, 48

# Each round waits for the test. With two partitions item i is one of worker i modulo 2, with
# seven they are dealt out over a shuffle.
JOB = (
    PRELUDE
    + COUNTING
    + f"""
spark = sparknet.session(2)
train = data.from_numpy(np.eye({ITEMS}, dtype=np.float32), np.zeros({ITEMS}), partitions)
own = np.arange({ITEMS}) % 2
with counting_trainer(train, {BATCH}, workers=2) as trainer:
    number = 0
    while not (folder / "enough").exists():
        await_go(number)
        before, start = trained_on(trainer, {BATCH}), trainer.iteration
        done = trainer._handle._java.trainFor(1.5)
        trainer.average()
        gained = trained_on(trainer, {BATCH}) - before
        say(
            "timed", done.images(), ",".join(map(str, done.lost())) or "-",
            ",".join(done.executors()) or "-", trainer.iteration - start,
            gained[own == 0].sum(), gained[own == 1].sum(),
        )
        number += 1
spark.stop()
"""
)


class Timed(NamedTuple):
    """A round, with what items of each worker have gained in the mean."""

    images: int
    lost: list[str]
    executors: list[str]
    iterations: int
    gained: list[float]


def timed(program: Program) -> list[Timed]:
    found = []
    for line in program.out.split("\n")[:-1]:
        if line.startswith("timed "):
            images, lost, where, iterations, *gained = line.split()[1:]
            found.append(
                Timed(
                    int(images),
                    [] if lost == "-" else lost.split(","),
                    where.split(","),
                    int(iterations),
                    [float(value) for value in gained],
                )
            )
    return found


def check(round_: Timed, partitions: int) -> None:
    """The mean is weighted by images: that of a worker's s steps among S has s * s / S of them."""
    steps = round_.images / BATCH
    workers = 2 - len(round_.lost)
    assert abs(round_.iterations - steps / workers) <= 0.5
    if partitions != 2:
        share = sum(round_.gained) / round_.images
        assert 1 / workers <= share * 1.0001 <= 1.001
        return
    own = [math.sqrt(gained * steps / BATCH) for gained in round_.gained]
    assert sum(own) == pytest.approx(steps, abs=0.1)
    assert all(abs(count - round(count)) < 0.05 for count in own)
    present = [count for worker, count in enumerate(own) if str(worker) not in round_.lost]
    assert all(round(count) >= 1 for count in present)
    assert sum(present) == pytest.approx(steps, abs=0.1)


@pytest.mark.parametrize("partitions", [2, 7])
def test_one_stops(jar: Path, tmp_path: Path, partitions: int) -> None:
    with python(jar, tmp_path, JOB, tmp_path, str(partitions)) as program:

        def next_round() -> Timed:
            number = len(timed(program))
            reach(program, number)
            go(tmp_path, number)
            program.until(lambda: len(timed(program)) > number, f"round {number}")
            return timed(program)[number]

        first = next_round()
        whole = next_round()
        assert (whole.lost, len(set(whole.executors))) == ([], 2)
        reach(program, 2)
        pid = executor(program, whole.executors[1])
        go(tmp_path, 2)
        time.sleep(0.5)  # In the middle of the round.
        os.kill(pid, signal.SIGSTOP)
        program.until(lambda: len(timed(program)) == 3, "a round without the one that has stopped")
        without = timed(program)[2]
        # The other takes turns for both while it is away, though data of worker 1 may not come.
        shared = next_round()
        os.kill(pid, signal.SIGCONT)
        back = [next_round()]
        while len(set(back[-1].executors)) < 2 and len(back) < 10:
            back.append(next_round())
        reach(program, len(timed(program)))
        (tmp_path / "enough").touch()
        go(tmp_path, len(timed(program)))
        assert program.wait() == 0
        assert "SparkNet: all hosts" not in program.err
    assert without.lost == ["1"]
    assert shared.lost in ([], ["1"])
    assert set(shared.executors) == {whole.executors[0]}
    assert (back[-1].lost, set(back[-1].executors)) == ([], set(whole.executors))
    for round_ in (first, whole, without, shared, *back):
        check(round_, partitions)

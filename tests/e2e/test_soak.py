"""Many schedules of executors that are killed and stopped while one job trains: nothing hangs, no
update counts twice, and the images add up. ``build/test --faults`` runs it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from crews import COUNTING, given_up
from processes import EXECUTOR, Program, python

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# How many, and the number of the first one: each is known by its number.
SCHEDULES = int(os.environ.get("SPARKNET_FAULT_SCHEDULES", "0"))
FIRST = int(os.environ.get("SPARKNET_FAULT_FIRST", "0"))

SOAK = (
    COUNTING
    + """
import json, os, sys
from pathlib import Path
import numpy as np
import sparknet
from sparknet import data

state, workers, executors, partitions, looks = Path(sys.argv[1]), *map(int, sys.argv[2:])
BATCH, TAU, SHARE = 4, 3, 25
items = SHARE * workers
# Spark's master gives a job up whose executors die too often, however long ago.
spark = sparknet.session(
    executors,
    master=f"local-cluster[{executors},1,1024]",
    config={"spark.deploy.maxExecutorRetries": "-1"},
)
train = data.from_numpy(np.eye(items, dtype=np.float32), np.zeros(items), partitions)
whole_partitions = partitions % workers == 0  # item i is then one of worker i modulo workers

with counting_trainer(train, BATCH, workers=workers, keep_seconds=0.5, retries=20) as trainer:
    # At iterations: the mean, and all images.
    known = {0: (trained_on(trainer, BATCH), np.zeros(items, int))}
    rounds = 0
    while not state.with_name("enough").exists():
        before = trainer.iteration
        done = trainer._handle._java.train(TAU)
        start, present = done.iteration() - TAU, workers - len(done.lost())
        assert start <= before, (start, before)
        assert done.images() == present * TAU * BATCH, (done.images(), list(done.lost()))
        trainer.average()
        rounds += 1
        if looks and rounds % looks:
            end = trainer.iteration
            whole = False
        else:
            mean = trained_on(trainer, BATCH)
            end = trainer.iteration
            # As many images as the counter says, whatever became of the hosts.
            np.testing.assert_allclose(mean.sum(), end * BATCH, rtol=1e-5)
            if looks:
                whole = end == start + TAU and present == workers
            elif end == start + TAU:
                first, counts = known[start]
                # Some of those who trained may have been lost before the mean: find out how many.
                for members in range(1, present + 1):
                    gained = (mean - first) * members
                    if np.abs(gained - gained.round()).max() < 0.05:
                        break
                else:
                    raise AssertionError(("no mean of whole images", (mean - first).tolist()))
                gained = gained.round().astype(int)
                assert gained.min() >= 0, gained
                assert gained.sum() == members * TAU * BATCH, gained
                counts = counts + gained
                if whole_partitions:
                    for worker in range(workers):
                        own = counts[worker::workers]
                        # A pass after the other: nothing comes twice before all have come once.
                        assert own.max() - own.min() <= 1, (worker, own)
                        assert gained[worker::workers].sum() in (0, TAU * BATCH), gained
                known[end] = (mean, counts)
                whole = members == workers
            else:
                # Nobody was left: the weights are those of before.
                assert end <= start, (start, end)
                np.testing.assert_array_equal(mean, known[end][0])
                whole = False
        told = {
            "rounds": rounds,
            "iteration": end,
            "whole": bool(whole) and len(set(done.executors())) == min(executors, workers),
        }
        state.with_suffix(".next").write_text(json.dumps(told))
        state.with_suffix(".next").rename(state)
spark.stop()
"""
)

# Workers, executors, partitions, and how often weights are looked at: 0 for after each round.
LAYOUTS = [(2, 2, 2, 0), (3, 2, 7, 0), (3, 3, 3, 7), (4, 2, 4, 0), (2, 3, 7, 5)]
IN_ONE_JOB = 8


def state(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / "state").read_text()))
    except FileNotFoundError:
        return {"rounds": 0, "whole": False}


def until_whole(program: Program, folder: Path) -> None:
    """Waits until a round that begins after now has all workers, on all executors."""
    now = state(folder)["rounds"]
    program.until(
        lambda: state(folder)["whole"] and state(folder)["rounds"] > now + 1,
        "round of the whole crew",
    )


def disturb(program: Program, schedule: random.Random) -> str:
    """One step of a schedule; what it did."""
    there = program.descendants(EXECUTOR)
    step = schedule.choice(["kill", "kill", "kill all", "stop", "stop and kill", "wait"])
    chosen = there if step == "kill all" else there[:1]
    if step in ("kill", "stop", "stop and kill") and there:
        chosen = [schedule.choice(there)]
    with contextlib.suppress(ProcessLookupError):
        if step.startswith("stop"):
            for pid in chosen:
                os.kill(pid, signal.SIGSTOP)
            time.sleep(schedule.uniform(0.1, 3))
        for pid in chosen:
            if step != "wait":
                os.kill(pid, signal.SIGCONT if step == "stop" else signal.SIGKILL)
    time.sleep(schedule.choice([0, 0.01, 0.1, 0.5, 2]) * schedule.random())
    return step


@pytest.mark.timeout(0)  # A hang is noticed where a round is waited for.
@pytest.mark.skipif(not SCHEDULES, reason="only build/test --faults runs schedules of faults")
def test_schedules_of_kills_and_stops(jar: Path, tmp_path: Path) -> None:
    numbers = list(range(FIRST, FIRST + SCHEDULES))
    for begin in range(0, SCHEDULES, IN_ONE_JOB):
        group = numbers[begin : begin + IN_ONE_JOB]
        layout = LAYOUTS[group[0] // IN_ONE_JOB % len(LAYOUTS)]
        folder = tmp_path / str(group[0])
        folder.mkdir()
        arguments = (folder / "state", *map(str, layout))
        with python(jar, folder, SOAK, *arguments) as program:
            until_whole(program, folder)
            for number in group:
                schedule = random.Random(number)
                steps = [disturb(program, schedule) for _ in range(schedule.randint(1, 5))]
                print(f"schedule {number}, layout {layout}: {', '.join(steps)}", flush=True)
                until_whole(program, folder)
            (folder / "enough").touch()
            assert program.wait() == 0
            last = state(folder)
            print(last)
            lost = program.err.count("all hosts of the round were lost")
            # Each round counts, but for those of which stderr says that nobody was left.
            assert last["iteration"] == 3 * (last["rounds"] - lost) - given_up(program)
            assert program.leftovers() == []

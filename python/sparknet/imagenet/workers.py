"""Writes several tars at a time, each in a process of its own."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from sparknet.errors import StateError
from sparknet.imagenet import shards
from sparknet.imagenet.shards import Shard, Written

__all__ = ["write"]

_POLL_SECONDS = 0.5


class _StoppedError(Exception):
    """The run ends; a tar that is not complete is of no use."""


def write(
    todo: Sequence[Shard], jobs: int, show: Callable[[int], None]
) -> Generator[tuple[Shard, Written], None, None]:
    """Writes tars and yields each when it is complete, in any order.

    jobs: processes; one job runs in this process. show: gets the number of images done, now
    and then. StateError if a process dies. Closing the generator ends the processes.
    """
    if jobs == 1:
        yield from _here(todo, show)
        return
    # Not forked: the caller may have threads, and pipes that the children would keep open.
    context = multiprocessing.get_context("spawn")
    done, stop = context.Value("q", 0), context.Value("b", 0)
    pool = ProcessPoolExecutor(
        min(jobs, len(todo)) or 1, context, _prepare_worker, (done, stop, os.getpid())
    )
    try:
        waiting: dict[Future[Written], Shard] = {}
        with _ctrl_c_afterwards():  # Here the processes start.
            waiting.update((pool.submit(_run, shard), shard) for shard in todo)
        while waiting:
            for future in wait(waiting, _POLL_SECONDS, FIRST_COMPLETED).done:
                yield waiting.pop(future), future.result()
            show(done.value)
    except BrokenProcessPool:
        raise StateError(
            "a process that wrote a tar has died, perhaps for lack of memory: run the command"
            " again to go on, with fewer --jobs"
        ) from None
    finally:
        stop.value = 1
        pool.shutdown(cancel_futures=True)


@contextlib.contextmanager
def _ctrl_c_afterwards() -> Iterator[None]:
    """Ctrl-C within the block is heard at its end; processes that start there never hear it.

    They inherit the mask. It holds for this thread alone, and any other one may take the
    signal, so the handler is another one meanwhile too.
    """
    heard: list[int] = []
    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number)) if main else None
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        if main:
            signal.signal(signal.SIGINT, before)
    if heard:
        raise KeyboardInterrupt


def _here(
    todo: Sequence[Shard], show: Callable[[int], None]
) -> Generator[tuple[Shard, Written], None, None]:
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        show(done)

    for shard in todo:
        yield shard, shards.write(shard, tick)


# Of a worker process: set once, when it starts.
_done: Any = None
_stop: Any = None


def _prepare_worker(done: Any, stop: Any, parent: int) -> None:
    global _done, _stop
    _done, _stop = done, stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent hears it, and says stop.
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    """Ends this process when its parent was killed, which nothing else would tell it."""
    while os.getppid() == parent:
        time.sleep(_POLL_SECONDS)
    os._exit(1)


def _run(shard: Shard) -> Written:
    return shards.write(shard, _tick)


def _tick() -> None:
    if _stop.value:
        raise _StoppedError
    with _done.get_lock():
        _done.value += 1

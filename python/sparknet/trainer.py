"""Training on Spark: local steps on every worker, then an average of their weights."""

from __future__ import annotations

import contextlib
import inspect
import operator
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from sparknet import data, feeds, predictions, runs, spec
from sparknet._jvm import Plan
from sparknet.callbacks import Callback, Function, callbacks_of
from sparknet.data import Dataset
from sparknet.errors import ArgumentError, SparkNetError, StateError
from sparknet.fields import did_you_mean
from sparknet.history import History, Round
from sparknet.interrupts import interruptible
from sparknet.notices import telling
from sparknet.progress import Progress
from sparknet.proto import caffe_pb2
from sparknet.weights import Weights

if TYPE_CHECKING:
    from sparknet.ml import CaffeModel

__all__ = ["Trainer"]


class Trainer:
    """A net in training on the workers of a Spark session.

    solver: a path, prototxt text, message, or a dict of its fields; None if the keywords are
    all of it. net: a path, text, message or ``sparknet.Net``; replaces the solver's own. train,
    test: from ``sparknet.data``. learning_rate, momentum, weight_decay, optimizer ("SGD",
    "Nesterov", "Adam", "AdaGrad", "RMSProp", "AdaDelta"): of the solver, whose other fields are
    keywords as well, such as ``lr_policy="step", gamma=0.1, stepsize=1000``. workers: how many
    train at a time, each on a partition of its own; by default as many as the cluster has
    slots. mean: subtracted from every item (shape of an item, or one value per channel); scale:
    multiplied afterwards. crop: height and width (or one number for both) of the part of each
    image that the net gets, at a random place in training and the centre in tests; mirror:
    turns every other training image around, at random. These four are by default what the net's
    own data layers say in ``transform_param``. batch_size, test_batch_size: items a step, by
    default those of the net. Layers of the net that read files or memory, and its Input layers,
    are replaced by ones that Spark feeds.
    options: those of ``TrainerOptions`` in Scala, such as ``seed`` and ``threads``, and
    ``keep_seconds`` (how old the driver's copy of the weights gets), ``idle_seconds`` (how long
    unused slots are kept), ``retries`` (failures in a row that are borne).

    The loop by hand is::

        trainer.broadcast()   # current weights -> workers
        trainer.train(tau=10) # tau steps on each worker
        trainer.average()     # weights of the workers -> current weights
        trainer.test()        # {"accuracy": 0.61, "loss": 1.1}
    """

    @interruptible()
    def __init__(
        self,
        solver: spec.SolverSource | None = None,
        train: Dataset | None = None,
        test: Dataset | None = None,
        *,
        workers: int | None = None,
        net: spec.NetSource | None = None,
        learning_rate: float | None = None,
        momentum: float | None = None,
        weight_decay: float | None = None,
        optimizer: str | None = None,
        mean: NDArray[Any] | None = None,
        scale: float | None = None,
        crop: int | tuple[int, int] | None = None,
        mirror: bool | None = None,
        batch_size: int | None = None,
        test_batch_size: int | None = None,
        **options: Any,
    ) -> None:
        train = data.checked("train", train)
        workers = train.jvm.slots() if workers is None else workers
        if workers < 1:
            raise ArgumentError(f"workers must be 1 or more, not {workers}")
        of_solver = {name: options.pop(name) for name in [*options] if name in spec.SOLVER_OPTIONS}
        message = spec.solver(
            solver,
            net,
            read=train.jvm.read,
            learning_rate=learning_rate,
            momentum=momentum,
            weight_decay=weight_decay,
            optimizer=optimizer,
            **of_solver,
        )
        feeds.read(message, train.jvm)
        if test is not None:
            spec.tested(message)
        view = feeds.view(message, train.shape, mean, scale, crop, mirror)
        shape = feeds.seen(train.shape, view)
        self._solver = feeds.fed(message, shape, batch_size, test_batch_size)
        self.history = History()
        self.snapshots: list[str] = []  # Places of the last one.
        try:
            self._handle = train.jvm.trainer(self._solver.SerializeToString(), workers, options)
        except ArgumentError as error:
            hint = _meant(options, str(error))
            if not hint:
                raise
            raise ArgumentError(f"{error}{hint}") from None
        self._workers = workers
        self._view = view
        self._shape = train.shape
        self._train_data: Dataset | None = None
        self._tested_data: Dataset | None = None  # That the JVM has.
        self._test_data = test
        self._run: runs.Run | None = None
        try:
            self._set_train(train)
            if test is not None:
                self._set_test(data.checked("test", test))
            self._layout = self._handle.layout()
        except BaseException:
            self._handle.close()
            raise

    def broadcast(self, weights: Mapping[str, Sequence[Any]] | None = None) -> None:
        """Sends the current weights, or those given, to the workers."""
        if weights is not None:
            self.set_weights(weights)
        with self._working():
            self._handle.broadcast()

    def train(self, tau: int | None = None, *, seconds: float | None = None) -> Round:
        """Each worker trains on its partition. What they did, with the mean loss.

        tau: so many steps. seconds: as many steps as each can begin in this time, at least one;
        a worker that takes much longer has no part in the round. ``iteration`` advances by the
        mean of the workers' steps.
        """
        if (tau is None) == (seconds is None):
            raise ArgumentError("train needs either tau or seconds")
        with self._working():
            if tau is not None:
                done = self._handle.train(tau)
            else:
                assert seconds is not None
                done = self._handle.train_for(seconds)
        self.history.add(done)
        return done

    def average(self) -> Round | None:
        """The current weights become the workers' mean, weighted by images trained on.

        Returns the round, which knows now what that took each worker; None: all executors were
        lost meanwhile, and weights and ``iteration`` are as before the round.
        """
        with self._working():
            done = self._handle.average()
        if done is not None:
            self.history.averaged(done)
        return done

    def test(self) -> dict[str, float]:
        """Mean of each output of the test net over all test items, with current weights."""
        if self._test_data is None:
            raise StateError("the trainer has no test data: pass test=")
        with self._working():
            self._set_test(self._test_data)
            tested = self._handle.test()
        self.history.add(tested)
        return tested.scores

    def evaluate(
        self,
        data: Dataset | DataFrame | NDArray[Any],
        labels: NDArray[Any] | None = None,
        **columns: Any,
    ) -> dict[str, float]:
        """As ``test``, of other data; it is not noted in the history.

        data: a data set; or a DataFrame, with ``features`` and ``label`` and the other arguments of
        ``sparknet.data.from_dataframe`` as columns; or an array of items (n, ...) with labels (n,).
        """
        items = predictions.items(data, labels, self._shape, self._workers, columns)
        with items as given, self._working():
            self._set_test(given)
            try:
                return self._handle.test().scores
            finally:
                if given is not data:
                    self._tested_data = None

    def model(self, **params: Any) -> CaffeModel:
        """The net with its current weights as a model of ``sparknet.ml``.

        It sees items as the net does in tests: with the trainer's mean, scale and crop. params: of
        the model, such as ``features_col``. It is a ``CaffeClassificationModel`` where labels are
        classes, or yes and no, else a ``CaffeRegressionModel``; later rounds do not change it.
        """
        net = "net_param" if self._solver.HasField("net_param") else "train_net_param"
        with self._working():
            made = self._handle.model(
                getattr(self._solver, net).SerializeToString(), self._shape, self._view
            )
        return predictions.model(made, params)

    def predict(
        self, data: DataFrame | NDArray[Any], output: str = "prediction", **params: Any
    ) -> Any:
        """What the net with its current weights says of data, which may have no labels.

        data: a DataFrame, which comes back with the columns that ``model(**params)`` adds: of a
        classifier rawPrediction, probability and prediction. Or an array of items (n, ...), of
        which the executors score a part each: then it is an array (n, ...) of ``output``, which
        is the name of such a column, or of one of the net's blobs. Classes are int64, all else
        is float32.
        """
        model = self.model(**params)
        if isinstance(data, DataFrame):
            if output != "prediction":
                raise ArgumentError(
                    "output is of arrays; a DataFrame gets all columns of the model"
                )
            return model.transform(data)
        if not isinstance(data, np.ndarray):
            raise ArgumentError(f"predict takes a Spark DataFrame or an array, not {type(data)}")
        items = predictions.items(data, np.zeros(len(data)), self._shape, self._workers, {})
        with items as given, self._working():
            said = self._handle.said(model._java_obj, given.handle, output)
        return predictions.in_order(model, said, output, self._workers)

    def fit(
        self,
        rounds: int | None = None,
        *,
        epochs: float | None = None,
        train: Dataset | None = None,
        validation: Dataset | None = None,
        tau: int = 10,
        test_every: int | None = None,
        snapshot_every: int | None = None,
        snapshot_prefix: str | os.PathLike[str] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        every: int = 10,
        keep: int = 3,
        callbacks: Iterable[Callback | Function] = (),
        progress: bool = True,
    ) -> History:
        """Runs the loop for a number of rounds, or of passes over the training images.

        Without either, as the solver says: until ``iteration`` is its ``max_iter``, with its
        ``test_interval``, ``test_initialization``, ``snapshot``, ``snapshot_prefix`` and
        ``snapshot_after_train``, as far as arguments do not say otherwise; what is due at an
        iteration comes after the round that reaches it.

        train, validation: data to train and to test on from now on, in place of those of the
        constructor. test_every, snapshot_every: in rounds, 0 for never; a run that is given
        validation data tests after every round by default. With a snapshot_prefix the last
        round is kept too; a prefix that cannot be written to is an error before the first.
        callbacks: see ``sparknet.callbacks``.
        checkpoint: a folder (a path of the driver's machine, or a URI that Hadoop knows) from
        which a run that was cut off goes on bit for bit, given the same data and workers: weights,
        every worker's momentum, counters, places in the data. Written after ``every`` rounds
        and the last, of which ``keep`` are kept. A program that is started again does by
        itself what is left to do, which for a run that has ended is nothing.
        Ctrl-C ends the running jobs of this trainer and raises KeyboardInterrupt; the last
        snapshot is named on stderr and in ``snapshots``.
        """
        if self._run is not None:
            raise StateError("fit is running: a callback cannot call it")
        length = runs.Length.of(rounds, epochs, self._solver)
        if snapshot_every and snapshot_prefix is None and not self._solver.snapshot_prefix:
            raise ArgumentError("snapshot_every needs a snapshot_prefix")
        told = callbacks_of(callbacks)
        if train is not None:
            self._set_train(train)
        if validation is not None:
            self._test_data = data.checked("validation", validation)
            if test_every is None and not (length.by_solver and self._solver.test_interval):
                test_every = 1
        if self._test_data is None:
            test_every = 0
        else:
            self._set_test(self._test_data)
        given = {
            **length.options(self._train_count),
            "tau": tau,
            "test_every": test_every,
            "snapshot_every": snapshot_every,
            "snapshot_prefix": None if snapshot_prefix is None else os.fspath(snapshot_prefix),
        }
        if checkpoint is not None:
            given |= {"checkpoint": os.fspath(checkpoint), "every": every, "keep": keep}
        options = {name: value for name, value in given.items() if value is not None}
        start = self.iteration if length.by_solver else 0
        solver = spec.schedule(self._solver) if length.by_solver else caffe_pb2.SolverParameter()
        plan = Plan(solver, options, runs.watches(told))
        run = runs.Run(self, self._handle.fit(plan), told, start)
        total = length.total(self._train_count, start)
        bar = Progress(total, "training") if progress else None
        alone = self._handle.without_bars() if progress else contextlib.nullcontext()
        self._run = run
        try:
            with alone:
                self._carry_out(run, bar, length, resumes=checkpoint is not None)
        except KeyboardInterrupt:
            if bar is not None:
                kept = self.snapshots[0] if self.snapshots else "none was taken"
                with contextlib.suppress(OSError):
                    bar.message(f"interrupted; last snapshot: {kept}")
            raise
        finally:
            self._run = None
            if bar is not None:
                with contextlib.suppress(OSError):
                    bar.close()
        return self.history

    def _carry_out(
        self, run: runs.Run, bar: Progress | None, length: runs.Length, resumes: bool
    ) -> None:
        try:
            with self._working(bar) as check:
                run.follow(bar, length, resumes, check)
                run.end(bar)
        except BaseException:
            with contextlib.suppress(Exception):  # What ended the run is what there is to know.
                run.end(bar)  # Those that have ended do not end again.
            raise

    def stop(self) -> None:
        """Ends the ``fit`` that runs once the round that runs is done, as if it were the last."""
        self._running().handle.stop()

    @property
    def round(self) -> int:
        """Rounds of the ``fit`` that runs that are done, with those before it was cut off."""
        return self._running().rounds

    @property
    def tau(self) -> int:
        """Steps of each worker in the next round of the ``fit`` that runs; can be set."""
        return self._running().handle.tau()

    @tau.setter
    def tau(self, steps: int) -> None:
        run = self._running()
        try:
            run.handle.set_tau(operator.index(steps))
        except TypeError:
            raise ArgumentError(f"tau is a whole number of steps, not {steps!r}") from None

    @property
    def learning_rate(self) -> float:
        """Learning rate of the next step, without the layers' ``lr_mult``.

        It is what the solver's ``lr_policy`` says until it is set; then it is what was set, on
        all workers from the next round on. None follows the policy again, at the current iteration.
        """
        return self._handle.learning_rate()

    @learning_rate.setter
    def learning_rate(self, rate: float | None) -> None:
        self._handle.set_learning_rate(rate)

    def _running(self) -> runs.Run:
        if self._run is None:
            raise StateError("no fit is running, of which this could be said")
        return self._run

    def _set_train(self, given: Dataset) -> None:
        """Has given data trained on."""
        if given is self._train_data:
            return
        data.checked("train", given)
        with self._interruptible(), telling(given.handle, self._handle):
            self._train_count: int = given.handle.count()
            self._handle.set_train_data(given.handle, self._view)
        self._train_data = given

    def _set_test(self, given: Dataset) -> None:
        """Has given data tested on, until others are set."""
        if given is self._tested_data:
            return
        data.checked("data to test on", given)
        with self._interruptible(), telling(given.handle, self._handle):
            self._handle.set_test_data(given.handle, self._view)
        self._tested_data = given

    @contextlib.contextmanager
    def _working(self, bar: Progress | None = None) -> Iterator[Callable[[], None]]:
        with self._interruptible() as check, telling(self._handle, bar=bar):
            yield check

    @contextlib.contextmanager
    def _interruptible(self) -> Iterator[Callable[[], None]]:
        """Ctrl-C ends this trainer's jobs, and no others, and raises KeyboardInterrupt."""
        try:
            with interruptible() as check:
                yield check
        except KeyboardInterrupt:
            # Under spark-submit the JVM gets the signal too, and may be gone.
            with contextlib.suppress(StateError):
                self._handle.cancel()
            raise

    @property
    def iteration(self) -> int:
        """Steps that each worker has taken, which is what lr policies follow."""
        return self._handle.iteration()

    def __repr__(self) -> str:
        net = self._solver.net_param.name or self._solver.train_net_param.name
        kept = f"{self._layout.count:,} weights, {self._workers} workers"
        with contextlib.suppress(SparkNetError):  # The JVM may be gone.
            kept += f", iteration {self.iteration}"
        return f"<Trainer of net '{net}': {kept}>"

    @property
    def solver(self) -> caffe_pb2.SolverParameter:
        """A copy of the solver as it trains, with the net inside: changing it changes nothing."""
        copied = caffe_pb2.SolverParameter()
        copied.CopyFrom(self._solver)
        return copied

    @property
    def weights(self) -> Weights:
        """A copy of the current weights: layer name -> its blobs (weights, biases)."""
        with self._working():
            return self._layout.split(self._handle.weights())

    def set_weights(self, weights: Mapping[str, Sequence[Any]]) -> None:
        """Makes these the current weights; layers and shapes must be those of the net."""
        with self._working():
            self._handle.set_weights(self._layout.join(weights))

    def snapshot(self, prefix: str | os.PathLike[str]) -> list[str]:
        """Writes ``<prefix>_iter_<n>.caffemodel`` and ``.solverstate``; returns their places.

        prefix: a path of the driver's machine, or a URI that Hadoop knows (``s3a://bucket/run``,
        ``hdfs://host/run``), where both files appear or none. They end in ``.h5`` too if the
        solver's ``snapshot_format`` is HDF5.
        """
        with self._working():
            self.snapshots = self._handle.snapshot(os.fspath(prefix))
        return self.snapshots

    def restore(self, path: str | os.PathLike[str]) -> str:
        """Goes on from a ``.solverstate``, or starts from the weights in a ``.caffemodel``.

        Both may be HDF5: ``.solverstate.h5``, ``.caffemodel.h5``. path: as ``snapshot`` writes
        them, of the driver's machine or a URI. Returns one line that says which layers were taken:
        "w.caffemodel: took 14 of 16 layers; not in the file: fc8". A ``.solverstate`` needs all of
        them.
        """
        name = os.fspath(path)
        with self._working():
            if name.endswith((".caffemodel", ".caffemodel.h5")):
                return self._handle.load_weights(name)
            return self._handle.restore(name)

    def close(self) -> None:
        """Ends running jobs and frees the nets in the executors."""
        self._handle.close()

    def __enter__(self) -> Trainer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except StateError:
            if error is None:  # Otherwise the JVM went first, and the cause is on its way.
                raise


def _meant(options: Mapping[str, Any], refusal: str) -> str:
    """What of a solver or of this class an option may be that Scala refused as unknown."""
    known = [*spec.SOLVER_OPTIONS, *inspect.signature(Trainer).parameters]
    for name in options:
        if f"no option '{name}'" in refusal:
            return did_you_mean(name, dict.fromkeys(known))
    return ""

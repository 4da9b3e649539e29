"""Arguments and options of ``sparknet train`` alone."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from sparknet.commands.options import DATA, NET, SPARK, option

__all__: list[str] = []

_RUN, _KEPT = "The run", "What is kept, and gone on from"

SolverFile = Annotated[
    str, typer.Argument(metavar="SOLVER", help="A solver's prototxt.", show_default=False)
]
Train = Annotated[
    str, typer.Option("--train", metavar="DATA", help="Data to train on.", show_default=False)
]
Test = Annotated[
    Optional[str],
    typer.Option("--test", metavar="DATA", help="Data to test on.", show_default=False),
]
Net = Annotated[
    Optional[str],
    option(_RUN, "--net", metavar="NET", text="Trained in place of the solver's."),
]
Rounds = Annotated[
    Optional[int],
    option(
        _RUN,
        "--rounds",
        min=1,
        metavar="N",
        text="How many. Without it and --epochs: until the solver's max_iter.",
    ),
]
Epochs = Annotated[
    Optional[float],
    option(_RUN, "--epochs", min=0, metavar="N", text="Passes over the training data."),
]
Tau = Annotated[
    int,
    typer.Option(
        "--tau", min=1, metavar="N", help="Steps of each worker a round.", rich_help_panel=_RUN
    ),
]
LearningRate = Annotated[
    Optional[float],
    option(_RUN, "--learning-rate", metavar="RATE", text="In place of the solver's base_lr."),
]
Seed = Annotated[
    Optional[int],
    option(_RUN, "--seed", metavar="N", text="Of first weights and the order of the data."),
]
TestEvery = Annotated[
    Optional[int],
    option(
        _RUN,
        "--test-every",
        min=0,
        metavar="N",
        text="Rounds between tests, 0 for never. Default: 10, or the solver's test_interval where"
        " the solver says how long the run is.",
    ),
]
Quiet = Annotated[bool, option(_RUN, "--quiet", text="No bar, and no lines of tests.")]
SnapshotPrefix = Annotated[
    Optional[str],
    option(
        _KEPT,
        "--snapshot-prefix",
        metavar="PREFIX",
        text="Weights and state go to PREFIX_iter_N.caffemodel and .solverstate; a path or URI."
        " Default: the solver's own, or the name of its file.",
    ),
]
SnapshotEvery = Annotated[
    Optional[int],
    option(
        _KEPT,
        "--snapshot-every",
        min=0,
        metavar="N",
        text="Rounds between snapshots. Default: one at the end, and those of the solver where it"
        " says how long the run is.",
    ),
]
Checkpoint = Annotated[
    Optional[str],
    option(
        _KEPT,
        "--checkpoint",
        metavar="FOLDER",
        text="Where the run is kept, to go on when the same command is given again.",
    ),
]
CheckpointEvery = Annotated[
    int,
    typer.Option(
        "--checkpoint-every",
        min=1,
        metavar="N",
        help="Rounds between checkpoints.",
        rich_help_panel=_KEPT,
    ),
]
Weights = Annotated[
    Optional[str],
    option(_KEPT, "--weights", metavar="FILE", text="A .caffemodel to start from."),
]
Snapshot = Annotated[
    Optional[str],
    option(_KEPT, "--snapshot", metavar="FILE", text="A .solverstate to go on from."),
]
TestLabels = Annotated[
    Optional[str],
    option(DATA, "--test-labels", metavar="FILE", text="The same for the images of --test."),
]
Mean = Annotated[
    Optional[str],
    option(
        NET,
        "--mean",
        text="Subtracted from items: numbers, such as 104,117,123, a .npy or a .binaryproto, or"
        " 'data': the mean of the training data, which is kept as PREFIX_mean.npy.",
        metavar="MEAN",
    ),
]
Mirror = Annotated[
    Optional[bool],
    option(NET, "--mirror/--no-mirror", text="Turn every other image around, at random."),
]
Pages = Annotated[bool, option(SPARK, "--ui", text="Serve Spark's pages, with curves.")]

"""The program that the commands are part of: how they end, and how errors look."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from sparknet import cli
from sparknet.commands.draw import draw
from sparknet.commands.info import info
from sparknet.commands.predict import predict
from sparknet.commands.scores import test
from sparknet.commands.submit import submit
from sparknet.commands.timing import time
from sparknet.commands.train import train
from sparknet.errors import FileError

__all__ = ["app"]

# What is wrong with arguments: typer has click's classes, or its own, by its version.
_Refusal: type[Exception] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)


class Program(TyperGroup):
    """Ends with 0, with 1 after an error, with 2 if arguments are wrong and with 130 after Ctrl-C.

    What went wrong is one line on stderr.
    """

    def main(self, *args: Any, **options: Any) -> NoReturn:
        """Runs a command and exits."""
        cli.run(lambda: self._run(*args, **{**options, "standalone_mode": False}))

    def _run(self, *args: Any, **options: Any) -> None:
        try:
            status = super().main(*args, **options)
        except typer.Abort:  # Ctrl-C, in older versions.
            raise KeyboardInterrupt from None
        except _Refusal as error:
            print(f"error: {_told(error)}", file=sys.stderr)
            sys.exit(2)
        except OSError as error:
            if error.filename is None:
                raise
            raise FileError(f"{error.filename}: {error.strerror}") from None
        if status:
            sys.exit(status)


def _told(error: Any) -> str:
    """What is wrong, in a line, and where to look."""
    message = " ".join(error.format_message().split()).rstrip(".")
    context = getattr(error, "ctx", None)
    return message if context is None else f"{message} ({context.command_path} --help tells more)"


def _evaluated(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with types in place of their texts, which typer does not read on Python 3.9."""
    known = vars(sys.modules[command.__module__])
    texts = command.__annotations__
    command.__annotations__ = {name: eval(text, known) for name, text in texts.items()}
    return command


def _sparknet(context: typer.Context) -> None:
    """Deep networks trained and used on Apache Spark.

    NAME --help tells what a command takes. Nets and solvers are Caffe's: .prototxt, .caffemodel
    and .solverstate files.
    """
    if context.invoked_subcommand is None:
        print(context.get_help())


# Rich's traces of bugs would be as long as the terminal; Python's are what a report needs.
app = typer.Typer(cls=Program, pretty_exceptions_enable=False, rich_markup_mode="markdown")
app.callback(invoke_without_command=True)(_evaluated(_sparknet))
for _command in (train, test, predict, time, draw, info, submit):
    app.command()(_evaluated(_command))

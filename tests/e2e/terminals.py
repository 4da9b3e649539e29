"""Places where somebody types: a PySpark shell on a terminal of its own, a notebook's kernel."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from queue import Empty
from typing import Any

from processes import PATIENCE, environment

PROMPT = ">>> "
# What a terminal is told of colours and of the cursor.
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Shell:
    """A Python shell as a program; lines are typed, and what is shown until the next prompt comes
    back."""

    def __init__(self, command: Sequence[str | Path], folder: Path, **variables: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        self._process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=environment(TERM="dumb", COLUMNS="200", **variables),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            # So that Ctrl-C is a signal.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self._text = ""
        self._seen = 0
        threading.Thread(target=self._read, daemon=True).start()
        self.greeting = self.shown()

    def typed(self, line: str) -> str:
        """What is shown of a line that was typed, without the line and the next prompt."""
        self.send(line + "\n")
        text = self.shown()
        return text[text.index("\n") + 1 :]

    def send(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def shown(self, until: str = PROMPT, seconds: float = PATIENCE) -> str:
        """What is shown from where the last call ended until a text comes, and ends it."""
        end = time.monotonic() + seconds
        while until not in self._text[self._seen :]:
            assert time.monotonic() < end, f"no {until!r} after {self._text[self._seen :]!r}"
            assert self._process.poll() is None, f"the shell is gone: {self._text}"
            time.sleep(0.02)
        place = self._text.index(until, self._seen)
        text = self._text[self._seen : place]
        self._seen = place + len(until)
        print(text)  # For when the test fails.
        return text

    def close(self) -> None:
        self.send("exit()\n")
        try:
            self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            os.close(self._master)

    def _read(self) -> None:
        try:
            while piece := os.read(self._master, 65536):
                text = _CONTROL.sub("", piece.decode(errors="replace"))
                self._text += text.replace("\r\n", "\n")
        except OSError:  # It has ended.
            pass


class Kernel:
    """A notebook's kernel; cells are run, and what they show comes back as text."""

    def __init__(self, folder: Path, **variables: str) -> None:
        from jupyter_client.manager import start_new_kernel

        self._manager, self._client = start_new_kernel(
            startup_timeout=PATIENCE, cwd=str(folder), env=environment(**variables)
        )

    def run(self, cell: str) -> str:
        """What a cell shows: its output, or the traceback of what it raises."""
        return self.shown(self.start(cell))

    def start(self, cell: str) -> str:
        return str(self._client.execute(cell))

    def shown(self, message: str, until: str | None = None) -> str:
        """All until the cell has ended, or shows a text."""
        text = ""
        end = time.monotonic() + PATIENCE
        while until is None or until not in text:
            assert time.monotonic() < end, text
            try:
                told = self._client.get_iopub_msg(timeout=1)
            except Empty:
                continue
            if told["parent_header"].get("msg_id") != message:
                continue
            content, kind = told["content"], told["msg_type"]
            if kind == "status" and content["execution_state"] == "idle":
                break
            text += _shown(kind, content)
        print(text)  # For when the test fails.
        return _CONTROL.sub("", text)

    def interrupt(self) -> None:
        """The button of the notebook."""
        self._manager.interrupt_kernel()

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)


def _shown(kind: str, content: Any) -> str:
    if kind == "stream":
        return str(content["text"])
    if kind == "error":
        return "\n".join(content["traceback"]) + "\n"
    return str(content.get("data", {}).get("text/plain", ""))

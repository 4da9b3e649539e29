"""A relay on loopback, in front of a server that is to stop answering in the middle."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class Relay:
    """Passes everything on, unless it was told how answers fail."""

    def __init__(self, port: int) -> None:
        self._server = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._change = threading.Condition()
        self._how = ""  # answers fail: "cut" or "held"
        self._most = 0
        self._times = 0
        self.failed = 0  # answers that failed since then
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def cut(self, most: int, times: int) -> None:
        """Closes a connection over which so many bytes come from now on, but only so often."""
        self._fail("cut", most, times)

    def hold(self, most: int) -> None:
        """Lets no more than so many bytes come over a connection; it stays open."""
        self._fail("held", most, 1 << 30)

    def release(self) -> None:
        """All is well again."""
        self._fail("", 0, 0)

    def _fail(self, how: str, most: int, times: int) -> None:
        with self._change:
            self._how, self._most, self._times, self.failed = how, most, times, 0
            self._change.notify_all()

    def close(self) -> None:
        self._listener.close()
        self.release()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                for work in (self._ask, self._answer):
                    threading.Thread(target=work, args=(client, server), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while sent := client.recv(1 << 16):
                server.sendall(sent)
        _end(server)

    def _answer(self, client: socket.socket, server: socket.socket) -> None:
        came, told = 0, None
        with contextlib.suppress(OSError):
            while got := server.recv(1 << 13):
                with self._change:
                    if told != (self._how, self._most):
                        came, told = 0, (self._how, self._most)
                    came += len(got)
                    if self._times > 0 and came > self._most:
                        self._times -= 1
                        self.failed += 1
                        if self._how == "cut":
                            break
                        self._change.wait_for(lambda: self._how != "held")
                        came, told = 0, None
                client.sendall(got)
        _end(client)
        _end(server)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def relay(port: int) -> Iterator[Relay]:
    """One that is gone when the block ends."""
    running = Relay(port)
    try:
        yield running
    finally:
        running.close()

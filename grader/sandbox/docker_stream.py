"""The one connection to a container's input and outputs, taken apart into two pipes.

The client library has no reader that holds back: here a piece is read only when the one before has been passed on, so
a caller that stops reading stops the program, through the engine's own bounded buffers. Both outputs share the one
connection, in no certain order: a caller that reads one of them only may wait behind the other.
"""

import contextlib
import os
import select
import socket
import struct
import threading
from typing import Any

import docker

from grader.sandbox.feeding import Feeder

_FRAME = struct.Struct(">BxxxI")
_STANDARD_ERROR = 2
_PIECE_BYTES = 64 * 1024
_NOTICE_MS = 50
"""How soon a writer held up by a full pipe notices that nobody will read it."""


class AttachedStream:
    """Input and outputs of a container that has been created and not yet started.

    Attributes:
        stdout, stderr: readable descriptors.

    Args:
        client: connection to the engine.
        container: id.
    """

    def __init__(self, client: docker.DockerClient, container: str) -> None:
        wanted = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        attached = client.api.attach_socket(container, params=wanted)
        # A file around the socket over a local or TCP connection, the socket itself over TLS.
        self._response: Any = getattr(attached, "_response", None)
        self._socket: socket.socket = getattr(attached, "_sock", attached)
        self._socket.settimeout(None)
        self._closed = False
        self._discarding = threading.Event()
        self.stdout, self._stdout_in = os.pipe()
        self.stderr, self._stderr_in = os.pipe()
        os.set_blocking(self._stdout_in, False)
        os.set_blocking(self._stderr_in, False)
        self._feeder = Feeder(lambda data: self._socket.send(data), lambda: self._socket.shutdown(socket.SHUT_WR))
        self._thread = threading.Thread(target=self._pass_on, name="sandbox-output", daemon=True)
        self._thread.start()

    def send(self, data: bytes, *, last: bool = True) -> None:
        """Begins to write the program's input, which closes after the last; does not wait."""
        self._feeder.send(data, last=last)

    def discard(self) -> None:
        """Drops what the program still says, instead of waiting for a reader.

        To be called before the container is killed: an engine that can't get rid of a flood does not answer that
        request (20.10 was seen to be silent for a minute).
        """
        self._discarding.set()

    def close(self) -> None:
        """Ends the connection and closes the pipes. Idempotent."""
        if self._closed:
            return
        self._closed = True
        # Must come before the container is removed: with a connection open, the engine's answer to that never comes.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self.discard()
        self._thread.join()
        os.close(self.stdout)
        os.close(self.stderr)
        self._feeder.close()
        # The response closes its file around the socket, and gives the dead connection back to nobody.
        if self._response is not None:
            self._response.close()
        self._socket.close()

    def _pass_on(self) -> None:
        try:
            with contextlib.suppress(OSError):
                while (header := self._receive(_FRAME.size)) is not None:
                    kind, left = _FRAME.unpack(header)
                    target = self._stderr_in if kind == _STANDARD_ERROR else self._stdout_in
                    while left:
                        piece = self._socket.recv(min(left, _PIECE_BYTES))
                        if not piece:
                            return
                        left -= len(piece)
                        self._write(target, piece)
        finally:
            os.close(self._stdout_in)
            os.close(self._stderr_in)

    def _write(self, descriptor: int, data: bytes) -> None:
        """Passes on all of `data`, as fast as the reader takes it; none of it once it is to be dropped."""
        left = memoryview(data)
        room = select.poll()  # not select(), which knows the first 1,024 descriptors only
        room.register(descriptor, select.POLLOUT)
        while left and not self._discarding.is_set():
            try:
                left = left[os.write(descriptor, left) :]
            except BlockingIOError:
                room.poll(_NOTICE_MS)

    def _receive(self, count: int) -> bytes | None:
        """Exactly `count` bytes; None where the stream ends first."""
        received = b""
        while len(received) < count:
            piece = self._socket.recv(count - len(received))
            if not piece:
                return None
            received += piece
        return received

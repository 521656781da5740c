"""Ask a resident grader, where there is one. Whatever keeps it from answering, the asker grades by itself."""

import contextlib
import socket
import time
from pathlib import Path

from grader.resident.address import is_own, is_private
from grader.resident.protocol import ANSWER_S, Question, fields
from grader.runner.protocol import write_message

READ_BYTES = 64 * 1024
CONNECT_S = 1.0
PUT_AWAY_S = 10.0
"""How long a grading that was broken off is waited for, so that nothing of it is left."""


class NobodyAnswers(Exception):
    """No resident grader does this grading; says why, for `--debug`."""


class Conversation:
    """A question that was sent. Leaving it ends the grading, and waits until that has been put away."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def __enter__(self) -> "Conversation":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError), self.connection as connection:
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(PUT_AWAY_S)
            deadline = time.monotonic() + PUT_AWAY_S
            while connection.recv(READ_BYTES) and time.monotonic() < deadline:
                pass


def ask(place: Path, question: Question) -> Conversation:
    """Sends the question to who listens there.

    Raises:
        NobodyAnswers: nobody of this user's does.
    """
    if not is_private(place.parent):
        raise NobodyAnswers(f"{place.parent} is not a folder of this user's alone")
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(CONNECT_S)
        connection.connect(str(place))
        if not is_own(connection):
            raise NobodyAnswers(f"another user listens at {place}")
        connection.settimeout(ANSWER_S)
        write_message(connection.sendall, fields(question))
    except (OSError, ValueError) as error:
        connection.close()
        raise NobodyAnswers(f"{place}: {error}") from error
    except BaseException:
        connection.close()
        raise
    return Conversation(connection)

"""One resident grader for each course: who holds the place where it listens."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.errors import UsageError
from grader.resident.address import is_private
from grader.text import Text


class AlreadyRuns(UsageError):
    """Another resident grader serves this course."""


@contextmanager
def alone_at(place: Path) -> Iterator[None]:
    """Makes the folder of `place` this user's own; holds a lock on the place, which the kernel drops when its holder
    dies, and removes the socket of one that was killed.

    Raises:
        AlreadyRuns: another process holds it.
        UsageError: the folder is not this user's alone.
    """
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not is_private(place.parent):
        raise UsageError(
            Text(
                f"{place.parent} is not a folder that you alone can enter.",
                f"{place.parent}은(는) 본인만 접근할 수 있는 폴더가 아닙니다.",
            ),
            Text("Remove it, then try again.", "그 폴더를 지운 뒤 다시 시도하세요."),
        )
    lock = place.with_suffix(".lock")
    with lock.open("ab") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _already_runs() from error
        if not lock.exists() or not os.path.samestat(lock.stat(), os.fstat(held.fileno())):
            raise _already_runs()  # it was just being given up
        try:
            place.unlink(missing_ok=True)
            yield
        finally:
            place.unlink(missing_ok=True)
            lock.unlink(missing_ok=True)


def _already_runs() -> AlreadyRuns:
    return AlreadyRuns(
        Text(
            "A `grade warm` runs for this course already; `grade submit` uses it.",
            "이 과정에는 이미 `grade warm`이 실행 중이며, `grade submit`이 이를 사용합니다.",
        )
    )

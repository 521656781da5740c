"""What attackers look for, planted on the machine that runs the tests: secrets, services, a grader to look into."""

import contextlib
import os
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.course import Course
from grader.data import load
from grader.settings import Settings

ENGINE_SOCKET = "/var/run/docker.sock"


@dataclass
class Bait:
    """The secret that must not get out, and who knocked at the doors.

    Attributes:
        token: occurs in every planted file, in the grader's environment and in what the services answer.
        known: what attacks are told.
        visitors: services that somebody connected to.
    """

    token: str
    known: Mapping[str, Any]
    visitors: list[str] = field(default_factory=list)


@contextlib.contextmanager
def planted(folder: Path, course: Course) -> Iterator[Bait]:
    """Plants everything, and takes it away again.

    Args:
        folder: an empty folder that any user may enter.
    """
    token = f"canary-{secrets.token_hex(8)}"
    for name in ("secret", "other_submission/solution.py"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"# {token}\n", encoding="utf-8")
    os.environ["GRADER_CANARY"] = token
    mission = course.mission("mission_cnn")
    pack = load(mission.spec.data.pack, cache_dir=Settings().cache_dir)
    known: dict[str, Any] = {
        "hidden_tests": str(mission.hidden_tests),
        "labels": str(pack.root / "test" / "labels.npy"),
        "secret": str(folder / "secret"),
        "other_submission": str(folder / "other_submission" / "solution.py"),
        "grader_pid": os.getpid(),
        "engine_socket": ENGINE_SOCKET,
        "unix_socket": str(folder / "service"),
        "abstract_socket": f"deep-grader-{secrets.token_hex(4)}",
        "own_name": f"deep-grader-own-{secrets.token_hex(4)}",
    }
    bait = Bait(token, known)
    with contextlib.ExitStack() as services:
        tcp = _serve(services, bait, "tcp", socket.AF_INET, ("0.0.0.0", 0))
        known["tcp_port"] = tcp.getsockname()[1]
        known["own_port"] = known["tcp_port"] + 1
        _serve(services, bait, "unix", socket.AF_UNIX, known["unix_socket"])
        _serve(services, bait, "abstract", socket.AF_UNIX, "\0" + known["abstract_socket"])
        Path(known["unix_socket"]).chmod(0o666)
        try:
            yield bait
        finally:
            del os.environ["GRADER_CANARY"]


def _serve(services: contextlib.ExitStack, bait: Bait, name: str, family: int, address: Any) -> socket.socket:
    """A service that tells its secret to whoever comes."""
    door = services.enter_context(socket.socket(family))
    door.bind(address)
    door.listen(16)

    def answer() -> None:
        with contextlib.suppress(OSError):
            while True:
                guest, _ = door.accept()
                with guest:
                    bait.visitors.append(name)
                    guest.sendall(bait.token.encode())

    threading.Thread(target=answer, daemon=True).start()
    services.callback(door.shutdown, socket.SHUT_RDWR)
    return door

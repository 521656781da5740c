"""Where a resident grader listens."""

import os
import socket
import stat
import tempfile
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.resident.address import MAX_PATH_BYTES, is_own, is_private, socket_path
from grader.resident.occupation import AlreadyRuns, alone_at


def test_place_is_in_the_runtime_folder_else_in_the_cache(tmp_path: Path) -> None:
    runtime = socket_path(tmp_path, None, {"XDG_RUNTIME_DIR": "/run/user/7"})
    assert runtime.parent == Path("/run/user/7/deep-grader")
    assert socket_path(tmp_path, Path("/cache"), {}).parent == Path("/cache/resident")
    assert socket_path(tmp_path, Path("/cache"), {"XDG_RUNTIME_DIR": "relative"}).parent == Path("/cache/resident")


def test_courses_have_places_of_their_own(tmp_path: Path) -> None:
    environment = {"XDG_RUNTIME_DIR": "/run/user/7"}
    assert socket_path(tmp_path / "a", None, environment) != socket_path(tmp_path / "b", None, environment)
    assert socket_path(tmp_path / "a", None, environment) == socket_path(tmp_path / "b" / ".." / "a", None, environment)


def test_place_is_never_too_long_for_a_socket(tmp_path: Path) -> None:
    place = socket_path(tmp_path, Path("/" + "가" * 60), {})
    assert len(os.fsencode(place)) <= MAX_PATH_BYTES
    assert place.parent == Path(f"/tmp/deep-grader-{os.getuid()}")


def test_folder_that_others_can_enter_is_not_private(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "file").touch(mode=0o600)
    assert is_private(folder)
    assert not is_private(tmp_path / "link")
    assert not is_private(tmp_path / "file")
    assert not is_private(tmp_path / "nothing")
    for mode in (0o710, 0o701, 0o777):
        folder.chmod(mode)
        assert not is_private(folder)


def test_own_process_is_known() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert is_own(one)


def test_place_is_made_private_and_given_up_without_a_trace(tmp_path: Path) -> None:
    place = tmp_path / "resident" / "a.sock"
    with alone_at(place):
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
        with pytest.raises(AlreadyRuns), alone_at(place):
            pass
        with alone_at(place.with_name("b.sock")):
            pass
    assert list(place.parent.iterdir()) == []
    with alone_at(place):
        pass


def test_socket_of_one_that_was_killed_is_replaced() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "resident", "a.sock")
        place.parent.mkdir(mode=0o700)
        place.with_suffix(".lock").touch()
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(place))
        assert place.exists()
        with alone_at(place):
            assert not place.exists()


def test_folder_of_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "resident").mkdir(mode=0o777)
    (tmp_path / "resident").chmod(0o777)
    with pytest.raises(UsageError, match="alone"), alone_at(tmp_path / "resident" / "a.sock"):
        pass

"""What several commands share: settling on a sandbox, and writing files."""

from pathlib import Path

import pytest

from grader.cli.outcome import writing_whole
from grader.sandbox.base import Availability
from grader.sandbox.none import NoSandbox
from grader.text import same
from tests.unit.cli.conftest import Grade


def test_file_that_is_not_written_to_its_end_leaves_the_earlier_one_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "page.html"
    with writing_whole(path) as stream:
        stream.write("before")

    def stop_half_way() -> None:
        with writing_whole(path) as stream:
            stream.write("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stop_half_way()
    assert path.read_text(encoding="utf-8") == "before"
    assert list(path.parent.iterdir()) == [path]


def test_verify_where_its_sandbox_can_not_run_says_so_before_it_grades(
    grade: Grade, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = Availability(ok=False, detail=same("It is not here."), advice=same("Install it."))
    monkeypatch.setattr(NoSandbox, "availability", lambda self, *, gpu=None: absent)
    answer = grade("verify", "mission_cnn", "--sandbox", "none")
    assert answer.code == 3
    assert "It is not here." in answer.err
    assert "Install it." in answer.err
    assert "mission_cnn" not in answer.out

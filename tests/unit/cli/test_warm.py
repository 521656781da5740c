"""`grade warm`, before it is ready."""

import pytest

from grader.resident import address
from tests.unit.cli.conftest import Grade


def test_where_the_kernel_does_not_tell_who_asks_it_says_so(grade: Grade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "TELLS_WHO_ASKS", False)
    answer = grade("warm", "--sandbox", "none")
    assert answer.code == 2
    assert "Linux" in answer.err


@pytest.mark.parametrize("minutes", ["0", "-1", "soon"])
def test_idle_minutes_are_a_positive_number(grade: Grade, minutes: str) -> None:
    assert grade("warm", "--idle-minutes", minutes).code == 2

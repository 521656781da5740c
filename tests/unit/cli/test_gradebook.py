"""`grade export reports`: pages, statistics, and an index that leads to them."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.entries import Student
from grader.results import MissionInfo, Mode
from grader.store import Claimant, Claimed, NewSubmission, RunKind, open_store
from grader.text import Text
from tests.unit.cli.conftest import Grade
from tests.unit.reports import samples

MISSION = MissionInfo(id="mission_cnn", title=Text("CNN", "합성곱 신경망"), points=100, pass_mark=60)


@pytest.fixture
def gradebook(here: Path) -> Path:
    """A gradebook with a report of one student, and another who handed in nothing."""
    folder = here / "gradebook"
    with open_store(folder) as store:
        store.enter_students([Student(id="../kim", name="<b>김하나"), Student(id="lee", name="이둘")])
        store.enter_missions([MISSION])
        new = NewSubmission(
            student_id="../kim",
            mission_id="mission_cnn",
            content="a" * 64,
            mode=Mode.RETRAIN,
            name="kim.zip",
            submitted=datetime(2026, 3, 2, tzinfo=UTC),
        )
        (number,) = store.enter_submissions([new])
        claimant = Claimant.new()
        assert store.claim(number, RunKind.GRADING, "k" * 64, claimant) is Claimed.MINE
        assert store.land(number, RunKind.GRADING, "k" * 64, samples.report(), claimant)
    return folder


@pytest.mark.usefixtures("gradebook")
def test_index_leads_to_every_page_beside_it(here: Path, grade: Grade) -> None:
    done = grade("export", "reports", "--out", "pages")
    assert done.code == 0, done.err
    assert "1 reports in pages" in done.err
    page = (here / "pages" / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'href="([^"#]+)', page)
    assert any(link.endswith("/report.html") for link in links)
    assert all((here / "pages" / link).is_file() for link in links)
    assert "&lt;b&gt;김하나" in page
    assert "이둘" in page
    assert "Leaderboard" in page


@pytest.mark.usefixtures("gradebook")
def test_index_names_nobody_as_ahead_where_that_is_not_wanted(here: Path, grade: Grade) -> None:
    done = grade("export", "reports", "--out", "pages", "--no-leaderboard", "--lang", "ko")
    assert done.code == 0, done.err
    page = (here / "pages" / "index.html").read_text(encoding="utf-8")
    assert "수강생 결과" in page
    assert "순위표" not in page


@pytest.mark.usefixtures("gradebook")
def test_gradebook_says_what_wants_a_look(grade: Grade) -> None:
    done = grade("gradebook", "--lang", "ko")
    assert done.code == 0, done.err
    assert any("이둘" in line and line.endswith("미제출") for line in done.out.splitlines())

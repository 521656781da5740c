"""The index of a class: whole without its script, complete, light, inert; who leads, and what separates."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from grader.entries import Flag, Gradebook, Mark
from grader.results import MissionInfo, Status, Verdict
from grader.statistics.bands import score_bands
from grader.statistics.course import course_statistics
from grader.statistics.index import render_index
from grader.statistics.leaders import PLACES, leaders
from grader.text import Language, Text
from tests.adversarial.test_report_escaping import PAYLOADS, Tags, steering
from tests.unit.statistics import samples

MOST_BYTES = 2_000_000


class Rows(HTMLParser):
    """The rows of the table of students, as the words of their cells and where these lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.links: list[str] = []
        body = page.split('id="found"', 1)[1].split("</table>", 1)[0]
        self.feed(body[body.index("<tbody") :])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "a":
            self.links.append(dict(attrs)["href"] or "")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1] and data.strip():
            self.rows[-1][-1] = f"{self.rows[-1][-1]} {data}".strip()


def rendered(book: Gradebook, marks: Sequence[Mark], language: Language = "en", *, leaderboard: bool = True) -> str:
    stats = course_statistics(book, marks)
    return render_index(stats, marks, language, links=samples.links(marks), leaderboard=leaderboard)


def hostile(payload: str) -> str:
    """The index with the payload in every name."""
    book, marks = samples.school(12, samples.MISSIONS[:1])
    mission = MissionInfo(id=payload, title=Text(payload, payload), points=100, pass_mark=60)

    def renamed(mark: Mark) -> Mark:
        attempt = mark.attempt
        if attempt is not None and attempt.grading is not None:
            criteria = tuple(replace(one, id=payload + one.id) for one in attempt.grading.criteria)
            attempt = replace(attempt, grading=replace(attempt.grading, criteria=criteria))
        number = mark.student.id
        student = replace(mark.student, id=f"{number}{payload}", name=f"{payload} {number}", section=payload)
        return replace(mark, mission_id=payload, student=student, attempt=attempt)

    changed = tuple(renamed(mark) for mark in marks)
    stats = course_statistics(replace(book, missions={payload: mission}), changed)
    links = {(mark.student.id, payload): "m/s/report.html" for mark in changed}
    return render_index(stats, changed, "en", links=links)


def test_table_has_every_student_and_a_link_to_every_report_without_its_script() -> None:
    book, marks = samples.school(30)
    found = Rows(rendered(book, marks))
    assert len(found.rows) == 30
    assert sorted(found.links) == sorted(samples.links(marks).values())
    first = found.rows[0]
    assert first[:3] == ["김민준", "20260000", "A"]
    assert len(first) == 4 + len(samples.MISSIONS)
    own = [mark for mark in marks if mark.student.id == "20260000"]
    assert float(first[3]) == sum(mark.points or 0 for mark in own)
    for cell, mark in zip(first[4:], own, strict=True):
        assert mark.attempt is not None
        assert mark.attempt.grading is not None
        assert cell == f"{mark.points:g} {'passed' if mark.attempt.grading.passed else 'failed'}"


def test_states_are_words_and_nothing_entered_is_no_zero() -> None:
    book, marks = samples.school(60, samples.MISSIONS[:1])
    waiting = marks[1].attempt
    assert waiting is not None
    assert waiting.grading is not None
    ungraded = replace(waiting, grading=replace(waiting.grading, verdict=Verdict.NOT_GRADED, passed=False))
    changed = (marks[0], replace(marks[1], attempt=ungraded, points=None, flags=(Flag.NOT_GRADED,)), *marks[2:])
    rows = {row[1]: row for row in Rows(rendered(book, changed, "ko")).rows}
    assert rows["20260001"][3:] == ["–", "미채점"]
    assert rows["20260005"][3:] == ["–", "미제출"]
    assert rows["20260002"][4].endswith(", 지각")
    assert rows["20260019"][0].endswith("명단에 없음")


def test_columns_that_say_nothing_are_left_out() -> None:
    marks = samples.cohort(12)
    (first, *_) = Rows(rendered(samples.gradebook(marks), marks)).rows
    assert first[0] == "s00000"
    assert len(first) == 3


@pytest.mark.parametrize("language", ["en", "ko"])
def test_policy_allows_one_style_and_one_script_by_hash_and_nothing_else(language: Language) -> None:
    page = rendered(*samples.school(30), language)

    def digest(tag: str) -> str:
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    policy = f"default-src 'none'; style-src 'sha256-{digest('style')}'; script-src 'sha256-{digest('script')}';"
    assert policy in page
    assert page.count("<script") == 1
    assert not re.search(r"\sstyle=|\ssrc=|\son\w+=|@import", page)
    assert set(re.findall(r"https?://[^\s\"]+", page)) <= {"http://www.w3.org/2000/svg"}


def test_ids_are_there_once_and_every_label_and_place_exists() -> None:
    page = rendered(*samples.school(30))
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(set(ids)) == len(ids)
    for label in re.findall(r'(?:aria-(?:labelledby|describedby)|for)="([^"]+)"|href="#([^"]+)"', page):
        assert set("".join(label).split()) <= set(ids)


def test_page_of_a_thousand_students_and_eight_missions_is_light() -> None:
    page = rendered(*samples.school(1000), "ko")
    assert page.count("/report.html") > 7_000
    assert len(page.encode()) < MOST_BYTES


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_page_is_inert_whatever_a_name_holds(name: str) -> None:
    def tags(page: str) -> list[tuple[str, tuple[str, ...]]]:
        return [tag for tag in Tags(page).found if tag[0] != "wbr"]  # one after each underscore of a mission's name

    page = hostile(PAYLOADS[name])
    assert tags(page) == tags(hostile("plain"))
    assert steering(page) == set()


def test_nothing_graded_yet_says_so() -> None:
    assert "No mission has marks yet." in rendered(Gradebook(), ())
    marks = (samples.mark(1, None, flags=(Flag.NOT_GRADED,)),)
    page = rendered(samples.gradebook(marks), marks, "ko")
    assert "아직 채점된 제출물이 없습니다" in page
    assert "<svg" not in page


def graded(number: int, points: float, accuracy: float | None = None, **changes: object) -> Mark:
    return samples.mark(number, samples.grading([samples.score("a", points, 100)], accuracy=accuracy), **changes)


def ranks(*marks: Mark) -> list[tuple[int, str]]:
    return [(one.rank, one.mark.student.id) for one in leaders(marks)]


def test_leaders_go_by_accuracy_then_points_and_equals_share_a_rank() -> None:
    marks = (graded(1, 90, 0.98), graded(2, 80, 0.99), graded(3, 95, 0.98), graded(4, 90, 0.98), graded(5, 100))
    assert ranks(*marks) == [(1, "s00002"), (2, "s00003"), (3, "s00001"), (3, "s00004")]


def test_leaders_go_by_points_where_nothing_is_measured() -> None:
    assert ranks(graded(1, 50), graded(2, 70)) == [(1, "s00002"), (2, "s00001")]


def test_a_failed_audit_and_what_has_no_points_lead_nobody() -> None:
    suspect = graded(1, 100, 0.999, flags=(Flag.AUDIT_MISMATCH,))
    assert ranks(suspect, samples.mark(2, None), graded(3, 10, 0.9)) == [(1, "s00003")]


def test_leaders_are_ten_at_most() -> None:
    assert len(leaders([graded(number, number) for number in range(40)])) == PLACES


def test_leaderboard_can_be_left_out() -> None:
    school = samples.school(30)
    assert rendered(*school).count("Leaderboard") == len(samples.MISSIONS)
    assert "Leaderboard" not in rendered(*school, leaderboard=False)


def test_bands_hold_the_mean_share_of_each_criterion() -> None:
    def made(first: float, second: float, status: Status | None = None) -> object:
        return samples.grading([samples.score("a", first, 40, status), samples.score("b", second, 60)])

    gradings = [made(0, 0), made(40, 19.9), made(20, 40), made(40, 20), made(40, 80)]
    found = score_bands(gradings)  # type: ignore[arg-type]
    assert found.counts == (1, 0, 1, 2, 1)
    assert found.shares["a"] == (0.0, None, 1.0, 0.75, 1.0)
    assert found.shares["b"] == pytest.approx((0.0, None, 19.9 / 60, 0.5, 1.0))

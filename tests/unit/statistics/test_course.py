"""A gradebook's statistics as a whole."""

import json
import random
import re
import time

from grader.entries import Gradebook, Mark
from grader.results import Reason, Verdict
from grader.statistics.course import course_statistics
from grader.statistics.json import render_stats_json
from grader.statistics.results import CourseStatistics, MissionStatistics
from tests.unit.statistics import samples


def of(marks: tuple[Mark, ...]) -> MissionStatistics:
    (found,) = course_statistics(samples.gradebook(marks), marks).missions
    return found


def test_counts_tell_handed_in_from_graded_from_missing() -> None:
    failed = samples.grading(verdict=Verdict.NOT_GRADED, reason=Reason.INFRASTRUCTURE)
    marks = (
        samples.mark(1, samples.grading([samples.score("a", 80, 100)])),
        samples.mark(2, samples.grading([samples.score("a", 40, 100)], reason=Reason.TIME_LIMIT)),
        samples.mark(3, None),
        samples.mark(4, failed),
        samples.mark(5, None, handed_in=False),
    )
    found = of(marks)
    assert (found.students, found.handed_in, found.graded, found.missing, found.waiting) == (5, 4, 2, 1, 2)
    assert found.pass_rate == 0.5
    assert found.points is not None
    assert (found.points.count, found.points.mean) == (2, 60)
    assert found.early_ends == {Reason.TIME_LIMIT: 1}
    assert found.attempts == 4


def test_points_are_those_entered_and_passing_is_before_penalties() -> None:
    graded = samples.grading([samples.score("a", 70, 100)])
    found = of((samples.mark(1, graded, points=35.0, penalty=35.0),))
    assert found.points is not None
    assert found.points.mean == 35
    assert found.pass_rate == 1.0


def test_mission_without_marks_or_gradings_is_empty_and_not_an_error() -> None:
    (found,) = course_statistics(Gradebook(missions={"mission_cnn": samples.MISSION}), ()).missions
    assert (found.students, found.points, found.pass_rate, found.criteria) == (0, None, None, ())
    assert of((samples.mark(1, None),)).points is None


def test_mission_that_the_gradebook_does_not_know_is_shown_by_its_id() -> None:
    marks = (samples.mark(1, samples.grading([samples.score("a", 7)]), mission_id="mission_new", max_points=10.0),)
    (found,) = course_statistics(Gradebook(), marks).missions
    assert (found.mission_id, found.title.en, found.max_points, found.pass_mark) == (
        "mission_new",
        "mission_new",
        10,
        None,
    )


def test_models_and_usage_come_from_what_was_measured() -> None:
    marks = (
        samples.mark(1, samples.grading(parameters=2000, accuracy=0.98, seconds=10.0, peak_memory_bytes=100)),
        samples.mark(2, samples.grading(parameters=1000, accuracy=0.99, seconds=30.0)),
        samples.mark(3, samples.grading(parameters=1000)),
    )
    found = of(marks)
    assert found.models == ((1000, 0.99), (2000, 0.98))
    assert found.seconds is not None
    assert (found.seconds.count, found.seconds.median, found.seconds.maximum) == (2, 20, 30)
    assert found.memory_bytes is not None
    assert found.memory_bytes.count == 1
    assert found.cpu_seconds is None


def test_order_of_marks_changes_nothing() -> None:
    marks = list(samples.cohort(60))
    expected = of(tuple(marks))
    random.Random(1).shuffle(marks)
    assert of(tuple(marks)) == expected


def test_json_holds_everything_in_one_language_and_no_student() -> None:
    marks = samples.cohort(40)
    found = course_statistics(samples.gradebook(marks), marks)
    text = render_stats_json(found, "ko")
    document = json.loads(text)
    assert document.pop("language") == "ko"
    assert document["missions"][0]["title"] == "손글씨 숫자"
    assert not re.search(r"s000\d\d", text)
    assert CourseStatistics.model_validate_json(found.model_dump_json()) == found


def test_ten_thousand_gradings_take_no_time() -> None:
    """A guard against loops over pairs of gradings; measured at about 0.1 s on one core of a shared cloud CPU."""
    marks = samples.cohort(10_000)
    book = samples.gradebook(marks)
    began = time.process_time()
    found = course_statistics(book, marks)
    assert time.process_time() - began < 2
    assert len(found.missions[0].criteria) == 8

"""Dates of the calendar, at places where clocks are changed and where they are not."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from grader.policies import CoursePolicies, due_of, reveals
from grader.policies.times import days_after, days_late, placed_in

NEW_YORK = ZoneInfo("America/New_York")
SEOUL = ZoneInfo("Asia/Seoul")


@pytest.mark.parametrize(
    ("moment", "zone", "expected"),
    [
        (date(2026, 10, 5), SEOUL, datetime(2026, 10, 5, 14, 59, 59, tzinfo=UTC)),
        (datetime(2026, 10, 5, 18), SEOUL, datetime(2026, 10, 5, 9, tzinfo=UTC)),
        (date(2026, 3, 8), NEW_YORK, datetime(2026, 3, 9, 3, 59, 59, tzinfo=UTC)),
        (date(2026, 11, 1), NEW_YORK, datetime(2026, 11, 2, 4, 59, 59, tzinfo=UTC)),
        (datetime(2026, 11, 1, 1, 30), NEW_YORK, datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),  # shown twice
        (datetime(2026, 3, 8, 2, 30), NEW_YORK, datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),  # never shown
        (datetime(2026, 10, 5, 18, tzinfo=UTC), SEOUL, datetime(2026, 10, 5, 18, tzinfo=UTC)),
    ],
)
def test_moment_is_placed_in_its_zone(moment: date, zone: ZoneInfo, expected: datetime) -> None:
    placed = placed_in(moment, zone)
    assert placed.astimezone(UTC) == expected
    assert placed.tzinfo is zone


@pytest.mark.parametrize(
    ("due", "zone", "day_length"),
    [
        (date(2026, 3, 7), NEW_YORK, timedelta(hours=23)),
        (date(2026, 10, 31), NEW_YORK, timedelta(hours=25)),
        (date(2026, 10, 31), SEOUL, timedelta(hours=24)),
    ],
)
def test_day_late_ends_when_the_clock_shows_the_due_time_again(
    due: date, zone: ZoneInfo, day_length: timedelta
) -> None:
    placed = placed_in(due, zone)
    end = (placed.astimezone(UTC) + day_length).astimezone(zone)
    assert days_after(placed, 1) == end
    none = timedelta(0)
    assert days_late(placed, placed, none) == 0
    assert days_late(placed.astimezone(UTC) + timedelta(seconds=1), placed, none) == 1
    assert days_late(end, placed, none) == 1
    assert days_late(end.astimezone(UTC) + timedelta(seconds=1), placed, none) == 2
    assert days_late(end.astimezone(UTC) + timedelta(days=400), placed, none) == 401


def test_grace_across_the_hour_that_is_shown_twice_is_real_time() -> None:
    due = placed_in(datetime(2026, 11, 1, 0, 50), NEW_YORK)
    after = (due.astimezone(UTC) + timedelta(minutes=30)).astimezone(NEW_YORK)
    assert days_late(after, due, timedelta(minutes=29)) == 1
    assert days_late(after, due, timedelta(minutes=30)) == 0
    hour_later = (after.astimezone(UTC) + timedelta(hours=1)).astimezone(NEW_YORK)
    assert (hour_later.hour, hour_later.minute) == (after.hour, after.minute)
    assert days_late(hour_later, due, timedelta(minutes=30)) == 1


def rules(**content: Any) -> CoursePolicies:
    return CoursePolicies.model_validate({"time_zone": "Asia/Seoul", **content})


def test_due_date_is_the_missions_else_the_courses_else_none() -> None:
    policies = rules(due="2026-10-05", missions={"mission_cnn": {"due": "2026-11-05T18:00:00"}})
    assert due_of(policies, "kim", "mission_cnn") == datetime(2026, 11, 5, 18, tzinfo=SEOUL)
    assert due_of(policies, "kim", "mission_rnn") == datetime(2026, 10, 5, 23, 59, 59, tzinfo=SEOUL)
    assert due_of(CoursePolicies(), "kim", "mission_cnn") is None


def test_extension_is_a_date_or_days_and_never_earlier() -> None:
    policies = rules(
        due="2026-10-05",
        extensions={
            "kim": {"mission_cnn": "2026-10-07", "mission_rnn": 2},
            "lee": {"mission_cnn": "2026-10-01"},
        },
    )
    late = datetime(2026, 10, 7, 23, 59, 59, tzinfo=SEOUL)
    assert due_of(policies, "kim", "mission_cnn") == due_of(policies, "kim", "mission_rnn") == late
    assert due_of(policies, "lee", "mission_cnn") == due_of(policies, "park", "mission_cnn")


def test_hidden_criteria_are_revealed_as_the_course_says() -> None:
    due = datetime(2026, 10, 5, 18, tzinfo=SEOUL)
    second = timedelta(seconds=1)
    assert reveals(rules(reveal="always"), "mission_cnn", due)
    assert not reveals(rules(reveal="never", due=due), "mission_cnn", due + timedelta(days=99))
    assert not reveals(rules(reveal="after_due"), "mission_cnn", due)
    after = rules(reveal="after_due", due=due, grace_minutes=5)
    assert not reveals(after, "mission_cnn", due + timedelta(minutes=5))
    assert reveals(after, "mission_cnn", due + timedelta(minutes=5) + second)


def test_hidden_criteria_wait_for_the_last_extension() -> None:
    due = datetime(2026, 10, 5, 18, tzinfo=SEOUL)
    policies = rules(reveal="after_due", due=due, extensions={"kim": {"mission_cnn": 3}})
    assert not reveals(policies, "mission_cnn", due + timedelta(days=3))
    assert reveals(policies, "mission_cnn", due + timedelta(days=3, seconds=1))
    assert reveals(policies, "mission_rnn", due + timedelta(seconds=1))

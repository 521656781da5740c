"""When work was due, how late it came, and what may be seen when. Days are those of the calendar, not of 24 hours.

Python compares and adds date-times of one zone by what the clock shows, not by when it was: wherever that would matter,
this module goes through UTC.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from grader.policies.model import CoursePolicies, Extension

END_OF_DAY = time(23, 59, 59)


def due_of(policies: CoursePolicies, student_id: str, mission_id: str) -> datetime | None:
    """Until when a student's work is on time, without grace, in the course's zone; None where there is no due date."""
    zone = policies.zone
    due = policies.rules(mission_id).due
    placed = None if due is None else placed_in(due, zone)
    extension = policies.extensions.get(student_id, {}).get(mission_id)
    return placed if extension is None else _extended(placed, extension, zone)


def _extended(due: datetime | None, extension: Extension, zone: ZoneInfo) -> datetime | None:
    """Never earlier than `due`: an extension takes nothing away."""
    if isinstance(extension, int):
        return None if due is None else days_after(due, extension)
    extended = placed_in(extension, zone)
    return due if due is not None and is_after(due, extended) else extended


def placed_in(moment: datetime | date, zone: ZoneInfo) -> datetime:
    """A moment of the calendar as a moment in time.

    Args:
        moment: a date means its last second. A date-time with an offset is only carried over to `zone`.
        zone: where the clock hangs that a date-time without an offset speaks of. Where that clock shows the time twice
            or never, as when summer time ends or begins, the later of the two readings counts.
    """
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, END_OF_DAY)
    if moment.utcoffset() is not None:
        return moment.astimezone(zone)
    readings = (moment.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return max(readings).astimezone(zone)


def days_after(moment: datetime, days: int) -> datetime:
    """The same time of the clock, `days` days later, whatever summer time does in between."""
    zone = moment.tzinfo
    assert isinstance(zone, ZoneInfo)
    return placed_in(moment.replace(tzinfo=None, fold=0) + timedelta(days=days), zone)


def is_after(one: datetime, other: datetime) -> bool:
    """Whether `one` came later, both with their zones."""
    return one.astimezone(UTC) > other.astimezone(UTC)


def has_passed(due: datetime, grace_minutes: int, now: datetime) -> bool:
    """Whether `due` and its grace are over."""
    return is_after(now, due.astimezone(UTC) + timedelta(minutes=grace_minutes))


def days_late(submitted: datetime, due: datetime, grace: timedelta) -> int:
    """Begun days after `due` and its grace; 0 for work on time.

    Args:
        submitted: with its zone.
        due: in the course's zone.
    """
    if not is_after(submitted, due):
        return 0
    submitted = submitted.astimezone(UTC)
    deadline = (due.astimezone(UTC) + grace).astimezone(due.tzinfo)
    if submitted <= deadline:
        return 0
    # A calendar day lasts 23 to 25 hours, so the count of 24 hours is wrong by one at most.
    days = max(1, (submitted - deadline) // timedelta(days=1))
    while days > 1 and submitted <= days_after(deadline, days - 1):
        days -= 1
    while submitted > days_after(deadline, days):
        days += 1
    return days


def reveals(policies: CoursePolicies, mission_id: str, now: datetime) -> bool:
    """Whether students see the hidden criteria of a mission by name.

    Args:
        now: with its zone. `after_due` holds from the last student's due date and grace on.
    """
    rules = policies.rules(mission_id)
    if rules.reveal != "after_due":
        return rules.reveal == "always"
    dates = [due_of(policies, student_id, mission_id) for student_id in ("", *policies.extensions)]
    return dates[0] is not None and all(due is None or has_passed(due, rules.grace_minutes, now) for due in dates)

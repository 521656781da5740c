"""A course's rules: the frozen form of `course.toml`."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from grader.policies.refusal import Refusal
from grader.spec import Fraction, Identifier, SpecModel

MAX_DAYS = 3650
"""Ten years: longer than any course, short enough that no date overflows."""
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%", re.ASCII)


class Amount(SpecModel):
    """Points, given as such or as a share of the mission's points."""

    points: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """Points."""
    share: Fraction = 0.0
    """Share of the mission's points, on top of `points`."""

    def of(self, max_points: float) -> float:
        """The amount in points, for a mission of `max_points`."""
        return self.points + self.share * max_points


def _amount(raw: object) -> object:
    """`"10%"` is a share of the mission's points, `10` are points."""
    if isinstance(raw, (Amount, Mapping)):
        return raw
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        return Amount(points=raw) if raw >= 0 else _no_amount()
    match = _PERCENT.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if match is None or float(match[1]) > 100:
        return _no_amount()
    return Amount(share=float(match[1]) / 100)


def _no_amount() -> object:
    raise Refusal(
        'write points, such as 5, or a share of the mission\'s points, such as "10%"',
        '5처럼 점수로 적거나 "10%"처럼 미션 만점에 대한 비율로 적어 주세요',
    )


def _moment(raw: object) -> object:
    """A date or date-time, of TOML or as text."""
    if isinstance(raw, (datetime, date)):
        return raw
    text = raw.strip() if isinstance(raw, str) else ""
    for parse in (date.fromisoformat, datetime.fromisoformat):
        try:
            return parse(text)
        except ValueError:
            continue
    raise Refusal(
        "write a date such as 2026-10-05, or a time such as 2026-10-05T18:00:00",
        "2026-10-05 같은 날짜나 2026-10-05T18:00:00 같은 시각으로 적어 주세요",
    )


def _extension(raw: object) -> object:
    """A new due date, or days to add to the old one."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        if not 0 <= raw <= MAX_DAYS:
            raise Refusal(f"days must lie between 0 and {MAX_DAYS}", f"일수는 0 이상 {MAX_DAYS} 이하여야 합니다")
        return raw
    return _moment(raw)


def _by_student(raw: object) -> object:
    """Ids in NFC, as in a list of students."""
    if not isinstance(raw, Mapping):
        return raw
    normalised = {unicodedata.normalize("NFC", str(student_id)).strip(): value for student_id, value in raw.items()}
    if "" in normalised or len(normalised) < len(raw):
        raise Refusal("student ids must be distinct and not empty", "학번은 비어 있거나 겹치면 안 됩니다")
    return normalised


def _zone(raw: object) -> object:
    try:
        ZoneInfo(raw if isinstance(raw, str) else "")
    except (KeyError, ValueError, OSError) as error:
        raise Refusal(
            "write an IANA time zone, such as Asia/Seoul", "Asia/Seoul 같은 IANA 시간대 이름으로 적어 주세요"
        ) from error
    return raw


AmountField = Annotated[Amount, BeforeValidator(_amount)]
Moment = Annotated[datetime | date, BeforeValidator(_moment)]
Extension = Annotated[datetime | date | int, BeforeValidator(_extension)]
ZoneName = Annotated[str, BeforeValidator(_zone)]


class LatePolicy(SpecModel):
    """What late work loses."""

    per_day: AmountField = Amount()
    """Taken off for each begun day after the due date: points (`5`) or a share of the mission's points (`"10%"`)."""
    cap: AmountField = Amount(share=1.0)
    """Most that is taken off, in the same form."""
    accept_days: Annotated[int, Field(ge=0, le=MAX_DAYS)] | None = None
    """Days after the due date on which work is still accepted; later work gets 0 points. None for no end."""


class AuditPolicy(SpecModel):
    """Which ready models are trained anew, and how much worse they may come out."""

    share: Fraction = 0.0
    """Share of the submissions with a ready model that are trained anew."""
    seed: str | int | None = None
    """Secret that decides which; keep it from students. Needed where `share` is above 0."""
    tolerance: Fraction = 0.005
    """Accuracy by which the model trained anew may fall short of the one handed in."""

    @model_validator(mode="after")
    def _seeded(self) -> Self:
        if self.share > 0 and self.seed in (None, ""):
            raise Refusal(
                "audit.share needs an audit.seed, which decides who is chosen",
                "audit.share를 쓰려면 누구를 고를지 정하는 audit.seed가 필요합니다",
            )
        return self


class Rules(SpecModel):
    """Rules for one mission; those of the course hold for every mission that does not say otherwise."""

    due: Moment | None = None
    """Until when work is on time: a date, which ends at 23:59:59, or a time; in `time_zone` unless it names its own
    offset. None for no due date."""
    grace_minutes: Annotated[int, Field(ge=0, le=7 * 24 * 60)] = 0
    """Minutes after the due date that don't count as late."""
    late: LatePolicy = LatePolicy()
    """What late work loses."""
    attempts: Literal["best", "last"] = "best"
    """Which attempt counts: the one with most points after penalties, or the last that was accepted."""
    max_attempts: Annotated[int, Field(ge=1)] | None = None
    """Only this many attempts count, the first ones. None for all."""
    bonus: bool = True
    """Whether bonus criteria count, so that a score may rise above the mission's points."""
    max_bonus_points: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """Most points that bonus criteria add. None for no limit."""
    reveal: Literal["never", "after_due", "always"] = "never"
    """When students see hidden criteria by name; `after_due` waits for the last extension."""
    audit: AuditPolicy = AuditPolicy()
    """Which ready models are trained anew."""


class CoursePolicies(Rules):
    """Everything that `course.toml` says; without the file, these defaults."""

    time_zone: ZoneName | None = None
    """IANA time zone of the due dates, such as `Asia/Seoul`. Needed where a due date names no offset."""
    missions: dict[Identifier, Rules] = Field(default={})
    """What differs for single missions, by their id."""
    extensions: Annotated[dict[str, dict[Identifier, Extension]], BeforeValidator(_by_student)] = Field(default={})
    """By student id, then mission: a later due date, or the number of days to add to the due date."""

    @model_validator(mode="before")
    @classmethod
    def _inherit(cls, raw: Any) -> Any:
        """Each mission's table is laid over the course's own keys, before either is judged."""
        if not isinstance(raw, Mapping) or not isinstance(raw.get("missions"), Mapping):
            return raw
        course = {key: value for key, value in raw.items() if key in Rules.model_fields}
        missions = {
            mission: _laid_over(course, own) if isinstance(own, Mapping) else own
            for mission, own in raw["missions"].items()
        }
        return {**raw, "missions": missions}

    @model_validator(mode="after")
    def _times_are_placed(self) -> Self:
        extended = [value for by_mission in self.extensions.values() for value in by_mission.values()]
        everywhere: list[Rules] = [self, *self.missions.values()]
        moments = [*(rules.due for rules in everywhere), *extended]
        if self.time_zone is None and any(_is_local(moment) for moment in moments):
            raise Refusal(
                'due dates need a time_zone, such as time_zone = "Asia/Seoul"',
                '마감 시각이 있으면 time_zone = "Asia/Seoul"처럼 시간대를 적어야 합니다',
            )
        for by_mission in self.extensions.values():
            for mission, value in by_mission.items():
                if isinstance(value, int) and self.rules(mission).due is None:
                    raise Refusal(
                        f"extensions adds days to {mission}, which has no due date",
                        f"extensions에서 마감이 없는 {mission} 미션의 마감을 연장했습니다",
                    )
        return self

    def rules(self, mission_id: str) -> Rules:
        """The rules that hold for a mission."""
        return self.missions.get(mission_id, self)

    @property
    def zone(self) -> ZoneInfo:
        """The course's time zone; UTC where it is not asked for."""
        return ZoneInfo(self.time_zone or "UTC")


def _is_local(moment: date | int | None) -> bool:
    """Whether it is a date or date-time that says nothing of where."""
    if isinstance(moment, datetime):
        return moment.utcoffset() is None
    return isinstance(moment, date)


def _laid_over(course: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """`own`, with what it leaves open from `course`; tables in it likewise."""
    merged = {key: _plain(value) for key, value in course.items()}
    for key, value in own.items():
        below = merged.get(key)
        merged[key] = _laid_over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, BaseModel) else value

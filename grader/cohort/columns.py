"""Which column of a list of students means what: our own lists, Canvas' gradebook, Moodle's grading worksheet."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Column = Literal[
    "id",
    "name",
    "first_name",
    "last_name",
    "email",
    "section",
    "canvas_id",
    "sis_id",
    "login_id",
    "moodle_id",
    "id_number",
]

_PLAIN: Mapping[Column, tuple[str, ...]] = {
    "id": ("id", "student id", "studentid", "student number", "student no", "sid", "학번", "학생번호", "학생 번호"),
    "name": ("name", "full name", "fullname", "student name", "student", "이름", "성명", "학생 이름", "학생명"),
    "first_name": ("first name", "firstname", "given name"),
    "last_name": ("last name", "lastname", "surname", "family name"),
    "email": ("email", "e mail", "email address", "mail", "이메일", "이메일 주소", "메일", "전자우편"),
    "section": ("section", "sections", "class", "group", "분반", "반"),
    "canvas_id": ("canvas id", "canvas user id", "canvasid"),
    "sis_id": ("sis id", "sis user id"),
    "login_id": ("login id", "sis login id", "login", "username", "로그인 id", "로그인 아이디"),
    "moodle_id": ("moodle id", "moodleid", "participant"),
}
_CANVAS: Mapping[Column, tuple[str, ...]] = {
    "name": ("student",),
    "canvas_id": ("id",),
    "sis_id": ("sis user id",),
    "login_id": ("sis login id",),
    "section": ("section",),
    "email": ("email",),
}
_MOODLE: Mapping[Column, tuple[str, ...]] = {
    "moodle_id": ("identifier", "식별자"),
    "name": ("full name", "전체 이름", "성명", "이름"),
    "id_number": ("id number", "학번", "고유번호"),
    "login_id": ("username",),
    "email": ("email address", "이메일 주소", "이메일"),
    "section": ("group", "groups"),
}
_SEPARATORS = re.compile(r"[\s_\-]+")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a list says what.

    Attributes:
        position: of each column that was recognised.
        ids: columns that may identify a student, the first that is filled counts.
        from_canvas: the list is a gradebook of Canvas, whose first rows are no students.
    """

    position: Mapping[Column, int]
    ids: tuple[Column, ...]
    from_canvas: bool = False


def recognise_columns(header: Sequence[str]) -> Columns | None:
    """What the columns mean, by their titles in English or Korean; None where none identifies a student."""
    titles = [normalised(title) for title in header]
    if {"student", "id"} <= set(titles) and {"section", "sis user id", "sis login id"} & set(titles):
        return Columns(_positions(titles, _CANVAS), ("sis_id", "login_id", "canvas_id"), from_canvas=True)
    if {"identifier", "식별자"} & set(titles):
        return Columns(_positions(titles, _MOODLE), ("id_number", "login_id", "email", "moodle_id"))
    position = _positions(titles, _PLAIN)
    ids: tuple[Column, ...] = ("id",) if "id" in position else ("sis_id", "login_id", "email", "canvas_id", "moodle_id")
    return Columns(position, ids) if position.keys() & set(ids) else None


def normalised(title: str) -> str:
    """A column's title as it is compared: `SIS_Login-ID ` and `sis login id` are one."""
    return _SEPARATORS.sub(" ", unicodedata.normalize("NFC", title)).strip().casefold()


def _positions(titles: Sequence[str], names: Mapping[Column, tuple[str, ...]]) -> dict[Column, int]:
    return {
        column: min(titles.index(name) for name in accepted if name in titles)
        for column, accepted in names.items()
        if any(name in titles for name in accepted)
    }

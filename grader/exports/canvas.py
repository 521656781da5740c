"""Canvas: the CSV file that its gradebook imports.

Canvas looks for a student by `ID`, then by `SIS User ID`, then by `SIS Login ID`, and at last by name; a
row that it takes for its own `Points Possible` changes what an assignment is worth.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from grader.entries import Gradebook, Mark, Student
from grader.errors import UsageError
from grader.exports.cells import cell, number, row_writer
from grader.exports.roll import marks_by_student, mission_points, mission_title, missions_of, students_of
from grader.text import Language, Text

STUDENT_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POINTS_POSSIBLE = "Points Possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """An assignment of Canvas.

    Attributes:
        title: as Canvas shows it; empty for the mission's own.
        id: Canvas' number of it, as in its address; empty where it is not known, and Canvas goes by the title.
    """

    title: str = ""
    id: str = ""


def write_canvas(
    stream: TextIO,
    book: Gradebook,
    marks: Sequence[Mark],
    language: Language,
    *,
    assignments: Mapping[str, Assignment] | None = None,
    bom: bool = False,
) -> tuple[Text, ...]:
    """Canvas' header, the points possible, then one row per enrolled student; empty where there are no points.

    Args:
        stream: text, opened with `newline=""`.
        book: for titles and points of the missions.
        marks: whose students and missions are written; names are untrusted.
        language: of titles that `assignments` does not give.
        assignments: by mission's id.
        bom: begin with a byte order mark.

    Returns:
        Whom it leaves out, and whom Canvas can find by name only.

    Raises:
        UsageError: two missions would share a column, or an assignment's number is none.
    """
    missions = missions_of(book, marks)
    columns = _columns(book, missions, assignments or {}, language)
    write_row = row_writer(stream, bom=bom)
    write_row((*STUDENT_COLUMNS, *columns))
    possible = (number(mission_points(book, mission, marks)) for mission in missions)
    write_row((f"    {POINTS_POSSIBLE}", "", "", "", "", *possible))
    kept, warnings = _chosen(students_of(marks))
    found = marks_by_student(marks)
    for student in kept:
        own = found[student.id]
        points = (number(own[mission].points) if mission in own else "" for mission in missions)
        write_row((*_student_cells(student), *points))
    return warnings


def _columns(
    book: Gradebook, missions: Sequence[str], assignments: Mapping[str, Assignment], language: Language
) -> list[str]:
    columns = []
    for mission in missions:
        assignment = assignments.get(mission, Assignment())
        if assignment.id and not _is_number(assignment.id):
            raise UsageError(
                Text(
                    f"{cell(assignment.id)} is not the number of a Canvas assignment.",
                    f"{cell(assignment.id)}: Canvas 과제 번호가 아닙니다.",
                ),
                Text(
                    "It is the last number in the assignment's address.",
                    "과제 페이지 주소의 마지막 숫자를 입력하세요.",
                ),
            )
        title = cell(assignment.title or mission_title(book, mission, language))
        columns.append(f"{title} ({assignment.id})" if assignment.id else title)
    for column, times in Counter(columns).items():
        if times > 1:
            raise UsageError(
                Text(
                    f"{times} missions share the Canvas column {column}.",
                    f"Canvas 열 {column}: 미션 {times}개가 겹칩니다.",
                ),
                Text("Give each its own assignment.", "미션마다 다른 Canvas 과제를 지정하세요."),
            )
    return columns


def _chosen(students: Sequence[Student]) -> tuple[list[Student], tuple[Text, ...]]:
    """Who is written, and what must be said about the others."""
    kept: list[Student] = []
    warnings: list[Text] = []
    names = Counter(student.name for student in students if student.enrolled)
    for student in students:
        who = _who(student)
        if not student.enrolled:
            warnings.append(Text(f"{who} is not on the roster and was left out.", f"{who}: 명단에 없어 제외했습니다."))
        elif _has_identifier(student):
            kept.append(student)
        elif student.name and names[student.name] == 1 and cell(student.name) == student.name:
            kept.append(student)
            warnings.append(
                Text(
                    f"{who} has no Canvas ID, SIS ID or login: Canvas will look for the name.",
                    f"{who}: Canvas ID, SIS ID, 로그인 ID가 없어 Canvas가 이름으로 찾습니다.",
                )
            )
        else:
            warnings.append(
                Text(
                    f"{who} has no Canvas ID, SIS ID or login, and no name of their own: left out.",
                    f"{who}: Canvas ID, SIS ID, 로그인 ID가 없고 이름으로도 구별할 수 없어 제외했습니다.",
                )
            )
    return kept, tuple(warnings)


def _student_cells(student: Student) -> tuple[str, ...]:
    # Canvas takes every row whose first cell holds these words for the points possible.
    name = cell(student.name or student.id).replace(POINTS_POSSIBLE, POINTS_POSSIBLE.replace(" ", "_"))
    canvas_id = student.canvas_id if _is_number(student.canvas_id) else ""
    return (name, canvas_id, cell(student.sis_id), cell(student.login_id), cell(student.section))


def _has_identifier(student: Student) -> bool:
    """Whether Canvas gets an identifier that had not to be altered."""
    return _is_number(student.canvas_id) or any(
        each and cell(each) == each for each in (student.sis_id, student.login_id)
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _who(student: Student) -> str:
    return cell(student.id) if not student.name else f"{cell(student.id)} ({cell(student.name)})"

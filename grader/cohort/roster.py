"""The list of a course's students, out of a CSV file as Excel, Canvas, Moodle or a person writes it."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.cohort.columns import Column, Columns, recognise_columns
from grader.entries import Student
from grader.errors import UsageError
from grader.submission.names import printable
from grader.text import Text

MAX_BYTES = 8 * 1024 * 1024
"""Tens of thousands of students; a gradebook with a column per assignment included."""
MAX_CELL_LENGTH = 256
_HEADER_LENGTH = 16 * 1024
_DELIMITERS = (",", ";", "\t")
_EXCEL_DELIMITER = re.compile(r"sep=(.)\r?\n")
_EXCEL_TEXT = re.compile(r'="(.*)"', re.DOTALL)
_EXCEL_ROUNDED = re.compile(r"\d(?:\.\d+)?[eE]\+\d+")
_PARTICIPANT = re.compile(r"\D*([0-9]{1,20})")
_ENCODINGS = ("utf-8-sig", "cp949")


def read_roster(path: Path) -> dict[str, Student]:
    """The students of a course, by id, in the order of the file.

    Args:
        path: a CSV file: with columns id, name, email, section, canvas_id, sis_id, login_id, moodle_id under their
            English or Korean names, of which one that identifies a student is needed; or a gradebook exported from
            Canvas; or a grading worksheet of Moodle. UTF-8 or, as Excel in Korean writes it, cp949.

    Raises:
        UsageError: it can't be read, has no such column, or a row has no id or that of another row.
    """
    text = _decoded(path, _read(path))
    delimiter, text = _said_delimiter(text)
    rows = list(_rows(path, text, delimiter or _guess_delimiter(text)))
    filled = [(number, row) for number, row in rows if any(row)]
    if not filled:
        raise _wrong(path, "it is empty", "비어 있습니다")
    columns = recognise_columns(filled[0][1])
    if columns is None:
        raise _no_id_column(path, filled[0][1])
    students: dict[str, Student] = {}
    rows_by_id: dict[str, int] = {}
    for number, row in filled[1:]:
        if len(row) > len(filled[0][1]) and any(row[len(filled[0][1]) :]):
            raise _too_many_cells(path, number)
        student = _student(path, number, row, columns)
        if student is None:
            continue
        if student.id in students:
            raise _same_id(path, student.id, rows_by_id[student.id], number)
        students[student.id] = student
        rows_by_id[student.id] = number
    if not students:
        raise _wrong(path, "it has a header but no students", "제목 줄만 있고 학생이 없습니다")
    return students


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            Text(
                f"The list of students {path} can't be read: {error.strerror}.",
                f"학생 명단 {path} 파일을 읽을 수 없습니다: {error.strerror}.",
            ),
            Text("Check the path.", "경로를 확인해 주세요."),
        ) from error
    if len(raw) > MAX_BYTES:
        mib = MAX_BYTES // 1024**2
        raise _wrong(path, f"it is larger than {mib} MiB", f"크기가 {mib} MiB를 넘습니다")
    return raw


def _decoded(path: Path, raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):  # Excel's “Unicode text”
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = _ENCODINGS
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError as error:
            row = raw.count(b"\n", 0, error.start) + 1
    raise UsageError(
        Text(
            f"{path}: row {row} is neither UTF-8 nor cp949 text.",
            f"{path} 파일의 {row}행이 UTF-8도 cp949도 아닌 글자를 담고 있습니다.",
        ),
        Text("Save the list as “CSV UTF-8”.", "‘CSV UTF-8’ 형식으로 다시 저장해 주세요."),
    )


def _said_delimiter(text: str) -> tuple[str, str]:
    """Excel's own first line `sep=;`, taken off."""
    said = _EXCEL_DELIMITER.match(text)
    return (said[1], text[said.end() :]) if said and said[1] in _DELIMITERS else ("", text)


def _guess_delimiter(text: str) -> str:
    """The delimiter that makes most columns of the header."""
    header = next((line for line in text[:_HEADER_LENGTH].splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=lambda delimiter: len(next(csv.reader([header], delimiter=delimiter), [])))


def _rows(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows as a spreadsheet numbers them, with their cells cleaned."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, row in enumerate(reader, 1):
            yield number, [_clean(cell) for cell in row]
    except csv.Error as error:
        raise UsageError(
            Text(
                f"{path}: row {number + 1} is not CSV: {error}.",
                f"{path} 파일의 {number + 1}행이 CSV 형식이 아닙니다: {error}.",
            ),
            Text("Look for a quotation mark without its partner.", "짝이 맞지 않는 따옴표가 있는지 확인해 주세요."),
        ) from error


def _clean(raw_cell: str) -> str:
    cell = raw_cell.strip()
    quoted = _EXCEL_TEXT.fullmatch(cell)
    return unicodedata.normalize("NFC", " ".join((quoted[1] if quoted else cell).split()))


def _student(path: Path, number: int, row: Sequence[str], columns: Columns) -> Student | None:
    """The student of one row; None for a row of Canvas' that is about no student."""

    def cell(column: Column) -> str:
        place = columns.position.get(column, len(row))
        return row[place] if place < len(row) else ""

    name = cell("name") or " ".join(part for part in (cell("first_name"), cell("last_name")) if part)
    if columns.from_canvas and _is_no_student(name, [cell(column) for column in ("canvas_id", "sis_id", "login_id")]):
        return None
    cells = {column: cell(column) for column in columns.position}
    if "moodle_id" in cells:
        participant = _PARTICIPANT.fullmatch(cells["moodle_id"])
        cells["moodle_id"] = participant[1] if participant else ""
    student_id = next((cells[column] for column in columns.ids if cells.get(column)), "")
    _check(path, number, student_id, (*cells.values(), name))
    return Student(
        id=student_id,
        name=name,
        email=cells.get("email", ""),
        section=cells.get("section", ""),
        canvas_id=cells.get("canvas_id", ""),
        sis_id=cells.get("sis_id", ""),
        login_id=cells.get("login_id", ""),
        moodle_id=cells.get("moodle_id", ""),
    )


def _is_no_student(name: str, ids: Sequence[str]) -> bool:
    """Canvas' rows of points and of posting rules have no ids; its “Test Student” has no SIS id."""
    canvas_id, sis_id, _ = ids
    return not any(ids) or (name == "Student, Test" and bool(canvas_id) and not sis_id)


def _check(path: Path, number: int, student_id: str, cells: Sequence[str]) -> None:
    if not student_id:
        raise UsageError(
            Text(f"{path}: row {number} has no student id.", f"{path} 파일의 {number}행에 학번(id)이 없습니다."),
            Text("Fill it in or remove the row.", "학번을 채우거나 그 행을 지워 주세요."),
        )
    if _EXCEL_ROUNDED.fullmatch(student_id):
        raise UsageError(
            Text(
                f"{path}: row {number} has the id {student_id}: a spreadsheet rounded it.",
                f"{path} 파일의 {number}행 학번이 {student_id}입니다. 스프레드시트가 숫자를 줄여 저장했습니다.",
            ),
            Text(
                "Format the column as text and enter the ids again.",
                "열을 텍스트 형식으로 바꾸고 학번을 다시 입력해 주세요.",
            ),
        )
    if printable(student_id, MAX_CELL_LENGTH) != student_id or any(len(cell) > MAX_CELL_LENGTH for cell in cells):
        raise UsageError(
            Text(
                f"{path}: row {number} holds control characters in the id or a text of more than {MAX_CELL_LENGTH}"
                " characters.",
                f"{path} 파일의 {number}행 학번에 제어 문자가 있거나, {MAX_CELL_LENGTH}자를 넘는 칸이 있습니다.",
            ),
            Text("Correct the row.", "해당 행을 고쳐 주세요."),
        )


def _wrong(path: Path, why_en: str, why_ko: str) -> UsageError:
    return UsageError(
        Text(f"{path} is no list of students: {why_en}.", f"{path} 파일은 학생 명단으로 쓸 수 없습니다: {why_ko}."),
        Text(
            "Give a CSV file with a header and one row per student.",
            "제목 줄이 있고 학생마다 한 행씩 적힌 CSV 파일을 지정해 주세요.",
        ),
    )


def _no_id_column(path: Path, header: Sequence[str]) -> UsageError:
    shown = printable(", ".join(cell for cell in header if cell), 120)
    return UsageError(
        Text(
            f"{path}: no column identifies the students. Row 1 has: {shown}.",
            f"{path} 파일에 학생을 구별할 열이 없습니다. 제목 줄: {shown}.",
        ),
        Text(
            "Name the column of student ids “id” or “학번”.", "학번이 적힌 열의 제목을 ‘학번’ 또는 ‘id’로 적어 주세요."
        ),
    )


def _too_many_cells(path: Path, number: int) -> UsageError:
    return UsageError(
        Text(
            f"{path}: row {number} has more cells than the header.",
            f"{path} 파일의 {number}행에 제목 줄보다 칸이 많습니다.",
        ),
        Text("Put a name that holds a comma into quotation marks.", "쉼표가 들어 있는 이름은 따옴표로 묶어 주세요."),
    )


def _same_id(path: Path, student_id: str, first: int, second: int) -> UsageError:
    return UsageError(
        Text(
            f"{path}: rows {first} and {second} have the same id {student_id}.",
            f"{path} 파일의 {first}행과 {second}행의 학번이 {student_id}(으)로 같습니다.",
        ),
        Text("Each student needs an id of their own.", "학생마다 학번이 달라야 합니다."),
    )

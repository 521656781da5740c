"""Whatever a roster, a name or an export holds: students with ids, or a refusal in words."""

import os
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.cohort import find_submissions, read_roster
from grader.cohort.gradescope import parse_metadata, parse_time
from grader.cohort.names import is_canvas_text, parse_canvas_name, parse_moodle_name, without_again
from grader.errors import UsageError

MISSIONS = ("mission_cnn", "mission_rnn")

cells = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["1", "kim", "김민수", '"', '="7"', "2.0E+07", "a,b", "\u202e", "\n", "Points Possible", "Participant 7"]
    ),
)
headers = st.lists(
    st.sampled_from(
        [
            "id",
            "학번",
            "name",
            "email",
            "Student",
            "ID",
            "Section",
            "SIS Login ID",
            "Identifier",
            "Full name",
            "canvas_id",
        ]
    ),
    max_size=5,
)
tables = st.tuples(headers, st.lists(st.lists(cells, max_size=5), max_size=5), st.sampled_from([",", ";", "\t"]))


def as_csv(table: tuple[list[str], list[list[str]], str]) -> bytes:
    header, rows, delimiter = table
    return "\n".join(delimiter.join(row) for row in [header, *rows]).encode("utf-8", "surrogatepass")


def explained(refusal: UsageError, name: str) -> None:
    assert name in refusal.message.en
    assert name in refusal.message.ko
    assert refusal.message.ko


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=200), tables.map(as_csv)))
@example(b"\xff\xfe\x00")
@example(b'id\n"')
@example(b"id\r\r\n1\x00")
@example("id,name\n1,a\u2028b\n".encode())
def test_roster_of_any_bytes_gives_students_or_a_usage_error(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "roster.csv")
        path.write_bytes(raw)
        try:
            students = read_roster(path)
        except UsageError as refusal:
            explained(refusal, "roster.csv")
            return
    assert students
    for student_id, student in students.items():
        assert student_id == student.id == student.id.strip() != ""
        student.id.encode()


words = st.from_regex(r"[a-z가-힣]{0,6}", fullmatch=True)
numbers = st.integers(0, 10**9)


@given(words, st.booleans(), numbers, numbers, st.text(min_size=1, max_size=20))
def test_canvas_name_gives_back_what_it_was_made_of(name: str, late: bool, user: int, file: int, own: str) -> None:
    full = "_".join([*([name] if name else []), *(["LATE"] if late else []), str(user), str(file), own])
    parts = parse_canvas_name(full)
    if own in (".", "..") or is_canvas_text(full):
        assert parts is None
        return
    assert parts is not None
    assert (parts.name, parts.late, parts.user, parts.file, parts.full_own) == (name, late, str(user), file, own)
    assert parts.own
    assert parts.own == without_again(own)


@given(st.text(alphabet=st.characters(exclude_characters="_"), max_size=12), numbers, st.text(max_size=12))
def test_moodle_name_gives_back_what_it_was_made_of(name: str, user: int, own: str) -> None:
    parts = parse_moodle_name(f"{name}_{user}_assignsubmission_file_{own}")
    assert parts is not None
    assert (parts.name, parts.user, parts.is_file) == (name.strip(), str(user), True)
    assert parts.own == ("" if own in (".", "..") else own)


@given(st.text(max_size=60))
@example("_" * 120)
@example("1_" * 120)
@example("kim_1_2_..")
def test_any_name_is_parsed_or_not_without_an_exception(name: str) -> None:
    canvas, moodle = parse_canvas_name(name), parse_moodle_name(name)
    assert canvas is None or (canvas.user and canvas.own not in ("", ".", ".."))
    assert moodle is None or moodle.user.isdigit()


@given(st.text(max_size=80))
@example("? ? a")
@example("{a: {:submitters: {}}}")
@example("a: {:submitters: [[x]], :created_at: {utc: [1]}, :history: {}}")
@example("? [x]\n: y")
def test_any_text_is_metadata_or_a_usage_error(text: str) -> None:
    try:
        metadata = parse_metadata(text, "submission_metadata.yml")
    except UsageError as refusal:
        explained(refusal, "submission_metadata.yml")
        return
    assert all(isinstance(name, str) for name in metadata)


@given(st.text(max_size=40))
@example("0001-01-01 00:00:00 +14:00")
@example("9999-12-31 23:59:59 -12:00")
@example("2026-10-05 18:55:31 +99:99")
def test_any_text_is_a_time_with_a_zone_or_none(text: str) -> None:
    time = parse_time(text)
    assert time is None or time.tzinfo is not None


raw_names = st.binary(min_size=1, max_size=40).filter(lambda raw: not {0, 47} & set(raw) and raw not in (b".", b".."))
likely_names = st.sampled_from(
    ["kim", "kim.zip", "KIM.py", "mission_cnn", "kim_1_2_a.py", "a_1_assignsubmission_file_", "b.pt2", ".git"]
).map(os.fsencode)


@settings(deadline=None, max_examples=60)
@given(st.sets(st.one_of(raw_names, likely_names), max_size=6), st.sampled_from([None, "mission_cnn"]))
def test_folder_with_any_names_gives_students_with_ids_that_can_be_stored(
    names: set[bytes], mission: str | None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for place, name in enumerate(sorted(names)):
            path = os.path.join(os.fsencode(folder), name)  # noqa: PTH118 - bytes
            if place % 2:
                os.mkdir(path)  # noqa: PTH102
            path = os.path.join(path, b"a.py") if place % 2 else path  # noqa: PTH118
            with open(path, "wb"):  # noqa: PTH123
                pass
        try:
            result = find_submissions(Path(folder), missions=MISSIONS, mission=mission)
        except UsageError as refusal:
            explained(refusal, "")
            return
        for item in result.submissions:
            assert item.student.id.strip()
            item.student.id.encode()
            item.name.encode()
            assert item.mission_id in MISSIONS
            assert item.submitted.tzinfo is not None

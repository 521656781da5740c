"""Lists of students, as Excel, Canvas, Moodle and people write them."""

import unicodedata
from pathlib import Path

import pytest

from grader.cohort import read_roster
from grader.cohort.roster import MAX_BYTES
from grader.entries import Student
from grader.errors import UsageError


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "roster.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


KIM = Student(id="20261234", name="김민수", email="kim@example.ac.kr", section="01")


@pytest.mark.parametrize(
    "content",
    [
        "학번,이름,이메일,분반\n20261234,김민수,kim@example.ac.kr,01\n",
        "\ufeffid,name,email,section\r\n20261234,김민수,kim@example.ac.kr,01\r\n",
        "Student ID;Name;E-Mail;Section\n20261234;김민수;kim@example.ac.kr;01\n",
        "name\tid\temail\tsection\n김민수\t20261234\tkim@example.ac.kr\t01\n",
        'sep=;\r\n학번;이름;이메일;분반\r\n="20261234";김민수;kim@example.ac.kr;="01"\r\n',
        "\n학번,이름,이메일,분반\n\n 20261234 , 김민수,kim@example.ac.kr,01,,\n,,,\n",
        "학번,이름,이메일,분반\n20261234,김민수,kim@example.ac.kr,01\n".encode("cp949"),
        "학번\t이름\t이메일\t분반\r\n20261234\t김민수\tkim@example.ac.kr\t01\r\n".encode("utf-16"),
        unicodedata.normalize("NFD", "학번,이름,이메일,분반\n20261234,김민수,kim@example.ac.kr,01\n"),
    ],
    ids=["korean", "bom", "semicolon", "tab", "excel", "blank-rows", "cp949", "utf-16", "decomposed"],
)
def test_roster_however_saved_names_the_student(tmp_path: Path, content: str | bytes) -> None:
    assert read_roster(written(tmp_path, content)) == {KIM.id: KIM}


def test_roster_with_all_columns_keeps_every_number(tmp_path: Path) -> None:
    path = written(tmp_path, "id,name,canvas_id,sis_id,login_id,moodle_id\nkim,Kim,12,S1,kimms,Participant 34\n")
    assert read_roster(path)["kim"] == Student(
        id="kim", name="Kim", canvas_id="12", sis_id="S1", login_id="kimms", moodle_id="34"
    )


def test_roster_with_quoted_comma_and_split_names_keeps_them(tmp_path: Path) -> None:
    assert read_roster(written(tmp_path, 'id,name\n1,"Kim, Minsu"\n'))["1"].name == "Kim, Minsu"
    assert read_roster(written(tmp_path, "First Name,Last Name,SID\nMinsu,Kim,1\n"))["1"].name == "Minsu Kim"


def test_roster_keeps_the_order_of_the_file(tmp_path: Path) -> None:
    assert list(read_roster(written(tmp_path, "id\n3\n1\n2\n"))) == ["3", "1", "2"]


def test_gradebook_of_canvas_is_a_roster(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "Student,ID,SIS User ID,SIS Login ID,Section,CNN (991),Final Score\n"
        ",,,,,Manual Posting,\n"
        "    Points Possible,,,,,100.00,(read only)\n"
        '"Kim, Minsu",101,20261234,kimms,01,90,90\n'
        '"Lee, Jiwoo",102,,leejw,02,,\n'
        '"Student, Test",999,,5f4dcc3b5aa765d61d8327deb882cf99,01,,\n',
    )
    assert read_roster(path) == {
        "20261234": Student(
            id="20261234", name="Kim, Minsu", section="01", canvas_id="101", sis_id="20261234", login_id="kimms"
        ),
        "leejw": Student(id="leejw", name="Lee, Jiwoo", section="02", canvas_id="102", login_id="leejw"),
    }


def test_worksheet_of_moodle_is_a_roster(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "Identifier,Full name,Email address,Status,Grade,Maximum Grade\n"
        "Participant 3311,김민수,kim@example.ac.kr,Submitted for grading,-,100\n",
    )
    expected = Student(id="kim@example.ac.kr", name="김민수", email="kim@example.ac.kr", moodle_id="3311")
    assert read_roster(path) == {expected.id: expected}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "empty"),
        ("\n \n", "empty"),
        ("id,name\n", "no students"),
        ("name,section\nKim,01\n", "name, section"),
        ("id,name\n1,Kim\n,Lee\n", "row 3"),
        ("id,name\n1,Kim\n2,Lee\n1,Park\n", "rows 2 and 4"),
        ("id,name\n1,Kim, Minsu\n", "row 2"),
        ('id,name\n1,"Kim\n2,Lee\n', "row 2"),
        ("id,name\n2.02612E+07,Kim\n", "rounded"),
        ("id,name\n1\u202e2,Kim\n", "row 2"),
        ("id,name\n1," + "x" * 300 + "\n", "row 2"),
        (b"id,name\n1,\xff\xff\n", "row 2"),
        ("id,name\n1," + "x" * 200_000 + "\n", "row 2"),
    ],
)
def test_roster_with_a_mistake_is_refused_naming_file_and_row(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(UsageError) as refusal:
        read_roster(written(tmp_path, content))
    assert said in refusal.value.message.en
    assert "roster.csv" in refusal.value.message.en
    assert "roster.csv" in refusal.value.message.ko
    assert refusal.value.advice.ko


def test_roster_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        read_roster(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="MiB"):
        read_roster(written(tmp_path, b"id\n" + b"1" * MAX_BYTES))

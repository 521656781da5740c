"""Downloads of Canvas, Moodle and Gradescope."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grader.cohort import Found, HandedIn, Layout, find_submissions, stage
from grader.entries import Student
from grader.errors import DestinationExists, SubmissionInvalid, UsageError
from grader.submission import CollectLimits, collect
from tests.unit.cohort.folders import MISSIONS, MONDAY, lay

CODE = "def train():\n    return None\n"


def found(root: Path, roster: dict[str, Student] | None = None) -> Found:
    return find_submissions(root, missions=MISSIONS, mission="mission_cnn", roster=roster)


def of(result: Found, student_id: str) -> HandedIn:
    return next(item for item in result.submissions if item.student.id == student_id)


def names(result: Found) -> list[str]:
    return [item.path.name for item in result.skipped]


# Canvas


def test_canvas_download_gives_one_submission_per_user(tmp_path: Path) -> None:
    lay(
        tmp_path,
        "kimminsu_101_5001_solution-2.py",
        "이지우_LATE_102_5002_my work.zip",
        "park_103_5003_solution.py",
        "park_103_5004_net-1.py",
        "park_103_5005_model.pt2",
        "anon_x1Y2z_5006_hw.ipynb",
        "LATE_anon_abc12_5007_hw.ipynb",
        "choi_104_text.html",
        "han_LATE_105_link.html",
        "notes.txt",
    )
    result = found(tmp_path)
    assert result.layout is Layout.CANVAS
    assert {item.student.id for item in result.submissions} == {"101", "102", "103", "anon_x1Y2z", "anon_abc12"}
    kim = of(result, "101")
    assert (kim.student.name, kim.path.name, kim.name, kim.late_mark, kim.loose) == (
        "kimminsu",
        "kimminsu_101_5001_solution-2.py",
        "solution.py",
        False,
        (),
    )
    assert of(result, "102").late_mark
    assert of(result, "102").student.name == "이지우"
    park = of(result, "103")
    assert [file.name for file in park.loose] == ["solution.py", "net.py"]
    assert park.model is not None
    assert park.model.name == "park_103_5005_model.pt2"
    assert of(result, "anon_abc12").late_mark
    assert names(result) == ["choi_104_text.html", "han_LATE_105_link.html", "notes.txt"]


def test_canvas_user_is_found_in_the_roster_by_number_only(tmp_path: Path) -> None:
    roster = {
        "A1": Student(id="A1", canvas_id="101"),
        "102": Student(id="102", canvas_id="777"),
        "103": Student(id="103"),
    }
    lay(tmp_path, "kim_101_1_a.py", "lee_102_2_a.py", "park_103_3_a.py")
    result = found(tmp_path, roster)
    assert of(result, "A1").student is roster["A1"]
    assert of(result, "canvas-102").student == Student(id="canvas-102", name="lee", canvas_id="102", enrolled=False)
    assert of(result, "103").student is roster["103"]


def test_canvas_numbered_files_of_one_name_keep_their_numbers(tmp_path: Path) -> None:
    lay(tmp_path, "kim_1_10_data-1.csv", "kim_1_11_data-2.csv", "kim_1_12_main-3.py", "kim_1_13_main.py")
    assert [file.name for file in found(tmp_path).submissions[0].loose] == [
        "data-1.csv",
        "data-2.csv",
        "main-3.py",
        "main.py",
    ]


def test_canvas_files_of_one_name_count_newest_first(tmp_path: Path) -> None:
    lay(tmp_path, "kim_1_10_solution.py", "kim_1_11_Solution.py", "kim_1_9_net.py")
    result = found(tmp_path)
    assert [path.name for path in result.submissions[0].files] == ["kim_1_9_net.py", "kim_1_11_Solution.py"]
    assert names(result) == ["kim_1_10_solution.py"]


def test_canvas_archive_with_a_report_is_the_archive(tmp_path: Path) -> None:
    lay(tmp_path, "kim_1_10_work.zip", "kim_1_11_report.pdf", "lee_2_12_a.zip", "lee_2_13_b.zip", "go_3_14_m.pt2")
    result = found(tmp_path)
    assert of(result, "1").path.name == "kim_1_10_work.zip"
    assert len(of(result, "2").loose) == 2
    assert names(result) == ["go_3_14_m.pt2", "kim_1_11_report.pdf"]


def test_staged_files_are_collected_under_the_students_names(tmp_path: Path) -> None:
    root = lay(tmp_path / "in", "kim_1_10_solution-1.py", "kim_1_11_net.py")
    (root / "kim_1_10_solution-1.py").write_text("import net\n" + CODE, encoding="utf-8")
    staged = stage(found(root).submissions[0], tmp_path / "staged")
    submission = collect(staged, tmp_path / "clean")
    assert [name for name, _ in submission.files] == ["net.py", "solution.py"]


def test_staging_a_single_file_uses_it_as_it_is(tmp_path: Path) -> None:
    item = found(lay(tmp_path / "in", "kim_1_10_solution-1.py")).submissions[0]
    assert stage(item, tmp_path / "staged") == item.path
    assert not (tmp_path / "staged").exists()


def test_staging_refuses_a_file_turned_into_a_link_a_full_folder_and_too_much(tmp_path: Path) -> None:
    root = lay(tmp_path / "in", "kim_1_10_solution.py", "kim_1_11_net.py")
    item = found(root).submissions[0]
    with pytest.raises(DestinationExists):
        stage(item, root)
    with pytest.raises(SubmissionInvalid):
        stage(item, tmp_path / "a", CollectLimits(total_bytes=30))
    (root / "kim_1_11_net.py").unlink()
    (root / "kim_1_11_net.py").symlink_to("/etc/passwd")
    with pytest.raises(SubmissionInvalid):
        stage(item, tmp_path / "b")


# Moodle


def test_moodle_folders_are_one_submission_each(tmp_path: Path) -> None:
    lay(
        tmp_path,
        "김민수_3311_assignsubmission_file_/solution.py",
        "김민수_3311_assignsubmission_file_/pkg/net.py",
        "Lee Jiwoo_3312_assignsubmission_file/work.zip",
        "Participant_3313_assignsubmission_file_/model.pt2",
        "Participant_3313_assignsubmission_file_/a.ipynb",
        "Park_3314_assignsubmission_onlinetext_/onlinetext.html",
        "Go_3315_assignsubmission_file_/",
        "other/solution.py",
    )
    roster = {"3312": Student(id="3312"), "k": Student(id="k", name="김민수", moodle_id="3311")}
    result = found(tmp_path, roster)
    assert result.layout is Layout.MOODLE
    assert {(item.student.id, item.student.enrolled) for item in result.submissions} == {
        ("k", True),
        ("3312", True),
        ("3313", False),
    }
    assert of(result, "3312").path.name == "work.zip"
    assert of(result, "3313").model is not None
    assert names(result) == [
        "Go_3315_assignsubmission_file_",
        "Park_3314_assignsubmission_onlinetext_",
        "other",
    ]


def test_moodle_flat_files_are_grouped_by_participant(tmp_path: Path) -> None:
    lay(
        tmp_path,
        "Kim Minsu_11_assignsubmission_file_solution.py",
        "Kim Minsu_11_assignsubmission_file_net.py",
        "Lee_J_12_assignsubmission_file_work.zip",
        "Lee_J_12_assignsubmission_onlinetext.html",
    )
    result = found(tmp_path)
    assert sorted(file.name for file in of(result, "11").loose) == ["net.py", "solution.py"]
    assert (of(result, "12").student.name, of(result, "12").name) == ("Lee J", "work.zip")
    assert names(result) == ["Lee_J_12_assignsubmission_onlinetext.html"]


# Gradescope

METADATA = """---
submission_71:
  :submitters:
  - :name: 김민수
    :sid: '20261234'
    :email: kim@example.ac.kr
  :created_at: 2026-10-05 18:55:31.098490000 Z
  :score: 0.0
  :status: processed
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    tests:
    - output: "submission_99: {\\n"
  :history:
  - :id: 70
    :created_at: 2026-10-05 10:00:00.000000000 Z
submission_72:
  :submitters:
  - &1
    :name: Lee Jiwoo
    :sid:
    :email: Lee@Example.ac.kr
  - :name: Park
    :sid: &2 '20269999'
    :id: *2
    :email: park@example.ac.kr
  - *1
  :created_at: 2026-10-06 03:00:00.5 +09:00
submission_73:
  :submitters: []
submission_74:
  :submitters:
  - :name: Go
    :sid: "7\\e[31m4"
  :created_at: soon
"""


def test_gradescope_export_gives_submitters_times_and_attempts(tmp_path: Path) -> None:
    root = lay(tmp_path / "assignment_9_export", "submission_71/solution.py", "submission_72/work.zip")
    lay(root, "submission_73/a.py", "submission_75/a.py", "scores.csv")
    (root / "submission_metadata.yml").write_text(METADATA, encoding="utf-8")
    roster = {
        "k": Student(id="k", sis_id="20261234"),
        "l": Student(id="l", email="lee@example.ac.kr"),
    }
    result = found(tmp_path, roster)
    assert result.layout is Layout.GRADESCOPE
    assert [(item.student.id, item.submitted, item.attempt) for item in result.submissions] == [
        ("20269999", datetime(2026, 10, 5, 18, 0, 0, 500_000, UTC), None),
        ("l", datetime(2026, 10, 5, 18, 0, 0, 500_000, UTC), None),
        ("k", datetime(2026, 10, 5, 18, 55, 31, 98_490, UTC), 2),
    ]
    assert of(result, "20269999").path.name == "work.zip"
    assert not of(result, "20269999").student.enrolled
    assert names(result) == ["submission_73", "submission_74", "submission_75"]


def test_gradescope_without_a_readable_time_takes_the_files(tmp_path: Path) -> None:
    root = lay(tmp_path, "submission_74/solution.py", changed=MONDAY + timedelta(minutes=5))
    (root / "submission_metadata.yml").write_text(METADATA, encoding="utf-8")
    item = found(root).submissions[0]
    assert item.submitted == MONDAY + timedelta(minutes=5)
    assert item.student.id == "7\\u001b[31m4"


@pytest.mark.parametrize("text", ["", "- a\n", "a: [\n", "\x00", "[" * 100_000])
def test_gradescope_list_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "submission_metadata.yml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"submission_metadata\.yml"):
        found(tmp_path)


def test_gradescope_list_of_nested_references_stays_small(tmp_path: Path) -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(24)
    )
    (tmp_path / "submission_metadata.yml").write_text(bomb, encoding="utf-8")
    assert found(tmp_path).submissions == ()


def test_downloads_need_a_mission(tmp_path: Path) -> None:
    lay(tmp_path, "kim_1_10_solution.py")
    with pytest.raises(UsageError, match="which mission"):
        find_submissions(tmp_path, missions=MISSIONS)


def test_names_like_canvas_among_plain_ones_stay_plain(tmp_path: Path) -> None:
    lay(tmp_path, "kim_1_10_solution.py", "lee.zip", "park.zip")
    assert found(tmp_path).layout is Layout.PLAIN
    forced = find_submissions(tmp_path, missions=MISSIONS, mission="mission_cnn", layout=Layout.CANVAS)
    assert [item.student.id for item in forced.submissions] == ["1"]


def test_links_in_downloads_are_not_followed(tmp_path: Path) -> None:
    outside = lay(tmp_path / "outside", "solution.py")
    root = lay(tmp_path / "in", "kim_1_10_solution.py")
    (root / "lee_2_11_solution.py").symlink_to(outside / "solution.py")
    os.mkfifo(root / "park_3_12_solution.py")
    result = found(root)
    assert [item.student.id for item in result.submissions] == ["1"]
    assert len(result.skipped) == 2

"""Reading `course.toml`."""

import re
import tomllib
from datetime import date, datetime
from pathlib import Path

import pytest

from grader.errors import SpecError
from grader.policies import Amount, CoursePolicies, Rules, load_policies
from tests.conftest import ROOT

DOCUMENTS = ("policies.md", "policies.ko.md")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    for mission in ("mission_cnn", "mission_rnn"):
        folder = tmp_path / "missions" / mission
        folder.mkdir(parents=True)
        (folder / "mission.toml").touch()
    return tmp_path


def written(course: Path, text: str) -> Path:
    (course / "course.toml").write_text(text, encoding="utf-8")
    return course


def test_course_without_the_file_has_no_due_dates_and_takes_the_best(course: Path) -> None:
    policies = load_policies(course)
    assert policies == CoursePolicies()
    assert (policies.due, policies.attempts, policies.late.per_day.of(100), policies.reveal) == (
        None,
        "best",
        0,
        "never",
    )


def test_mission_inherits_what_it_does_not_say(course: Path) -> None:
    policies = load_policies(
        written(
            course,
            """
            time_zone = "Asia/Seoul"
            due = 2026-10-05
            grace_minutes = 10
            [late]
            per_day = "12.5%"
            cap = 40
            [missions.mission_cnn]
            due = 2026-11-05T18:00:00
            late.accept_days = 3
            """,
        )
    )
    own = policies.rules("mission_cnn")
    assert own.due == datetime(2026, 11, 5, 18)
    assert own.grace_minutes == 10
    assert own.late.per_day == Amount(share=0.125)
    assert own.late.cap == Amount(points=40)
    assert own.late.accept_days == 3
    assert policies.rules("mission_rnn").late.accept_days is None
    assert policies.rules("mission_rnn").due == date(2026, 10, 5)


def test_mission_inherits_from_rules_given_as_values() -> None:
    policies = CoursePolicies(
        late=Rules.model_validate({"late": {"per_day": 5}}).late,
        missions={"mission_cnn": {"late": {"accept_days": 2}}},  # type: ignore[dict-item]
    )
    assert policies.rules("mission_cnn").late.per_day.of(100) == 5


def test_saved_with_a_byte_order_mark_is_read(course: Path) -> None:
    assert load_policies(written(course, '\ufeffattempts = "last"\n')).attempts == "last"


@pytest.mark.parametrize(
    ("text", "key", "english", "korean"),
    [
        ("atempts = 'best'", "atempts", "Extra inputs", "알 수 없는 항목"),
        ("attempts = 'worst'", "attempts", "'best' or 'last'", "'last'"),
        ("due = 2026-10-05", "course.toml", "time_zone", "시간대"),
        ("time_zone = 'Seoul'", "time_zone", "Asia/Seoul", "IANA 시간대"),
        ("time_zone = 'Asia'", "time_zone", "Asia/Seoul", "IANA 시간대"),
        ("time_zone = 'UTC'\ndue = 'soon'", "due", "2026-10-05", "날짜"),
        ("due = 5", "due", "2026-10-05", "날짜"),
        ("grace_minutes = -1", "grace_minutes", "greater than or equal to 0", "0 이상"),
        ("grace_minutes = 'ten'", "grace_minutes", "integer", "grace_minutes"),
        ("late.per_day = '110%'", "late.per_day", "points", "비율"),
        ("late.per_day = -1", "late.per_day", "points", "점수"),
        ("late.per_day = inf", "late.per_day", "finite", "유한"),
        ("audit.share = 0.1", "audit", "audit.seed", "audit.seed"),
        ("audit.share = 1.5", "audit.share", "less than or equal to 1", "1 이하"),
        ("[missions.mission_cnn]\nmax_attempts = 0", "missions.mission_cnn.max_attempts", "greater", "1 이상"),
        ("[missions.mission_cn]\nbonus = false", "missions.mission_cn", "mission_cnn?", "mission_cnn 미션인가요"),
        ("missions = 3", "missions", "dictionary", "표"),
        ("late = 3", "late", "dictionary", "표"),
        ("[extensions.'1']\nmission_cnn = 3", "course.toml", "no due date", "마감이 없는"),
        ("time_zone = 'UTC'\n[extensions.'1']\nmission_x = '2026-10-05'", "mission_x", "no mission", "미션이 없습니다"),
        ("[extensions.'1']\nmission_cnn = -3", "extensions.1.mission_cnn", "days", "일수"),
        ("[extensions.'1']\nmission_cnn = true", "extensions.1.mission_cnn", "2026-10-05", "날짜"),
        ("[extensions.' ']\nmission_cnn = 3", "extensions", "not empty", "학번"),
        ("due = ", "course.toml", "can't be read", "읽을 수 없습니다"),
    ],
)
def test_mistake_is_refused_naming_file_and_key(course: Path, text: str, key: str, english: str, korean: str) -> None:
    with pytest.raises(SpecError) as refusal:
        load_policies(written(course, text))
    message = refusal.value.message
    assert "course.toml" in message.en
    assert key in message.en
    assert key in message.ko
    assert english in message.en
    assert korean in message.ko
    assert "function-before" not in message.en


@pytest.mark.parametrize("name", DOCUMENTS)
def test_example_of_the_document_is_a_whole_course(course: Path, name: str) -> None:
    document = (ROOT / "docs" / name).read_text(encoding="utf-8")
    example = re.search(r"```toml\n(.*?)```", document, re.DOTALL)
    assert example is not None
    policies = load_policies(written(course, example[1]))
    assert policies.rules("mission_cnn").late.per_day == Amount(share=0.1)
    written_keys = set(tomllib.loads(example[1]))
    assert written_keys == set(CoursePolicies.model_fields)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_names_every_key(name: str) -> None:
    document = (ROOT / "docs" / name).read_text(encoding="utf-8")
    keys = set(CoursePolicies.model_fields)
    for table, model in (("late", Rules().late), ("audit", Rules().audit)):
        keys |= {f"{table}.{key}" for key in type(model).model_fields}
    assert sorted(key for key in keys - {"late", "audit"} if f"| `{key}`" not in document) == []

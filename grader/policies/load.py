"""Reading `course.toml`."""

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from grader.course import Course
from grader.errors import SpecError
from grader.policies.model import CoursePolicies
from grader.policies.refusal import Refusal
from grader.text import Text, same

FILE_NAME = "course.toml"

_KOREAN: Mapping[str, str] = {
    "extra_forbidden": "알 수 없는 항목입니다",
    "missing": "빠져 있는 항목입니다",
    "greater_than_equal": "{ge} 이상이어야 합니다",
    "less_than_equal": "{le} 이하여야 합니다",
    "literal_error": "다음 중 하나여야 합니다: {expected}",
    "int_type": "정수여야 합니다",
    "int_from_float": "정수여야 합니다",
    "float_type": "숫자여야 합니다",
    "finite_number": "유한한 숫자여야 합니다",
    "bool_type": "true 또는 false여야 합니다",
    "bool_parsing": "true 또는 false여야 합니다",
    "string_type": "따옴표로 묶은 글이어야 합니다",
    "dict_type": "표(table)여야 합니다",
    "model_type": "표(table)여야 합니다",
    "string_pattern_mismatch": "미션의 이름이 아닙니다",
}


def load_policies(course_root: Path) -> CoursePolicies:
    """The rules of a course: of its `course.toml`, or no due dates and the best attempt where there is none.

    Args:
        course_root: the folder with `missions/`; written by the course's authors (trusted).

    Raises:
        SpecError: the file can't be read, is not TOML, does not fit the schema, or names a mission that the course does
            not have; the message names file and key.
    """
    path = course_root / FILE_NAME
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        policies = CoursePolicies.model_validate(document)
    except FileNotFoundError:
        return CoursePolicies()
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(
            Text(f"{path} can't be read: {error}.", f"{path} 파일을 읽을 수 없습니다: {error}."),
            Text(
                "Correct the file; docs/policies.md has an example.",
                "파일을 고쳐 주세요. docs/policies.md에 예제가 있습니다.",
            ),
        ) from error
    except ValidationError as error:
        raise _refused(path, *_first(error)) from error
    _check_missions(path, policies, Course(course_root).mission_ids())
    return policies


def _first(error: ValidationError) -> tuple[str, Text]:
    """Key and reason of the first thing that is wrong."""
    first = error.errors()[0]
    # A union names its branch in brackets or by type: no key of the file.
    where = ".".join(str(part) for part in first["loc"] if part not in ("datetime", "date", "int", "[key]"))
    context: Mapping[str, Any] = first.get("ctx") or {}
    cause = context.get("error")
    if isinstance(cause, Refusal):
        return where, cause.text
    korean = _KOREAN.get(first["type"])
    return where, same(first["msg"]) if korean is None else Text(first["msg"], korean.format_map(_shown(context)))


def _shown(context: Mapping[str, Any]) -> dict[str, object]:
    return {key: f"{value:g}" if isinstance(value, float) else value for key, value in context.items()}


def _refused(path: Path, where: str, reason: Text) -> SpecError:
    key = f": {where}" if where else ""
    return SpecError(
        Text(f"{path}{key}: {reason.en}.", f"{path}{key}: {reason.ko}."),
        Text("docs/policies.md explains every key.", "docs/policies.md에 모든 항목의 설명이 있습니다."),
    )


def _check_missions(path: Path, policies: CoursePolicies, known: tuple[str, ...]) -> None:
    """A mistyped mission would leave the rules of the course in force without a word."""
    named = [(mission, f"missions.{mission}") for mission in policies.missions]
    for student_id, by_mission in policies.extensions.items():
        named += [(mission, f'extensions."{student_id}".{mission}') for mission in by_mission]
    for mission, where in named:
        if mission in known:
            continue
        near = difflib.get_close_matches(mission, known, n=1, cutoff=0.4)
        meant = Text(f"; did you mean {near[0]}?", f" 혹시 {near[0]} 미션인가요?") if near else same("")
        raise _refused(
            path,
            where,
            Text(f"the course has no mission {mission}{meant.en}", f"과정에 {mission} 미션이 없습니다.{meant.ko}"),
        )

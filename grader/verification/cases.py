"""What there is to grade in a mission, and what must come of it."""

import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from grader.course import Mission
from grader.errors import SpecError
from grader.results import Reason
from grader.spec import Identifier, SpecModel
from grader.text import Text

EXPECTED_FILE = "expected.toml"
LONG_TRAINING_CPU_S = 100.0
"""Training budget from which a reference is left out of a quick verification."""
_NOT_HANDED_IN = shutil.ignore_patterns("__pycache__", EXPECTED_FILE)


class Kind(StrEnum):
    """What is graded."""

    REFERENCE = "reference"
    STARTER = "starter"
    COUNTEREXAMPLE = "counterexample"


class Expected(SpecModel):
    """`expected.toml` of a counterexample: which criteria it must lose, and no others."""

    fails: tuple[Identifier, ...]
    """Criteria that must not be met in full."""
    summary: Text
    """What is wrong with it, in a sentence."""
    reason: Reason | None = None
    """How it must end early; None where its model must be measured."""
    base: Literal["reference"] | None = None
    """`reference`: the reference's files, with this folder's laid over them."""
    artifact: Literal["reference"] | None = None
    """`reference`: graded with the model that the reference trained, and not trained itself."""
    long: bool = False
    """It trains for so long that a quick verification leaves it out."""


@dataclass(frozen=True, slots=True)
class Case:
    """One submission of the course's own.

    Attributes:
        mission: its mission.
        kind: what it is.
        name: the counterexample's folder name; else the kind's.
        folder: where it lies.
        expected: of a counterexample.
        seed: seeds training and grading.
    """

    mission: Mission
    kind: Kind
    name: str
    folder: Path
    expected: Expected | None = None
    seed: int = 0

    @property
    def needs_reference_model(self) -> bool:
        """Whether it is graded with the model that the reference trained."""
        return self.expected is not None and self.expected.artifact == "reference"

    @property
    def long(self) -> bool:
        """Whether a quick verification leaves it out."""
        trains_long = self.mission.spec.trains and self.mission.spec.limits.train_cpu_s > LONG_TRAINING_CPU_S
        if self.kind is Kind.REFERENCE or self.needs_reference_model:
            return trains_long
        return self.expected is not None and self.expected.long

    def stage(self, destination: Path) -> None:
        """Writes what would be handed in to `destination`, which must not exist."""
        if self.expected is not None and self.expected.base == "reference":
            shutil.copytree(self.mission.reference, destination, ignore=_NOT_HANDED_IN)
        shutil.copytree(self.folder, destination, ignore=_NOT_HANDED_IN, dirs_exist_ok=True)


def cases_of(mission: Mission, *, seeds: tuple[int, ...] = (0,), quick: bool = False) -> tuple[Case, ...]:
    """All cases of a mission, the reference first; the reference once per seed.

    Raises:
        SpecError: a part is missing, or an `expected.toml` is wrong.
    """
    return tuple(case for case in _cases(mission, seeds) if not (quick and case.long))


def _cases(mission: Mission, seeds: tuple[int, ...]) -> Iterator[Case]:
    for seed in seeds:
        yield Case(mission, Kind.REFERENCE, "reference", _existing(mission.reference), seed=seed)
    yield Case(mission, Kind.STARTER, "starter", _existing(mission.starter))
    for folder in mission.counterexamples:
        expected = load_expected(folder / EXPECTED_FILE, mission)
        yield Case(mission, Kind.COUNTEREXAMPLE, folder.name, folder, expected)


def load_expected(path: Path, mission: Mission) -> Expected:
    """Reads one `expected.toml`, written by the course's authors (trusted).

    Raises:
        SpecError: it can't be read, does not fit, or names a criterion that the mission does not have.
    """
    try:
        expected = Expected.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(Text(f"{path}: {error}", f"{path} 파일을 읽을 수 없습니다: {error}")) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise SpecError(
            Text(f"{path}: {where}: {first['msg']}", f"{path} 파일의 {where} 값이 올바르지 않습니다: {first['msg']}")
        ) from error
    unknown = set(expected.fails) - {criterion.id for criterion in mission.spec.criteria}
    if unknown:
        name = sorted(unknown)[0]
        raise SpecError(
            Text(f"{path}: the mission has no criterion {name!r}", f"{path}: 미션에 {name!r} 기준이 없습니다")
        )
    return expected


def gaps_in(mission: Mission) -> tuple[str, ...]:
    """Criteria that no counterexample must lose: hidden tests that nothing proves able to fail."""
    planted = [load_expected(folder / EXPECTED_FILE, mission) for folder in mission.counterexamples]
    killed = {criterion for expected in planted for criterion in expected.fails}
    return tuple(criterion.id for criterion in mission.spec.criteria if criterion.id not in killed)


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise SpecError(Text(f"{folder}: there is no such folder", f"{folder} 폴더가 없습니다"))
    return folder

"""Find a course and its missions.

A course is a folder with `missions/`, `starter_code/` and `reference_solutions/`, each with one folder per
mission.
"""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

from grader.errors import CourseNotFound, MissionNotFound, SpecError
from grader.spec import MissionSpec, load_spec
from grader.text import Language, Text

_FUNCTION = re.compile(r"^def ([a-z0-9_]+)\(", re.MULTILINE)
_TEST_FUNCTION = re.compile(r"^def test_([a-z0-9_]+)\(", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Mission:
    """One mission: its spec and where its parts lie.

    Attributes:
        spec: the validated specification.
        root: the mission's own folder.
        starter: folder with what a student begins with.
        reference: folder with the reference solution.
    """

    spec: MissionSpec
    root: Path
    starter: Path
    reference: Path

    @property
    def id(self) -> str:
        """The mission's name."""
        return self.spec.id

    @property
    def hidden_tests(self) -> Path:
        """Folder with the pytest files that settle the criteria."""
        return self.root / "hidden_tests"

    @property
    def probes(self) -> Path:
        """Calls of the student's functions, run inside a sandbox; there only where the spec names probes."""
        return self.root / "probes.py"

    @property
    def counterexamples(self) -> tuple[Path, ...]:
        """Folders with planted wrong solutions."""
        folder = self.root / "counterexamples"
        return tuple(sorted(path for path in folder.iterdir() if path.is_dir())) if folder.is_dir() else ()

    def readme(self, language: Language) -> Path:
        """The brief in that language."""
        return self.root / ("README.ko.md" if language == "ko" else "README.md")


@dataclass(frozen=True, slots=True)
class Course:
    """A folder of missions."""

    root: Path

    def mission_ids(self) -> tuple[str, ...]:
        """Names of all missions, sorted."""
        return tuple(sorted(path.parent.name for path in (self.root / "missions").glob("*/mission.toml")))

    def missions(self) -> tuple[Mission, ...]:
        """All missions, sorted by name."""
        return tuple(self.mission(mission_id) for mission_id in self.mission_ids())

    def mission(self, mission_id: str) -> Mission:
        """The mission of that name.

        Raises:
            MissionNotFound: the course has none; the message suggests the nearest.
            SpecError: its files are inconsistent.
        """
        known = self.mission_ids()
        if mission_id not in known:
            raise _mission_not_found(mission_id, known)
        root = self.root / "missions" / mission_id
        spec = load_spec(root / "mission.toml")
        if spec.id != mission_id:
            path = root / "mission.toml"
            raise SpecError(
                Text(
                    f"{path}: id is {spec.id!r}, the folder is {mission_id!r}",
                    f"{path} 파일의 id({spec.id!r})가 폴더 이름({mission_id!r})과 다릅니다",
                )
            )
        mission = Mission(
            spec=spec,
            root=root,
            starter=self.root / "starter_code" / mission_id,
            reference=self.root / "reference_solutions" / mission_id,
        )
        _check_tests_match_criteria(mission)
        _check_probes_are_there(mission)
        return mission


def find_course(start: Path | None = None) -> Course:
    """The course around `start`, searched upward; else the one this installation was made from.

    Args:
        start: a folder; None is the working directory.

    Raises:
        CourseNotFound: there is none.
    """
    begin = (start or Path.cwd()).resolve()
    beside_package = Path(__file__).resolve().parent.parent
    for folder in (begin, *begin.parents, beside_package):
        if any((folder / "missions").glob("*/mission.toml")):
            return Course(folder)
    raise CourseNotFound(
        Text(
            f"No course found in {begin} or above it.",
            f"{begin} 폴더와 그 상위 폴더에서 과정을 찾을 수 없습니다.",
        ),
        Text(
            "Change into the course folder (the one with missions/), or set GRADER_COURSE to it.",
            "missions/ 폴더가 있는 과정 폴더로 이동하거나 환경 변수 GRADER_COURSE에 그 경로를 지정하세요.",
        ),
    )


def _mission_not_found(mission_id: str, known: tuple[str, ...]) -> MissionNotFound:
    near = difflib.get_close_matches(mission_id, known, n=1, cutoff=0.4)
    listed = ", ".join(known)
    advice = (
        Text(f"Did you mean {near[0]}?", f"혹시 {near[0]} 미션을 찾으시나요?")
        if near
        else Text(f"Missions: {listed}.", f"미션 목록: {listed}.")
    )
    return MissionNotFound(
        Text(f"There is no mission {mission_id!r}.", f"{mission_id!r} 미션은 없습니다."),
        advice,
    )


def _check_probes_are_there(mission: Mission) -> None:
    """One function in `probes.py` and one in `hidden_tests/inputs.py` per probe of the spec."""
    for path in (mission.probes, mission.hidden_tests / "inputs.py") if mission.spec.probes else ():
        defined = _FUNCTION.findall(path.read_text(encoding="utf-8")) if path.is_file() else []
        for probe in mission.spec.probes:
            if probe.id not in defined:
                raise SpecError(
                    Text(
                        f"{path}: there is no function {probe.id}() for the probe of that name",
                        f"{path} 파일에 같은 이름의 프로브가 쓸 {probe.id}() 함수가 없습니다",
                    )
                )


def _check_tests_match_criteria(mission: Mission) -> None:
    """One hidden test per criterion and the reverse, so that no criterion can be settled by accident."""
    tests: list[str] = []
    for path in sorted(mission.hidden_tests.glob("test_*.py")):
        tests += _TEST_FUNCTION.findall(path.read_text(encoding="utf-8"))
    criteria = [criterion.id for criterion in mission.spec.criteria]
    for test in tests:
        if test not in criteria or tests.count(test) > 1:
            raise SpecError(
                Text(
                    f"{mission.hidden_tests}: test_{test} settles no criterion of its own",
                    f"{mission.hidden_tests}: test_{test}에 짝이 되는 평가 기준이 없거나 이미 다른 테스트가 있습니다",
                )
            )
    for criterion in criteria:
        if criterion not in tests:
            raise SpecError(
                Text(
                    f"{mission.hidden_tests}: criterion {criterion!r} has no test_{criterion}",
                    f"{mission.hidden_tests}: {criterion!r} 기준을 판정할 test_{criterion} 함수가 없습니다",
                )
            )

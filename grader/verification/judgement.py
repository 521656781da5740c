"""Whether a grading came out as it must. Pure: a case and its report in, a result out."""

from dataclasses import dataclass
from pathlib import Path

from grader.results import Report, Status, Verdict
from grader.spec import MissionSpec
from grader.text import Text, same
from grader.verification.cases import Case, Kind


@dataclass(frozen=True, slots=True)
class Result:
    """How one case went.

    Attributes:
        case: what was graded.
        problems: what is not as it must be; empty for a sound case.
        report: of the grading; None where there was none.
        seconds: wall-clock seconds it took; 0.0 where an earlier grading was used.
        cached: an earlier grading of the same content was used.
        machine_failed: nothing was judged, because the machine failed.
        model: file with the model that a reference trained; None where it left none.
    """

    case: Case
    problems: tuple[Text, ...]
    report: Report | None
    seconds: float
    cached: bool = False
    machine_failed: bool = False
    model: Path | None = None

    @property
    def ok(self) -> bool:
        """Whether all is as it must be."""
        return not self.problems


def judge_case(case: Case, report: Report) -> tuple[Text, ...]:
    """What is not as it must be."""
    if report.verdict is Verdict.NOT_GRADED:
        ending = report.ending.message if report.ending else same("-")
        return (Text(f"not graded: {ending.en}", f"채점하지 못함: {ending.ko}"),)
    if case.kind is Kind.STARTER:
        return (_PASSES,) if report.passed else ()
    if case.kind is Kind.REFERENCE:
        return tuple(_lost(report, criterion) for criterion in _lost_ids(report, case.mission.spec))
    return _counterexample(case, report)


_PASSES = Text("the starter code passes", "시작 코드가 통과함")


def _counterexample(case: Case, report: Report) -> tuple[Text, ...]:
    assert case.expected is not None
    bonus = {criterion.id for criterion in case.mission.spec.criteria if criterion.bonus}
    lost, planted = set(_lost_ids(report)), set(case.expected.fails)
    problems = [_lost(report, name) for name in _lost_ids(report) if name not in planted | bonus]
    problems += [
        Text(f"{name} was not lost", f"{name} 기준을 잃지 않음") for name in case.expected.fails if name not in lost
    ]
    if report.reason != case.expected.reason:
        found = report.reason.value if report.reason else "none"
        wanted = case.expected.reason.value if case.expected.reason else "none"
        problems.append(Text(f"ended with {found}, not {wanted}", f"종료 사유가 {wanted}이(가) 아니라 {found}"))
    return tuple(problems)


def _lost_ids(report: Report, spec: MissionSpec | None = None) -> tuple[str, ...]:
    """Criteria without all their points; with a spec, without the bonus."""
    bonus = {criterion.id for criterion in spec.criteria if criterion.bonus} if spec else set()
    return tuple(line.id for line in report.criteria if line.status is not Status.PASSED and line.id not in bonus)


def _lost(report: Report, criterion_id: str) -> Text:
    line = next(line for line in report.criteria if line.id == criterion_id)
    measured = line.measured or same("-")
    return Text(
        f"{criterion_id} was lost ({line.status.value}: {measured.en})",
        f"{criterion_id} 기준을 잃음({line.status.value}: {measured.ko})",
    )

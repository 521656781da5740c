"""Put a report together from what a grading found. Pure, but for the clock it is given."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import grader
from grader import scoring
from grader.course import Mission
from grader.data import draw_of, find_pack
from grader.errors import InfrastructureError, SubmissionInvalid
from grader.execution import TrainingOutcome, without_installation
from grader.metrics import metrics_of
from grader.results import (
    CriterionResult,
    Diagnosis,
    Ending,
    Metrics,
    MissionInfo,
    Reason,
    Report,
    RunInfo,
    SourceText,
    StudentOutput,
    SubmissionInfo,
    Verdict,
)
from grader.spec import MissionSpec
from grader.submission import Submission
from grader.text import Text
from grader.trial import GradingRequest, Runs

MAX_ANNOTATED = 4
"""Files shown in full beside the remarks on them."""
MAX_CHARACTERS = 60_000
"""Of each of them: 1,500 lines of code."""
NO_SOURCES: Mapping[str, str] = MappingProxyType({})


def graded_report(
    request: GradingRequest,
    submission: Submission,
    *,
    runs: Runs | None,
    criteria: tuple[CriterionResult, ...],
    findings: tuple[Diagnosis, ...] = (),
    sources: Mapping[str, str] = NO_SOURCES,
    earlier: tuple[InfrastructureError, ...] = (),
    now: datetime,
) -> Report:
    """The report of a submission whose criteria were judged.

    Args:
        runs: what was executed; None for a mission of which only the source is judged.
        findings: likely causes of what was measured.
        sources: text of the submission's files, by name; those that remarks speak of are shown beside them.
        earlier: what cut short the attempts before this one.
        now: the time, with its zone.
    """
    score = scoring.total(criteria)
    ending = runs.trial.ending if runs else None
    return Report(
        created=now,
        grader_version=grader.__version__,
        mission=mission_info(request.mission),
        submission=_submission_info(submission),
        verdict=Verdict.GRADED,
        reason=ending.reason if ending else None,
        ending=ending,
        passed=scoring.passes(request.mission.spec, score),
        score=score,
        max_score=request.mission.spec.points,
        criteria=criteria,
        run=run_info(request, runs, earlier=earlier) if runs else None,
        metrics=_metrics(runs, request.mission.spec) if runs else None,
        findings=findings,
        annotated=_annotated(criteria, sources),
        student_output=student_output(runs.trial.training if runs else None),
    )


def _annotated(criteria: tuple[CriterionResult, ...], sources: Mapping[str, str]) -> tuple[SourceText, ...]:
    """The files that remarks speak of, in the order in which they do."""
    named = dict.fromkeys(remark.file for criterion in criteria for remark in criterion.remarks)
    found = [name for name in named if name in sources][:MAX_ANNOTATED]
    return tuple(SourceText(name=_readable(name), text=_readable(sources[name][:MAX_CHARACTERS])) for name in found)


def invalid_report(request: GradingRequest, error: SubmissionInvalid, *, now: datetime) -> Report:
    """A submission that can't be collected earns nothing: there is nothing to judge."""
    criteria = scoring.skip_all(
        request.mission.spec,
        Text("Not judged, because the submission can't be read.", "제출물을 읽을 수 없어 채점하지 않았습니다."),
    )
    return Report(
        created=now,
        grader_version=grader.__version__,
        mission=mission_info(request.mission),
        submission=SubmissionInfo(name=_readable(request.path.name), sha256=None),
        verdict=Verdict.GRADED,
        reason=Reason.SUBMISSION_INVALID,
        ending=Ending(reason=Reason.SUBMISSION_INVALID, message=error.message, advice=error.advice),
        passed=False,
        score=0.0,
        max_score=request.mission.spec.points,
        criteria=criteria,
        run=None,
        metrics=None,
    )


def not_graded_report(
    request: GradingRequest,
    submission: Submission | None,
    error: InfrastructureError,
    *,
    earlier: tuple[InfrastructureError, ...] = (),
    now: datetime,
) -> Report:
    """The machine failed: no mark, and the same submission can be graded again.

    Args:
        earlier: what cut short the attempts before this one.
    """
    message = error.message
    if earlier:
        tries = len(earlier) + 1
        message = Text(f"{message.en} ({tries} attempts)", f"{message.ko} ({tries}번 시도)")
    return Report(
        created=now,
        grader_version=grader.__version__,
        mission=mission_info(request.mission),
        submission=_submission_info(submission)
        if submission
        else SubmissionInfo(name=_readable(request.path.name), sha256=None),
        verdict=Verdict.NOT_GRADED,
        reason=Reason.INFRASTRUCTURE,
        ending=Ending(reason=Reason.INFRASTRUCTURE, message=message, advice=error.advice),
        passed=False,
        score=0.0,
        max_score=request.mission.spec.points,
        criteria=(),
        run=None,
        metrics=None,
    )


def mission_info(mission: Mission) -> MissionInfo:
    """What reports and the gradebook tell of a mission."""
    spec = mission.spec
    return MissionInfo(id=spec.id, title=spec.title, points=spec.points, pass_mark=spec.pass_mark, brief=spec.brief)


def _submission_info(submission: Submission) -> SubmissionInfo:
    notes = tuple(
        Text(
            f"Left out: cell {dropped.cell}, line {dropped.line}: {dropped.source}",
            f"제외됨: 셀 {dropped.cell}, {dropped.line}번째 줄: {dropped.source}",
        )
        for dropped in submission.dropped
    )
    return SubmissionInfo(
        name=submission.name,
        sha256=submission.sha256,
        files=tuple(name for name, _ in submission.files),
        notes=notes,
    )


def run_info(request: GradingRequest, runs: Runs, *, earlier: tuple[InfrastructureError, ...] = ()) -> RunInfo:
    """How the model came to be."""
    trial, outcome = runs.trial, runs.trial.training
    use = outcome.training if outcome else None
    return RunInfo(
        sandbox=runs.sandbox,
        mode=request.mode,
        device="cpu" if request.gpu is None else f"cuda:{request.gpu}",
        seed=trial.seed,
        seeds=tuple(one.seed for one in runs.trials),
        versions={"grader": grader.__version__, **(outcome.versions if outcome else {})},
        seconds=round(use.wall_s, 2) if use else None,
        cpu_seconds=round(use.cpu_s, 2) if use and use.cpu_s is not None else None,
        budget_seconds=outcome.budget_s if outcome else None,
        peak_memory_bytes=outcome.session.usage.memory_peak_bytes if outcome else None,
        log=outcome.log if outcome else (),
        notes=(*_run_notes(request.mission.spec, trial.seed), *_attempts(earlier)),
    )


def _run_notes(spec: MissionSpec, seed: int) -> tuple[Text, ...]:
    """What a reader must know to compare this run with another."""
    notes = []
    if spec.stand_in is not None and spec.data.pack == spec.stand_in.pack:
        notes.append(
            Text(
                f"Graded on the data pack {spec.data.pack}, which stands in for the real data, with bars of its own.",
                f"실제 데이터 대신 {spec.data.pack} 데이터 팩으로, 그 데이터에 맞춘 기준에 따라 채점했습니다.",
            )
        )
    if spec.label_budget is not None:
        budget = spec.label_budget
        draw, draws = budget.draws[draw_of(budget, seed)], ", ".join(map(str, budget.draws))
        notes.append(
            Text(
                f"Labels: draw {draw} of {draws}, {budget.per_class} per class; "
                "which labels are drawn moves the accuracy.",
                f"레이블: 추첨 번호 {draw}(전체 {draws}), 클래스마다 {budget.per_class}개. "
                "어떤 레이블이 뽑혔는지에 따라 정확도가 달라집니다.",
            )
        )
    return tuple(notes)


def _attempts(earlier: tuple[InfrastructureError, ...]) -> tuple[Text, ...]:
    """That the machine failed before, and how."""
    if not earlier:
        return ()
    last, count = earlier[-1].message, len(earlier)
    return (
        Text(
            f"Begun anew after {count} attempt{'s' if count > 1 else ''} that the machine cut short: {last.en}",
            f"채점 환경 문제로 {count}번 중단되어 처음부터 다시 채점했습니다: {last.ko}",
        ),
    )


def _metrics(runs: Runs, spec: MissionSpec) -> Metrics | None:
    if runs.trial.evaluation is None:
        return None
    accuracies = tuple(one.evaluation.accuracy for one in runs.trials if one.evaluation)
    return metrics_of(
        runs.trial.evaluation,
        runs.trial.graph,
        accuracies=accuracies,
        class_names=find_pack(spec.data.pack).class_names,
    )


def student_output(outcome: TrainingOutcome | None) -> StudentOutput:
    """What the student's code printed; renderers make it inert."""
    if outcome is None:
        return StudentOutput(text="", total_bytes=0, truncated=False)
    output = outcome.session.output
    truncated = output.total_bytes > len(output.head) + len(output.tail)
    parts = [output.head, b"\n[...]\n", output.tail] if truncated else [output.head, output.tail]
    text = "".join(part.decode("utf-8", "backslashreplace") for part in parts)
    return StudentOutput(text=without_installation(text), total_bytes=output.total_bytes, truncated=truncated)


def _readable(name: str) -> str:
    """A file name with undecodable bytes written out, so that it can be stored as UTF-8."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")

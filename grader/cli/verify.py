"""`grade verify`: are the course's missions sound?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text as Line

from grader.cli.grading import choose_gpu, choose_sandbox
from grader.cli.options import DebugOption, GpuOption, LanguageOption, SandboxChoice, SandboxOption, complete_mission
from grader.cli.session import Session, session_of
from grader.errors import ExitCode, UsageError
from grader.text import Text

if TYPE_CHECKING:
    from grader.course import Mission
    from grader.verification import Case, Result, VerificationRequest

EXAMPLES = (
    "[bold]Examples[/bold]\n\ngrade verify\ngrade verify mission_cnn --quick\n"
    "grade verify --junit verify.xml --jobs 4\ngrade verify mission_rnn --only reference --seeds 3\n\n"
    "[bold]Exit codes[/bold]\n\n0 sound · 1 not as it must be · 2 usage or spec error · 3 machine failed"
)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("verify", rich_help_panel="Your course", epilog=EXAMPLES)(verify)


def verify(
    context: typer.Context,
    missions: Annotated[
        list[str] | None,
        typer.Argument(metavar="MISSION…", help="Default: all.", show_default=False, autocompletion=complete_mission),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Leave out what trains for long.")] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="Only cases of this name, such as reference.")
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, max=20, help="Grade each reference with so many seeds.")] = 1,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Gradings at one time.", show_default="one per core")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Grade again what has not changed.")] = False,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write the results as JUnit XML.")
    ] = None,
    sandbox: SandboxOption = None,
    gpu: GpuOption = "none",
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Grade a course's own references, starters and counterexamples: each must come out as planned."""
    session = session_of(context)
    course = session.course()
    found = tuple(course.mission(mission_id) for mission_id in (missions or course.mission_ids()))
    from grader.verification import cases_of, gaps_in
    from grader.verification import verify as run

    gaps = [(mission.id, criterion) for mission in found for criterion in gaps_in(mission)]
    cases = _chosen(
        [case for mission in found for case in cases_of(mission, seeds=tuple(range(seeds)), quick=quick)], only
    )
    request = _request(session, jobs=jobs, fresh=fresh, sandbox=sandbox, gpu=gpu)
    _announce(session, found, cases, request)
    results = run(cases, request, on_result=lambda result: _show(session, result))
    if junit is not None:
        from grader.verification.junit import render_junit

        junit.parent.mkdir(parents=True, exist_ok=True)
        junit.write_text(render_junit(results, session.language), encoding="utf-8")
    for mission_id, criterion in gaps:
        session.show(Line(session.text(_gap(mission_id, criterion)), style="red"))
    _summarise(session, results, gaps=len(gaps))
    raise typer.Exit(_code(results, gaps=len(gaps)))


def _chosen(cases: "list[Case]", only: list[str] | None) -> "tuple[Case, ...]":
    """Cases of the names asked for, and the references whose models they need."""
    if not only:
        return tuple(cases)
    asked = [case for case in cases if case.name in only]
    if not asked:
        raise UsageError(
            Text(f"There is no case named {' or '.join(only)}.", f"{', '.join(only)}(이)라는 항목이 없습니다."),
            Text(
                "Names are reference, starter, and those of the counterexamples.",
                "reference, starter, 또는 반례 폴더의 이름을 쓰세요.",
            ),
        )
    needed = {case.mission.id for case in asked if case.needs_reference_model}
    return tuple(
        case
        for case in cases
        if case in asked or (case.kind.value == "reference" and case.seed == 0 and case.mission.id in needed)
    )


def _request(
    session: Session,
    *,
    jobs: int | None,
    fresh: bool,
    sandbox: SandboxChoice | None,
    gpu: str,
) -> "VerificationRequest":
    from grader.verification import VerificationRequest
    from grader.verification.session import default_jobs

    name, image = choose_sandbox(session, sandbox)
    return VerificationRequest(
        sandbox=name,
        image=image,
        jobs=jobs or default_jobs(),
        fresh=fresh,
        gpu=choose_gpu(gpu),
        settings=session.settings,
    )


def _announce(
    session: Session, missions: "tuple[Mission, ...]", cases: "tuple[Case, ...]", request: "VerificationRequest"
) -> None:
    session.say(
        Text(
            f"{len(missions)} missions, {len(cases)} cases, {request.jobs} at a time, sandbox {request.sandbox}",
            f"미션 {len(missions)}개, 항목 {len(cases)}개, 동시에 {request.jobs}개씩, 샌드박스 {request.sandbox}",
        ),
        style="dim",
    )


def _show(session: Session, result: "Result") -> None:
    from grader.reports import figures
    from grader.reports.escape import inert

    case, report = result.case, result.report
    seed = session.text(Text(f"seed {case.seed}", f"시드 {case.seed}"))
    name = case.name if case.seed == 0 else f"{case.name} ({seed})"
    score = f"{report.score:g}/{report.max_score:g}" if report is not None and report.criteria else "–"
    took = (
        session.text(Text("unchanged", "변경 없음"))
        if result.cached
        else figures.seconds(result.seconds, session.language)
    )
    mark, style = ("✓", "green") if result.ok else ("✗", "bold red")
    session.show(
        Line.assemble((f"{mark} ", style), f"{case.mission.id:<26} {name:<30} {score:>8}", (f"  {took}", "dim"))
    )
    for problem in result.problems:
        session.show(Line(f"    {inert(session.text(problem))}", style="red"))


def _gap(mission_id: str, criterion: str) -> Text:
    return Text(
        f"✗ {mission_id}: no counterexample loses {criterion}, so nothing proves that its hidden test can fail",
        f"✗ {mission_id}: {criterion} 기준을 잃는 반례가 없어, 비공개 테스트가 제대로 걸러 내는지 확인할 수 없습니다",
    )


def _summarise(session: Session, results: "tuple[Result, ...]", *, gaps: int) -> None:
    wrong = sum(not result.ok for result in results)
    if wrong + gaps == 0:
        words = Text(
            f"All {len(results)} cases came out as planned.", f"{len(results)}개 항목이 모두 예상대로 채점되었습니다."
        )
    else:
        words = Text(
            f"{wrong} of {len(results)} cases did not come out as planned; {gaps} criteria lack a counterexample.",
            f"{len(results)}개 항목 중 {wrong}개가 예상과 다릅니다. 반례가 없는 기준은 {gaps}개입니다.",
        )
    session.show(Line(session.text(words), style="bold"))


def _code(results: "tuple[Result, ...]", *, gaps: int) -> ExitCode:
    if any(result.machine_failed for result in results):
        return ExitCode.INFRASTRUCTURE
    return ExitCode.PASSED if gaps == 0 and all(result.ok for result in results) else ExitCode.BELOW_PASS_MARK

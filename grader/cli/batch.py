"""`grade batch`, `grade regrade`: grade a folder of submissions into a gradebook."""

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.text import Text as Line

from grader.cli.batch_outcome import SHOWN, say_how_to_go_on, summarise, write_table
from grader.cli.gradebook import DatabaseOption, GradebookOption, gradebook_of
from grader.cli.options import (
    DebugOption,
    LanguageOption,
    SandboxOption,
    SeedOption,
    complete_mission,
)
from grader.cli.session import Session, session_of
from grader.errors import ExitCode, InfrastructureError, UsageError
from grader.text import Text, same

if TYPE_CHECKING:
    from grader.batch import BatchRequest, Desk, LocalPool, Plan, Watch
    from grader.cohort import Found
    from grader.course import Course
    from grader.entries import Student
    from grader.store import Store

ProgressChoice = Literal["auto", "live", "lines", "json", "quiet"]
LayoutChoice = Literal["auto", "plain", "canvas", "moodle", "gradescope"]

EXAMPLES = (
    "[bold]Examples[/bold]\n\ngrade batch submissions --mission mission_cnn\n"
    "grade batch submissions --roster roster.csv --jobs 4\n"
    "grade batch submissions --database postgresql://grader@host/course\n\n"
    "The same command again grades only what is new, changed or missing.\n\n"
    "[bold]Exit codes[/bold]\n\n0 all graded · 2 usage · 3 some could not be graded · 130 stopped"
)

FolderArgument = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="One entry per student, or a bulk download.", exists=True)
]
MissionOption = Annotated[
    str | None,
    typer.Option(
        "--mission", "-m", metavar="MISSION", help="Where names do not say it.", autocompletion=complete_mission
    ),
]
RosterOption = Annotated[
    Path | None,
    typer.Option("--roster", metavar="CSV", help="Who is enrolled: id, name, email, section.", exists=True),
]
LayoutOption = Annotated[LayoutChoice, typer.Option("--layout", help="Who laid the folder out.")]
JobsOption = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Gradings at one time.", show_default="one per core")
]
GpusOption = Annotated[str, typer.Option("--gpus", metavar="none|all|0,1", help="GPUs to train on.")]
PerGpuOption = Annotated[int, typer.Option("--per-gpu", min=1, help="Gradings at one time on each GPU.")]
StudentsOption = Annotated[
    list[str] | None, typer.Option("--student", metavar="ID", help="Only this student; may be given several times.")
]
RetrainOption = Annotated[bool, typer.Option("--retrain", help="Train everything, also what came with a model.")]
ProgressOption = Annotated[
    ProgressChoice, typer.Option("--progress", help="How to tell what happens; json writes one object per line.")
]
TrustOption = Annotated[
    bool, typer.Option("--trust-submissions", help="Allow --sandbox none: their code then runs as you.")
]
ClusterOption = Annotated[
    str | None,
    typer.Option("--cluster", metavar="auto|ray://HOST:PORT", help="Grade on a Ray cluster.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    panel = "Your course"
    app.command("batch", rich_help_panel=panel, epilog=EXAMPLES)(batch)
    app.command("regrade", rich_help_panel=panel, epilog="Example: grade regrade submissions -m mission_cnn")(regrade)


def batch(
    context: typer.Context,
    folder: FolderArgument,
    mission: MissionOption = None,
    roster: RosterOption = None,
    gradebook: GradebookOption = None,
    database: DatabaseOption = None,
    layout: LayoutOption = "auto",
    students: StudentsOption = None,
    jobs: JobsOption = None,
    gpus: GpusOption = "none",
    per_gpu: PerGpuOption = 1,
    cluster: ClusterOption = None,
    sandbox: SandboxOption = None,
    seed: SeedOption = 0,
    retrain: RetrainOption = False,
    force: Annotated[bool, typer.Option("--force", help="Grade again what has not changed.")] = False,
    progress: ProgressOption = "auto",
    trust_submissions: TrustOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Grade a folder of submissions into a gradebook; what has a result that still holds is not graded again."""
    session = session_of(context)
    course = session.course()
    enrolled, found = _find(session, course, folder, mission, roster, layout, students)
    request = _request(
        session,
        course,
        found,
        enrolled,
        sandbox=sandbox,
        seed=seed,
        gpus=gpus,
        retrain=retrain,
        force=force,
        trusted=trust_submissions,
    )
    workers = _workers(jobs, gpus, per_gpu, cluster)
    with gradebook_of(session, gradebook, database) as store:
        _run(session, request, store, workers, progress=progress, command=_as_typed(context))


def regrade(
    context: typer.Context,
    folder: FolderArgument,
    mission: MissionOption = None,
    roster: RosterOption = None,
    gradebook: GradebookOption = None,
    database: DatabaseOption = None,
    layout: LayoutOption = "auto",
    students: StudentsOption = None,
    jobs: JobsOption = None,
    gpus: GpusOption = "none",
    per_gpu: PerGpuOption = 1,
    cluster: ClusterOption = None,
    sandbox: SandboxOption = None,
    seed: SeedOption = 0,
    retrain: RetrainOption = False,
    progress: ProgressOption = "auto",
    trust_submissions: TrustOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Grade everything in a folder again, whatever has a result: `grade batch --force`."""
    batch(
        context,
        folder,
        mission=mission,
        roster=roster,
        gradebook=gradebook,
        database=database,
        layout=layout,
        students=students,
        jobs=jobs,
        gpus=gpus,
        per_gpu=per_gpu,
        cluster=cluster,
        sandbox=sandbox,
        seed=seed,
        retrain=retrain,
        force=True,
        progress=progress,
        trust_submissions=trust_submissions,
    )


def _find(
    session: Session,
    course: "Course",
    folder: Path,
    mission: str | None,
    roster: Path | None,
    layout: str,
    students: list[str] | None,
) -> "tuple[dict[str, Student] | None, Found]":
    """The roster, and what lies in the folder; tells what of it is left out."""
    from grader.cohort import Layout, find_submissions, read_roster
    from grader.reports.escape import inert

    enrolled = read_roster(roster) if roster is not None else None
    found = find_submissions(
        folder,
        missions=course.mission_ids(),
        mission=mission,
        roster=enrolled,
        layout=None if layout == "auto" else Layout(layout),
    )
    if students:
        known = {one.student.id for one in found.submissions}
        if unknown := [name for name in students if name not in known]:
            raise UsageError(
                Text(f"There is no submission of {unknown[0]}.", f"{unknown[0]} 학생의 제출물이 없습니다."),
                Text("Write the id as the gradebook shows it.", "성적부에 나오는 학번을 그대로 쓰세요."),
            )
        chosen = tuple(one for one in found.submissions if one.student.id in students)
        found = dataclasses.replace(found, submissions=chosen)
    for skipped in found.skipped[:SHOWN]:
        reason = session.text(skipped.reason)
        session.err.print(Line(f"- {inert(skipped.name, lines=False)}: {inert(reason)}", style="dim"))
    if (more := len(found.skipped) - SHOWN) > 0:
        session.say(Text(f"- and {more} more left out", f"- 그 밖에 {more}개 제외"), style="dim")
    return enrolled, found


def _request(
    session: Session,
    course: "Course",
    found: "Found",
    enrolled: "dict[str, Student] | None",
    *,
    sandbox: str | None,
    seed: int,
    gpus: str,
    retrain: bool,
    force: bool,
    trusted: bool,
) -> "BatchRequest":
    from grader.batch import BatchRequest, Conditions
    from grader.sandbox import SandboxName, open_sandbox

    settings = session.settings
    with open_sandbox(
        sandbox or settings.sandbox,  # type: ignore[arg-type]
        image=settings.image,
        docker_runtime=settings.docker_runtime,
    ) as opened:
        name: SandboxName = opened.name  # type: ignore[assignment]
        state = opened.availability()
    if not state.ok:
        raise InfrastructureError(state.detail, state.advice or same(""))
    if name == "none" and not trusted:
        raise UsageError(
            Text(
                "Without a sandbox, the submissions' code would run as you, with all your files and the answers.",
                "샌드박스가 없으면 제출된 코드가 내 권한으로 실행되어 내 파일과 정답까지 읽을 수 있습니다.",
            ),
            Text(
                "Use --sandbox docker or bubblewrap (see grade doctor), or add --trust-submissions.",
                "--sandbox docker나 bubblewrap을 쓰거나(grade doctor 참고) --trust-submissions를 붙이세요.",
            ),
        )
    image = None
    if name == "docker":
        from grader.image import built_from

        image = built_from(settings.image)
    return BatchRequest(
        course=course,
        found=found,
        roster=enrolled,
        conditions=Conditions(sandbox=name, seed=seed, settings=settings),
        image=image,
        device="cpu" if gpus == "none" else "cuda",
        retrain=retrain,
        force=force,
    )


@dataclass(frozen=True, slots=True)
class Workers:
    """Who grades: this machine, or a cluster.

    Attributes:
        pool: on this machine; None for a cluster.
        cluster: its address.
        per_gpu: gradings at one time on each GPU of the cluster; 0 grades on CPUs.
    """

    pool: "LocalPool | None"
    cluster: str = ""
    per_gpu: int = 0


def _workers(jobs: int | None, gpus: str, per_gpu: int, cluster: str | None) -> Workers:
    """How many workers, and where."""
    from grader.batch import LocalPool

    if cluster is not None:
        return Workers(None, cluster, 0 if gpus == "none" else per_gpu)
    if gpus == "none":
        return Workers(LocalPool.on_cpus(jobs))
    if gpus == "all":
        from grader.sandbox.nvml import list_gpus

        indices = list(range(len(list_gpus() or ())))
    else:
        indices = [int(part) for part in gpus.split(",") if part.strip().isdecimal()]
    if not indices or (gpus != "all" and len(indices) != len(gpus.split(","))):
        raise UsageError(
            Text(f"--gpus {gpus}: there is no such GPU.", f"--gpus {gpus}: 그런 GPU가 없습니다."),
            Text("Say none, all, or indices such as 0,1.", "none, all, 또는 0,1처럼 번호를 쓰세요."),
        )
    return Workers(LocalPool.on_gpus(indices, per_gpu))


def _run(
    session: Session,
    request: "BatchRequest",
    store: "Store",
    workers: Workers,
    *,
    progress: ProgressChoice,
    command: list[str],
) -> None:
    """Plans, grades, audits, and says what came of it."""
    from grader.batch import plan_audits, plan_batch
    from grader.cli.batch_progress import watching_batch
    from grader.policies import load_policies

    policies = load_policies(request.course.root)
    try:
        plan = plan_batch(request, store)
        command = _going_on(command)
        _announce(session, request, plan, workers)
        try:
            with watching_batch(session.err, session.language, progress) as watch:
                desks = [_work(session, store, plan, watch, workers, request)]
                audits = plan_audits(request, store, policies, plan.numbers)
                if audits.orders:
                    desks.append(_work(session, store, audits, watch, workers, request))
        finally:
            write_table(session, store, request)
    except (KeyboardInterrupt, SystemExit) as stop:
        say_how_to_go_on(session, command)
        if isinstance(stop, SystemExit):  # a polite request to stop, with its own exit code
            raise
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    summarise(session, store, request, plan, desks, command)


def _work(
    session: Session, store: "Store", plan: "Plan", watch: "Watch", workers: Workers, request: "BatchRequest"
) -> "Desk":
    """Works a plan off, here or on a cluster."""
    from grader.batch import Desk, work_off

    watch.planned(total=len(plan.orders), unchanged=plan.unchanged)
    with Desk(store, plan.orders, watch) as desk:
        if not plan.orders:
            return desk
        if workers.pool is not None:
            work_off(desk, workers.pool, request.conditions)
        else:
            from grader.cluster import work_off_on_cluster

            work_off_on_cluster(
                desk,
                workers.cluster,
                request.conditions,
                image=request.image,
                per_gpu=workers.per_gpu,
                say=lambda text: session.say(text, style="yellow"),
            )
    return desk


def _announce(session: Session, request: "BatchRequest", plan: "Plan", workers: Workers) -> None:
    total, new = len(plan.orders) + plan.unchanged, len(plan.orders)
    layout = request.found.layout.value
    if workers.pool is None:
        where = Text(f"on the cluster {workers.cluster}", f"클러스터 {workers.cluster}에서")
    else:
        slots = len(workers.pool.slots)
        where = Text(f"{slots} at a time", f"동시에 {slots}개씩")
    session.say(
        Text(
            f"{total} submissions ({layout}), {new} to grade, {where.en}, sandbox {request.conditions.sandbox}",
            f"제출물 {total}개({layout}), 채점할 것 {new}개, {where.ko}, 샌드박스 {request.conditions.sandbox}",
        ),
        style="dim",
    )


def _as_typed(context: typer.Context) -> list[str]:
    """The command, word by word."""
    return ["grade", *(sys.argv[1:] or [context.info_name or ""])]


def _going_on(command: list[str]) -> list[str]:
    """What completes a batch that was begun by `command`: results that were to be replaced are gone already, so that
    forcing again would only repeat what has been done since."""
    words = [word for word in command if word != "--force"]
    if "regrade" in words:
        words[words.index("regrade")] = "batch"
    return words

"""`grade check`, `grade train`, `grade submit`: rehearse, train here, be graded."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text as Line

from grader.cli.asked import Asked, settle
from grader.cli.options import (
    DebugOption,
    GpuOption,
    LanguageOption,
    MissionArgument,
    SandboxChoice,
    SandboxOption,
    SeedOption,
)
from grader.cli.outcome import Wanted, exit_code, show_check, show_failure, show_report, student_exit
from grader.cli.resident import let_resident_grade
from grader.cli.session import Session, session_of
from grader.errors import DestinationExists, InfrastructureError, UsageError
from grader.text import Text, same

if TYPE_CHECKING:
    from grader.pipeline import GradingRequest
    from grader.results import Report
    from grader.sandbox import SandboxName

_NVIDIA_DEVICES = tuple(Path("/dev", name) for name in ("nvidiactl", "dxg", "nvhost-gpu", "nvmap"))
"""One of them is there where CUDA may work: the driver's own, WSL's, Jetson's."""

PathArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="PATH",
        help="Folder, archive, .py or notebook. Default: here if it holds solution.py or one notebook, else ./MISSION.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Adds this family's commands."""
    panel = "Your work"
    app.command("check", rich_help_panel=panel, epilog="Example: grade check mission_cnn")(check)
    app.command("train", rich_help_panel=panel, epilog="Example: grade train mission_cnn --out model.pt2")(train)
    examples = (
        "[bold]Examples[/bold]\n\ngrade submit mission_cnn\ngrade submit mission_cnn work.ipynb --gpu none\n"
        "grade submit mission_cnn --artifact model.pt2\ngrade submit mission_cnn --json > report.json"
    )
    app.command("submit", rich_help_panel=panel, epilog=examples)(submit)


def check(
    context: typer.Context,
    mission: MissionArgument,
    path: PathArgument = None,
    sandbox: SandboxOption = None,
    gpu: GpuOption = "auto",
    seed: SeedOption = 0,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Find contract mistakes in seconds: rules, signature, a few training steps, export. Gives no score."""
    session = session_of(context)
    request = _request(settle(session, mission, path, sandbox=sandbox, gpu=gpu, seed=seed))
    from grader.cli.progress import watching
    from grader.pipeline import check_submission

    with watching(session.err, session.language) as progress:
        result = check_submission(request, progress=progress)
    show_check(session, result)
    if not result.ok:
        raise typer.Exit(student_exit(result.ending))
    session.say(
        Text(
            f"Ready. Next: {_submit_command(mission, path)}",
            f"제출할 준비가 되었습니다. 다음 단계: {_submit_command(mission, path)}",
        )
    )


def train(
    context: typer.Context,
    mission: MissionArgument,
    path: PathArgument = None,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write the exported model.")] = Path(
        "model.pt2"
    ),
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
    sandbox: Annotated[
        SandboxChoice, typer.Option("--sandbox", help="Where the code runs; none, since it is your own.")
    ] = "none",
    gpu: GpuOption = "auto",
    seed: SeedOption = 0,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Train your own code here, within the mission's limits, and write the exported model."""
    session = session_of(context)
    request = _request(settle(session, mission, path, sandbox=sandbox, gpu=gpu, seed=seed))
    if out.exists() and not force:
        raise DestinationExists(
            Text(f"{out} exists already; nothing was trained.", f"{out} 파일이 이미 있어 학습을 시작하지 않았습니다."),
            Text(
                "Add --force to replace it, or name another with --out.",
                "--force로 덮어쓰거나 --out으로 다른 이름을 지정하세요.",
            ),
        )
    from grader.cli.progress import watching
    from grader.pipeline import train_model
    from grader.reports import figures, words

    staged = out.with_name(f".{out.name}.partial") if out.exists() else out
    staged.unlink(missing_ok=True)
    with watching(session.err, session.language) as progress:
        result = train_model(request, destination=staged, progress=progress)
    if not result.ok or result.artifact is None:
        show_failure(session, result.ending, result.output)
        raise typer.Exit(student_exit(result.ending))
    if staged != out:
        staged.replace(out)
    size = figures.size(out.stat().st_size)
    session.show(Line(session.text(Text(f"✓ Wrote {out} ({size}).", f"✓ {out} 파일을 저장했습니다({size})."))))
    session.say(same(" · ".join(words.run_facts(result.run, session.language)[1:])), style="dim")
    session.say(
        Text(
            f"Next: {_submit_command(mission, path)} --artifact {shlex.quote(str(out))}",
            f"다음 단계: {_submit_command(mission, path)} --artifact {shlex.quote(str(out))}",
        )
    )


def submit(
    context: typer.Context,
    mission: MissionArgument,
    path: PathArgument = None,
    artifact: Annotated[
        Path | None,
        typer.Option(
            "--artifact", metavar="FILE", help="A model trained elsewhere; it is measured, not trained again."
        ),
    ] = None,
    sandbox: SandboxOption = None,
    gpu: GpuOption = "auto",
    seed: SeedOption = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Folder for report.json and report.html; those in it are replaced.",
            show_default="reports/MISSION-NAME-TIME",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the report as JSON and nothing else; files only with --out.")
    ] = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Grade a submission: train, measure on hidden images, score, explain."""
    session = session_of(context)
    if artifact is not None and not artifact.is_file():
        raise UsageError(Text(f"There is no file {artifact}.", f"{artifact} 파일이 없습니다."))
    wanted = Wanted(out=out, as_json=as_json)
    asked = settle(session, mission, path, sandbox=sandbox, gpu=gpu, seed=seed, artifact=artifact)
    report = let_resident_grade(session, asked, wanted)
    if report is None:
        report = _grade(session, _request(asked), wanted)
        show_report(session, report, wanted)
    raise typer.Exit(exit_code(report))


def choose_gpu(choice: str) -> int | None:
    """The GPU to train on: the first one that torch can use for `auto`; None is the CPU.

    Args:
        choice: `auto`, `none` or an index.
    """
    if choice == "none":
        return None
    if choice != "auto":
        return int(choice)
    # Asking torch costs two seconds of import, which a Linux machine without such a device need not pay.
    if sys.platform == "linux" and not any(device.exists() for device in _NVIDIA_DEVICES):
        return None
    import torch

    return 0 if torch.cuda.is_available() else None


def choose_sandbox(session: Session, choice: SandboxChoice | None) -> "tuple[SandboxName, str | None]":
    """The backend that results will depend on, never `auto`, and what docker's image was built from.

    Args:
        choice: None for what is configured.

    Raises:
        InfrastructureError: it can't start runs here.
    """
    from grader.sandbox import open_sandbox

    settings = session.settings
    with open_sandbox(
        choice or settings.sandbox, image=settings.image, docker_runtime=settings.docker_runtime
    ) as sandbox:
        name: SandboxName = sandbox.name  # type: ignore[assignment]
        state = sandbox.availability()
    if not state.ok:
        raise InfrastructureError(state.detail, state.advice)
    if name != "docker":
        return name, None
    from grader.image import built_from

    return name, built_from(settings.image)


def _request(asked: Asked) -> "GradingRequest":
    """What the pipeline takes; importing that is slow."""
    from grader.pipeline import GradingRequest

    return GradingRequest(
        mission=asked.mission,
        path=asked.path,
        artifact=asked.artifact,
        sandbox=asked.sandbox,
        gpu=choose_gpu(asked.gpu),
        seed=asked.seed,
        settings=asked.settings,
    )


def _grade(session: Session, request: "GradingRequest", wanted: Wanted) -> "Report":
    from grader.cli.progress import watching
    from grader.pipeline import grade_submission
    from grader.progress import Silent
    from grader.reports.ahead import load_ahead
    from grader.reports.visibility import for_students

    if wanted.files:
        load_ahead()
    if wanted.as_json:
        report = grade_submission(request, progress=Silent())
    else:
        with watching(session.err, session.language) as progress:
            report = grade_submission(request, progress=progress)
    return for_students(report, request.mission.spec)


def _submit_command(mission: str, path: Path | None) -> str:
    """What to type next, with the path where one was given."""
    return f"grade submit {mission}" if path is None else f"grade submit {mission} {shlex.quote(str(path))}"

"""`grade doctor`: what this machine has, what it lacks, and what to type."""

import importlib.metadata
import platform
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table
from rich.text import Text as Line

from grader.cli.options import DebugOption, LanguageOption
from grader.cli.session import Session, session_of
from grader.errors import ExitCode, GraderError
from grader.text import Text, same

if TYPE_CHECKING:
    from grader.data import DataPack
    from grader.sandbox.base import Availability

LOW_DISK_BYTES = 2 * 1024**3
"""Below this much free space a grading may end with a full disk: a report, a model, scratch and a pack need 1 GiB."""


class State(Enum):
    """What a line says."""

    READY = ("✓", "green")
    OPTIONAL = ("–", "yellow")
    MISSING = ("✗", "red")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line.

    Attributes:
        name: what was looked at.
        state: there, missing but not needed, or missing.
        detail: version or reason.
        advice: what to type; None where nothing is to be done.
    """

    name: Text
    state: State
    detail: Text
    advice: Text | None = None


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("doctor", rich_help_panel="This machine")(doctor)


def doctor(
    context: typer.Context,
    clean: Annotated[
        bool, typer.Option("--clean", help="Remove what killed gradings left behind: containers, cgroups, folders.")
    ] = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Show what this machine has, what it lacks, and what to type."""
    session = session_of(context)
    if clean:
        _clean(session)
        return
    findings = examine(session)
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(3):
        table.add_column(overflow="fold")
    for finding in findings:
        symbol, style = finding.state.value
        detail = Line(session.text(finding.detail))
        if finding.advice is not None:
            detail.append(f"\n→ {session.text(finding.advice).strip()}", style="bold")
        table.add_row(Line(symbol, style=f"bold {style}"), Line(session.text(finding.name)), detail)
    session.show(table)
    if any(finding.state is State.MISSING for finding in findings):
        raise typer.Exit(ExitCode.INFRASTRUCTURE)
    session.say(Text("Ready to grade.", "채점할 준비가 되어 있습니다."))


def examine(session: Session) -> list[Finding]:
    """Every finding, in the order shown. No check ends the command, whatever it meets."""
    checks: tuple[Callable[[Session], list[Finding]], ...] = (
        _python,
        _torch,
        _gpus,
        _sandboxes,
        _course,
        _packs,
        _disk,
    )
    findings: list[Finding] = []
    for check in checks:
        try:
            findings += check(session)
        except GraderError as error:
            findings.append(Finding(same(check.__name__.strip("_")), State.MISSING, error.message, error.advice))
    return findings


def _python(session: Session) -> list[Finding]:
    return [Finding(same("Python"), State.READY, same(f"{platform.python_version()}, {platform.platform(terse=True)}"))]


def _torch(session: Session) -> list[Finding]:
    try:
        import torch
    except Exception as error:  # a broken installation fails in many ways, and this command is there to say so
        detail = Text(f"can't be loaded: {type(error).__name__}", f"불러올 수 없습니다: {type(error).__name__}")
        return [Finding(same("torch"), State.MISSING, detail, same("pip install --force-reinstall torch"))]
    vision = importlib.metadata.version("torchvision")
    return [Finding(same("torch"), State.READY, same(f"{torch.__version__}, torchvision {vision}"))]


def _gpus(session: Session) -> list[Finding]:
    """Each GPU; one that torch can't use is of no use to a training."""
    import torch

    from grader.reports import figures
    from grader.sandbox.nvml import list_gpus

    known = list_gpus() or ()
    if not torch.cuda.is_available():
        detail = Text("none that torch can use; training runs on the CPU", "사용 가능한 GPU가 없어 CPU로 학습합니다")
        advice = Text(
            "torch needs a driver that is as new as its CUDA: update the driver",
            "설치된 torch의 CUDA 버전에 맞는 드라이버가 필요합니다. 드라이버를 업데이트하세요",
        )
        return [Finding(same("GPU"), State.OPTIONAL, detail, advice if known else None)]
    if not known:
        names = ", ".join(torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count()))
        return [Finding(same("GPU"), State.READY, same(names))]
    return [
        Finding(
            same(f"GPU {gpu.index}"),
            State.READY,
            Text(
                f"{gpu.name}, {figures.size(gpu.memory_bytes)}, {figures.size(gpu.free_bytes)} free",
                f"{gpu.name}, {figures.size(gpu.memory_bytes)} 중 {figures.size(gpu.free_bytes)} 사용 가능",
            ),
        )
        for gpu in known
    ]


def _sandboxes(session: Session) -> list[Finding]:
    """Each isolating sandbox, and whether it hands over a GPU where there is one; a sandbox that is missing is a fault
    only where the other is missing too."""
    from grader.sandbox import open_sandbox
    from grader.sandbox.nvml import list_gpus

    settings = session.settings
    names: tuple[Literal["docker", "bubblewrap"], ...] = ("docker", "bubblewrap")
    opened = {name: open_sandbox(name, image=settings.image, docker_runtime=settings.docker_runtime) for name in names}
    found = {name: sandbox.availability() for name, sandbox in opened.items()}
    absent = State.OPTIONAL if any(availability.ok for availability in found.values()) else State.MISSING
    gpus = list_gpus()
    findings = []
    for name, availability in found.items():
        findings.append(
            Finding(
                Text(f"sandbox: {name}", f"샌드박스: {name}"),
                State.READY if availability.ok else absent,
                availability.detail,
                availability.advice,
            )
        )
        if availability.ok and gpus:
            findings.append(_handing_over(name, opened[name].availability(gpu=gpus[0].index)))
    return findings


def _handing_over(name: str, gpu: "Availability") -> Finding:
    title = Text(f"GPU in {name}", f"{name}의 GPU")
    if gpu.ok:
        return Finding(title, State.READY, Text("handed over", "사용할 수 있습니다"))
    return Finding(title, State.OPTIONAL, gpu.detail, gpu.advice)


def _course(session: Session) -> list[Finding]:
    name = Text("course", "과정")
    try:
        course = session.course()
        count = len(course.missions())
    except GraderError as error:
        return [Finding(name, State.MISSING, error.message, error.advice)]
    return [Finding(name, State.READY, Text(f"{course.root}, {count} mission(s)", f"{course.root}, 미션 {count}개"))]


def _packs(session: Session) -> list[Finding]:
    from grader import data

    found: dict[str, DataPack | GraderError] = {}
    for spec in data.list_packs():
        try:
            found[spec.id] = data.load(spec.id, cache_dir=session.settings.cache_dir)
        except GraderError as error:
            found[spec.id] = error
    findings: list[Finding] = []
    for spec in data.list_packs():
        name, pack = Text(f"data pack: {spec.id}", f"데이터 팩: {spec.id}"), found[spec.id]
        if isinstance(pack, GraderError):
            partner = spec.stands_in_for or next(
                (other.id for other in data.list_packs() if other.stands_in_for == spec.id), None
            )
            # Of a pack and its stand-in, one is enough.
            replaced = partner is not None and not isinstance(found[partner], GraderError)
            state = State.OPTIONAL if replaced else State.MISSING
            findings.append(Finding(name, state, pack.message, pack.advice))
        else:
            findings.append(Finding(name, State.READY, same(str(pack.root))))
    return findings


def _disk(session: Session) -> list[Finding]:
    from grader.reports import figures

    free_bytes = shutil.disk_usage(tempfile.gettempdir()).free
    detail = Text(f"{figures.size(free_bytes)} free", f"{figures.size(free_bytes)} 사용 가능")
    name = Text("disk", "디스크")
    if free_bytes >= LOW_DISK_BYTES:
        return [Finding(name, State.READY, detail)]
    return [Finding(name, State.MISSING, detail, Text("Free some space.", "저장 공간을 확보하세요."))]


def _clean(session: Session) -> None:
    from grader.sandbox import open_sandbox

    settings = session.settings
    names: tuple[Literal["docker", "bubblewrap", "none"], ...] = ("docker", "bubblewrap", "none")
    removed: list[str] = []
    for name in names:
        sandbox = open_sandbox(name, image=settings.image, docker_runtime=settings.docker_runtime)
        if name == "docker" and not sandbox.availability().ok:
            continue
        removed += sandbox.sweep()
    for item in removed:
        session.show(Line(item))
    session.say(
        Text(f"Removed {len(removed)} leftover(s).", f"남아 있던 항목 {len(removed)}개를 정리했습니다.")
        if removed
        else Text("Nothing was left behind.", "정리할 항목이 없습니다.")
    )

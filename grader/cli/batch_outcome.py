"""What a batch says when it has come to an end, or was stopped."""

import shlex
from typing import TYPE_CHECKING

import typer
from rich.text import Text as Line

from grader.cli.gradebook import write_export
from grader.cli.session import Session
from grader.errors import ExitCode, InfrastructureError
from grader.text import Text

if TYPE_CHECKING:
    from grader.batch import BatchRequest, Desk, Plan
    from grader.store import Store

SHOWN = 10
"""Names listed before the rest is only counted."""


def say_how_to_go_on(session: Session, command: list[str]) -> None:
    shown = shlex.join(command)
    told = Text(
        f"Stopped. Everything graded so far is kept. To go on: {shown}",
        f"중단했습니다. 지금까지 채점한 결과는 저장되어 있습니다. 이어서 하려면: {shown}",
    )
    session.err.print(Line(session.text(told)), soft_wrap=True)  # a command to copy stays in one piece


def write_table(session: Session, store: "Store", request: "BatchRequest") -> None:
    """The gradebook as a table beside the database: what most instructors want to open."""
    try:
        path = write_export(session, store, request.course, "csv", store.folder / "gradebook.csv")
    except (OSError, InfrastructureError):
        return  # what stopped the batch is told by itself
    session.say(Text(f"Gradebook: {path}", f"성적부: {path}"), style="dim")


def summarise(
    session: Session, store: "Store", request: "BatchRequest", plan: "Plan", desks: "list[Desk]", command: list[str]
) -> None:
    from grader.reports.escape import inert

    graded, failed, left = (
        sum(getattr(desk.tally, name) for desk in desks) for name in ("graded", "not_graded", "left")
    )
    session.err.print(
        Line(
            session.text(
                Text(
                    f"{graded} graded, {plan.unchanged} unchanged, {failed} not graded",
                    f"채점 {graded}개, 변경 없음 {plan.unchanged}개, 채점하지 못함 {failed}개",
                )
            ),
            style="bold",
        )
    )
    if left:
        session.say(Text(f"{left} are graded by another batch.", f"{left}개는 다른 일괄 채점이 맡고 있습니다."))
    _list_students(session, store, request)
    if failed:
        faults = [desk.last_fault for desk in desks if desk.last_fault is not None]
        reason = faults[-1] if faults else Text("The machine failed.", "채점 환경에 문제가 생겼습니다.")
        told = Text(
            f"Not a mark, only a machine that failed. Last: {inert(reason.en)} Try again: {shlex.join(command)}",
            f"점수가 아니라 채점 환경 문제입니다. 마지막 문제: {inert(reason.ko)} 다시 시도: {shlex.join(command)}",
        )
        session.err.print(Line(session.text(told)), soft_wrap=True)
        raise typer.Exit(ExitCode.INFRASTRUCTURE)


def _list_students(session: Session, store: "Store", request: "BatchRequest") -> None:
    """Who is in the roster and handed in nothing, and the reverse."""
    from grader.reports.escape import inert

    if request.roster is None:
        return
    there = {one.student.id: one.student for one in request.found.submissions}
    missing = [student for name, student in sorted(request.roster.items()) if name not in there]
    unknown = [student for _, student in sorted(there.items()) if not student.enrolled]
    for title, names in (
        (Text("Handed in nothing", "제출하지 않은 학생"), missing),
        (Text("Not in the roster", "명단에 없는 학생"), unknown),
    ):
        if names:
            shown = ", ".join(inert(student.name or student.id, max_bytes=60, lines=False) for student in names[:SHOWN])
            more = f" … (+{len(names) - SHOWN})" if len(names) > SHOWN else ""
            session.err.print(Line(f"{session.text(title)} ({len(names)}): {shown}{more}"), soft_wrap=True)

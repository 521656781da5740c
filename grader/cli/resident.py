"""Let a `grade warm` in another terminal do the grading, where there is one that would do it just as this process."""

import os
from contextlib import nullcontext
from typing import TYPE_CHECKING

from grader.cli.asked import Asked
from grader.cli.outcome import Wanted, show_report
from grader.cli.session import Session
from grader.text import same

if TYPE_CHECKING:
    from grader.resident.answer import Answer
    from grader.resident.client import Conversation
    from grader.results import Report


def let_resident_grade(session: Session, asked: Asked, wanted: Wanted) -> "Report | None":
    """The report, shown and written; None where nobody does this grading, which only `--debug` tells."""
    conversation = _begin(session, asked, wanted)
    if conversation is None:
        return None
    with conversation:
        answer = _await(session, conversation, wanted)
        if answer is None:
            return None
        show_report(session, answer.report, wanted, page=answer.page)
        return answer.report


def _begin(session: Session, asked: Asked, wanted: Wanted) -> "Conversation | None":
    """The question, sent; None where nobody takes it."""
    from grader.resident.address import socket_path

    place = socket_path(asked.course.root, asked.settings.cache_dir, os.environ)
    if not os.path.lexists(place):
        return None
    from pydantic import ValidationError

    from grader.resident.client import NobodyAnswers, ask
    from grader.resident.conditions import conditions_of
    from grader.resident.protocol import Question

    try:
        question = Question(
            conditions=conditions_of(asked.course.root, asked.sandbox, asked.settings, os.environ),
            mission=asked.mission.id,
            path=str(asked.path),
            artifact=None if asked.artifact is None else str(asked.artifact.absolute()),
            gpu=asked.gpu,
            seed=asked.seed,
            page=session.language if wanted.files else None,
        )
        return ask(place, question)
    except (NobodyAnswers, ValidationError, OSError) as error:  # a name that is no UTF-8 can't be sent
        _tell(session, error)
        return None


def _await(session: Session, conversation: "Conversation", wanted: Wanted) -> "Answer | None":
    """The answer. What will be needed for it is imported now, while the question is being answered."""
    from grader.cli.progress import watching
    from grader.progress import Silent
    from grader.reports import json, terminal  # noqa: F401 - show the report
    from grader.resident.answer import await_report
    from grader.resident.client import NobodyAnswers

    try:
        with nullcontext(Silent()) if wanted.as_json else watching(session.err, session.language) as progress:
            return await_report(conversation, progress)
    except NobodyAnswers as error:
        _tell(session, error)
        return None


def _tell(session: Session, error: Exception) -> None:
    if session.debug:
        from grader.reports.escape import inert

        session.say(same(f"Graded here: {inert(str(error))}"), style="dim")

"""What a resident grader answers, read as a stranger's words."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from grader.progress import Progress, Stage
from grader.resident.client import Conversation, NobodyAnswers
from grader.resident.protocol import (
    MAX_EVENTS,
    MAX_REPORT_BYTES,
    Logged,
    PageComes,
    Refused,
    ReportComes,
    StageBegan,
    Used,
    parse_event,
)
from grader.results import LogPoint, Report, Verdict
from grader.runner.protocol import FrameReader, Message, ProtocolError

READ_BYTES = 256 * 1024


@dataclass(slots=True)
class Answer:
    """The report, while its page may be on the way."""

    report: Report
    _messages: Iterator[Message]

    def page(self) -> str | None:
        """The page that was asked for, waited for; None where none comes."""
        try:
            for message in self._messages:
                if isinstance(parse_event(message), PageComes):
                    return (message.blob or b"").decode("utf-8")
        except (OSError, ValueError):
            pass
        return None


def await_report(conversation: Conversation, progress: Progress) -> Answer:
    """The report of what was asked.

    Args:
        progress: is told what happens.

    Raises:
        NobodyAnswers: it was refused, or broken off, or the machine failed there: here it may not.
    """
    messages = _messages(conversation.connection)
    try:
        for message in messages:
            # The first answer comes at once; what follows takes as long as a grading takes.
            conversation.connection.settimeout(None)
            report = _take(message, progress)
            if report is not None and report.verdict is Verdict.NOT_GRADED:
                raise NobodyAnswers("the resident grader's machine failed")
            if report is not None:
                return Answer(report, messages)
    except (OSError, ValueError) as error:
        raise NobodyAnswers(f"the resident grader was cut short: {error}") from error
    raise NobodyAnswers("the resident grader went away")


def _take(message: Message, progress: Progress) -> Report | None:
    event = parse_event(message)
    match event:
        case Refused():
            raise NobodyAnswers(event.reason)
        case StageBegan():
            progress.stage(Stage(event.stage))
        case Logged():
            progress.log(LogPoint(seconds=event.seconds, values=event.values))
        case Used():
            progress.budget(event.used_s, event.budget_s)
        case ReportComes():
            return _report(message.blob or b"")
        case _:
            pass
    return None


def _report(raw_json: bytes) -> Report:
    try:
        return Report.model_validate_json(raw_json)
    except ValidationError as error:
        raise ProtocolError("what came is no report") from error


def _messages(connection: socket.socket) -> Iterator[Message]:
    reader = FrameReader(max_blob_bytes=MAX_REPORT_BYTES, max_messages=MAX_EVENTS)
    while data := connection.recv(READ_BYTES):
        yield from reader.feed(data)

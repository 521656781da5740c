"""The grader that stays: takes a question at a time from processes of its own user, and grades as they would."""

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from grader.course import Course
from grader.errors import GraderError
from grader.pipeline import GradingRequest, grade_submission
from grader.progress import Stage
from grader.reports.html import render_html
from grader.reports.visibility import for_students
from grader.resident import protocol
from grader.resident.address import is_own
from grader.resident.conditions import Conditions, code_fingerprint
from grader.resident.protocol import ANSWER_S, Question, parse_question
from grader.resident.readiness import ReadySandbox
from grader.results import LogPoint, Report, Verdict
from grader.runner.protocol import FrameReader, Message, ProtocolError, write_message
from grader.settings import Settings
from grader.text import Text

READ_BYTES = 64 * 1024
TICK_S = 5.0
"""How often it is looked whether there is still a reason to stay."""
SEND_S = 60.0
"""How long an asker may leave unread what it is told."""
MOST_ASKERS = 8
"""At one time; all but one are told that it is busy."""
STOP_S = 30.0
"""How long a grading may take to put away what it was doing."""
NOT_BUSY_S = 0.2


@dataclass(slots=True)
class Resident:
    """Answers questions, one at a time. `answer` may be called from several threads.

    Attributes:
        conditions: of this process, as it was started.
        sandboxes: choices of a sandbox that mean the one that is kept ready.
        ready: where programs run.
        choose_gpu: the GPU that a choice (`auto`, `none`, an index) means.
        tell: takes a line for whoever looks at this process.
    """

    conditions: Conditions
    sandboxes: frozenset[str]
    settings: Settings
    ready: ReadySandbox
    choose_gpu: Callable[[str], int | None]
    tell: Callable[[Text], None]
    outdated: bool = False
    """The code is no longer what this process was started with: nobody will be answered any more."""
    used: float = field(default_factory=time.monotonic)
    """When something was last graded, on the monotonic clock."""
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)
    _closing: threading.Event = field(default_factory=threading.Event)

    def answer(self, connection: socket.socket) -> None:
        """Takes the question that comes, and answers it. Raises nothing that an asker could bring about."""
        with connection:
            try:
                connection.settimeout(ANSWER_S)
                if not is_own(connection):
                    return
                question = parse_question(_read_question(connection))
                connection.settimeout(SEND_S)
                refusal = self._refusal(question)
                if refusal is not None:
                    _send(connection, protocol.Refused(reason=refusal))
                elif not self._one_at_a_time.acquire(timeout=NOT_BUSY_S):
                    _send(connection, protocol.Refused(reason="the resident grader is busy"))
                else:
                    try:
                        self._grade(question, connection)
                    finally:
                        self.used = time.monotonic()
                        self._one_at_a_time.release()
            except (OSError, ProtocolError):
                return

    def open(self) -> None:
        """Gets ready.

        Raises:
            InfrastructureError: the sandbox can't be opened.
        """
        self.ready.open()
        self.used = time.monotonic()

    def has_reason_to_stay(self, idle_s: float) -> bool:
        """Whether something is graded just now, or may still be asked for."""
        if self._closing.is_set():
            return False
        asked = not self.outdated and time.monotonic() - self.used < idle_s
        return asked or self._one_at_a_time.locked()

    def tick(self) -> None:
        """Keeps what waits from being thrown away, where nothing is graded just now."""
        if self._one_at_a_time.acquire(blocking=False):
            try:
                self.ready.keep()
            finally:
                self._one_at_a_time.release()

    def close(self) -> None:
        """Breaks off what is being graded, and leaves nothing running."""
        self._closing.set()
        self.ready.stop()
        self._one_at_a_time.acquire(timeout=STOP_S)
        self.ready.close()

    def _refusal(self, question: Question) -> str | None:
        """Why this process would not grade as the asker would; None where it would."""
        differing = set(self.conditions.differing(question.conditions))
        if question.conditions.sandbox in self.sandboxes:
            differing.discard("sandbox")
        if not differing:
            return None
        if "code" in differing and code_fingerprint() != self.conditions.code:
            self.outdated = True
        return f"the resident grader differs: {', '.join(sorted(differing))}"

    def _grade(self, question: Question, connection: socket.socket) -> None:
        """Grades and reports; an asker who goes away ends it, and is let go when nothing of it is left."""
        began, gone = time.monotonic(), threading.Event()

        def break_off() -> None:
            gone.set()
            self.ready.stop()

        try:
            with _attending(connection, break_off):
                report = self._report(question, connection, gone)
        except GraderError as error:
            outcome: Report | protocol.Refused = protocol.Refused(reason=error.message.en[:1_000])
        except Exception as error:  # the asker grades by itself, and meets it where it can be looked into
            outcome = protocol.Refused(reason=f"internal error ({type(error).__name__})")
        else:
            outcome = report
        took_s = time.monotonic() - began
        if self._closing.is_set():  # a run that was stopped looks like one that crashed: its report is none
            outcome = protocol.Refused(reason="the resident grader is ending")
        # Telling comes last: whoever looked at this process may have closed the terminal or the pipe.
        if gone.is_set():
            self.ready.close()
            connection.close()
            self.tell(Text(f"{question.mission}: stopped", f"{question.mission}: 중단됨"))
            if not self._closing.is_set():
                with contextlib.suppress(GraderError):  # the next question meets it, and is told
                    self.ready.open()
        elif isinstance(outcome, Report):
            _send(connection, protocol.ReportComes, outcome.model_dump_json().encode())
            if question.page is not None:
                _send(connection, protocol.PageComes, render_html(outcome, question.page).encode())
            self.tell(_in_a_line(question, outcome, took_s))
        else:
            _send(connection, outcome)

    def _report(self, question: Question, connection: socket.socket, gone: threading.Event) -> Report:
        _send(connection, protocol.Began())
        mission = Course(Path(self.conditions.course)).mission(question.mission)
        request = GradingRequest(
            mission=mission,
            path=Path(question.path),
            artifact=None if question.artifact is None else Path(question.artifact),
            sandbox=self.ready.name,
            gpu=self.choose_gpu(question.gpu),
            seed=question.seed,
            settings=self.settings,
        )
        sandbox = self.ready.for_grading()
        if gone.is_set() or self._closing.is_set():  # before there was this sandbox to be stopped
            raise ConnectionAbortedError
        return for_students(grade_submission(request, progress=_Teller(connection), sandbox=sandbox), mission.spec)


@dataclass(frozen=True, slots=True)
class _Teller:
    """Progress that is sent to the asker."""

    connection: socket.socket

    def stage(self, stage: Stage) -> None:
        """See `Progress`."""
        _send(self.connection, protocol.StageBegan(stage=stage.value))

    def log(self, point: LogPoint) -> None:
        """See `Progress`."""
        with contextlib.suppress(ValueError):  # longer than a message may be: it is in the report all the same
            _send(self.connection, protocol.Logged(seconds=point.seconds, values=point.values))

    def budget(self, used_s: float, budget_s: float) -> None:
        """See `Progress`."""
        _send(self.connection, protocol.Used(used_s=used_s, budget_s=budget_s))


def serve(place: Path, resident: Resident, *, idle_s: float) -> None:
    """Takes questions at `place` until nobody has asked for so long, or the code was changed under it; what is being
    graded then is graded to its end.

    Raises:
        KeyboardInterrupt, SystemExit: it was told to stop.
    """
    askers: set[threading.Thread] = set()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(place))
        place.chmod(0o600)
        listener.listen(MOST_ASKERS)
        while resident.has_reason_to_stay(idle_s):
            if not select.select([listener], [], [], min(TICK_S, idle_s))[0]:
                resident.tick()
                continue
            askers = {asker for asker in askers if asker.is_alive()}
            asker = _next_asker(listener, resident, room=len(askers) < MOST_ASKERS)
            if asker is not None:
                askers.add(asker)


def _next_asker(listener: socket.socket, resident: Resident, *, room: bool) -> threading.Thread | None:
    """The thread in which whoever comes next is answered; None who finds no room, or no thread or descriptor left."""
    try:
        connection, _ = listener.accept()
    except OSError:  # who asked still waits: looking again at once would only find the same
        time.sleep(NOT_BUSY_S)
        return None
    if room:
        with contextlib.suppress(RuntimeError):
            asker = threading.Thread(target=resident.answer, args=(connection,), name="resident-asker", daemon=True)
            asker.start()
            return asker
    connection.close()
    return None


@contextmanager
def _attending(connection: socket.socket, gone: Callable[[], None]) -> Iterator[None]:
    """Calls `gone` when the asker goes away, or says something it has no reason to say, while the block runs."""
    over = threading.Event()

    def attend() -> None:
        with contextlib.suppress(OSError, ValueError):
            select.select([connection], [], [])
        if not over.is_set():
            gone()

    attendant = threading.Thread(target=attend, name="resident-attendant", daemon=True)
    attendant.start()
    try:
        yield
    finally:
        over.set()
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RD)  # wakes the attendant
        attendant.join()


def _read_question(connection: socket.socket) -> Message:
    """The one message of an asker, whole within `ANSWER_S`.

    Raises:
        ProtocolError: it is none, or it has a blob.
        OSError: it does not come in time.
    """
    reader = FrameReader(max_blob_bytes=0, max_messages=1)
    deadline = time.monotonic() + ANSWER_S
    while time.monotonic() < deadline and (data := connection.recv(READ_BYTES)):
        for message in list(reader.feed(data)):  # all of it: a second one breaks the protocol
            return message
    raise ProtocolError("no question came")


def _send(connection: socket.socket, event: BaseModel | type[BaseModel], blob: bytes | None = None) -> None:
    """Sends an event; one that announces a blob is given as its type."""
    if isinstance(event, BaseModel):
        write_message(connection.sendall, protocol.fields(event))
    else:
        write_message(connection.sendall, {"event": event.model_fields["event"].default}, blob)


def _in_a_line(question: Question, report: Report, seconds: float) -> Text:
    """What came of a question, for whoever looks at this process."""
    if report.verdict is Verdict.NOT_GRADED:
        return Text(f"{question.mission}: not graded here", f"{question.mission}: 여기서는 채점하지 못함")
    score = f"{report.score:g} / {report.max_score:g}"
    return Text(f"{question.mission}: {score}, {seconds:.1f} s", f"{question.mission}: {score}점, {seconds:.1f}초")

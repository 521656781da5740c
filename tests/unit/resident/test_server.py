"""A resident grader answers one question at a time, and outlives whoever asked."""

import threading
from pathlib import Path

import pytest

from grader.errors import InfrastructureError
from grader.progress import Silent, Stage
from grader.resident import server
from grader.resident.answer import await_report
from grader.resident.client import NobodyAnswers, ask
from grader.results import LogPoint
from grader.text import Text, same
from tests.conformance.running import becomes_true
from tests.unit.reports import samples
from tests.unit.resident.fakes import Listening, Pipeline
from tests.unit.resident.kit import conditions, question


class Watching(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def stage(self, stage: Stage) -> None:
        self.told.append(stage)

    def log(self, point: LogPoint) -> None:
        self.told.append(point.values)

    def budget(self, used_s: float, budget_s: float) -> None:
        self.told.append((used_s, budget_s))


def refusal(listening: Listening, **changes: object) -> str:
    with ask(listening.place, question(**changes)) as conversation, pytest.raises(NobodyAnswers) as refused:
        await_report(conversation, Silent())
    return str(refused.value)


def held(pipeline: Pipeline) -> tuple[threading.Event, threading.Event]:
    """Has gradings wait: the first event says that one has begun, the second lets it go on."""
    entered, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        entered.set()
        assert go_on.wait(10)

    pipeline.meanwhile = wait
    return entered, go_on


def test_report_and_page_come_after_the_progress(listening: Listening, pipeline: Pipeline) -> None:
    watching = Watching()
    with ask(listening.place, question(path="/work", artifact="/m.pt2", seed=3, page="ko")) as conversation:
        answer = await_report(conversation, watching)
        page = answer.page()
    assert answer.report == pipeline.report
    assert page is not None
    assert 'lang="ko"' in page
    assert watching.told == [Stage.TRAIN, {"epoch": 1, "loss": "nan"}, (10.0, 40.0)]
    (request,) = pipeline.requests
    assert (request.path, request.artifact, request.seed) == (Path("/work"), Path("/m.pt2"), 3)
    assert listening.ready.done == ["for_grading"] or "keep" in listening.ready.done
    assert "stop" not in listening.ready.done


def test_no_page_comes_where_none_was_asked_for(listening: Listening) -> None:
    with ask(listening.place, question()) as conversation:
        assert await_report(conversation, Silent()).page() is None


@pytest.mark.parametrize("choice", ["auto", "bubblewrap"])
def test_sandbox_may_be_named_or_chosen(listening: Listening, choice: str) -> None:
    with ask(listening.place, question(conditions=conditions(sandbox=choice))) as conversation:
        await_report(conversation, Silent())


def test_other_conditions_are_refused_by_name(listening: Listening, pipeline: Pipeline) -> None:
    asked = conditions(sandbox="docker", image="other", package="/elsewhere", code="other")
    assert refusal(listening, conditions=asked).endswith("differs: code, image, package, sandbox")
    assert pipeline.requests == []
    assert not listening.resident.outdated


def test_grader_whose_code_has_changed_ends(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "code_fingerprint", lambda: "edited")
    assert refusal(listening, conditions=conditions(code="edited")).endswith("differs: code")
    listening.thread.join(10)
    assert not listening.thread.is_alive()


def test_grading_goes_on_to_its_end_though_the_code_has_changed(
    listening: Listening, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "code_fingerprint", lambda: "edited")
    entered, go_on = held(pipeline)
    with ask(listening.place, question()) as conversation:
        assert entered.wait(10)
        refusal(listening, conditions=conditions(code="edited"))
        listening.thread.join(0.2)  # it would have ended within `TICK_S`
        assert listening.thread.is_alive()
        go_on.set()
        await_report(conversation, Silent())
    listening.thread.join(10)
    assert not listening.thread.is_alive()


def test_report_comes_though_nobody_can_be_told_of_it(listening: Listening, pipeline: Pipeline) -> None:
    def fail(line: Text) -> None:
        raise BrokenPipeError

    listening.resident.tell = fail
    for _ in range(2):
        with ask(listening.place, question(page="en")) as conversation:
            answer = await_report(conversation, Silent())
            assert answer.report == pipeline.report
            assert answer.page() is not None


def test_mission_that_is_not_there_is_refused(listening: Listening) -> None:
    assert "no mission" in refusal(listening, mission="mission_none")


def test_machine_that_failed_there_is_no_answer(listening: Listening, pipeline: Pipeline) -> None:
    pipeline.report = samples.not_graded_report()
    assert "machine failed" in refusal(listening)


@pytest.mark.parametrize("error", [RuntimeError("secret"), OSError("secret"), InfrastructureError(same("no room"))])
def test_fault_of_the_grader_is_a_refusal_and_it_goes_on(
    listening: Listening, pipeline: Pipeline, error: Exception
) -> None:
    def fail() -> None:
        raise error

    pipeline.meanwhile = fail
    assert refusal(listening) in (f"internal error ({type(error).__name__})", "no room")
    pipeline.meanwhile = lambda: None
    with ask(listening.place, question()) as conversation:
        await_report(conversation, Silent())


def test_second_question_is_refused_while_the_first_is_answered(listening: Listening, pipeline: Pipeline) -> None:
    entered, go_on = held(pipeline)
    with ask(listening.place, question()) as conversation:
        assert entered.wait(10)
        assert "busy" in refusal(listening)
        go_on.set()
        await_report(conversation, Silent())
    assert "stop" not in listening.ready.done


def test_asker_who_goes_away_ends_the_grading_and_is_let_go_after_that(
    listening: Listening, pipeline: Pipeline
) -> None:
    entered = threading.Event()

    def wait() -> None:
        entered.set()
        assert listening.ready.stopped.wait(10)

    pipeline.meanwhile = wait
    with ask(listening.place, question()):
        assert entered.wait(10)
    assert [step for step in listening.ready.done if step != "keep"][:3] == ["for_grading", "stop", "close"]
    assert becomes_true(lambda: "open" in listening.ready.done)
    pipeline.meanwhile = lambda: None
    with ask(listening.place, question()) as conversation:
        await_report(conversation, Silent())


def test_report_of_what_was_stopped_is_none(listening: Listening, pipeline: Pipeline) -> None:
    def end() -> None:
        closing = threading.Thread(target=listening.resident.close)
        closing.start()
        assert listening.ready.stopped.wait(10)

    pipeline.meanwhile = end
    assert "ending" in refusal(listening)
    assert becomes_true(lambda: listening.ready.done[-1] == "close")


def test_nothing_is_begun_once_it_ends(
    listening: Listening, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end() -> None:
        threading.Thread(target=listening.resident.close).start()
        assert listening.ready.stopped.wait(10)

    monkeypatch.setattr(listening.ready, "for_grading", end)
    assert "ending" in refusal(listening)
    assert pipeline.requests == []


def test_nothing_is_made_ready_again_once_it_ends(listening: Listening, pipeline: Pipeline) -> None:
    entered = threading.Event()

    def wait() -> None:
        entered.set()
        assert becomes_true(lambda: listening.ready.done.count("stop") == 2)

    pipeline.meanwhile = wait
    closing = threading.Thread(target=listening.resident.close)
    with ask(listening.place, question()):
        assert entered.wait(10)
        closing.start()
        assert listening.ready.stopped.wait(10)
    closing.join(10)
    assert not closing.is_alive()
    assert "open" not in listening.ready.done


def test_asker_who_has_the_report_ends_nothing(listening: Listening, pipeline: Pipeline) -> None:
    for _ in range(50):
        with ask(listening.place, question()) as conversation:
            await_report(conversation, Silent())
    assert "stop" not in listening.ready.done
    assert len(pipeline.requests) == 50

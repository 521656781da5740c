"""A machine that fails in the middle of a grading: begun anew within bounds, and never a mark."""

import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import docker
import psutil
import pytest

from grader.course import Course
from grader.pipeline import GradingRequest, grade_submission
from grader.progress import Silent, Stage
from grader.results import Reason, Verdict
from grader.sandbox.docker import OWNER_LABEL
from grader.sandbox.owner import Owner
from grader.settings import Settings
from tests.integration.submissions import QUICK, request, strict_mission, write

STAYS = QUICK.replace("    log(epoch", "    import time; time.sleep(1.5)\n    log(epoch")
"""Trains for long enough to be disturbed."""


class Disturbing(Silent):
    """Does something to the machine whenever a stage begins, so many times."""

    def __init__(self, stage: Stage, disturb: Callable[[], None], *, times: int = 1) -> None:
        self._stage, self._disturb, self._left = stage, disturb, times

    def stage(self, stage: Stage) -> None:
        if stage is self._stage and self._left:
            self._left -= 1
            self._disturb()


OWN = {"label": f"{OWNER_LABEL}={Owner.of_this_process()}"}


def kill_container() -> None:
    with contextlib.closing(docker.from_env()) as client:
        for container in client.containers.list(filters=OWN):
            container.kill()


def remove_container() -> None:
    with contextlib.closing(docker.from_env()) as client:
        for container in client.containers.list(filters=OWN):
            container.remove(force=True)


def kill_bubblewrap() -> None:
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if child.name() == "bwrap" and child.ppid() == os.getpid():
                child.send_signal(signal.SIGKILL)


DISTURBANCES: dict[str, tuple[str, Callable[[], None]]] = {
    "container_killed": ("docker", kill_container),
    "container_removed": ("docker", remove_container),
    "bubblewrap_killed": ("bubblewrap", kill_bubblewrap),
}


def asked(course: Course, tmp_path: Path, sandbox: str) -> GradingRequest:
    return request(strict_mission(course, train_cpu_s=60.0), write(tmp_path / "work", STAYS), sandbox)


@pytest.mark.mnist
@pytest.mark.parametrize("stage", [Stage.TRAIN, Stage.EXPORT])
@pytest.mark.parametrize("disturbance", DISTURBANCES)
def test_grading_cut_short_once_is_begun_anew_and_graded(
    course: Course, tmp_path: Path, available: Callable[[str], str], disturbance: str, stage: Stage
) -> None:
    sandbox, disturb = DISTURBANCES[disturbance]
    report = grade_submission(asked(course, tmp_path, available(sandbox)), progress=Disturbing(stage, disturb))
    assert (report.verdict, report.reason) == (Verdict.GRADED, None), report.ending
    assert report.run is not None
    assert any("1 attempt" in note.en for note in report.run.notes)
    assert report.metrics is not None
    assert report.metrics.accuracy > 0.5


@pytest.mark.mnist
@pytest.mark.parametrize("disturbance", DISTURBANCES)
def test_grading_cut_short_every_time_is_infrastructure_and_no_mark(
    course: Course, tmp_path: Path, available: Callable[[str], str], disturbance: str
) -> None:
    sandbox, disturb = DISTURBANCES[disturbance]
    asked_for = asked(course, tmp_path, available(sandbox))
    asked_for = replace(asked_for, settings=asked_for.settings.model_copy(update={"attempts": 2}))
    disturbing = Disturbing(Stage.TRAIN, disturb, times=9)
    report = grade_submission(asked_for, progress=disturbing)
    assert (report.verdict, report.reason) == (Verdict.NOT_GRADED, Reason.INFRASTRUCTURE)
    assert report.ending is not None
    assert "2 attempts" in report.ending.message.en
    assert disturbing._left == 9 - 2


@pytest.mark.mnist
def test_image_removed_in_the_middle_is_infrastructure_and_says_what_to_type(
    course: Course, tmp_path: Path, available: Callable[[str], str]
) -> None:
    asked_for = asked(course, tmp_path, available("docker"))
    alias = f"deep-grader-test-{os.getpid()}:latest"
    asked_for = replace(asked_for, settings=asked_for.settings.model_copy(update={"image": alias}))

    def remove_image() -> None:
        with contextlib.closing(docker.from_env()) as client:
            client.images.remove(alias, force=True)

    with contextlib.closing(docker.from_env()) as client:
        client.images.get(Settings().image).tag(alias)
    report = grade_submission(asked_for, progress=Disturbing(Stage.TRAIN, remove_image))
    assert (report.verdict, report.reason) == (Verdict.NOT_GRADED, Reason.INFRASTRUCTURE)
    assert report.ending is not None
    assert "grade image build" in report.ending.advice.en
    with contextlib.closing(docker.from_env()) as client:
        assert not client.containers.list(all=True, filters=OWN)

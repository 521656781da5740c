"""A whole grading on real data under gVisor."""

from pathlib import Path

import pytest

from grader.course import Course
from grader.pipeline import GradingRequest, grade_submission
from grader.progress import Silent
from grader.results import Verdict
from grader.sandbox.docker import DockerSandbox
from grader.settings import Settings
from tests.conftest import need
from tests.integration.submissions import QUICK, write


@pytest.mark.docker
@pytest.mark.runsc
@pytest.mark.mnist
@pytest.mark.slow
def test_submission_is_trained_and_measured_under_gvisor(course: Course, tmp_path: Path) -> None:
    settings = Settings(docker_runtime="runsc")
    found = DockerSandbox(settings.image, runtime=settings.docker_runtime).availability()
    need("runsc", ok=found.ok, reason=found.detail.en)
    request = GradingRequest(
        mission=course.mission("mission_cnn"),
        path=write(tmp_path / "work", QUICK),
        sandbox="docker",
        settings=settings,
    )
    report = grade_submission(request, progress=Silent())
    assert report.verdict is Verdict.GRADED
    assert report.ending is None, report.ending
    assert report.metrics is not None
    assert report.metrics.accuracy > 0.5

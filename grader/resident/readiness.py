"""A sandbox with the program that evaluates waiting in it, and a process that has done all of a grading once."""

import contextlib
from collections.abc import Iterator

from grader.course import Course, Mission
from grader.errors import GraderError, InfrastructureError
from grader.evaluation.host import evaluation_request
from grader.pipeline import GradingRequest, grade_submission
from grader.progress import Silent
from grader.reports.html import render_html
from grader.results import Verdict
from grader.sandbox import SandboxName, open_sandbox
from grader.sandbox.base import Request
from grader.sandbox.owner import owned_folder
from grader.sandbox.warm import WarmSandbox
from grader.settings import Settings


class ReadySandbox:
    """Keeps a sandbox in which programs were started ahead. All but `stop` is for one thread at a time.

    Args:
        name: backend; not `auto`.
        settings: configuration of the gradings.
        course: what will be graded.
    """

    def __init__(self, name: SandboxName, settings: Settings, course: Course) -> None:
        self.name: SandboxName = name
        self._settings = settings
        self._course = course
        self._image: str | None = None
        self._sandbox: WarmSandbox | None = None
        self._waiting: list[Request] = []

    def open(self) -> None:
        """Starts what is to wait, and waits until it does.

        Raises:
            InfrastructureError: the sandbox can't be opened, or nothing can be graded in it.
        """
        self._image = self._image_now()
        settings = self._settings
        inner = open_sandbox(self.name, image=settings.image, docker_runtime=settings.docker_runtime)
        self._sandbox = WarmSandbox(inner, spares=1)
        self._rehearse(self._sandbox)

    def for_grading(self) -> WarmSandbox:
        """The sandbox; a new one where the image that programs were started from is no longer the one of that name.

        Raises:
            InfrastructureError: there is no image, or no engine.
        """
        if self._sandbox is None or self._image_now() != self._image:
            self.close()
            self.open()
        assert self._sandbox is not None
        return self._sandbox

    def keep(self) -> None:
        """Holds what waits for another while, and starts it again where it is gone; for when nothing is graded."""
        if self._sandbox is not None:
            for request in self._waiting:
                self._sandbox.stock(request)

    def stop(self) -> None:
        """Ends everything that runs; only `close` and `open` make it of use again."""
        sandbox = self._sandbox
        if sandbox is not None:
            sandbox.stop()

    def close(self) -> None:
        """Leaves nothing running. Idempotent."""
        sandbox, self._sandbox = self._sandbox, None
        if sandbox is not None:
            sandbox.close()

    def _image_now(self) -> str | None:
        if self.name != "docker":
            return None
        from grader.image import image_id  # only this backend needs an engine's client

        return image_id(self._settings.image)

    def _rehearse(self, sandbox: WarmSandbox) -> None:
        """Grades what is no model, with every data pack: that loads all that a grading needs, and starts the program
        that evaluates, which keeps the images.

        Raises:
            InfrastructureError: none of them could be graded.
        """
        self._waiting = []
        failure: InfrastructureError | None = None
        with owned_folder("rehearsal") as folder:
            artifact = folder / "model.pt2"
            artifact.touch()
            for mission in self._rehearsed():
                request = GradingRequest(
                    mission=mission,
                    path=mission.starter,
                    artifact=artifact,
                    sandbox=self.name,
                    settings=self._settings,
                )
                report = grade_submission(request, progress=Silent(), sandbox=sandbox)
                render_html(report, "en")
                if report.verdict is not Verdict.NOT_GRADED:
                    self._waiting.append(evaluation_request(sandbox, mission.spec))
                elif report.ending is not None:
                    failure = InfrastructureError(report.ending.message, report.ending.advice)
        if failure is not None and not self._waiting:
            self.close()
            raise failure

    def _rehearsed(self) -> Iterator[Mission]:
        """A mission for each data pack, of those that run none of the submission's code to measure a model."""
        packs: set[str] = set()
        for mission_id in self._course.mission_ids():
            with contextlib.suppress(GraderError):  # whoever hands in to such a mission is told
                mission = self._course.mission(mission_id)
                if mission.spec.trains and not mission.spec.probes and mission.spec.data.pack not in packs:
                    packs.add(mission.spec.data.pack)
                    yield mission

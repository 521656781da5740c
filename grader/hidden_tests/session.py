"""Run a mission's hidden tests in this process: they are the course's code, and the evidence is plain data."""

import os
import sys
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import pytest

from grader.errors import ExitCode, HiddenTestCrashed
from grader.evidence import Evidence, EvidenceMissing, ProbeFailed
from grader.hidden_tests.mark import Mark
from grader.results import LineRemark, Status
from grader.spec import CriterionSpec
from grader.text import Text


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a hidden test found about one criterion.

    Attributes:
        status: how the criterion was settled.
        credit: share of its points, 0 to 1.
        measured, message, remarks: as the test said.
    """

    status: Status
    credit: float
    measured: Text | None = None
    message: Text | None = None
    remarks: tuple[LineRemark, ...] = ()


_ONE_AT_A_TIME = threading.Lock()
"""pytest changes what belongs to the whole process, such as the modules known; several gradings may share one."""

_LEFT_OUT = (
    *("cacheprovider", "terminal", "warnings", "logging", "faulthandler", "doctest"),
    # Both listen to the whole process, and at its end the first collects the garbage of all of it: 0.4 s each time.
    *("unraisableexception", "threadexception"),
)
"""Plugins of pytest that hidden tests do without."""


def judge(folder: Path, evidence: Evidence) -> dict[str, Outcome]:
    """The outcome of every criterion of the mission, in the order of its spec.

    Args:
        folder: the mission's hidden tests; trusted.
        evidence: what the submission left, validated.

    Raises:
        HiddenTestCrashed: a test raised something other than a failed assertion, or is missing.
        KeyboardInterrupt, SystemExit: the grader was told to stop.
    """
    plugin = _Plugin(evidence)
    arguments = [
        str(folder),
        "--disable-plugin-autoload",
        "--noconftest",
        "--import-mode=importlib",
        f"--rootdir={folder}",
        f"--confcutdir={folder}",  # or every folder above is listed, and what lies in it looked at, to find this one
        f"--config-file={os.devnull}",
        *(f"-pno:{name}" for name in _LEFT_OUT),
        "--capture=no",
        # Rewriting asserts builds syntax trees, but not under the lock for them (`grader.syntax`); no message is read.
        "--assert=plain",
    ]
    with _ONE_AT_A_TIME:
        try:
            code = pytest.main(arguments, plugins=[plugin])
        finally:
            _forget_modules(folder)
    if plugin.stop is not None:
        raise plugin.stop
    if plugin.crash is not None:
        raise plugin.crash
    unsettled = [criterion.id for criterion in evidence.spec.criteria if criterion.id not in plugin.outcomes]
    if unsettled:
        raise _crashed(unsettled[0], f"no test settled it (pytest ended with {int(code)})")
    return {criterion.id: plugin.outcomes[criterion.id] for criterion in evidence.spec.criteria}


def _terminates(error: BaseException | None) -> TypeGuard[SystemExit]:
    """Whether it is what `grade` raises on SIGTERM; a test that exits by itself is the course's fault."""
    return isinstance(error, SystemExit) and error.code == ExitCode.TERMINATED


class _Plugin:
    """Gives tests their evidence and turns each test's end into an outcome."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._criteria = {f"test_{criterion.id}": criterion for criterion in evidence.spec.criteria}
        self._marks: dict[str, Mark] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.crash: HiddenTestCrashed | None = None
        # What a signal raises here; pytest would keep it to itself.
        self.stop: KeyboardInterrupt | SystemExit | None = None

    @pytest.fixture
    def evidence(self) -> Evidence:
        """Everything known about the submission."""
        return self._evidence

    @pytest.fixture
    def mark(self, request: pytest.FixtureRequest) -> Mark:
        """Where the test says what it measured."""
        return self._marks.setdefault(request.node.name, Mark(self._criteria[request.node.name]))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """In the order of the spec, so that a criterion comes after those it depends on."""
        order = list(self._criteria)
        items.sort(key=lambda item: order.index(item.name) if item.name in order else -1)
        for item in items:
            # pytest would parse the test's source to describe a failure; outcomes are read from the exception itself.
            item.repr_failure = lambda excinfo, style=None: ""  # type: ignore[method-assign]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that can't be collected is the course's fault."""
        if report.failed:
            self.crash = _crashed("collection", str(report.longrepr).strip().splitlines()[-1])

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Ctrl-C, but not what pytest itself raises once it was told to stop."""
        if type(excinfo.value) is KeyboardInterrupt:
            self.stop = excinfo.value

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """A termination between two tests."""
        if _terminates(excinfo.value):
            self.stop = excinfo.value

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Settles a dependent of a failed criterion without running it."""
        criterion = self._criteria.get(item.name)
        if criterion is None:
            self.crash = _crashed(item.name, "it settles no criterion")
            return True
        blocking = self._blocking(criterion)
        if blocking is None:
            return None
        self.outcomes[criterion.id] = Outcome(
            Status.SKIPPED,
            0.0,
            message=Text(
                f"Not judged, because “{blocking.title.en}” was not met.",
                f"‘{blocking.title.ko}’ 기준을 충족하지 못해 채점하지 않았습니다.",
            ),
        )
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
        """Reads a test's outcome from how it ended."""
        report = yield
        criterion = self._criteria[item.name]
        error = call.excinfo.value if call.excinfo is not None else None
        if _terminates(error):
            self.stop = error
            item.session.shouldstop = "told to stop"
        elif call.when == "call" or error is not None:
            self._settle(criterion, self._marks.get(item.name) or Mark(criterion), error)
        return report

    def _settle(self, criterion: CriterionSpec, mark: Mark, error: BaseException | None) -> None:
        if error is None:
            status = Status.PASSED if mark.credit >= 1 else Status.PARTIAL
            self.outcomes[criterion.id] = Outcome(status, mark.credit, mark.measured, mark.message, tuple(mark.remarks))
        elif isinstance(error, EvidenceMissing):
            message = Text(
                "Not measured, because the submission ended before.", "그 전에 실행이 끝나 측정하지 못했습니다."
            )
            self.outcomes[criterion.id] = Outcome(Status.SKIPPED, 0.0, message=message)
        elif isinstance(error, ProbeFailed):
            self.outcomes[criterion.id] = Outcome(Status.FAILED, 0.0, mark.measured, error.message)
        elif isinstance(error, AssertionError):
            self.outcomes[criterion.id] = Outcome(Status.FAILED, 0.0, mark.measured, mark.message, tuple(mark.remarks))
        else:
            where = traceback.extract_tb(error.__traceback__)[-1]
            self.crash = _crashed(criterion.id, f"{type(error).__name__}: {error} (line {where.lineno})")

    def _blocking(self, criterion: CriterionSpec) -> CriterionSpec | None:
        for name in criterion.depends_on:
            if name in self.outcomes and self.outcomes[name].credit <= 0:
                return self._criteria[f"test_{name}"]
        return None


def _forget_modules(folder: Path) -> None:
    """Drops the tests' modules, so that an equally named file of another mission is not taken for one of them."""
    inside = f"{folder}{os.sep}"
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(inside):
            del sys.modules[name]


def _crashed(name: str, detail: str) -> HiddenTestCrashed:
    return HiddenTestCrashed(
        Text(
            f"The hidden test of criterion {name!r} failed by itself: {detail}",
            f"{name!r} 기준의 비공개 테스트 자체에 오류가 있습니다: {detail}",
        ),
        Text(
            "This is no fault of the submission. Tell the course's authors.",
            "제출물의 문제가 아닙니다. 과정 담당자에게 알려 주세요.",
        ),
    )

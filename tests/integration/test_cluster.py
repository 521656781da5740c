"""Several machines of a Ray cluster, on this one: the same results, also where a machine is lost in the middle."""

import importlib.util
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from grader.batch import BatchRequest, Conditions, Desk, LocalPool, NoWatch, Order, plan_batch, work_off
from grader.cohort import Found, HandedIn, Layout
from grader.course import Course
from grader.entries import Student
from grader.errors import InfrastructureError, UsageError
from grader.progress import Stage
from grader.results import LogPoint, Report
from grader.settings import Settings
from grader.store import Store, open_store
from tests.conftest import ROOT, need
from tests.integration.submissions import QUICK, write

pytestmark = [
    pytest.mark.mnist,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # Ray's own, in its threads and at its end
    pytest.mark.timeout(900),
]
STUDENTS = 8


class Told(NoWatch):
    """Notes what comes back, and calls somebody when so many results are there."""

    def __init__(self, after: int = 0, then: Any = None) -> None:
        self.reports: dict[str, Report] = {}
        self.stages: set[Stage] = set()
        self.points: list[LogPoint] = []
        self._after, self._then = after, then

    def stage(self, order: Order, stage: Stage) -> None:
        self.stages.add(stage)

    def log(self, order: Order, point: LogPoint) -> None:
        self.points.append(point)

    def landed(self, order: Order, report: Report, seconds: float) -> None:
        self.reports[order.student_id] = report
        if len(self.reports) == self._after:
            threading.Thread(target=self._then, daemon=True).start()


@pytest.fixture
def ray_cluster(bubblewrap: str) -> Iterator[Any]:
    need("ray", ok=importlib.util.find_spec("ray") is not None, reason="Ray is not installed")
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


def found(folder: Path) -> Found:
    """Submissions that differ, and one without code."""
    handed_in = []
    for number in range(STUDENTS):
        name = f"student-{number}"
        path = write(folder / name, f"{QUICK}\n# {number}\n" if number else "")
        handed_in.append(
            HandedIn(
                student=Student(id=name),
                mission_id="mission_cnn",
                path=path,
                submitted=datetime(2026, 3, 2, tzinfo=UTC),
                name=name,
            )
        )
    return Found(layout=Layout.PLAIN, submissions=tuple(handed_in), skipped=())


@contextmanager
def planned(folder: Path, store_folder: Path, watch: Told) -> Iterator[tuple[Store, Desk, Conditions]]:
    conditions = Conditions(sandbox="bubblewrap", seed=0, settings=Settings())
    request = BatchRequest(course=Course(ROOT), found=found(folder), roster=None, conditions=conditions)
    with open_store(store_folder) as store, Desk(store, plan_batch(request, store).orders, watch) as desk:
        yield store, desk, conditions


def scores(store: Store) -> dict[str, float | None]:
    return {one.student_id: one.grading.score if one.grading else None for one in store.gradebook().attempts}


def test_lost_machine_costs_time_and_no_result(ray_cluster: Any, tmp_path: Path) -> None:
    from grader.cluster import work_off_on_cluster

    with planned(tmp_path / "here", tmp_path / "local", Told()) as (store, desk, conditions):
        work_off(desk, LocalPool.on_cpus(2), conditions)
        expected = scores(store)
    assert None not in expected.values()

    nodes = [ray_cluster.add_node(num_cpus=1) for _ in range(3)]
    watch = Told(after=2, then=lambda: ray_cluster.remove_node(nodes[0], allow_graceful=False))
    with planned(tmp_path / "there", tmp_path / "cluster", watch) as (store, desk, conditions):
        work_off_on_cluster(desk, ray_cluster.address, conditions, image=None, say=lambda text: None)
        assert scores(store) == expected
        assert desk.tally.graded == STUDENTS
    assert {Stage.TRAIN, Stage.EVALUATE} <= watch.stages
    assert {"epoch", "train_loss"} <= set(watch.points[0].values)
    assert {report.submission.name for report in watch.reports.values()} == set(expected)


def test_machine_that_can_not_grade_is_named_and_left_out(ray_cluster: Any, tmp_path: Path) -> None:
    from grader.cluster import work_off_on_cluster

    ray_cluster.add_node(num_cpus=1)
    said = []
    with (
        planned(tmp_path / "there", tmp_path / "cluster", Told()) as (_, desk, conditions),
        pytest.raises(InfrastructureError, match="No machine"),
    ):
        work_off_on_cluster(desk, ray_cluster.address, conditions, image="of something else", say=said.append)
    assert any("built from something else" in text.en for text in said)


def test_address_without_a_cluster_is_an_infrastructure_error(tmp_path: Path) -> None:
    need("ray", ok=importlib.util.find_spec("ray") is not None, reason="Ray is not installed")
    from grader.cluster import work_off_on_cluster

    with open_store(tmp_path) as store, Desk(store, (), NoWatch()) as desk:
        conditions = Conditions(sandbox="bubblewrap", seed=0, settings=Settings())
        with pytest.raises((InfrastructureError, UsageError), match="No Ray cluster"):
            work_off_on_cluster(desk, "127.0.0.1:1", conditions, image=None, say=lambda text: None)

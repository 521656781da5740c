"""Hands orders to the machines of a cluster: one thread per place, each asking the desk and waiting for its task."""

import contextlib
import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from grader.batch import Conditions, Desk, Order
from grader.batch.order import Outcome, spoilt
from grader.batch.pool import STOP_S
from grader.batch.worker import Worker
from grader.cluster.parcel import pack_mission, pack_order
from grader.errors import InfrastructureError, RunInterrupted, UsageError
from grader.hashing import grader_hash
from grader.progress import Stage
from grader.results import LogPoint, Report
from grader.text import Text, same

try:
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ImportError as error:
    raise UsageError(
        Text("Ray is not installed.", "Ray가 설치되어 있지 않습니다."),
        same('pip install "deep-grader[cluster]"'),
    ) from error

from grader.cluster import remote

PROBE_S = 120.0
"""How long a machine may take to say whether it can grade: it imports the grader, and looks at its image."""
LOOK_S = 10.0
"""How often machines that joined are looked for."""
ANSWER_S = 10.0
DRAW_S = 0.3
WAIT_S = 0.2

Say = Callable[[Text], None]


@dataclass(slots=True, kw_only=True)
class Cluster:
    """The machines that grade.

    Attributes:
        per_gpu: gradings at one time on each GPU; 0 grades on CPUs, one grading per core.
        image: content of the docker image that results depend on; None for another sandbox.
        say: told of machines that can't grade.
    """

    desk: Desk
    conditions: Conditions
    per_gpu: int
    image: str | None
    say: Say
    board: Any = None
    missions: dict[str, Any] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    workers: list[Worker] = field(default_factory=list)
    under_way: dict[int, tuple[Order, Any]] = field(default_factory=dict)
    lost: list[Order] = field(default_factory=list)
    losses: dict[int, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)


def work_off_on_cluster(
    desk: Desk, address: str, conditions: Conditions, *, image: str | None, per_gpu: int = 0, say: Say
) -> None:
    """Grades what the desk hands out on every machine of the cluster that can.

    Args:
        address: `auto` for the cluster that this machine is part of, or `ray://HOST:PORT`.
        image: content of the docker image, which every machine must have.
        per_gpu: gradings at one time on each GPU; 0 grades on CPUs.

    Raises:
        InfrastructureError: no cluster answers, or none of its machines can grade.
        KeyboardInterrupt: told to stop; tasks under way are cancelled.
    """
    _connect(address)
    cluster = Cluster(desk=desk, conditions=conditions, per_gpu=per_gpu, image=image, say=say)
    try:
        cluster.board = ray.remote(num_cpus=0)(remote.Board).remote()
        _take_in_machines(cluster)
        if not cluster.workers:
            raise InfrastructureError(
                Text("No machine of the cluster can grade.", "클러스터에 채점할 수 있는 머신이 없습니다."),
                Text("Run `grade doctor` on one of them.", "그중 한 머신에서 `grade doctor`를 실행해 보세요."),
            )
        _watch(cluster)
    except BaseException as error:
        desk.stop(error)
        _cancel(cluster)
        raise
    finally:
        cluster.ended.set()
        for worker in cluster.workers:
            worker.wait(STOP_S)
        ray.shutdown()
    if desk.failure is not None:
        raise desk.failure


def _connect(address: str) -> None:
    try:
        host, _, port = address.removeprefix("ray://").rpartition(":")
        if port.isdecimal():  # Ray itself asks a machine that does not answer for many minutes
            socket.create_connection((host, int(port)), timeout=ANSWER_S).close()
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:
        raise InfrastructureError(
            Text(f"No Ray cluster answers at {address}.", f"{address}에서 응답하는 Ray 클러스터가 없습니다."),
            Text(
                "Start one (ray start --head), or write its address: ray://HOST:10001.",
                "`ray start --head`로 시작하거나 ray://호스트:10001처럼 주소를 쓰세요.",
            ),
        ) from error


def _watch(cluster: Cluster) -> None:
    """Passes progress on and takes in machines that join, until all is done."""
    looked = time.monotonic()
    while working := [worker for worker in cluster.workers if not worker.ended]:
        with contextlib.suppress(ray.exceptions.RayError):
            for event in ray.get(cluster.board.drain.remote()):
                _pass_on(cluster, json.loads(event))
        if time.monotonic() - looked > LOOK_S:
            _take_in_machines(cluster)
            looked = time.monotonic()
        working[0].wait(DRAW_S)
    if not cluster.desk.stopped and (cluster.lost or cluster.under_way):
        raise InfrastructureError(
            Text(
                "All machines of the cluster that could grade are gone.",
                "채점하던 클러스터의 머신이 모두 사라졌습니다.",
            ),
            Text("Run the same command again when they are back.", "머신이 돌아오면 같은 명령을 다시 실행하세요."),
        )


def _pass_on(cluster: Cluster, event: dict[str, Any]) -> None:
    order, _ = cluster.under_way.get(event["number"], (None, None))
    if order is None:
        return
    progress = cluster.desk.progress(order)
    if "stage" in event:
        progress.stage(Stage(event["stage"]))
    elif "log" in event:
        progress.log(LogPoint.model_validate(event["log"]))
    elif "budget" in event:
        progress.budget(*event["budget"])


def _take_in_machines(cluster: Cluster) -> None:
    """Starts a thread for every place of every new machine that can grade."""
    fresh = [node for node in _nodes() if node["Alive"] and node["NodeID"] not in cluster.known]
    probes = {}
    settings = cluster.conditions.settings
    for node in fresh:
        cluster.known.add(node["NodeID"])
        if _places(node, cluster.per_gpu) > 0:
            probe = ray.remote(num_cpus=0)(remote.describe_node).options(scheduling_strategy=_on(node["NodeID"]))
            probes[node["NodeID"]] = (
                node,
                probe.remote(cluster.conditions.sandbox, settings.image, settings.docker_runtime),
            )
    for node_id, (node, told) in probes.items():
        why_not = _why_not(cluster, told)
        if why_not is not None:
            name = str(node.get("NodeManagerHostname", node_id[:8]))
            cluster.say(Text(f"{name} does not grade: {why_not.en}", f"{name}에서는 채점하지 않습니다: {why_not.ko}"))
            continue
        for place in range(_places(node, cluster.per_gpu)):
            worker = Worker(partial(_work, cluster, node_id), name=f"cluster-{node_id[:8]}-{place}")
            cluster.workers.append(worker)
            worker.start()


def _places(node: dict[str, Any], per_gpu: int) -> int:
    resources = node.get("Resources", {})
    return int(resources.get("GPU", 0)) * per_gpu if per_gpu else int(resources.get("CPU", 0))


def _why_not(cluster: Cluster, told: Any) -> Text | None:
    try:
        found = json.loads(ray.get(told, timeout=PROBE_S))
    except (ray.exceptions.RayError, TimeoutError) as error:
        return same(type(error).__name__)
    if not found["ok"]:
        return Text(found["en"], found["ko"])
    if found["grader"] != grader_hash().hex():
        return Text("it has another version of the grader or of torch", "채점기나 torch의 버전이 다릅니다")
    if found["image"] != cluster.image:
        return Text("its image was built from something else", "이미지의 내용이 다릅니다")
    return None


def _on(node_id: str) -> Any:
    return NodeAffinitySchedulingStrategy(node_id=node_id, soft=False)


def _work(cluster: Cluster, node_id: str) -> None:
    """One place on one machine: as long as there are orders, and the machine."""
    try:
        while not cluster.ended.is_set():
            order = _next(cluster)
            if order is None:
                return
            try:
                outcome: Outcome | None = _grade(cluster, node_id, order)
            except ray.exceptions.RayError as error:
                if cluster.desk.stopped:
                    return
                outcome = _lose(cluster, order, error)
            if outcome is not None:
                with cluster.lock:
                    cluster.under_way.pop(order.number, None)
                cluster.desk.land(order, outcome, partial(spoilt, order, cluster.conditions))
            elif _gone(node_id):
                return
    except BaseException as error:
        cluster.desk.stop(error)


def _next(cluster: Cluster) -> Order | None:
    """An order that another machine lost, else a new one; None when nothing can come any more."""
    while not cluster.desk.stopped:
        with cluster.lock:
            if cluster.lost:
                order = cluster.lost.pop()
                cluster.under_way[order.number] = (order, None)
                return order
        fresh = cluster.desk.take()
        with cluster.lock:
            if fresh is not None:
                cluster.under_way[fresh.number] = (fresh, None)
                return fresh
            if not cluster.under_way and not cluster.lost:
                return None
        if cluster.ended.wait(WAIT_S):
            return None
    return None


def _grade(cluster: Cluster, node_id: str, order: Order) -> Outcome:
    with cluster.lock:
        if order.mission.id not in cluster.missions:
            cluster.missions[order.mission.id] = ray.put(pack_mission(order.mission))
        mission = cluster.missions[order.mission.id]
    resources = {"num_gpus": 1 / cluster.per_gpu, "num_cpus": 0} if cluster.per_gpu else {"num_cpus": 1}
    task = ray.remote(remote.grade_parcel).options(scheduling_strategy=_on(node_id), max_retries=0, **resources)
    asked = task.remote(pack_order(order, cluster.conditions), mission, order.mission.id, cluster.board)
    with cluster.lock:
        cluster.under_way[order.number] = (order, asked)
    report, model = ray.get(asked)
    return Outcome(Report.model_validate_json(report), model)


def _lose(cluster: Cluster, order: Order, error: Exception) -> Outcome | None:
    """Puts an order back for another machine; after so many losses it is not graded, and this is its outcome."""
    with cluster.lock:
        cluster.losses[order.number] = cluster.losses.get(order.number, 0) + 1
        if cluster.losses[order.number] < cluster.conditions.settings.attempts:
            cluster.lost.append(order)
            cluster.under_way.pop(order.number, None)
            return None
    fault = RunInterrupted(
        Text(
            f"The machine that graded it was lost ({type(error).__name__}).",
            f"채점하던 머신과 연결이 끊겼습니다({type(error).__name__}).",
        ),
        Text("Run the same command again.", "같은 명령을 다시 실행하세요."),
    )
    return spoilt(order, cluster.conditions, fault)


def _gone(node_id: str) -> bool:
    with contextlib.suppress(Exception):
        return all(node["NodeID"] != node_id or not node["Alive"] for node in _nodes())
    return True


def _nodes() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    return found


def _cancel(cluster: Cluster) -> None:
    with cluster.lock:
        asked = [task for _, task in cluster.under_way.values() if task is not None]
    for task in asked:
        with contextlib.suppress(Exception):
            ray.cancel(task)

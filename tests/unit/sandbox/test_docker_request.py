"""What the engine is asked for, as it arrives there, and what becomes of its refusals."""

import json
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from grader.errors import GpuUnavailable, InfrastructureError, SandboxUnavailable
from grader.sandbox.base import Limits, Request
from grader.sandbox.docker import DockerSandbox, _seconds


@dataclass
class Engine:
    """Answers as an engine does until a container is to be made, then refuses in its own words."""

    refusal: str = "could not select device driver"
    created: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    told = Engine()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.answer(200, {"ApiVersion": "1.41", "Version": "20.10", "NCPU": 8})

        def do_HEAD(self) -> None:
            self.answer(200, {})

        def do_POST(self) -> None:
            told.created.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(500, {"message": told.refusal})

        def answer(self, status: int, fields: dict[str, Any]) -> None:
            body = json.dumps(fields).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return "unix"

        def log_message(self, *given: Any) -> None:
            return

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

    path = tmp_path / "engine.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    with Server(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield told
        server.shutdown()
        thread.join()


def ask(*, gpu: int | None, runtime: str | None = None, **environment: str) -> InfrastructureError:
    """The error that a start ends with."""
    limits = Limits(memory_bytes=2**30, processes=64, cpus=2, scratch_bytes=2**20, gpu_memory_bytes=2**33)
    request = Request("run-1", ("-I", "x.py"), (), limits, gpu=gpu, environment=environment)
    with DockerSandbox("image:tag", runtime=runtime) as sandbox, pytest.raises(InfrastructureError) as caught:
        sandbox.start(request)
    return caught.value


def test_engine_is_asked_for_the_one_gpu_with_cuda_and_nothing_of_the_confinement_is_given_up(engine: Engine) -> None:
    ask(gpu=3, CUBLAS_WORKSPACE_CONFIG=":4096:8")
    (asked,) = engine.created
    host = asked["HostConfig"]
    (device,) = host["DeviceRequests"]
    assert device["DeviceIDs"] == ["3"]
    assert device["Capabilities"] == [["gpu", "compute", "utility"]]
    assert device["Count"] == 0
    assert "CUBLAS_WORKSPACE_CONFIG=:4096:8" in asked["Env"]
    assert (host["CapDrop"], host["ReadonlyRootfs"], host["NetworkMode"]) == (["ALL"], True, "none")
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert "Privileged" not in host
    assert "Devices" not in host
    assert (host["Memory"], host["MemorySwap"]) == (2**30, 2**30)


def test_engine_is_asked_for_no_device_without_gpu(engine: Engine) -> None:
    ask(gpu=None)
    assert not engine.created[0]["HostConfig"]["DeviceRequests"]
    assert not [one for one in engine.created[0]["Env"] if one.startswith(("CUDA", "CUBLAS"))]


def test_engine_is_asked_for_the_runtime_that_was_set(engine: Engine) -> None:
    ask(gpu=None, runtime="runsc")
    ask(gpu=None)
    assert [asked["HostConfig"].get("Runtime") for asked in engine.created] == ["runsc", None]
    # 64 processes inside; the engine's init beside them, or gVisor's own tasks for each.
    assert [asked["HostConfig"]["PidsLimit"] for asked in engine.created] == [64 * 6 + 64, 65]


HOOK = "OCI runtime create failed: error running hook: exit status 1, stderr: nvidia-container-cli: "


@pytest.mark.parametrize(
    ("refusal", "kind", "message", "advice"),
    [
        ('could not select device driver "" with capabilities: [[gpu]]', GpuUnavailable, "hand over", "Toolkit"),
        (HOOK + "device error: 7: unknown device: unknown", GpuUnavailable, "no GPU 7 that", "nvidia-smi -L"),
        ("CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=7", GpuUnavailable, "no GPU 7 that", ""),
        (HOOK + "initialization error: nvml error: driver not loaded", GpuUnavailable, "driver not loaded", "Toolkit"),
        ("unknown or invalid runtime name: runsc", SandboxUnavailable, "runtime", "daemon.json"),
    ],
)
def test_refusal_of_the_engine_says_what_to_do_next(
    engine: Engine, refusal: str, kind: type[InfrastructureError], message: str, advice: str
) -> None:
    engine.refusal = refusal
    error = ask(gpu=7)
    assert type(error) is kind
    assert message in error.message.en
    assert error.advice is not None
    assert advice in error.advice.en
    assert all("가" <= max(text.ko) <= "힣" for text in (error.message, error.advice)), "in Korean too"


@pytest.mark.parametrize(
    "said", ["2026-11-21T15:12:00.5Z", "2026-11-21T15:12:00.500000000Z", "2026-11-22T00:12:00.5+09:00"]
)
def test_time_of_an_engine_is_told_in_seconds(said: str) -> None:
    assert _seconds(said) == "1795273920.500000"

"""A backend whose programs are all started ahead: what the suite asks for has been waiting for a while."""

import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from grader.sandbox.base import Mount, Request, Sandbox, SandboxProcess
from grader.sandbox.warm import WarmSandbox

MOST_S = 30.0
WAIT = """
import os, time
while not os.path.exists("{gate}/open"): time.sleep(0.005)
del os, time
"""


class AheadSandbox(WarmSandbox):
    """Starts each program as a spare that waits behind a gate, and opens it when the spare has been handed out."""

    def __init__(self, inner: Sandbox) -> None:
        super().__init__(inner)
        self._gates: list[Path] = []

    def start(self, request: Request) -> SandboxProcess:
        folder = Path(tempfile.mkdtemp(prefix="conformance-gate-"))
        self._gates.append(folder)
        folder.chmod(0o755)
        gate = Mount("gate", folder)
        *options, code = request.argv
        behind = WAIT.format(gate=self.inside(gate)) + code
        gated = replace(request, argv=(*options, behind), mounts=(*request.mounts, gate))
        super().stock(gated)
        deadline = time.monotonic() + MOST_S
        while self._starters and time.monotonic() < deadline:
            time.sleep(0.005)
        ahead = self.ready(gated)
        process = super().start(gated)
        assert ahead == 1, "there was no spare, but the program started"
        (folder / "open").touch()
        return process

    def stock(self, request: Request) -> None:
        """No second spare in place of the first: it would find the gate open."""

    def close(self) -> None:
        super().close()
        for folder in self._gates:
            shutil.rmtree(folder)

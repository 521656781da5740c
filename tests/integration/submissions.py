"""Small submissions for tests: a network that learns a little in a second, and ways to break it."""

import dataclasses
import textwrap
from pathlib import Path

from grader.course import Course, Mission
from grader.pipeline import GradingRequest
from grader.settings import Settings

MODEL = """
import torch
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 5, stride=4)
        self.out = nn.Linear(4 * 6 * 6, 10)

    def forward(self, x):
        return self.out(F.relu(self.conv(x)).flatten(1))
"""

QUICK = (
    MODEL
    + """

def train(train_set, log):
    torch.manual_seed(0)
    net = Net()
    images, labels = train_set.tensors
    optimizer = torch.optim.Adam(net.parameters(), lr=0.003)
    for step in range(20):
        rows = slice(step * 64, step * 64 + 64)
        loss = F.cross_entropy(net(images[rows].float() / 255), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    log(epoch=1, train_loss=loss.item())
    return net
"""
)


def write(folder: Path, source: str) -> Path:
    """A submission folder with this `solution.py`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "solution.py").write_text(textwrap.dedent(source), encoding="utf-8")
    return folder


def strict_mission(course: Course, **limits: float) -> Mission:
    """mission_cnn with limits small enough that breaking them takes seconds."""
    mission = course.mission("mission_cnn")
    tight = {"train_cpu_s": 4.0, "memory_bytes": 1024**3, "processes": 64, "output_bytes": 1024**2, **limits}
    spec = mission.spec.model_copy(update={"maybe_limits": mission.spec.limits.model_copy(update=tight)})
    return dataclasses.replace(mission, spec=spec)


def request(mission: Mission, path: Path, sandbox: str, artifact: Path | None = None) -> GradingRequest:
    """A grading of `path` in that sandbox."""
    return GradingRequest(
        mission=mission,
        path=path,
        artifact=artifact,
        sandbox=sandbox,  # type: ignore[arg-type]
        settings=Settings(),
    )

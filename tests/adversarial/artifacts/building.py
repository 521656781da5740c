"""Takes an honest archive apart and puts it together with one thing wrong."""

import functools
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tests.unit.artifact.models import export

MODEL = "models/model.json"
WEIGHTS = "data/weights/model_weights_config.json"
CONSTANTS = "data/constants/model_constants_config.json"
Edit = Callable[[dict[str, Any]], None]


class Small(nn.Module):
    """One of each: convolution, in-place activation, batch size, constant, dense layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, stride=3)
        self.norm = nn.BatchNorm2d(2)
        self.head = nn.Linear(2 * 9 * 9, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu_(self.norm(self.conv(x)))
        return self.head(x.reshape(x.size(0), 162)) + torch.tensor(0.25)


@dataclass(frozen=True)
class Archive:
    """Members below the one folder, by name, in order."""

    members: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, data: bytes) -> "Archive":
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            return cls({name.partition("/")[2]: file.read(name) for name in file.namelist()})

    def with_member(self, name: str, content: bytes) -> "Archive":
        return replace(self, members={**self.members, name: content})

    def without(self, name: str) -> "Archive":
        return replace(self, members={key: value for key, value in self.members.items() if key != name})

    def edited(self, edit: Edit, member: str = MODEL) -> "Archive":
        """With a JSON member changed by `edit`."""
        document = json.loads(self.members[member])
        edit(document)
        return self.with_member(member, json.dumps(document).encode())

    def to_bytes(self, compression: int = zipfile.ZIP_STORED) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", compression) as file:
            for name, content in self.members.items():
                file.writestr(f"model/{name}", content)
        return buffer.getvalue()


@functools.cache
def honest_bytes(decompose: bool = True, dynamic: bool = True) -> bytes:
    """An archive that `torch.export.save` wrote."""
    torch.manual_seed(0)
    return export(Small(), decompose=decompose, dynamic=dynamic)


@functools.cache
def honest(decompose: bool = True) -> Archive:
    return Archive.of(honest_bytes(decompose))


def nodes(document: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document["graph_module"]["graph"]["nodes"]
    return found


def node(document: dict[str, Any], target: str) -> dict[str, Any]:
    """The first node of that operation."""
    return next(item for item in nodes(document) if item["target"].startswith(f"torch.ops.aten.{target}"))


def argument(document: dict[str, Any], target: str, name: str) -> dict[str, Any]:
    """The named argument of the first node of that operation."""
    found: dict[str, Any] = next(item for item in node(document, target)["inputs"] if item["name"] == name)
    return found


def new_node(target: str, output: str, **arguments: Any) -> dict[str, Any]:
    """A node as torch writes it."""
    return {
        "target": target,
        "inputs": [{"name": name, "arg": value, "kind": 1} for name, value in arguments.items()],
        "outputs": [{"as_tensor": {"name": output}}],
        "metadata": {},
        "is_hop_single_tensor_return": None,
        "name": output,
    }


def tensor(name: str) -> dict[str, Any]:
    return {"as_tensor": {"name": name}}


def before_output(document: dict[str, Any], *added: Callable[[str], dict[str, Any]]) -> None:
    """Appends nodes, each given the name of the value before; the last one's result becomes the output."""
    graph = document["graph_module"]["graph"]
    value = graph["outputs"][0]["as_tensor"]["name"]
    for make in added:
        made = make(value)
        graph["nodes"].append(made)
        value = made["outputs"][0]["as_tensor"]["name"]
    graph["outputs"] = [tensor(value)]
    document["graph_module"]["signature"]["output_specs"] = [{"user_output": {"arg": tensor(value)}}]


class Touch:
    """Pickles to a call that creates the marker; nothing worse."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


def pickled(marker: Path) -> bytes:
    """A pickle that creates the marker when it is loaded."""
    return pickle.dumps(Touch(marker))


def python(marker: Path) -> str:
    """Source text that creates the marker when it is run."""
    return f"__import__('pathlib').Path({str(marker)!r}).touch()"

"""A probing job: call the mission's probes on the student's functions, one after the other, and send what they give."""

import importlib.util
import io
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from .channel import Channel
from .contract import find_function, import_solution
from .environment import prepare
from .failures import ContractError, describe


class Student:
    """The submission, as probes see it.

    Attributes:
        module: the imported `solution`.
    """

    def __init__(self, module: ModuleType) -> None:
        self.module = module

    def get(self, name: str) -> Any:
        """The student's function or class of that name.

        Raises:
            ContractError: `no_function` or `not_callable`; the host has the words.
        """
        return find_function(self.module, name)


def probe(job: Mapping[str, Any], given: Path, channel: Channel) -> None:
    """Runs each probe that the job names; an exception ends that probe alone."""
    probes = _load(given / "probes.py")
    submission = given / "submission"
    channel.send("phase", phase="import")
    channel.settle()
    student = Student(import_solution(submission))
    for probe_id in job["selected"]:
        channel.send("probe", probe=probe_id)
        prepare(job)
        try:
            inputs = _inputs(given / "inputs" / probe_id)
            workdir = Path(tempfile.mkdtemp(prefix="probe-", dir=Path.cwd()))
            results = getattr(probes, probe_id)(student, inputs, workdir)
            _send(channel, probe_id, results)
        except BaseException as error:  # whatever student code raises; the next probe is no part of it
            channel.send("probe_failure", probe=probe_id, **describe(error, submission))


def _load(path: Path) -> ModuleType:
    """The mission's `probes.py`, imported before any code of the student's."""
    spec = importlib.util.spec_from_file_location("mission_probes", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _inputs(folder: Path) -> dict[str, Any]:
    """What the host made for this run: arrays by name, and the values of `values.json`."""
    inputs: dict[str, Any] = json.loads((folder / "values.json").read_text(encoding="utf-8"))
    for path in sorted(folder.glob("*.npy")):
        inputs[path.stem] = np.load(path, allow_pickle=False)
    return inputs


def _send(channel: Channel, probe_id: str, results: Mapping[str, Any]) -> None:
    """Arrays one by one, then all other values together."""
    values: dict[str, Any] = {}
    for name, result in results.items():
        if isinstance(result, np.ndarray):
            channel.send("array", blob=_npy(name, result), probe=probe_id, name=name)
        else:
            values[name] = result
    try:
        body = json.dumps(values, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise ContractError("bad_probe_value", detail=str(error)) from error
    channel.send("values", blob=body, probe=probe_id)


def _npy(name: str, array: np.ndarray[Any, Any]) -> bytes:
    if array.dtype.kind not in "biuf":
        raise ContractError("bad_array", name=name, dtype=str(array.dtype))
    body = io.BytesIO()
    np.save(body, np.ascontiguousarray(array) if array.ndim else array, allow_pickle=False)
    return body.getvalue()

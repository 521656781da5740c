"""Orders as bytes, to and from another machine: the submission as it was handed in, and the mission with its tests.

Machines of one cluster trust each other; what a student handed in stays untrusted on each of them. It travels as a tar
of plain entries and is opened by nobody but the collector, on the machine that grades it.
"""

import io
import json
import stat
import tarfile
from datetime import datetime
from pathlib import Path
from typing import Any

from grader.batch.content import walk
from grader.batch.order import Conditions, Order
from grader.cohort import HandedIn, LooseFile
from grader.course import Course, Mission
from grader.entries import Student
from grader.results import Mode
from grader.sandbox.delivery import add_content, plain_member
from grader.settings import Settings
from grader.store import RunKind
from grader.submission import CollectLimits

MAX_BYTES = 2 * CollectLimits().total_bytes
"""More than a collector takes: what is cut here is refused there for its size."""
_FACTS = "facts.json"


def pack_mission(mission: Mission) -> bytes:
    """What grading needs of a mission: spec, hidden tests, probes, starter code."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for folder, place in ((mission.root, "missions"), (mission.starter, "starter_code")):
            archive.add(folder, arcname=f"{place}/{mission.id}", filter=_own)
    return packed.getvalue()


def unpack_mission(packed: bytes, mission_id: str, folder: Path) -> Mission:
    """The mission, in a course of its own.

    Args:
        packed: of this project's making.
        folder: an empty one.
    """
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return Course(folder).mission(mission_id)


def pack_order(order: Order, conditions: Conditions) -> bytes:
    """An order as one tar: facts, then the submission entry by entry, links and pipes as such, never followed."""
    handed_in, settings = order.handed_in, conditions.settings
    facts = {
        "number": order.number,
        "student": {"id": handed_in.student.id, "name": handed_in.student.name},
        "mission": order.mission.id,
        "mode": order.mode.value,
        "kind": order.kind.value,
        "key": order.key,
        "name": handed_in.name,
        "file_name": handed_in.path.name,
        "submitted": handed_in.submitted.isoformat(),
        "loose": [file.name for file in handed_in.loose],
        "model": handed_in.model is not None,
        "sandbox": conditions.sandbox,
        "seed": conditions.seed,
        "settings": {
            "image": settings.image,
            "docker_runtime": settings.docker_runtime,
            "attempts": settings.attempts,
        },
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        add_content(archive, _FACTS, json.dumps(facts).encode())
        left = MAX_BYTES
        parts = [(f"loose/{place}", file.path) for place, file in enumerate(handed_in.loose)]
        for name, path in parts or [("path", handed_in.path)]:
            left = _add_tree(archive, name, path, left)
        if handed_in.model is not None:
            cap = order.mission.spec.limits.artifact_bytes + 1
            add_content(archive, "model", _read(handed_in.model, cap))
    return packed.getvalue()


def unpack_order(packed: bytes, mission: Mission, folder: Path) -> tuple[Order, Conditions]:
    """The order, its submission laid out below `folder`, which is empty.

    Args:
        packed: made by `pack_order`; contents of the submission in it are untrusted, names below it are the student's.
    """
    facts: dict[str, Any] = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            if member.name == _FACTS:
                file = archive.extractfile(member)
                assert file is not None
                facts = json.loads(file.read())
            else:
                _lay_out(archive, member, folder)
    path = folder / "path"
    if not facts["loose"]:
        # Under its own name again: the report is called after it.
        named = folder / "named" / (Path(facts["file_name"]).name or "submission")
        named.parent.mkdir()
        path = path.rename(named) if path.exists() or path.is_symlink() else named
    handed_in = HandedIn(
        student=Student(**facts["student"]),
        mission_id=mission.id,
        path=path if not facts["loose"] else folder / "loose" / "0",
        submitted=datetime.fromisoformat(facts["submitted"]),
        name=facts["name"],
        model=folder / "model" if facts["model"] else None,
        loose=tuple(LooseFile(folder / "loose" / str(place), name) for place, name in enumerate(facts["loose"])),
    )
    order = Order(
        number=facts["number"],
        handed_in=handed_in,
        mission=mission,
        mode=Mode(facts["mode"]),
        kind=RunKind(facts["kind"]),
        key=facts["key"],
    )
    settings = Settings().model_copy(update=facts["settings"])
    return order, Conditions(sandbox=facts["sandbox"], seed=facts["seed"], settings=settings)


def _add_tree(archive: tarfile.TarFile, name: str, path: Path, left: int) -> int:
    for entry, place, found in walk(name, path):
        if stat.S_ISREG(found.st_mode):
            content = _read(place, left)
            left -= len(content)
            add_content(archive, entry, content)
            continue
        member = tarfile.TarInfo(entry)
        member.type = tarfile.DIRTYPE if stat.S_ISDIR(found.st_mode) else tarfile.SYMTYPE
        member.mode, member.linkname = 0o755, "left-out"
        archive.addfile(member)
    return left


def _read(path: Path, most: int) -> bytes:
    """The beginning of a file; empty where it can't be read."""
    try:
        with path.open("rb") as file:
            return file.read(max(0, most))
    except OSError:
        return b""


def _lay_out(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """One entry. Names were made by a walk that follows no links, so none of them leads through one."""
    target = folder / member.name
    if member.name.startswith("/") or ".." in Path(member.name).parts:
        raise ValueError("an order names a file outside of it")
    target.parent.mkdir(parents=True, exist_ok=True)
    if member.isdir():
        target.mkdir(exist_ok=True)
    elif member.issym():
        target.symlink_to(member.linkname)
    else:
        file = archive.extractfile(member)
        with target.open("xb") as copy:
            copy.write(file.read() if file is not None else b"")


def _own(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in member.name else plain_member(member)

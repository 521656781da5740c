"""What Gradescope exports: `submission_<number>` folders beside `submission_metadata.yml`."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import yaml

from grader.cohort.contents import choose_in_folder, is_submission_file
from grader.cohort.listing import Entry, list_inner_folder
from grader.cohort.places import Search, take
from grader.entries import Student
from grader.errors import UsageError
from grader.submission.names import printable
from grader.text import Text

METADATA = "submission_metadata.yml"
MAX_METADATA_BYTES = 64 * 1024 * 1024
"""The file also holds what each submission's tests printed."""
MAX_VALUE_LENGTH = 256
_MAX_DEPTH = 64
"""Containers in one another. The parser takes time in the square of this: 16 s for 100,000 (n = 1)."""
_KEPT_DEPTH = 6
"""Levels of the document that are kept; what tests printed lies deeper or is not asked for."""

# The parser that is written in C where PyYAML has it: 200,000 events in 0.2 s (one shared core of a cloud CPU, n = 1).
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ]+(\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?\s*(?:(Z|z|UTC)|([+-]\d\d):?(\d\d))?", re.ASCII
)
_NOT_LISTED = Text(f"{METADATA} does not say whose it is.", f"{METADATA} 파일에 누구의 제출물인지 적혀 있지 않습니다.")
_NO_SUBMITTER = Text(f"{METADATA} names no student for it.", f"{METADATA} 파일에 제출한 학생이 적혀 있지 않습니다.")
_NOT_THERE = Text(f"{METADATA} lists it, but it is not there.", f"{METADATA} 파일에는 있지만 폴더에는 없습니다.")

Node: TypeAlias = "dict[str, Node] | list[Node] | str"
"""A YAML document without its types."""


@dataclass(frozen=True, slots=True)
class Submitter:
    """Who handed in, as Gradescope says; any of the three may be empty."""

    name: str
    sid: str
    email: str


@dataclass(frozen=True, slots=True)
class Metadata:
    """One submission, as Gradescope says.

    Attributes:
        created: when it was handed in; None where that is not said or not understood.
        attempt: how many the student handed in up to this one; None where no history is there.
    """

    submitters: tuple[Submitter, ...]
    created: datetime | None
    attempt: int | None


def read_gradescope(search: Search, entries: Sequence[Entry], mission: str) -> None:
    """One submission per folder and submitter: group work counts for each."""
    listed = parse_metadata(_metadata_text(search.folder / METADATA), METADATA)
    there = {entry.name: entry for entry in entries}
    for name in sorted(listed.keys() - there.keys()):
        search.skip(search.folder / printable(name).replace("/", "_"), _NOT_THERE)
    for entry in entries:
        if entry.name == METADATA:
            continue
        if entry.name not in listed:
            if not entry.name.casefold().endswith(".csv"):
                search.skip(entry.path, _NOT_LISTED)
            continue
        _take(search, entry, listed[entry.name], mission)


def _take(search: Search, entry: Entry, metadata: Metadata, mission: str) -> None:
    students = list(_students(search, metadata))
    if not students:
        search.skip(entry.path, _NO_SUBMITTER)
        return
    model: Path | None = None
    path = entry.path
    if not is_submission_file(entry):
        chosen = choose_in_folder(path, list_inner_folder(path, search.skipped), search.skipped)
        if chosen is None:
            return
        path, model = chosen.path, chosen.model
    take(search, students, mission, path, model, submitted=metadata.created, attempt=metadata.attempt)


def _students(search: Search, metadata: Metadata) -> Iterator[Student]:
    seen: set[str] = set()
    for who in metadata.submitters:
        student = search.students.of_submitter(sid=who.sid, email=who.email, name=who.name)
        if student is not None and student.id not in seen:
            seen.add(student.id)
            yield student


def _metadata_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_METADATA_BYTES + 1)
    except OSError as error:
        raise UsageError(
            Text(
                f"{METADATA} can't be read: {error.strerror}.", f"{METADATA} 파일을 읽을 수 없습니다: {error.strerror}."
            )
        ) from error
    if len(raw) > MAX_METADATA_BYTES:
        mib = MAX_METADATA_BYTES // 1024**2
        raise UsageError(Text(f"{METADATA} is larger than {mib} MiB.", f"{METADATA} 파일이 {mib} MiB보다 큽니다."))
    return raw.decode("utf-8-sig", "replace")


def parse_metadata(text: str, shown: str) -> dict[str, Metadata]:
    """Submissions by the name of their folder.

    Args:
        text: untrusted. Nothing is constructed from it: tags are not looked at and aliases not copied.
        shown: the file's name for messages.

    Raises:
        UsageError: it is no YAML, or not a mapping.
    """
    try:
        document = _plain_document(text)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        raise UsageError(
            Text(
                f"{shown} is not readable YAML (line {line}).",
                f"{shown} 파일을 YAML로 읽을 수 없습니다({line}번째 줄).",
            ),
            Text("Export the submissions from Gradescope again.", "Gradescope에서 제출물을 다시 내보내 주세요."),
        ) from error
    if not isinstance(document, dict):
        raise UsageError(
            Text(f"{shown} lists no submissions.", f"{shown} 파일에 제출물 목록이 없습니다."),
            Text("Export the submissions from Gradescope again.", "Gradescope에서 제출물을 다시 내보내 주세요."),
        )
    return {name: _metadata(value) for name, value in document.items() if isinstance(value, dict)}


def _metadata(node: dict[str, Node]) -> Metadata:
    raw_submitters = node.get(":submitters", [])
    history = node.get(":history")
    created = node.get(":created_at", "")
    if isinstance(created, dict):  # a Ruby object with a zone
        created = created.get("utc", "")
    return Metadata(
        submitters=tuple(
            Submitter(_value(raw, ":name"), _value(raw, ":sid"), _value(raw, ":email"))
            for raw in (raw_submitters if isinstance(raw_submitters, list) else [])
            if isinstance(raw, dict)
        ),
        created=parse_time(created) if isinstance(created, str) else None,
        attempt=len(history) + 1 if isinstance(history, list) else None,
    )


def _value(node: dict[str, Node], key: str) -> str:
    value = node.get(key, "")
    if not isinstance(value, str) or value in ("~", "null"):
        return ""
    return printable(unicodedata.normalize("NFC", value[:MAX_VALUE_LENGTH]).strip(), MAX_VALUE_LENGTH)


def parse_time(text: str) -> datetime | None:
    """`2026-10-01 18:55:31.098490000 Z`, with any offset; without one it is UTC. None where it is no time."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    day, clock, fraction, _, hours, minutes = match.groups()
    zone = f"{hours}:{minutes}" if hours else "+00:00"
    try:
        return datetime.fromisoformat(f"{day}T{clock}.{(fraction or '0').ljust(6, '0')}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _plain_document(text: str) -> Node:
    """Mappings, lists and strings of a YAML document, from the parser's events.

    No tag or merge key acts, and an alias copies nothing.

    Raises:
        ValueError: it is nested too deeply.
    """
    root: list[Node] = []
    anchors: dict[str, Node] = {}  # Ruby refers to a text or hash that it wrote before
    # Each open container, with the key that waits for its value; None for what lies too deep to keep.
    stack: list[tuple[dict[str, Node] | list[Node] | None, list[str]]] = [(root, [])]
    for event in yaml.parse(text, Loader=_LOADER):
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = event.value
        elif isinstance(event, yaml.MappingStartEvent):
            node = {}
        elif isinstance(event, yaml.SequenceStartEvent):
            node = []
        elif isinstance(event, yaml.AliasEvent):
            node = anchors.get(event.anchor, "")
        else:
            if isinstance(event, yaml.CollectionEndEvent):
                stack.pop()
            continue
        if isinstance(event, yaml.NodeEvent) and event.anchor and not isinstance(event, yaml.AliasEvent):
            anchors[event.anchor] = node
        kept = _attach(stack[-1], node)
        if isinstance(event, yaml.CollectionStartEvent):
            if len(stack) > _MAX_DEPTH:
                raise ValueError("nested too deeply")
            deep = not kept or len(stack) > _KEPT_DEPTH
            stack.append((None if deep or isinstance(node, str) else node, []))
    return root[0] if root else ""


def _attach(place: tuple[dict[str, Node] | list[Node] | None, list[str]], node: Node) -> bool:
    """Puts `node` where it belongs; a mapping's key waits for its value. Returns whether it is kept."""
    container, waiting = place
    if isinstance(container, list):
        container.append(node)
    elif isinstance(container, dict) and waiting:
        container[waiting.pop()] = node
    elif isinstance(container, dict):
        waiting.append(node if isinstance(node, str) else "")
        return isinstance(node, str)
    return container is not None

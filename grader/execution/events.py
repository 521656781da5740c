"""What a runner may say, strictly. Every byte is student-authored."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from grader.runner.protocol import ProtocolError

Name = Annotated[str, StringConstraints(max_length=64)]
Line = Annotated[str, StringConstraints(max_length=2_000)]


class Event(BaseModel):
    """Frozen, closed, strict: a number in quotes is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Ready(Event):
    """torch is imported; the student's code is not yet."""

    event: Literal["ready"]
    versions: Annotated[dict[Name, Name], Field(max_length=16)]


class PhaseBegins(Event):
    """The next phase begins."""

    event: Literal["phase"]
    phase: Literal["import", "train", "export"]


class Log(Event):
    """The student called `log`."""

    event: Literal["log"]
    values: Annotated[dict[Name, float | Literal["nan", "inf", "-inf"]], Field(max_length=32)]


class RawFrame(Event):
    """One line of a traceback."""

    file: Annotated[str, StringConstraints(max_length=200)]
    line: Annotated[int, Field(ge=0, le=10_000_000)]
    function: Annotated[str, StringConstraints(max_length=100)]
    source: Annotated[str, StringConstraints(max_length=200)]


class FailureFields(Event):
    """An exception of the student's code, or a broken contract."""

    kind: Literal["contract", "exception"]
    code: Name
    details: Annotated[dict[Name, Line], Field(max_length=8)]
    type: Annotated[str, StringConstraints(max_length=100)]
    message: Line
    frames: Annotated[list[RawFrame], Field(max_length=20)]


class Failure(FailureFields):
    """It ended the job."""

    event: Literal["failure"]


class ArtifactComes(Event):
    """The exported model follows as a blob."""

    event: Literal["artifact"]
    blob_bytes: Annotated[int, Field(ge=0)]


class Done(Event):
    """The job is done."""

    event: Literal["done"]


class ProbeBegins(Event):
    """The next probe begins."""

    event: Literal["probe"]
    probe: Name


class ArrayComes(Event):
    """One array of a probe follows as a blob."""

    event: Literal["array"]
    probe: Name
    name: Name
    blob_bytes: Annotated[int, Field(ge=0)]


class ValuesCome(Event):
    """All other results of a probe follow as a blob; with them it is done."""

    event: Literal["values"]
    probe: Name
    blob_bytes: Annotated[int, Field(ge=0)]


class ProbeFailure(FailureFields):
    """It ended one probe."""

    event: Literal["probe_failure"]
    probe: Name


RunnerEvent = Ready | PhaseBegins | Log | Failure | ArtifactComes | Done
ProbeEvent = Ready | PhaseBegins | ProbeBegins | ArrayComes | ValuesCome | ProbeFailure | Failure | Done
_EVENT: TypeAdapter[RunnerEvent] = TypeAdapter(Annotated[RunnerEvent, Field(discriminator="event")])
_PROBE_EVENT: TypeAdapter[ProbeEvent] = TypeAdapter(Annotated[ProbeEvent, Field(discriminator="event")])


def parse_event(raw_json: bytes) -> RunnerEvent:
    """One event of a training run, from unvetted bytes.

    Raises:
        ProtocolError: it is none.
    """
    try:
        return _EVENT.validate_json(raw_json)
    except ValidationError as error:
        raise ProtocolError("a message does not fit the protocol") from error


def parse_probe_event(raw_json: bytes) -> ProbeEvent:
    """One event of a probing run, from unvetted bytes.

    Raises:
        ProtocolError: it is none.
    """
    try:
        return _PROBE_EVENT.validate_json(raw_json)
    except ValidationError as error:
        raise ProtocolError("a message does not fit the protocol") from error

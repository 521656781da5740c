"""The conversation with a resident grader: one question, then events, the last of which is the report or its page.

Frames are those of `grader.runner.protocol`. Each side takes the other's messages for a stranger's: strict models, caps
on length and number, no pickle. A conversation that breaks a rule is over; whoever asked then grades by itself.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, field_validator

from grader.resident.conditions import Conditions
from grader.runner.protocol import Message, ProtocolError
from grader.text import Language

MAX_REPORT_BYTES = 64 * 1024**2
"""Of a report or a page: the largest seen, with four annotated files and all logs, have 3 MB."""
MAX_EVENTS = 1_000_000
"""Ten a second for a day."""
ANSWER_S = 5.0
"""How long a question may take to come in, and how long its first answer may."""

Location = Annotated[str, StringConstraints(min_length=1, max_length=4_096, pattern=r"^/[^\x00]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Question(_Strict):
    """What is to be graded, and under which conditions."""

    conditions: Conditions
    mission: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]
    """Its name; read afresh by whoever grades."""
    path: Location
    """The submission."""
    artifact: Location | None
    """A model trained elsewhere; None trains."""
    gpu: Annotated[str, StringConstraints(pattern=r"^(auto|none|[0-9]{1,3})$")]
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    page: Language | None
    """Language of the page that is wanted beside the report; None for no page."""

    @field_validator("path", "artifact")
    @classmethod
    def _can_be_sent(cls, path: str | None) -> str | None:
        """Names of files that are no UTF-8 would arrive as other names."""
        if path is not None:
            path.encode("utf-8")
        return path


class Refused(_Strict):
    """Nothing is graded."""

    event: Literal["refused"] = "refused"
    reason: Annotated[str, StringConstraints(max_length=1_000)]
    """For `--debug`."""


class Began(_Strict):
    """The question was taken."""

    event: Literal["began"] = "began"


class StageBegan(_Strict):
    """See `grader.progress.Progress.stage`."""

    event: Literal["stage"] = "stage"
    stage: Annotated[str, StringConstraints(pattern=r"^[a-z]{1,20}$")]


class Logged(_Strict):
    """See `grader.progress.Progress.log`."""

    event: Literal["log"] = "log"
    seconds: float
    values: dict[str, float | str]


class Used(_Strict):
    """See `grader.progress.Progress.budget`."""

    event: Literal["budget"] = "budget"
    used_s: float
    budget_s: float


class ReportComes(_Strict):
    """The report, as JSON, is the blob."""

    event: Literal["report"] = "report"
    blob_bytes: int


class PageComes(_Strict):
    """The report as a page is the blob, in UTF-8."""

    event: Literal["page"] = "page"
    blob_bytes: int


Event = Refused | Began | StageBegan | Logged | Used | ReportComes | PageComes
_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])


def parse_question(message: Message) -> Question:
    """The question in a message.

    Raises:
        ProtocolError: there is none.
    """
    try:
        return Question.model_validate_json(message.raw_json)
    except ValidationError as error:
        raise ProtocolError("a message is not a question") from error


def parse_event(message: Message) -> Event:
    """The event in a message.

    Raises:
        ProtocolError: there is none.
    """
    try:
        return _EVENT.validate_json(message.raw_json)
    except ValidationError as error:
        raise ProtocolError("a message is not an event") from error


def fields(model: BaseModel) -> dict[str, Any]:
    """What `encode_message` sends."""
    return model.model_dump(mode="json")

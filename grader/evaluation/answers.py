"""What an evaluation program says: messages read strictly, and what they come to."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from grader.evaluation.measures import Logits
from grader.graph import GraphFacts, RecurrenceFact
from grader.runner.protocol import Message, ProtocolError
from grader.spec import MissionSpec

FACTS_BYTES = 16 * 1024**2
"""Ten thousand layers of the longest names take less."""
LARGEST_COUNT = 2**63 - 1
"""Of torch's sizes; shares are computed of counts, which must not be too large for a float."""
LARGEST_PARAMETERS = 2**31 - 1
"""What a gradebook's column holds; a vetted model has 64 million at most."""
MIXING_PASSES = {"public", "repeated", "reordered"}
"""What is not run where the graph keeps images apart, as little as the passes at other batch sizes."""
SEQUENCE_PASSES = {"rows_shuffled", "rows_blanked"}
SWAP_PASSES = {"swap_partner", "swap_halfway", "swap_inputs"}

Sentence = Annotated[str, StringConstraints(max_length=2_000)]
Document = TypeVar("Document")
_FACTS: TypeAdapter[GraphFacts] = TypeAdapter(GraphFacts)
_RECURRENCE: TypeAdapter[RecurrenceFact | None] = TypeAdapter(RecurrenceFact | None)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class _BothLanguages(_Strict):
    en: Sentence
    ko: Sentence


class _Vetting(_Strict):
    event: Literal["vetting"]


class _Facts(_Strict):
    event: Literal["facts"]
    blob_bytes: int


class _Pass(_Strict):
    event: Literal["logits"]
    blob_bytes: int
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
    rows: Annotated[int, Field(ge=1, le=1_000_000)]
    columns: Annotated[int, Field(ge=1, le=10_000)]
    seconds: Annotated[float, Field(ge=0)]


class Rejected(_Strict):
    """The artifact is not accepted, and why."""

    event: Literal["rejected"]
    code: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]
    message: _BothLanguages
    advice: _BothLanguages


class _Recurrence(_Strict):
    event: Literal["recurrence"]
    blob_bytes: int


class _Done(_Strict):
    event: Literal["done"]


class _Ended(_Strict):
    """The child that did the job is gone, and the program waits for another job."""

    event: Literal["ended"]


_Event = _Vetting | _Facts | _Pass | _Recurrence | Rejected | _Done | _Ended
_EVENT: TypeAdapter[_Event] = TypeAdapter(Annotated[_Event, Field(discriminator="event")])


@dataclass(frozen=True, slots=True)
class Asked:
    """What a program was asked.

    Attributes:
        spec: of the mission.
        images: of the main pass.
        public: images that reports may show.
    """

    spec: MissionSpec
    images: int
    public: int

    @property
    def blob_bytes(self) -> int:
        """The most that one message may hand over."""
        return max(4 * self.images * self.spec.data.classes, FACTS_BYTES)

    def needed(self, facts: GraphFacts) -> set[str]:
        """The passes that such a graph calls for, by name."""
        rules, sizes = self.spec.graph, self.spec.evaluation.batch_sizes
        needed = {"main"} | {f"without_{group}" for group in rules.required if facts.groups.get(group)}
        if self.spec.evaluation.perturbation.wanted:
            needed.add("perturbed")
        if not facts.images_apart:
            needed |= MIXING_PASSES | {f"batch_{size}" for size in sizes if facts.fixed_batch in (None, size)}
        return needed | SEQUENCE_PASSES if rules.recurrence else needed

    def fits(self, name: str, rows: int, columns: int, facts: GraphFacts) -> bool:
        """Whether there may be such a pass with logits (rows, columns)."""
        exactly = {"main": self.images, "public": self.public}
        if name.startswith("without_"):
            exactly[name] = min(self.spec.evaluation.sample_images, self.images)
        allowed = self.needed(facts) | (SWAP_PASSES if self.spec.graph.recurrence else set())
        rows_fit = rows == exactly[name] if name in exactly else 1 <= rows <= self.images
        return name in allowed and rows_fit and columns == self.spec.data.classes


@dataclass(slots=True)
class Answers:
    """Facts and logits as they come; untrusted.

    Attributes:
        asked: what was asked.
        facts: what the program's graph shows; None before it is vetted.
        passes: float32 logits (rows, classes) by the name of the pass.
        seconds: what each pass took.
        rejected: why the artifact is not accepted.
        done: everything has been said.
    """

    asked: Asked
    facts: GraphFacts | None = None
    passes: dict[str, Logits] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    rejected: Rejected | None = None
    done: bool = False

    @property
    def complete(self) -> bool:
        """Whether all came that the graph calls for."""
        return self.facts is not None and self.passes.keys() >= self.asked.needed(self.facts)

    def take(self, message: Message) -> str | bool:
        """Takes one message; gives the phase that begins with it, or whether the job has ended.

        Raises:
            ProtocolError: it is not one that may come now, or does not have the announced shape.
        """
        blob = message.blob or b""
        try:
            event = _EVENT.validate_json(message.raw_json)
            match event:
                case _Vetting():
                    return "vet"
                case _Facts():
                    self.facts = _facts(blob)
                    return "run"
                case _Pass():
                    self._take_logits(event, blob)
                case _Recurrence():
                    self._take_recurrence(_document(_RECURRENCE, blob))
                case Rejected():
                    self.rejected = event
                case _Done():
                    self.done = True
                case _Ended():
                    return self._end()
        except ValidationError as error:
            raise ProtocolError("a message does not fit the protocol") from error
        return False

    def _take_recurrence(self, found: RecurrenceFact | None) -> None:
        if self.facts is None:
            raise ProtocolError("a recurrence of an unknown graph")
        self.facts = dataclasses.replace(self.facts, recurrence=found)

    def _end(self) -> bool:
        if not self.done:
            raise ProtocolError("the job has ended without being done")
        return True

    def _take_logits(self, event: _Pass, blob: bytes) -> None:
        if self.facts is None or event.name in self.passes or ("main" not in self.passes and event.name != "main"):
            raise ProtocolError("logits out of order")
        announced = self.asked.fits(event.name, event.rows, event.columns, self.facts)
        if not announced or len(blob) != event.rows * event.columns * 4:
            raise ProtocolError("logits do not have the announced shape")
        self.passes[event.name] = np.frombuffer(blob, dtype="<f4").reshape(event.rows, event.columns)
        self.seconds[event.name] = event.seconds


def _facts(blob: bytes) -> GraphFacts:
    facts = _document(_FACTS, blob)
    if facts.parameters > LARGEST_PARAMETERS:
        raise ProtocolError("more parameters than there can be")
    return facts


def _document(form: TypeAdapter[Document], blob: bytes) -> Document:
    """What is of that form to the letter, and counts no more than there can be."""
    found = form.validate_json(blob, strict=True, extra="forbid")
    if not all(0 <= number <= LARGEST_COUNT for number in _whole_numbers(form.dump_python(found))):
        raise ProtocolError("a document that counts more than there can be")
    return found


def _whole_numbers(value: object) -> Iterator[int]:
    """All that are in there, at any depth."""
    if isinstance(value, int):
        yield value
    elif isinstance(value, dict):
        yield from (number for one in value.values() for number in _whole_numbers(one))
    elif isinstance(value, tuple | list):
        yield from (number for one in value for number in _whole_numbers(one))

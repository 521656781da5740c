"""Frozen results: what a grading ends in. `Report` is the published form; its schema is `docs/report.schema.json`."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, SerializationInfo, StringConstraints

from grader.text import Language, Text

SCHEMA_VERSION = "1.3"


def _text_in_context_language(text: Text, info: SerializationInfo) -> Any:
    """One language as a string where the caller names it in the context; both as an object otherwise."""
    language: Language | None = (info.context or {}).get("language")
    return {"en": text.en, "ko": text.ko} if language is None else text.in_language(language)


ReportText = Annotated[Text, PlainSerializer(_text_in_context_language, return_type=str | dict[str, str])]


class ResultModel(BaseModel):
    """Frozen, closed, and without infinities."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class Verdict(StrEnum):
    """Whether the submission was graded."""

    GRADED = "graded"
    NOT_GRADED = "not_graded"


class Reason(StrEnum):
    """Why a submission ended before its model could be measured; a student's end but for `INFRASTRUCTURE`."""

    SUBMISSION_INVALID = "submission_invalid"
    TRAIN_ERROR = "train_error"
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    GPU_MEMORY_LIMIT = "gpu_memory_limit"
    OUTPUT_LIMIT = "output_limit"
    PROCESS_LIMIT = "process_limit"
    DISK_LIMIT = "disk_limit"
    CRASHED = "crashed"
    """A signal ended the process, such as a segmentation fault."""
    EXPORT_FAILED = "export_failed"
    ARTIFACT_REJECTED = "artifact_rejected"
    INFRASTRUCTURE = "infrastructure"


class Mode(StrEnum):
    """How the model came to be."""

    RETRAIN = "retrain"
    ARTIFACT = "artifact"


class Status(StrEnum):
    """How a criterion was settled."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    SKIPPED = "skipped"


class Frame(ResultModel):
    """One line of a student's traceback."""

    file: str
    line: int
    function: str
    source: str


class Quantity(StrEnum):
    """What a run may use only so much of, with its unit."""

    SECONDS = "seconds"
    CPU_SECONDS = "cpu_seconds"
    MEMORY_BYTES = "memory_bytes"
    GPU_MEMORY_BYTES = "gpu_memory_bytes"
    OUTPUT_BYTES = "output_bytes"
    DISK_BYTES = "disk_bytes"
    PROCESSES = "processes"


class Figure(ResultModel):
    """How much a run used of something, beside how much it may."""

    quantity: Quantity
    used: float | None
    """As the host measured it, at its peak; None where the host can't see it."""
    limit: float | None
    """None where this run was not held to any."""


class Ending(ResultModel):
    """Why a run ended early: the reason, and words a student can act on."""

    reason: Reason
    message: ReportText
    advice: ReportText
    figures: tuple[Figure, ...] = ()
    """What the run used: first that of which it used too much, then time and memory."""
    signal: str | None = None
    """Name of the signal that ended it, such as `SIGSEGV`."""
    traceback: tuple[Frame, ...] = ()


class MissionInfo(ResultModel):
    """Which mission was graded."""

    id: str
    title: ReportText
    points: float
    pass_mark: float
    brief: ReportText | None = None
    """The task in a sentence or two."""


class SubmissionInfo(ResultModel):
    """Whose work was graded."""

    name: str
    sha256: str | None
    """Content hash; None where it could not be collected."""
    files: tuple[str, ...] = ()
    notes: tuple[ReportText, ...] = ()
    """What the collector left out, such as statements of a notebook."""


class LineRemark(ResultModel):
    """What a criterion says about one line of the submission."""

    file: str
    line: int
    """From 1."""
    source: str
    """The line, or the part of it that is meant."""
    message: ReportText


class SourceText(ResultModel):
    """A file of the submission that remarks speak of."""

    name: str
    text: str
    """Capped; undecodable bytes are replaced, and renderers make it inert."""


class CriterionResult(ResultModel):
    """One line of the rubric, settled."""

    id: str
    title: ReportText
    status: Status
    points: float
    max_points: float
    expected: ReportText
    measured: ReportText | None
    message: ReportText | None
    """What it means; None where there is nothing to add."""
    hint: ReportText | None
    """What to try next; None where all points were earned."""
    remarks: tuple[LineRemark, ...] = ()
    """Where in the submission points were lost, line by line."""
    bonus: bool = False
    """Points on top of the mission's."""


class LogPoint(ResultModel):
    """One call of `log` by the student: the learning curve. Values are as claimed by the student's code."""

    seconds: float
    """Seconds since `train` was entered, on the host's clock."""
    values: dict[str, float | str]
    """Finite numbers, or `nan`, `inf`, `-inf` in words."""


class RunInfo(ResultModel):
    """How the model came to be and what it used; measured by the host."""

    sandbox: str
    mode: Mode
    device: str
    seed: int
    seeds: tuple[int, ...] = ()
    """Every seed trained with, where one run was too close to call."""
    versions: dict[str, str]
    seconds: float | None
    """Wall-clock seconds of `train`."""
    cpu_seconds: float | None
    """CPU seconds of `train`."""
    budget_seconds: float | None
    """The budget that counted: CPU seconds on a CPU, seconds on a GPU."""
    peak_memory_bytes: int | None
    log: tuple[LogPoint, ...] = ()
    notes: tuple[ReportText, ...] = ()
    """What a reader must know to compare this run with another, such as which labels were drawn."""


class ModelInfo(ResultModel):
    """The graph that was executed, in figures."""

    parameters: int
    multiply_accumulates: int
    op_groups: dict[str, int]
    layers: tuple[dict[str, Any], ...] = ()
    """In execution order: `name`, `op`, `group`, `output_shape` of one batch, `parameters`, `multiply_accumulates` per
    image, `receptive_field` (height and width in pixels, or null)."""
    batch_dynamic: bool


class CalibrationBin(ResultModel):
    """Images that were predicted with about the same confidence."""

    images: int
    confidence: float
    """Their mean confidence, in [0, 1]."""
    accuracy: float
    """Share of them classified right, in [0, 1]."""


class Calibration(ResultModel):
    """Whether the model is right as often as it is sure."""

    expected_error: float
    """Expected calibration error over bins of equal width, in [0, 1]."""
    bins: tuple[CalibrationBin, ...]
    """From unsure to sure; bins without an image are left out."""


class Mistake(ResultModel):
    """An image of the public share that was classified wrong."""

    position: int
    """Its number among the test images, from 0."""
    label: int
    predicted: int
    confidence: float
    """How sure the model was of what it predicted, in [0, 1]."""
    image: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]+={0,2}$")]
    """A PNG file, in base64."""


class PublicShare(ResultModel):
    """The test images that reports may show: the same few for everybody."""

    images: int
    wrong: int
    """How many of them were not classified right."""
    mistakes: tuple[Mistake, ...]
    """Some of those, the surest first; images without finite logits are left out."""


class Metrics(ResultModel):
    """What was measured on the test images."""

    images: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    """95 % Wilson score interval."""
    accuracies: tuple[float, ...] = ()
    """One per seed, where several counted."""
    perturbed_accuracy: float | None = None
    per_class_accuracy: tuple[float, ...] = ()
    per_class_intervals: tuple[tuple[float, float], ...] = ()
    """95 % Wilson score interval of each class's accuracy."""
    confusion: tuple[tuple[int, ...], ...] = ()
    """Rows are true classes, columns predicted ones."""
    calibration: Calibration | None = None
    """None where no image gave finite logits."""
    class_names: tuple[ReportText, ...] = ()
    """By label; empty where the labels are what the classes are called."""
    public_share: PublicShare | None = None
    """None in reports of earlier versions."""
    model: ModelInfo | None = None


class Diagnosis(ResultModel):
    """A likely cause of what was measured, and what to try. It costs no points: criteria do."""

    rule: str
    """Which rule found it, such as `overfitting`."""
    finding: ReportText
    """What was seen, in figures."""
    cause: ReportText
    """What usually brings it about."""
    advice: ReportText
    """What to try next."""


class StudentOutput(ResultModel):
    """What the student's code printed, capped; undecodable bytes are written out, and renderers make it inert."""

    text: str
    total_bytes: int
    truncated: bool


class Report(ResultModel):
    """Everything a grading found."""

    schema_version: str = SCHEMA_VERSION
    created: datetime
    grader_version: str
    mission: MissionInfo
    submission: SubmissionInfo
    verdict: Verdict
    reason: Reason | None
    ending: Ending | None = None
    """What ended it early, in words; None where the way was gone to its end."""
    passed: bool
    score: float
    max_score: float
    criteria: tuple[CriterionResult, ...]
    run: RunInfo | None
    metrics: Metrics | None
    findings: tuple[Diagnosis, ...] = ()
    """Likely causes of what was measured, the most telling first."""
    annotated: tuple[SourceText, ...] = ()
    """The files that remarks on lines speak of."""
    student_output: StudentOutput = Field(default=StudentOutput(text="", total_bytes=0, truncated=False))

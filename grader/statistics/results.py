"""The statistics of a course: frozen, serialisable, without names of students."""

from pydantic import Field

from grader.results import Reason, ReportText, ResultModel

SCHEMA_VERSION = "1.0"


class Bin(ResultModel):
    """One bar of a histogram: from `low` up to, but not including, `high`; the last one includes it."""

    low: float
    high: float
    count: int


class Distribution(ResultModel):
    """How points are spread. Quartiles are interpolated linearly (type 7 of Hyndman and Fan, 1996)."""

    count: int
    mean: float
    sd: float | None
    """Of the sample, with n - 1; None for fewer than two."""
    minimum: float
    lower_quartile: float
    median: float
    upper_quartile: float
    maximum: float
    bins: tuple[Bin, ...]


class Spread(ResultModel):
    """How much of something gradings used."""

    count: int
    median: float
    p90: float
    """Nine in ten used no more."""
    maximum: float


class CriterionStatistics(ResultModel):
    """One criterion over all gradings that have it."""

    id: str
    max_points: float
    bonus: bool
    count: int
    passed: float
    """Share of gradings, in [0, 1], like the next three; the four sum to 1."""
    partial: float
    failed: float
    skipped: float
    difficulty: float | None
    """Mean share of its points that was earned, in [0, 1]: the smaller, the harder. None where it has no points."""
    discrimination: float | None
    """Correlation of its points with those of all other criteria together, in [-1, 1]; None where undefined."""
    upper_lower: float | None
    """Difficulty among the best 27 % less that among the weakest 27 %, in [-1, 1]; None where undefined."""
    note: ReportText | None = None
    """Why something is undefined."""


class CoFailure(ResultModel):
    """Two criteria, over the gradings in which both were judged."""

    first: str
    second: str
    judged: int
    both: int
    """In how many neither was met in full."""
    phi: float | None
    """Correlation of failing the one and failing the other, in [-1, 1]; None where undefined."""


class MissionStatistics(ResultModel):
    """One mission."""

    mission_id: str
    title: ReportText
    max_points: float
    pass_mark: float | None
    students: int
    """Of whom a mark is kept: of the roster, and whoever handed in."""
    handed_in: int
    graded: int
    missing: int
    """Handed in nothing."""
    waiting: int
    """Handed in, not graded yet, or the machine failed."""
    attempts: int
    """Of all students together."""
    points: Distribution | None
    """As entered, after policies; of those graded."""
    pass_rate: float | None
    """Share of those graded that reached the pass mark, before anything was taken off for being late."""
    criteria: tuple[CriterionStatistics, ...]
    co_failures: tuple[CoFailure, ...]
    """Every two criteria once, in the order of the rubric."""
    seconds: Spread | None
    cpu_seconds: Spread | None
    memory_bytes: Spread | None
    early_ends: dict[Reason, int]
    """Why gradings ended early, the most frequent first."""
    models: tuple[tuple[int, float], ...] = Field(default=())
    """(parameters, accuracy) of each measured model, by parameters."""


class CourseStatistics(ResultModel):
    """All missions of a gradebook."""

    schema_version: str = SCHEMA_VERSION
    missions: tuple[MissionStatistics, ...]

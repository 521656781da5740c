"""What comparing a cohort gives: frozen, serialisable, without the libraries that computed it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import Field

from grader.results import ReportText, ResultModel

SCHEMA_VERSION = "1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one student handed in.

    Attributes:
        student_id: unique in the cohort.
        name: to be shown; untrusted.
        root: a collected folder (see `grader.submission.collect`): plain files, bounded sizes.
        model: the student's own `.pt2`, unvetted; None where the grader trained it, which proves nothing here.
    """

    student_id: str
    name: str
    root: Path
    model: Path | None = None


class Thresholds(ResultModel):
    """From where on a pair is listed."""

    code: float = Field(default=0.4, ge=0.1, le=1)
    """Share of one submission's own code that is also in the other. Ten solutions of one mission that were written
    independently reach at most 0.2 (tests/unit/similarity/test_compare.py)."""
    weights: float = Field(default=0.5, gt=0, le=1)
    """Share of the smaller model's parameters that are also in the other."""
    symbols: int = Field(default=15, ge=8, le=100)
    """Shortest run of symbols that counts as a match: one to two lines."""
    pairs: int = Field(default=200, ge=1, le=5_000)
    """Most pairs listed, the most alike first."""


class Standing(StrEnum):
    """Whether a submission could be compared."""

    COMPARED = "compared"
    STARTER_UNCHANGED = "starter_unchanged"
    """Nothing was written beyond the starter code: equal to others for that reason, and no copy."""
    TOO_SHORT = "too_short"
    """So little was written that a match would mean nothing."""
    UNREADABLE = "unreadable"
    """No file of it is Python."""


class SourceFile(ResultModel):
    """One Python file, as text. Untrusted."""

    name: str
    text: str


class ComparedWork(ResultModel):
    """One submission of the cohort."""

    student_id: str
    name: str
    standing: Standing
    symbols: int
    """Length of its own code, without what is in the starter's or in most submissions."""
    parameters: int | None = None
    """Parameters of the model that could be compared; None where there is no readable model."""
    notes: tuple[ReportText, ...] = ()
    """What was not compared, and why."""
    files: tuple[SourceFile, ...] = Field(default=(), exclude=True)
    """The source, where a pair names it: for the page with both sides; not part of the JSON form."""


class Lines(ResultModel):
    """Lines of one file, both ends included, from 1."""

    file: str
    first: int
    last: int


class Match(ResultModel):
    """Lines of one submission and the lines of the other that they are most like."""

    first: Lines
    second: Lines


class WeightSimilarity(ResultModel):
    """How many parameters two models share. Each parameter counts once, for the strongest of the three."""

    equal: int
    """In tensors that are equal to the last bit."""
    rearranged: int
    """In tensors that hold the same values in another order of channels."""
    near: int
    """In tensors that differ by a relative distance of at most 5 %, as after a little more training."""
    parameters: int
    """Of the smaller model, without tensors that say nothing."""

    @property
    def share(self) -> float:
        """Of the smaller model's parameters, in [0, 1]."""
        return (self.equal + self.rearranged + self.near) / self.parameters if self.parameters else 0.0


class Pair(ResultModel):
    """Two submissions that are alike. Evidence to look at, no proof."""

    first: str
    """Student id."""
    second: str
    """Student id."""
    first_in_second: float
    """Share of the first one's own code that is also in the second, in [0, 1]."""
    second_in_first: float
    """Share of the second one's own code that is also in the first, in [0, 1]."""
    matches: tuple[Match, ...] = ()
    weights: WeightSimilarity | None = None
    """None where not both have a model that could be read."""

    @property
    def code(self) -> float:
        """The larger of the two shares: what was padded with other code stays visible."""
        return max(self.first_in_second, self.second_in_first)

    @property
    def rank(self) -> float:
        """What pairs are ordered by."""
        return max(self.code, self.weights.share if self.weights else 0.0)


class Similarity(ResultModel):
    """A cohort's pairs, the most alike first."""

    schema_version: str = SCHEMA_VERSION
    mission_id: str
    thresholds: Thresholds
    works: tuple[ComparedWork, ...]
    pairs: tuple[Pair, ...]
    left_out: int = 0
    """Pairs above a threshold that are not listed, because there were too many; of those that were compared exactly."""
    common_limit: int
    """Code that is in more submissions than this is everybody's and counts for nobody."""

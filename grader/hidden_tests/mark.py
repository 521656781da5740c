"""How a hidden test says what it found about one criterion."""

from dataclasses import dataclass, field

from grader.results import LineRemark
from grader.spec import CriterionSpec
from grader.text import Text, same

MAX_REMARKS = 300
"""On lines, per criterion."""


class CriterionFailed(AssertionError):
    """The criterion is not met; raised by `Mark.fail`."""


@dataclass(slots=True)
class Mark:
    """Collects what one hidden test measured. The test passes by returning, fails by `fail` or a plain `assert`.

    Attributes:
        criterion: the line of the rubric that this test settles.
        measured: what was found, for the report's column of that name.
        message: what it means, in a sentence.
        credit: share of the points earned, 0 to 1.
        remarks: what it says about single lines.
    """

    criterion: CriterionSpec
    measured: Text | None = None
    message: Text | None = None
    credit: float = field(default=1.0)
    remarks: list[LineRemark] = field(default_factory=list)

    def measure(self, en: str, ko: str | None = None) -> None:
        """Records what was found; figures need no Korean of their own."""
        self.measured = same(en) if ko is None else Text(en, ko)

    def note(self, en: str, ko: str) -> None:
        """Records what the finding means."""
        self.message = Text(en, ko)

    def remark(self, file: str, line: int, source: str, text: Text) -> None:
        """Says something about one line of the submission; beyond `MAX_REMARKS` it is dropped.

        Args:
            file: name of the submission's file.
            line: from 1.
            source: the line as the report shows it.
            text: what is missing there.
        """
        if len(self.remarks) < MAX_REMARKS:
            self.remarks.append(LineRemark(file=file, line=line, source=source, message=text))

    def grade(self, value: float) -> None:
        """Gives the credit that the spec's `partial` table assigns to `value`.

        Raises:
            CriterionFailed: it earns nothing.
            ValueError: the criterion has no partial credit.
        """
        if self.criterion.partial is None:
            raise ValueError(f"criterion {self.criterion.id} has no partial credit in the spec")
        self.credit = self.criterion.partial.credit(value)
        if self.credit <= 0:
            raise CriterionFailed

    def require(self, condition: bool, en: str, ko: str) -> None:
        """Fails the criterion with this message unless the condition holds."""
        if not condition:
            self.fail(en, ko)

    def fail(self, en: str, ko: str) -> None:
        """Fails the criterion.

        Raises:
            CriterionFailed: always.
        """
        self.note(en, ko)
        self.credit = 0.0
        raise CriterionFailed

"""The report as one page: no scripts, no network, readable in the dark, by keyboard and by screen reader."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.reports import figures, words
from grader.reports.escape import inert_report
from grader.reports.rubric import told_once
from grader.results import Metrics, Report
from grader.text import Language, Text

_TEMPLATES = Path(__file__).parent / "templates"
MAX_LOG_ROWS = 50
"""Rows of the student's log shown, evenly drawn from all of it."""


@dataclass(frozen=True, slots=True)
class Log:
    """The student's log as a table.

    Attributes:
        columns: names of logged values, in order of first appearance.
        rows: seconds since `train` was entered, then one value per column, empty where it was not logged.
        total: how many points there were.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int


def render_html(report: Report, language: Language) -> str:
    """A self-contained page.

    Args:
        report: its strings may be a student's; they are made inert, then escaped by the template engine.
        language: which of each pair of sentences is shown.

    Returns:
        HTML whose content security policy allows nothing but its own style sheet, by hash.
    """
    style = (_TEMPLATES / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    clean = inert_report(report)

    def in_language(text: Text) -> str:
        return text.in_language(language)

    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            report=clean,
            criteria=told_once(clean),
            language=language,
            t=in_language,
            pick=lambda en, ko: ko if language == "ko" else en,
            words=words,
            figures=figures,
            log=_log(clean),
            confusion_rows=_confusion_rows(clean.metrics),
            style=Markup(style),  # noqa: S704 - our own file; the policy's hash covers exactly these bytes
            style_digest=digest,
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        autoescape=True,
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _log(report: Report) -> Log:
    points = report.run.log if report.run is not None else ()
    columns = tuple(dict.fromkeys(key for point in points for key in point.values))[:12]
    step = max(1, -(-len(points) // MAX_LOG_ROWS))
    chosen = points[::-1][::step][::-1]  # counted from the end, so that the last point is always there
    rows = tuple(
        (f"{point.seconds:.1f}", *(figures.number(point.values[key]) if key in point.values else "" for key in columns))
        for point in chosen
    )
    return Log(columns=columns, rows=rows, total=len(points))


def _confusion_rows(metrics: Metrics | None) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Counts with a shade from 0 to 9, the share of the row's images."""
    if metrics is None:
        return ()
    return tuple(tuple((count, min(9, 10 * count // max(1, sum(row)))) for count in row) for row in metrics.confusion)

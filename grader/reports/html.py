"""The report as one page: no scripts, no network, readable in the dark, by keyboard and by screen reader."""

from pathlib import Path

from grader.reports import charts, figures, words
from grader.reports.escape import inert_report
from grader.reports.page import page_of
from grader.reports.rubric import told_once
from grader.reports.standalone import environment, render_page
from grader.results import Report
from grader.text import Language, Text

_TEMPLATES = Path(__file__).parent / "templates"
_PAGE = "report.html.jinja"


def load() -> None:
    """Compiles the page's template, which the first page of a process waits for otherwise."""
    environment(_TEMPLATES).get_template(_PAGE)


def render_html(report: Report, language: Language) -> str:
    """A self-contained page.

    Args:
        report: its strings may be a student's; they are made inert, then escaped by the template engine.
        language: which of each pair of sentences is shown.

    Returns:
        HTML whose content security policy allows nothing but its own style sheet, by hash, and images that are part of
        the page. Charts are inline and take their colours from that sheet.
    """
    clean = inert_report(report)

    def in_language(text: Text) -> str:
        return text.in_language(language).replace(" %", "\u00a0%")

    return render_page(
        _TEMPLATES,
        _PAGE,
        None,
        pictures=True,
        report=clean,
        page=page_of(clean, language),
        criteria=told_once(clean),
        language=language,
        t=in_language,
        pick=lambda en, ko: ko if language == "ko" else en,
        words=words,
        figures=figures,
        charts=charts,
    )

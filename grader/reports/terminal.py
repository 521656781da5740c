"""The report in a terminal: eighty columns are enough, colour carries nothing that words do not say."""

from collections.abc import Iterator

from rich.box import ROUNDED
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Line

from grader.diagnosis.curves import read_curves
from grader.reports import words
from grader.reports.escape import inert_report, tail
from grader.reports.rubric import told_once
from grader.reports.terminal_pictures import confusion_table, curve_facts, score_bar
from grader.results import CriterionResult, Diagnosis, Ending, Report, Status, StudentOutput, Verdict
from grader.text import Language, Text

OUTPUT_LINES = 20
"""Lines of printed text shown when a submission ended early."""
OUTPUT_BYTES = 4_000
"""Bytes of it."""
MAX_FRAMES = 6
"""Innermost lines of a traceback shown."""
MIN_POINTS_WIDTH = 6
"""Columns that the heading above the points needs."""
MAX_LINE_REMARKS = 8
"""Remarks on lines shown per criterion; the HTML report has all."""
MAX_NOTES = 8
"""Notes of the collector shown."""

STYLE = {Status.PASSED: "green", Status.PARTIAL: "yellow", Status.FAILED: "red", Status.SKIPPED: "dim"}


def render_terminal(report: Report, language: Language) -> RenderableType:
    """The report as something rich can print.

    Args:
        report: its strings may be a student's; they are made inert here and never read as markup.
        language: which of each pair of sentences is shown.
    """
    return Group(*_blocks(inert_report(report), language))


def render_ending(ending: Ending, language: Language) -> RenderableType:
    """Why a run ended early: reason, message, traceback, advice.

    Args:
        ending: inert already (see `inert_report`).
    """
    parts: list[RenderableType] = [Line(ending.message.in_language(language))]
    if ending.traceback:
        parts.append(Line(f"\n{words.TRACEBACK.in_language(language)}", style="dim"))
        for frame in ending.traceback[-MAX_FRAMES:]:
            parts.append(Line(f"  {frame.file}:{frame.line} {frame.function}", style="cyan"))
            parts.append(Line(f"    {frame.source.strip()}"))
    if ending.figures:
        parts.append(Line("\n" + " · ".join(words.figures_used(ending, language)), style="dim"))
    if advice := ending.advice.in_language(language):
        parts.append(Line.assemble("\n", ("→ ", "bold"), advice))
    return Panel(
        Group(*parts),
        title=Line(words.REASON[ending.reason].in_language(language), style="bold"),
        title_align="left",
        border_style="red",
        box=ROUNDED,
    )


def render_output(output: StudentOutput, language: Language) -> RenderableType:
    """The last lines a student's code printed, boxed.

    Args:
        output: inert already (see `inert_report`).
    """
    text, missing = tail(output.text, max_lines=OUTPUT_LINES, max_bytes=OUTPUT_BYTES)
    title = words.OUTPUT.in_language(language)
    size = words.output_size(output.total_bytes).in_language(language)
    cut = f", {words.OUTPUT_CUT.in_language(language)}" if missing or output.truncated else ""
    return Panel(
        Line(text, overflow="fold"),
        title=Line(title, style="dim"),
        subtitle=Line(f"{size}{cut}", style="dim"),
        title_align="left",
        subtitle_align="right",
        border_style="dim",
        box=ROUNDED,
    )


def _blocks(report: Report, language: Language) -> Iterator[RenderableType]:
    yield _verdict(report, language)
    if report.ending is not None:
        yield render_ending(report.ending, language)
    if report.verdict is Verdict.NOT_GRADED:
        return
    if report.findings:
        yield Line()
        yield _findings(report.findings, language)
    if report.criteria:
        yield Line()
        yield _criteria(told_once(report), language)
    notes = report.submission.notes + (report.run.notes if report.run else ())
    if notes:
        yield Line()
        yield _notes(notes, language)
    if report.run is not None or report.metrics is not None:
        yield Line()
    if report.metrics is not None:
        yield _fact(words.ACCURACY, words.accuracy(report.metrics), language)
    if report.run is not None and (curve := curve_facts(read_curves(report.run.log), language)):
        yield _fact(words.CURVE, curve, language)
    if report.run is not None:
        yield _fact(words.RUN, " · ".join(words.run_facts(report.run, language)), language)
    if report.metrics is not None and (table := confusion_table(report.metrics, language)):
        yield Line()
        yield table
    if report.ending is not None and report.student_output.text.strip():
        yield Line()
        yield render_output(report.student_output, language)


def _verdict(report: Report, language: Language) -> RenderableType:
    graded = report.verdict is Verdict.GRADED
    color = "yellow" if not graded else "green" if report.passed else "red"
    title = Line.assemble((report.mission.id, "bold"), " · ", report.mission.title.in_language(language))
    result = Line(words.headline(report).in_language(language), style=f"bold {color}")
    if graded:
        result.append("   ")
        result.append(words.score(report).in_language(language), style="bold")
        result.append(f"   ({words.pass_mark(report).in_language(language)})\n", style="dim")
        result.append_text(score_bar(report, color))
    else:
        result.append(f"\n{words.NOT_YOUR_FAULT.in_language(language)}", style="default not bold")
    return Panel(
        result,
        title=title,
        subtitle=Line(report.submission.name, style="dim", overflow="ellipsis", no_wrap=True),
        title_align="left",
        subtitle_align="right",
        border_style=color,
        box=ROUNDED,
    )


def _findings(findings: tuple[Diagnosis, ...], language: Language) -> RenderableType:
    """Likely causes: what was seen, what brings it about, what to try."""
    rows: list[RenderableType] = [Line(words.FINDINGS.in_language(language), style="bold")]
    for one in findings:
        rows.append(Line.assemble(("! ", "bold yellow"), one.finding.in_language(language)))
        advice = _marked()
        advice.add_row("", Line(one.cause.in_language(language)))
        advice.add_row(Line("→", style="bold yellow"), Line(one.advice.in_language(language)))
        rows.append(advice)
    return Group(*rows)


def _marked() -> Table:
    """Text behind a mark. Folded: rich would put an ellipsis where a wide letter does not fit into the last column."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column()
    table.add_column(overflow="fold")
    return table


def _criteria(criteria: tuple[CriterionResult, ...], language: Language) -> RenderableType:
    """One line per criterion; under those that lost points the bar, what the finding means and what to try."""
    width = max(len(words.points(criterion)) for criterion in criteria)
    rows: list[RenderableType] = [_header(language, width)]
    for criterion in criteria:
        rows.append(_criterion(criterion, language, width))
        rows += [Padding(remark, (0, 0, 0, 3)) for remark in _remarks(criterion, language)]
    return Group(*rows)


def _row(points_width: int) -> Table:
    """A line of the rubric; every line has the same widths, so that they align without sharing a table."""
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(width=1)
    table.add_column(ratio=5, overflow="fold")
    table.add_column(width=max(points_width, MIN_POINTS_WIDTH), justify="right")
    table.add_column(ratio=4, overflow="fold")
    return table


def _header(language: Language, points_width: int) -> Table:
    table = _row(points_width)
    labels = (words.CRITERION, words.POINTS, words.MEASURED)
    table.add_row("", *(Line(label.in_language(language), style="dim") for label in labels))
    return table


def _criterion(criterion: CriterionResult, language: Language, points_width: int) -> Table:
    table = _row(points_width)
    style = STYLE[criterion.status]
    measured = criterion.measured.in_language(language) if criterion.measured is not None else "–"
    table.add_row(
        Line(words.SYMBOL[criterion.status], style=f"bold {style}"),
        Line(criterion.title.in_language(language)),
        Line(words.points(criterion), style=style),
        Line(measured),
    )
    return table


def _remarks(criterion: CriterionResult, language: Language) -> Iterator[RenderableType]:
    message = criterion.message.in_language(language) if criterion.message is not None else ""
    if criterion.status in (Status.FAILED, Status.PARTIAL):
        expected = words.EXPECTED.in_language(language)
        yield Line(f"{expected}: {criterion.expected.in_language(language)}", style="dim")
    if message:
        yield Line(message)
    if criterion.hint is not None and criterion.status in (Status.FAILED, Status.PARTIAL):
        hint = _marked()
        hint.add_row(Line("→", style=f"bold {STYLE[criterion.status]}"), Line(criterion.hint.in_language(language)))
        yield hint
    if criterion.status in (Status.FAILED, Status.PARTIAL):
        yield from _line_remarks(criterion, language)


def _line_remarks(criterion: CriterionResult, language: Language) -> Iterator[RenderableType]:
    """The first remarks on lines: number and source, below it what is missing."""
    for remark in criterion.remarks[:MAX_LINE_REMARKS]:
        where = Line(f"{remark.file}:{remark.line} ", style="cyan", no_wrap=True, overflow="ellipsis")
        yield where.append(remark.source.strip(), style="default")
        yield Padding(Line(remark.message.in_language(language), style="dim"), (0, 0, 0, 2))
    more = len(criterion.remarks) - MAX_LINE_REMARKS
    if more > 0:
        yield Line(words.more_remarks(more).in_language(language), style="dim")


def _notes(notes: tuple[Text, ...], language: Language) -> RenderableType:
    lines = [Line(words.NOTES.in_language(language), style="dim")]
    lines += [Line(f"  · {note.in_language(language)}", style="dim") for note in notes[:MAX_NOTES]]
    if len(notes) > MAX_NOTES:
        lines.append(Line(f"  … +{len(notes) - MAX_NOTES}", style="dim"))
    return Group(*lines)


def _fact(label: Text, value: Text | str, language: Language) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=10)
    table.add_column(overflow="fold")
    sentence = value if isinstance(value, str) else value.in_language(language)
    table.add_row(Line(label.in_language(language), style="dim"), Line(sentence))
    return table

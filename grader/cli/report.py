"""`grade report`: what can be done with a report that was written."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text as Line

from grader.cli.options import DebugOption, LanguageOption
from grader.cli.session import session_of

app = typer.Typer(help="Print reports.", no_args_is_help=True)


@app.command("pdf", epilog="Examples: grade report pdf reports/demo · grade report pdf report.html --out kim.pdf")
def pdf(
    context: typer.Context,
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="A report.html, or the folder that holds it.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write.", show_default="beside the page")
    ] = None,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Print a report to PDF; needs Chromium on this machine."""
    from grader.reports.pdf import print_pdf

    session = session_of(context)
    page = report / "report.html" if report.is_dir() else report
    printed = out or page.with_suffix(".pdf")
    print_pdf(page, printed)
    session.show(Line(str(printed)))

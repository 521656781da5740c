"""`grade image`: the container image of the docker sandbox."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text as Line

from grader.cli.options import DebugOption, LanguageOption
from grader.cli.session import session_of
from grader.text import Text

app = typer.Typer(help="Build the image of the docker sandbox.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Build the image of the docker sandbox."""


@app.command("build", epilog="Example: grade image build --ca-bundle company.crt")
def build(
    context: typer.Context,
    tag: Annotated[
        str | None, typer.Option("--tag", help="Name to give it.", show_default="the configured image")
    ] = None,
    base_image: Annotated[
        str | None, typer.Option("--base-image", help="Image to build on.", show_default="the Dockerfile's own")
    ] = None,
    ca_bundle: Annotated[
        Path | None,
        typer.Option("--ca-bundle", metavar="FILE", help="Certificates to trust while packages are fetched."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Build even if nothing has changed.")] = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Build the image; does nothing where it is up to date."""
    from grader.image import build_image
    from grader.reports.escape import inert

    session = session_of(context)
    name = tag or session.settings.image

    def on_line(line: str) -> None:
        session.err.print(Line(inert(line), style="dim"))

    built = build_image(name, base_image=base_image, ca_bundle=ca_bundle, on_line=on_line, force=force)
    done = Text(f"✓ Built {name}.", f"✓ {name} 이미지를 만들었습니다.")
    current = Text(f"✓ {name} is up to date.", f"✓ {name} 이미지는 이미 최신입니다.")
    session.show(Line(session.text(done if built else current)))

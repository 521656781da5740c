"""What every command has at hand: the language, two consoles, the settings and the course."""

import locale
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console, RenderableType
from rich.text import Text as Line

from grader.errors import GraderError, UsageError
from grader.text import Language, Text

if TYPE_CHECKING:
    from grader.course import Course
    from grader.settings import Settings


@dataclass
class Session:
    """One call of `grade`.

    Attributes:
        asked_language: what `--lang` said; None where it was not given.
        debug: whether tracebacks are shown.
    """

    asked_language: Language | None = None
    debug: bool = False

    @cached_property
    def out(self) -> Console:
        """Results."""
        return _console(stderr=False)

    @cached_property
    def err(self) -> Console:
        """Everything that is not the result."""
        return _console(stderr=True)

    @cached_property
    def settings(self) -> "Settings":
        """The configuration: environment first, then `.env` beside the course.

        Raises:
            UsageError: a variable holds what it can't.
        """
        from pydantic import ValidationError

        from grader.settings import Settings

        try:
            return Settings(_env_file=_env_file())
        except ValidationError as error:
            first = error.errors()[0]
            name = f"GRADER_{'_'.join(str(part) for part in first['loc'])}".upper()
            raise UsageError(
                Text(f"{name}: {first['msg']}.", f"환경 변수 {name}의 값이 올바르지 않습니다: {first['msg']}.")
            ) from error

    @property
    def language(self) -> Language:
        """`--lang`, else the setting, else the system's; a broken configuration does not silence its own message."""
        if self.asked_language is not None:
            return self.asked_language
        try:
            chosen = self.settings.language
        except UsageError:
            chosen = None
        return chosen or system_language(os.environ)

    def course(self) -> "Course":
        """The course of this installation.

        Raises:
            CourseNotFound: there is none.
        """
        from grader.course import find_course

        return find_course(self.settings.course)

    def text(self, text: Text) -> str:
        """The sentence in this session's language."""
        return text.in_language(self.language)

    def say(self, text: Text, *, style: str = "") -> None:
        """One line on the error stream."""
        self.err.print(Line(self.text(text), style=style))

    def show(self, renderable: RenderableType) -> None:
        """Part of the result, on the output stream."""
        self.out.print(renderable)

    def complain(self, error: GraderError) -> None:
        """What failed, and under it what to do next."""
        from grader.reports.escape import inert

        message, advice = (inert(self.text(part), lines=True) for part in (error.message, error.advice))
        self.err.print(Line.assemble(("✗ ", "bold red"), (message, "bold")))
        if advice.strip():
            self.err.print(Line.assemble(("→ ", "bold"), advice.strip()))


def session_of(context: typer.Context) -> Session:
    """The session of a command."""
    session = context.find_root().obj
    assert isinstance(session, Session)
    return session


def system_language(environment: Mapping[str, str]) -> Language:
    """Korean where the system is, English everywhere else.

    Args:
        environment: searched for the POSIX variables; where none is set, the platform is asked.
    """
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return "ko" if value.lower().startswith("ko") else "en"
    name = (locale.getlocale()[0] or "").lower()
    return "ko" if name.startswith("ko") else "en"


def _console(*, stderr: bool) -> Console:
    # Nothing is read as markup or an emoji code: texts may be a student's.
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, file=None)


def _env_file() -> Path | None:
    from grader.course import find_course

    named = os.environ.get("GRADER_COURSE")
    try:
        path = find_course(Path(named) if named else None).root / ".env"
    except GraderError:
        return None
    return path if path.is_file() else None


def make_streams_lenient() -> None:
    """Keeps a terminal or pipe that can't encode Korean or ✓ from ending the program."""
    for stream in (sys.stdout, sys.stderr):
        encoding = (getattr(stream, "encoding", None) or "").lower().replace("-", "")
        if encoding != "utf8" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")

"""In which language help and usage errors speak: typer's own words included, which it knows in English only."""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import typer
from rich.text import Text
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.exceptions import TyperException
from typer.main import get_command

from grader.cli import korean
from grader.cli.session import system_language
from grader.text import Language

if TYPE_CHECKING:
    from typer._click import Command, HelpFormatter

_EXAMPLE = re.compile(r"(Examples?:)( grade .*)")
_MARKED = re.compile(r"(\[(?:bold|dim)\])([^\[]+)")


def language_of(arguments: Sequence[str], environment: Mapping[str, str]) -> Language:
    """The language of what is said before options are read: `--lang`, else the setting, else the system's.

    Args:
        arguments: what follows `grade`.
        environment: searched for the setting and the locale; a course's `.env` is not, since help reads no files.
    """
    asked = environment.get("GRADER_LANGUAGE", "")
    for before, word in pairwise(["", *arguments]):
        if before == "--lang":
            asked = word
        elif word.startswith("--lang="):
            asked = word.removeprefix("--lang=")
    return "ko" if asked == "ko" else "en" if asked == "en" else system_language(environment)


def command_in(language: Language, app: typer.Typer) -> "Command":
    """The command line with its help in that language."""
    command = get_command(app)
    if language == "ko":
        _translate(command)
    return command


def show_usage_error(error: TyperException, language: Language) -> None:
    """Says on the error stream what is wrong with a command line, and where help is."""
    message = error.format_message()
    if not message:  # the command was called without anything, and its help has been printed
        return
    from typer import rich_utils

    shown = _Explained(in_korean(message) if language == "ko" else message, ctx=getattr(error, "ctx", None))
    if language == "en":
        rich_utils.rich_format_error(shown)
        return
    with _typer_in_korean():
        rich_utils.rich_format_error(shown)


def in_korean(message: str) -> str:
    """A usage error in Korean; as it is where nobody has foreseen it."""
    for pattern, said in korean.ERRORS:
        if found := re.fullmatch(pattern, message, re.DOTALL):
            return said.format(*map(in_korean, found.groups()))
    return message


class _Explained(typer.BadParameter):
    """A usage error that is said already."""

    def format_message(self) -> str:
        return self.message


class _Context(typer.Context):
    """Prints help in Korean."""

    def make_formatter(self) -> "HelpFormatter":
        formatter = super().make_formatter()
        formatter.write_usage = partial(formatter.write_usage, prefix=korean.USAGE)  # type: ignore[method-assign]
        return formatter

    def get_help(self) -> str:
        option = self.command.get_help_option(self)
        if option is not None:
            option.help = _help(option.help)
        with _typer_in_korean():
            return super().get_help()


@contextmanager
def _typer_in_korean() -> Iterator[None]:
    from typer import rich_utils

    class Highlighter(rich_utils.OptionHighlighter):
        highlights: ClassVar = [*rich_utils.OptionHighlighter.highlights, f"(?P<usage>{korean.USAGE})"]

        def __call__(self, text: str | Text) -> Text:
            # Rich takes a line of wide characters that just fits for one that does not, and cuts it with an ellipsis.
            highlighted = super().__call__(text)
            highlighted.overflow = "fold"
            return highlighted

    there = {"highlighter": Highlighter(), **korean.TITLES}
    before = {name: getattr(rich_utils, name) for name in there if hasattr(rich_utils, name)}
    try:
        for name in before:
            setattr(rich_utils, name, there[name])
        yield
    finally:
        for name, word in before.items():
            setattr(rich_utils, name, word)


def _translate(command: "Command") -> None:
    command.context_class = _Context
    command.options_metavar = korean.OPTIONS_METAVAR
    command.help = _help(command.help)
    command.epilog = _epilog(command.epilog)
    if isinstance(command, TyperCommand | TyperGroup) and isinstance(command.rich_help_panel, str):
        command.rich_help_panel = _said(command.rich_help_panel)
    for parameter in command.params:
        if isinstance(parameter, TyperOption | TyperArgument):
            parameter.help = _help(parameter.help)
            if isinstance(parameter.show_default, str):
                parameter.show_default = _said(parameter.show_default)
    if isinstance(command, TyperGroup):
        command.subcommand_metavar = korean.COMMAND_METAVAR
        for each in command.commands.values():
            _translate(each)


def _said(english: str) -> str:
    """The Korean; the English where there is none, as for what a newer typer says."""
    return korean.HELP.get(english, english)


def _help(text: str | None) -> str | None:
    """Paragraph by paragraph."""
    if text is None:
        return None
    return "\n\n".join(_said(paragraph) for paragraph in inspect.cleandoc(text).split("\n\n"))


def _epilog(text: str | None) -> str | None:
    """Line by line; what is to be typed stays as it is."""
    if text is None:
        return None
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    if found := _EXAMPLE.fullmatch(line):
        return _said(found[1]) + found[2]
    if "[" in line:
        return _MARKED.sub(lambda found: found[1] + _said(found[2]), line)
    return line if not line or line.startswith("grade ") else _said(line)

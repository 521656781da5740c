"""Makes student text inert: visible, cut by bytes, unable to steer a terminal, a page or a reader's eye.

Everything a report shows may come from a student: names, messages of exceptions, log keys, printed text.
Renderers show only what `inert_report` gave back; the page escapes it once more for HTML. Proved by
`tests/adversarial/test_report_escaping.py`.
"""

import re
import unicodedata
from typing import Any

from grader.results import Ending, Report, StudentOutput

LINE_BYTES = 2_000
"""Longest single line shown, such as a file name or a line of source."""
PARAGRAPH_BYTES = 8_000
"""Longest message shown."""
OUTPUT_BYTES = 256_000
"""Most printed text shown on the page; the runner's own cap is usually smaller."""
SOURCE_BYTES = 200_000
"""Most of a file shown beside the remarks on it."""
MAX_FILES = 200
"""Most file names listed."""
MAX_LOG_POINTS = 2_000
"""Most points of the learning curve kept."""

_UNUSUAL = re.compile(r"[^\n\x20-\x7e가-힣]")
_INERT_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_COMBINING = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
_STACKED_MARKS = re.compile(f"([{_COMBINING}]{{3}})[{_COMBINING}]+")
_PARAGRAPHS = frozenset({"message", "advice", "hint", "brief"})


def inert(raw_text: str, *, lines: bool = False, max_bytes: int = LINE_BYTES) -> str:
    """The text with nothing left that acts: what was invisible is written out, such as `\\x1b` or `\\u202e`.

    Args:
        raw_text: anything, from anyone.
        lines: keep line breaks (a carriage return is one) and turn tabs into four spaces; otherwise
            all of them are written out.
        max_bytes: UTF-8 length of what is returned; a longer text ends in "…".

    Returns:
        Printable characters only (and line breaks where `lines`); at most three combining marks in a row, so
        that no line grows into its neighbours. Applying it twice changes nothing.
    """
    text = cut(raw_text, max_bytes)
    text = _plain_lines(text) if lines else text.replace("\n", "\\n")
    text = _UNUSUAL.sub(_written_out, text)
    return cut(_STACKED_MARKS.sub(r"\1", text), max_bytes)


def cut(text: str, max_bytes: int) -> str:
    """At most `max_bytes` of UTF-8, whole characters only, ending in "…" where something is missing."""
    if len(text) * 4 <= max_bytes:
        return text
    encoded = text.encode("utf-8", "backslashreplace")
    if len(encoded) <= max_bytes:
        return text
    return encoded[: max(0, max_bytes - 3)].decode("utf-8", "ignore") + "…"


def tail(text: str, *, max_lines: int, max_bytes: int) -> tuple[str, bool]:
    """The last lines of an inert text, and whether something before them is missing."""
    lines = text.rstrip("\n").split("\n")
    kept = "\n".join(lines[-max_lines:])
    encoded = kept.encode("utf-8")
    if len(encoded) > max_bytes:
        return encoded[-max_bytes:].decode("utf-8", "ignore"), True
    return kept, len(lines) > max_lines


def inert_report(report: Report) -> Report:
    """The same report with every string inert and every list of student length cut.

    Args:
        report: its strings are untrusted.
    """
    document: dict[str, Any] = _walk(report.model_dump(), paragraph=False)
    document["student_output"] = inert_output(report.student_output)
    document["annotated"] = [
        {"name": inert(source.name), "text": inert(source.text, lines=True, max_bytes=SOURCE_BYTES)}
        for source in report.annotated
    ]
    if report.metrics is not None:
        # Pictures of the grader's own, longer than a line of text; their base64 was checked when the report was made.
        document["metrics"]["public_share"] = report.metrics.public_share
    document["submission"]["files"] = document["submission"]["files"][:MAX_FILES]
    if document["run"] is not None:
        document["run"]["log"] = document["run"]["log"][-MAX_LOG_POINTS:]
    return Report.model_validate(document)


def inert_ending(ending: Ending) -> Ending:
    """The same ending with every string inert; its strings are untrusted."""
    return Ending.model_validate(_walk(ending.model_dump(), paragraph=False))


def inert_output(output: StudentOutput) -> StudentOutput:
    """The same output, inert and cut; its text is untrusted."""
    return output.model_copy(update={"text": inert(output.text, lines=True, max_bytes=OUTPUT_BYTES)})


def _plain_lines(text: str) -> str:
    # A progress bar redraws its line after a bare carriage return: every state becomes a line of its own.
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")


def _written_out(match: re.Match[str]) -> str:
    character = match.group()
    if unicodedata.category(character) not in _INERT_CATEGORIES:
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _walk(value: Any, *, paragraph: bool) -> Any:
    if isinstance(value, str):
        return inert(value, lines=paragraph, max_bytes=PARAGRAPH_BYTES if paragraph else LINE_BYTES)
    if isinstance(value, dict):
        return {inert(str(key)): _walk(item, paragraph=paragraph or key in _PARAGRAPHS) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_walk(item, paragraph=paragraph) for item in value]
    return value

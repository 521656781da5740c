"""Python source out of student hands, read into a syntax tree without running any of it."""

import ast
import codecs
import io
import tokenize

from grader.errors import SubmissionInvalid
from grader.submission.names import printable
from grader.syntax import syntax_tree
from grader.text import Text

# What editors in use write. Codecs such as utf-7, raw_unicode_escape or idna hide source from its human reader.
_ENCODINGS = frozenset({"utf-8", "utf-8-sig", "ascii", "iso8859-1", "cp1252", "cp949", "euc_kr", "johab"})

MAX_BRACES = 10_000
"""Opening braces in one file. Up to Python 3.11 each field of an f-string costs a search through the whole of it: a
megabyte of `{a}` took 100 s (3.11.7, one core of a cloud CPU, n = 1)."""
MAX_SHOWN_COLUMNS = 100
"""Longest source line shown under a syntax error."""


def decode_python(raw_source: bytes, shown_name: str) -> str:
    """The text of a Python file, as Python itself would read it: UTF-8, or what its coding line (PEP 263) says.

    Args:
        raw_source: untrusted.
        shown_name: the file's name, fit to print.

    Returns:
        Source without a byte order mark and without NUL; line ends as they were.

    Raises:
        SubmissionInvalid: the bytes don't fit the encoding, or the encoding is not one we take; names file and line.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw_source).readline)
    except SyntaxError as error:
        line = _first_undecodable_line(raw_source)
        if line is not None and b"coding" not in b"".join(raw_source.split(b"\n", 2)[:2]):
            raise _not_utf8(shown_name, line) from error
        raise _unknown_encoding(shown_name) from error
    if codecs.lookup(encoding).name not in _ENCODINGS:
        raise _unknown_encoding(shown_name)
    try:
        source = raw_source.decode(encoding)
    except UnicodeDecodeError as error:
        raise _not_utf8(shown_name, raw_source.count(b"\n", 0, error.start) + 1, encoding) from error
    if "\0" in source:
        line = source.count("\n", 0, source.index("\0")) + 1
        raise SubmissionInvalid(
            Text(
                en=f"{shown_name}, line {line}: the file holds a NUL byte; it is no Python source.",
                ko=f"{shown_name} {line}번째 줄에 NUL 바이트가 있어 파이썬 코드로 읽을 수 없습니다.",
            ),
            _save_as_utf8(),
        )
    return source


def parse_python(raw_source: bytes, shown_name: str) -> ast.Module:
    """The syntax tree of a Python file. Nothing is executed or imported.

    Args:
        raw_source: untrusted; the caller bounds its size (`CollectLimits.source_bytes`), and with it the time.
        shown_name: the file's name, fit to print.

    Raises:
        SubmissionInvalid: undecodable, a syntax error (shown with line and caret), or nested beyond what Python reads.
    """
    return parse_text(decode_python(raw_source, shown_name), shown_name)


def parse_text(source: str, shown_name: str, shown_line: Text | None = None) -> ast.Module:
    """Like `parse_python`, for decoded source.

    Args:
        source: untrusted.
        shown_name: the file's name, fit to print.
        shown_line: for a notebook, what to say in place of the file's name.
    """
    where = shown_line or Text(en=shown_name, ko=shown_name)
    if source.count("{") > MAX_BRACES:
        raise SubmissionInvalid(
            Text(
                en=f"{where.en}: more than {MAX_BRACES} opening braces; that is data, not code.",
                ko=f"{where.ko}: 여는 중괄호가 {MAX_BRACES}개보다 많습니다. 코드가 아니라 데이터로 보입니다.",
            ),
            Text(en="Take the data out of the source.", ko="코드 안에 들어 있는 데이터를 빼 주세요."),
        )
    try:
        return syntax_tree(source)
    except SyntaxError as error:
        raise _syntax_error(error, where) from error
    except (RecursionError, MemoryError) as error:
        raise SubmissionInvalid(
            Text(
                en=f"{where.en}: the code is nested too deeply to be read.",
                ko=f"{where.ko}: 코드가 너무 깊게 중첩되어 읽을 수 없습니다.",
            ),
            Text(en="Split long expressions into steps.", ko="긴 식을 여러 단계로 나눠 주세요."),
        ) from error
    except (ValueError, OverflowError) as error:
        raise SubmissionInvalid(
            Text(
                en=f"{where.en} can't be read as Python: {printable(str(error))}",
                ko=f"{where.ko} 파일을 파이썬 코드로 읽을 수 없습니다: {printable(str(error))}",
            )
        ) from error


def _syntax_error(error: SyntaxError, where: Text) -> SubmissionInvalid:
    line = error.lineno or 1
    reason = printable(error.msg or "invalid syntax", 200)
    excerpt = _excerpt(error)
    return SubmissionInvalid(
        Text(
            en=f"{where.en}, line {line}: {reason}{excerpt}",
            ko=f"{where.ko} {line}번째 줄에 문법 오류가 있습니다: {reason}{excerpt}",
        ),
        Text(
            en="Run the file with Python once before you submit it.",
            ko="제출하기 전에 파이썬으로 한 번 실행해 보세요.",
        ),
    )


def _excerpt(error: SyntaxError) -> str:
    """The line with a caret under the column, each on a line of its own; empty where Python names none."""
    if not error.text or not error.offset:
        return ""
    raw_line = error.text.split("\n", 1)[0]
    column = max(0, min(error.offset - 1, len(raw_line)))
    start = max(0, column - MAX_SHOWN_COLUMNS + 20)
    indent = len(raw_line) - len(raw_line.lstrip()) if start == 0 else 0
    shown = printable(raw_line[start + indent :].rstrip(), MAX_SHOWN_COLUMNS)
    caret = max(0, column - start - indent)
    return f"\n    {shown}\n    {' ' * caret}^\n"


def _first_undecodable_line(raw_source: bytes) -> int | None:
    try:
        raw_source.decode("utf-8")
    except UnicodeDecodeError as error:
        return raw_source.count(b"\n", 0, error.start) + 1
    return None


def _not_utf8(shown_name: str, line: int, encoding: str = "utf-8") -> SubmissionInvalid:
    named = "UTF-8" if encoding in ("utf-8", "utf-8-sig") else encoding
    return SubmissionInvalid(
        Text(
            en=f"{shown_name}, line {line}: the text is not {named}.",
            ko=f"{shown_name} {line}번째 줄이 {named} 인코딩이 아닙니다.",
        ),
        _save_as_utf8(),
    )


def _unknown_encoding(shown_name: str) -> SubmissionInvalid:
    return SubmissionInvalid(
        Text(
            en=f"{shown_name}: the coding line at its top names an encoding that is not accepted.",
            ko=f"{shown_name}: 맨 위 coding 줄에 적힌 인코딩은 사용할 수 없습니다.",
        ),
        _save_as_utf8(),
    )


def _save_as_utf8() -> Text:
    return Text(
        en="Save the file as UTF-8 (in VS Code: the encoding at the bottom right, “Save with Encoding”).",
        ko="파일을 UTF-8로 저장해 주세요. (VS Code: 오른쪽 아래 인코딩 표시 → “인코딩하여 저장”)",
    )

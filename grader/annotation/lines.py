"""Which comment belongs to which statement of the original code.

Lines are aligned by the order of statements in the syntax tree: blank lines, line breaks and a formatter's taste don't
matter. Strings that stand alone (docstrings too) have no effect, so they count neither as code nor as comments.
"""

import ast
import copy
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from grader.syntax import syntax_tree

MAX_SOURCE_CHARS = 200_000
"""Longest source read: forty times the code that is commented here."""
MAX_COMMENT_CHARS = 1_000
"""Of one comment; the rest is not looked at."""
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
# For tools, not for readers; `# cell 3` is what the collector writes between the cells of a notebook.
_DIRECTIVE = re.compile(
    r"\s*(?:!|noqa\b|type:|pylint:|fmt:|isort:|ruff:|mypy:|pragma:|%%|-\*-|cell \d+\s*$|Made from a notebook)"
)
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)


class NotAligned(Exception):
    """The submission's code is not the original.

    Attributes:
        line: of the submission, from 1; where the first difference lies. None where it can't be read at all.
        wanted: the original's statement there; empty where it has no more.
        found: the submission's; empty where it has no more.
    """

    def __init__(self, line: int | None, wanted: str, found: str) -> None:
        self.line, self.wanted, self.found = line, wanted, found
        super().__init__(f"line {line}: {found!r} instead of {wanted!r}")


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One statement of the original, with what the submission says about it.

    Attributes:
        function: name of the function it is in; empty at top level.
        code: the statement as Python writes it, of a compound statement the head only: `for x in y:`.
        line: where it stands in the submission, from 1.
        comment: the text of its comments, without `#`; empty where there is none. Untrusted.
    """

    function: str
    code: str
    line: int
    comment: str


@dataclass(frozen=True, slots=True)
class _Statement:
    """One statement of a source.

    Attributes:
        head: without the blocks that it holds.
        shape: the same for equal statements in equal places.
    """

    function: str
    head: ast.AST
    shape: tuple[str, int, str]
    line: int

    @property
    def code(self) -> str:
        """As Python writes it; of several lines the first."""
        return ast.unparse(self.head).strip().split("\n", 1)[0][:300]


# The hidden tests of one submission ask for the same, and come before those of the next.
@lru_cache(maxsize=4)
def read_annotation(original: str, raw_submission: str) -> tuple[CodeLine, ...]:
    """The original's statements in order, each with the submission's comment on it.

    A comment belongs to a statement if it stands on one of its lines, or in the block of comment lines above it with at
    most one blank line between. A comment beside `else:` belongs to the statement after it. Of several statements on
    one line only the first gets the comment.

    Args:
        original: the code as it was given out; trusted.
        raw_submission: untrusted.

    Raises:
        NotAligned: the code differs, or is no Python.
    """
    wanted = _original(original)
    if len(raw_submission) > MAX_SOURCE_CHARS:
        raise NotAligned(None, "", "")
    source = raw_submission.replace("\r\n", "\n").replace("\r", "\n")
    try:
        found = _statements(source)
        _compare(wanted, found)
        comments = _comments(source)
    except (*_UNREADABLE, tokenize.TokenError) as error:
        raise NotAligned(getattr(error, "lineno", None), "", "") from error
    return tuple(
        CodeLine(ours.function, code, mine.line, comments.pop(mine.line, "")[:MAX_COMMENT_CHARS].strip())
        for (ours, code), mine in zip(wanted, found, strict=True)
    )


def _compare(wanted: Sequence[tuple[_Statement, str]], found: Sequence[_Statement]) -> None:
    for (ours, code), theirs in zip(wanted, found, strict=False):
        if ours.shape != theirs.shape:
            raise NotAligned(theirs.line, code, theirs.code)
    if len(found) < len(wanted):
        raise NotAligned(found[-1].line if found else None, wanted[len(found)][1], "")
    if len(found) > len(wanted):
        raise NotAligned(found[len(wanted)].line, "", found[len(wanted)].code)


@lru_cache(maxsize=4)
def _original(source: str) -> tuple[tuple[_Statement, str], ...]:
    """The statements of what was given out, which is the same for all students, each with its code."""
    return tuple((statement, statement.code) for statement in _statements(source))


def _statements(source: str) -> list[_Statement]:
    return list(_walk(syntax_tree(source), function="", depth=0))


def _walk(parent: ast.AST, *, function: str, depth: int) -> Iterator[_Statement]:
    for block in _BLOCKS:
        for node in getattr(parent, block, ()):
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                continue
            decorators = getattr(node, "decorator_list", ())
            line = min((part.lineno for part in (*decorators, node) if hasattr(part, "lineno")), default=1)
            head = _head(node)
            yield _Statement(function, head, (block, depth, ast.dump(head)), line)
            inside = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else function
            yield from _walk(node, function=inside, depth=depth + 1)


def _head(node: ast.AST) -> ast.AST:
    """The statement without the blocks it holds."""
    head = copy.copy(node)
    for block in _BLOCKS:
        if isinstance(getattr(node, block, None), list):
            setattr(head, block, [])
    return head


def _comments(source: str) -> dict[int, str]:
    """Comments by the first line of the logical line they belong to."""
    found: dict[int, list[str]] = {}
    above: list[tuple[int, str]] = []
    start: int | None = None
    keyword_only = False
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            text = _text(token.string)
            if text and (start is None or keyword_only):
                above.append((token.start[0], text))
            elif text and start is not None:
                found.setdefault(start, []).append(text)
        elif token.type in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            continue
        elif token.type == tokenize.NEWLINE:
            start, keyword_only = None, False
        elif start is None:
            start = token.start[0]
            keyword_only = token.string in ("else", "try", "finally")  # no statement of their own
            if not keyword_only:
                found.setdefault(start, []).extend(_directly_above(above, start))
                above.clear()
    return {line: " ".join(texts) for line, texts in found.items() if texts}


def _directly_above(above: list[tuple[int, str]], line: int) -> list[str]:
    """The last block of comment lines, if it ends no more than one blank line above `line`."""
    block: list[str] = []
    gap = 2
    for row, text in reversed(above):
        if line - row > gap:
            break
        block.append(text)
        line, gap = row, 1
    return block[::-1]


def _text(raw_comment: str) -> str:
    text = raw_comment.lstrip("#")
    return "" if _DIRECTIVE.match(text) or not any(map(str.isalnum, text)) else text.strip()

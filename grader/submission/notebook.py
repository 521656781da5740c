"""A notebook as a module: its imports, definitions and constants, line for line where they stood.

Every line of every code cell keeps its place in the module, so a line number leads back to cell and line by
subtraction. A dropped statement becomes `pass`.
"""

import ast
import json
import re
from dataclasses import dataclass

from grader.errors import SubmissionInvalid
from grader.submission.keepers import Keeper
from grader.submission.model import CellSpan, DroppedStatement
from grader.submission.names import printable
from grader.submission.source import parse_text
from grader.text import Text

HEADER = "# Made from a notebook by the grader: statements that run at top level were left out."
MAX_CELLS = 5_000
MAX_DROPPED_SHOWN = 200
MAX_SHOWN_BYTES = 400

# `%time x`, `!pip install`, `?name`; also behind an indent and as the right side of an assignment.
_MAGIC_LINE = re.compile(r"^(?P<indent>[ \t]*)(?:[A-Za-z_][\w, ]*=[ \t]*)?(?:[!%]|\?{1,2}[A-Za-z_])")
_HELP_LINE = re.compile(r"^[ \t]*[A-Za-z_][\w.]*\?{1,2}[ \t]*$")
# Cell magics that run the rest of the cell as ordinary Python.
_TRANSPARENT_CELL_MAGICS = ("%%time", "%%capture")
_FUTURE = "__future__"


@dataclass(frozen=True, slots=True)
class ConvertedNotebook:
    """`source` of the module, what was left out (at most 200 statements), and where its lines came from."""

    source: str
    dropped: tuple[DroppedStatement, ...]
    source_map: tuple[CellSpan, ...]


def convert_notebook(raw_notebook: bytes, shown_name: str, source_limit_bytes: int) -> ConvertedNotebook:
    """The module in a notebook.

    Args:
        raw_notebook: untrusted `.ipynb`; its size is bounded by the caller. Outputs and metadata are not looked at.
        shown_name: its name, fit to print.
        source_limit_bytes: largest source of all cells together.

    Returns:
        Source that parses. It begins with `HEADER` and the notebook's `__future__` imports, then for each code cell
        `# cell N` and its lines.

    Raises:
        SubmissionInvalid: no notebook, no Python cells, too large, or a syntax error (cell and line are named).
    """
    cells = _code_cells(raw_notebook, shown_name)
    if sum(len(cell.encode("utf-8", "surrogatepass")) for cell in cells) > source_limit_bytes:
        raise SubmissionInvalid(
            Text(en=f"{shown_name} holds too much code.", ko=f"{shown_name}의 코드가 너무 깁니다."),
            Text(en="Move data out of the code cells.", ko="코드 셀에 들어 있는 데이터를 빼 주세요."),
        )
    keeper = Keeper()
    dropped: list[DroppedStatement] = []
    futures: list[str] = []
    parts: list[tuple[int, list[str]]] = []
    for number, cell in enumerate(cells, start=1):
        lines = _convert_cell(cell, number, shown_name, keeper=keeper, dropped=dropped, futures=futures)
        parts.append((number, lines))
    future_names = ", ".join(dict.fromkeys(futures))
    module = [HEADER, f"from {_FUTURE} import {future_names}" if future_names else ""]
    spans = []
    for number, lines in parts:
        module.append(f"# cell {number}")
        spans.append(CellSpan(cell=number, first_line=len(module) + 1, lines=len(lines)))
        module.extend(lines)
    source = "\n".join(module) + "\n"
    parse_text(source, shown_name)
    in_order = sorted(dropped, key=lambda statement: (statement.cell, statement.line))
    return ConvertedNotebook(source, tuple(in_order[:MAX_DROPPED_SHOWN]), tuple(spans))


def _code_cells(raw_notebook: bytes, shown_name: str) -> list[str]:
    """Sources of the code cells, of nbformat 3 or 4, with `\\n` line ends."""
    try:
        document = json.loads(raw_notebook.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _no_notebook(shown_name) from error
    if not isinstance(document, dict):
        raise _no_notebook(shown_name)
    sheets = document.get("worksheets")
    first_sheet = sheets[0] if isinstance(sheets, list) and sheets and isinstance(sheets[0], dict) else {}
    cells = document.get("cells", first_sheet.get("cells"))
    if not isinstance(cells, list) or len(cells) > MAX_CELLS:
        raise _no_notebook(shown_name)
    sources = []
    for cell in cells:
        if not isinstance(cell, dict):
            raise _no_notebook(shown_name)
        if cell.get("cell_type") != "code":
            continue
        raw = cell.get("source", cell.get("input", ""))
        if isinstance(raw, list) and all(isinstance(line, str) for line in raw):
            raw = "".join(raw)
        if not isinstance(raw, str):
            raise _no_notebook(shown_name)
        sources.append(raw.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    if not sources:
        raise SubmissionInvalid(
            Text(en=f"{shown_name} has no code cells.", ko=f"{shown_name}에 코드 셀이 없습니다."),
            Text(en="Save the notebook and submit it again.", ko="노트북을 저장한 뒤 다시 제출해 주세요."),
        )
    return sources


def _no_notebook(shown_name: str) -> SubmissionInvalid:
    return SubmissionInvalid(
        Text(
            en=f"{shown_name} can't be read as a Jupyter notebook.",
            ko=f"{shown_name} 파일을 주피터 노트북으로 읽을 수 없습니다.",
        ),
        Text(
            en="Save it from Jupyter or Colab as .ipynb and submit it again.",
            ko="주피터나 코랩에서 .ipynb로 다시 저장해 제출해 주세요.",
        ),
    )


def _convert_cell(
    cell: str, number: int, shown_name: str, *, keeper: Keeper, dropped: list[DroppedStatement], futures: list[str]
) -> list[str]:
    """The cell's lines, as many as it had."""
    if any("\ud800" <= char <= "\udfff" or char == "\0" for char in cell):
        raise _no_notebook(shown_name)
    lines = cell.split("\n")
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and first.split(maxsplit=1)[0] not in _TRANSPARENT_CELL_MAGICS:
        dropped.append(_dropped(number, lines.index(first) + 1, first))
        return [""] * len(lines)
    where = Text(en=f"{shown_name}, code cell {number}", ko=f"{shown_name} 코드 셀 {number}의")
    try:
        tree = parse_text(cell, shown_name, where)
    except SubmissionInvalid:
        lines = _without_magics(lines, number, dropped)
        tree = parse_text("\n".join(lines), shown_name, where)
    return _blank_out(lines, _judged(tree, lines, number, keeper=keeper, dropped=dropped, futures=futures))


def _judged(
    tree: ast.Module,
    lines: list[str],
    number: int,
    *,
    keeper: Keeper,
    dropped: list[DroppedStatement],
    futures: list[str],
) -> list[ast.stmt]:
    """The statements that must go, in order."""
    leaving: list[ast.stmt] = []
    raw_lines = [line.encode() for line in lines]
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == _FUTURE:
            futures.extend(alias.name for alias in statement.names)
            leaving.append(statement)
        elif not keeper.keeps(statement):
            leaving.append(statement)
            if not _says_nothing(statement):
                column = statement.col_offset
                raw_start = raw_lines[statement.lineno - 1][column : column + MAX_SHOWN_BYTES]
                dropped.append(_dropped(number, statement.lineno, raw_start.decode(errors="ignore")))
    return leaving


def _says_nothing(statement: ast.stmt) -> bool:
    """A string, a bare name shown as the cell's output, `pass`: nobody misses it."""
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant | ast.Name | ast.Attribute)
    )


def _without_magics(lines: list[str], number: int, dropped: list[DroppedStatement]) -> list[str]:
    """The lines with IPython's own syntax replaced by `pass`, each noted."""
    kept = []
    continued = False
    for position, line in enumerate(lines, start=1):
        magic = _MAGIC_LINE.match(line) or _HELP_LINE.match(line)
        if continued:  # `!pip install a \` goes on in the next line
            continued = line.rstrip().endswith("\\")
            kept.append("")
        elif magic is None:
            kept.append(line)
        else:
            indent = line[: len(line) - len(line.lstrip())]
            kept.append(f"{indent}pass")
            continued = line.rstrip().endswith("\\")
            dropped.append(_dropped(number, position, line))
    return kept


def _blank_out(lines: list[str], statements: list[ast.stmt]) -> list[str]:
    """The lines with `pass` in place of each statement, keeping what shares its lines: `import a; run(); x = 1`.

    Each line is put together once: a line may hold 100,000 statements.
    """
    raw_lines = [line.encode() for line in lines]  # columns count UTF-8 bytes
    cuts: dict[int, list[tuple[int, int, bytes]]] = {}
    for statement in statements:
        start, end = statement.lineno - 1, (statement.end_lineno or statement.lineno) - 1
        for number in range(start, end + 1):
            first = statement.col_offset if number == start else 0
            last = statement.end_col_offset if number == end else None
            cut = (first, len(raw_lines[number]) if last is None else last, b"pass" if number == end else b"")
            cuts.setdefault(number, []).append(cut)
    for number, in_line in cuts.items():
        raw_line = raw_lines[number]
        parts = []
        position = 0
        for first, last, replacement in in_line:
            parts += [raw_line[position:first], replacement]
            position = last
        raw_lines[number] = b"".join([*parts, raw_line[position:]])
    return [raw_line.decode() for raw_line in raw_lines]


def _dropped(cell: int, line: int, source: str) -> DroppedStatement:
    return DroppedStatement(cell=cell, line=line, source=printable(source.strip()))

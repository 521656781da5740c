"""docs/performance.md: one section per benchmark, each written by the script that measured it, and the only record."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
_HEAD = """# Performance

Figures are ratios of things measured in one run, by `make bench` on a machine that did nothing else if nothing else is
said; absolute figures stand beside them and mean that machine only. Each section but the first is written by its script
in `benchmarks/`.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a section.

    Attributes:
        what: `a : b`, the ratio; names the row from one record to the next.
        found: the figure; a `Ratio` as it writes itself can be compared with the next.
        wanted: what it should be.
        detail: what it was computed from.
    """

    what: str
    found: str
    wanted: str
    detail: str

    def __str__(self) -> str:
        return f"{self.what}: {self.found} ({self.wanted}; {self.detail})"


@dataclass(frozen=True, slots=True)
class Record:
    """A section as it was last written.

    Attributes:
        about: machine, versions, day, and how it was measured.
        found: the figure of each row, by what it is of.
    """

    about: str
    found: Mapping[str, str]


def recorded(title: str, text: str) -> Record | None:
    """The section of that title; None where the page has none.

    Args:
        text: of the page.
    """
    section = _pattern(title).search(text)
    if section is None:
        return None
    about, _, table = section[0].partition("| ratio | found |")
    cells = [line.strip("|").split(" | ") for line in table.splitlines()[2:] if line.startswith("| ")]
    return Record(about.partition("\n")[2].strip(), {row[0].strip(): row[1].strip() for row in cells})


def page_text() -> str:
    """The page, or how it begins."""
    return PAGE.read_text(encoding="utf-8") if PAGE.exists() else _HEAD


def write_section(title: str, about: str, rows: Sequence[Row]) -> None:
    """Replaces the section of that title, or adds it."""
    lines = [f"## {title}", "", about, "", "| ratio | found | wanted | from |", "|---|---|---|---|"]
    lines += [f"| {row.what} | {row.found} | {row.wanted} | {row.detail} |" for row in rows]
    section = "\n".join(lines) + "\n"
    text, pattern = page_text(), _pattern(title)
    if pattern.search(text):
        text = pattern.sub(lambda match: section + "\n", text).rstrip() + "\n"
    else:
        text = text.rstrip() + "\n\n" + section
    PAGE.write_text(text, encoding="utf-8")


def _pattern(title: str) -> re.Pattern[str]:
    """From its heading to the next."""
    return re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)

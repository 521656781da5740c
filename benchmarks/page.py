"""docs/performance.md: one section per benchmark, each written by the script that measured it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
_HEAD = """# Performance

Figures are ratios of things measured in one run, by `make bench` on a machine that did nothing else if nothing else is
said; absolute figures stand beside them and mean that machine only. Each section is written by its script in
`benchmarks/`.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a section.

    Attributes:
        what: `a : b`, the ratio.
        found: the figure.
        wanted: what it should be.
        detail: what it was computed from.
    """

    what: str
    found: str
    wanted: str
    detail: str

    def __str__(self) -> str:
        return f"{self.what}: {self.found} ({self.wanted}; {self.detail})"


def write_section(title: str, about: str, rows: Sequence[Row]) -> None:
    """Replaces the section of that title, or adds it."""
    lines = [f"## {title}", "", about, "", "| ratio | found | wanted | from |", "|---|---|---|---|"]
    lines += [f"| {row.what} | {row.found} | {row.wanted} | {row.detail} |" for row in rows]
    section = "\n".join(lines) + "\n"
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else _HEAD
    pattern = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if pattern.search(text):
        text = pattern.sub(lambda match: section + "\n", text).rstrip() + "\n"
    else:
        text = text.rstrip() + "\n\n" + section
    PAGE.write_text(text, encoding="utf-8")

"""Renews the table of attacks in docs/security.md from the corpus; `--check` only says whether it is current."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.adversarial.attacks import GRADED, Attack, load  # noqa: E402

DOCUMENT = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- attacks: begin, made by scripts/attack_table.py -->", "<!-- attacks: end -->"


def document() -> str:
    """The whole page with the table as it must be."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def table() -> str:
    """One row per attack, in the order of goals, then names."""
    rows = sorted(load(), key=lambda attack: (attack.goal, attack.name))
    lines = ["| attack | goal | what it does | outcome | bare |", "|---|---|---|---|---|", *map(_row, rows)]
    return "\n".join(lines)


def _row(attack: Attack) -> str:
    outcome = " or ".join("graded" if end == GRADED else f"`{end}`" for end in attack.ends)
    if GRADED in attack.ends:
        marks = "at most the marks of the plain network" if attack.differs else "the marks of the plain network"
        outcome = f"{outcome}, {marks}" if len(attack.ends) == 1 else f"{outcome}; {marks}"
    bare = "succeeds" if attack.loots_bare else ""
    link = f"[{attack.name}](../tests/adversarial/corpus/{attack.name}.py)"
    return f"| {link} | {attack.goal} | {attack.summary.replace('|', chr(92) + '|')} | {outcome} | {bare} |"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(DOCUMENT.read_text(encoding="utf-8") != document())
    DOCUMENT.write_text(document(), encoding="utf-8")

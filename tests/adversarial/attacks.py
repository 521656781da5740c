"""The attack corpus: one small submission per attack, whose docstring says what it wants and how it must end."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.results import Reason

CORPUS = Path(__file__).parent / "corpus"
KIT = Path(__file__).parent / "kit.py"
GOALS = ("marks", "answers", "others' work", "the host", "free compute", "a crash", "the reader")
GRADED = "graded"


@dataclass(frozen=True)
class Attack:
    """One submission that means harm.

    Attributes:
        path: the file, which becomes `solution.py`.
        summary: what it does.
        goal: what for; one of `GOALS`.
        ends: `graded`, or the reasons it may end with.
        differs: it hands in another network than the plain one, which may earn at most as much.
        loots_bare: without a sandbox it succeeds, which shows that it is a real attack.
        limits: limits of the mission that make it end sooner.
    """

    path: Path
    summary: str
    goal: str
    ends: tuple[str, ...]
    differs: bool = False
    loots_bare: bool = False
    limits: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its file's name."""
        return self.path.stem


def load() -> list[Attack]:
    """All attacks, those that are graded between those that end early: what one leaves behind, the next would meet."""
    attacks = [_read(path) for path in sorted(CORPUS.glob("*.py"))]
    early = [attack for attack in attacks if attack.ends != (GRADED,)]
    graded = [attack for attack in attacks if attack.ends == (GRADED,)]
    mixed = [attack for pair in zip(early, graded, strict=False) for attack in pair]
    shorter = min(len(early), len(graded))
    return [*mixed, *early[shorter:], *graded[shorter:]]


def stage(attack: Attack | None, folder: Path, known: Mapping[str, Any]) -> Path:
    """A submission folder with the attack, or the plain network, and what the attacker knows of this machine."""
    folder.mkdir()
    kit = KIT.read_text(encoding="utf-8").replace("KNOWN: dict[str, Any] = {}", f"KNOWN: dict[str, Any] = {known!r}")
    (folder / "kit.py").write_text(kit, encoding="utf-8")
    source = "from kit import plain as train\n" if attack is None else attack.path.read_text(encoding="utf-8")
    (folder / "solution.py").write_text(source, encoding="utf-8")
    return folder


def _read(path: Path) -> Attack:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring, f"{path.name} has no docstring"
    fields: dict[str, str] = {}
    summary: list[str] = []
    for line in docstring.splitlines():
        name, colon, value = line.partition(": ")
        if colon and name in ("Goal", "Ends", "Network", "Bare", "Limits"):
            fields[name] = value.strip()
        elif line.strip():
            summary.append(line.strip())
    ends = tuple(fields["Ends"].split(", "))
    assert fields["Goal"] in GOALS, f"{path.name}: {fields['Goal']}"
    assert set(ends) <= {GRADED, *Reason}, f"{path.name}: {ends}"
    return Attack(
        path=path,
        summary=" ".join(summary),
        goal=fields["Goal"],
        ends=ends,
        differs=fields.get("Network") == "another",
        loots_bare=fields.get("Bare") == "loots",
        limits={
            name: float(value) for name, _, value in (pair.partition("=") for pair in fields.get("Limits", "").split())
        },
    )

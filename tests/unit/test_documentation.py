"""What the documents say about the code is so."""

import dataclasses
import importlib.util
import inspect
import re
from pathlib import Path

from grader.evidence import Evidence, ProbeResult
from grader.hidden_tests import Mark, model_criteria
from tests.conftest import ROOT

GUIDE = (ROOT / "docs" / "missions.md").read_text(encoding="utf-8")


def script(name: str):  # type: ignore[no-untyped-def]
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_reference_of_the_spec_is_current() -> None:
    written = Path(ROOT / "docs" / "spec.md").read_text(encoding="utf-8")
    assert written == script("spec_reference").document(), "run: python scripts/spec_reference.py"


def test_table_of_attacks_is_current() -> None:
    written = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    assert written == script("attack_table").document(), "run: python scripts/attack_table.py"


def test_guide_names_all_that_evidence_offers() -> None:
    offered = {field.name for field in dataclasses.fields(Evidence)} - {"maybe_graph", "maybe_evaluation"}
    offered |= {"graph", "evaluation", "probe(id)", "control(id)"} - {"probes", "controls"}
    missing = [name for name in offered - {"probes", "controls"} if f"`{name}`" not in GUIDE]
    assert missing == []
    assert all(hasattr(ProbeResult, name) for name in ("array", "value", "inputs", "kept"))


def test_guide_names_all_that_a_mark_can_do() -> None:
    public = {name for name, _ in inspect.getmembers(Mark, inspect.isfunction) if not name.startswith("_")}
    assert sorted(name for name in public if f"`mark.{name}(" not in GUIDE) == []


def test_guide_names_all_shared_criteria() -> None:
    named = set(re.findall(r"^def ([a-z][a-z_]*)\(evidence", inspect.getsource(model_criteria), re.MULTILINE))
    assert sorted(name for name in named if f"`{name}`" not in GUIDE) == []

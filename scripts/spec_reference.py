"""Writes docs/spec.md, every field of a mission's specification, from the models that read it.

python scripts/spec_reference.py            write it
python scripts/spec_reference.py --check    fail where it is out of date
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from grader import spec
from grader.text import Text
from grader.verification import Expected

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "spec.md"
HEAD = """# Fields of a mission

Written by `scripts/spec_reference.py` from the models that read a mission; change the models, not this file. How a
mission comes to be is told in [missions.md](missions.md).

Text is given in both languages: `{ en = "…", ko = "…" }`. A field without a default must be there. What is not listed
is refused, so that a misspelt field is found at once.

"""
TABLES: tuple[tuple[type[spec.SpecModel], str], ...] = (
    (spec.MissionSpec, "`mission.toml`"),
    (spec.DataSpec, "`[data]`"),
    (spec.StandInSpec, "`[stand_in]`"),
    (spec.LabelBudgetSpec, "`[label_budget]`"),
    (spec.EntrySpec, "`[entry]`"),
    (spec.LimitsSpec, "`[limits]`"),
    (spec.StaticSpec, "`[static]`"),
    (spec.GraphSpec, "`[graph]`"),
    (spec.RecurrenceSpec, "`[graph.recurrence]`"),
    (spec.ConvOnlySpec, "`[graph.conv_only]`"),
    (spec.EvaluationSpec, "`[evaluation]`"),
    (spec.PerturbationSpec, "`[evaluation.perturbation]`"),
    (spec.ProbeSpec, "`[[probes]]`"),
    (spec.ControlSpec, "`[[controls]]`"),
    (spec.CriterionSpec, "`[[criteria]]`"),
    (spec.PartialCreditSpec, "`partial` of a criterion"),
    (Expected, "`expected.toml` of a counterexample"),
)


def document() -> str:
    """The whole reference."""
    return HEAD + "\n".join(_table(model, title) for model, title in TABLES)


def _table(model: type[spec.SpecModel], title: str) -> str:
    summary = (model.__doc__ or "").strip().splitlines()[0]
    rows = "\n".join(_rows(model))
    return f"## {title}\n\n{summary}\n\n| Field | Type | Default | Meaning |\n|---|---|---|---|\n{rows}\n"


def _rows(model: type[spec.SpecModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if not field.description:
            raise SystemExit(f"{model.__name__}.{name} has no docstring")
        meaning = " ".join(field.description.split()).replace("|", "\\|")
        yield f"| `{field.alias or name}` | {_type(field)} | {_default(field)} | {meaning} |"


def _type(field: FieldInfo) -> str:
    bounds = [
        f"{sign} {getattr(rule, attribute):g}"
        for rule in field.metadata
        for attribute, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"))
        if getattr(rule, attribute, None) is not None
    ]
    return ", ".join([_name(field.annotation), *bounds])


def _name(kind: Any) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _name(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (Union, UnionType):
        return " or ".join(_name(argument) for argument in arguments if argument is not NoneType)
    if origin is tuple:
        return f"list of {_name(arguments[0])}" if arguments[-1] is ... else f"{len(arguments)} × {_name(arguments[0])}"
    if origin is dict:
        return f"table of {_name(arguments[1])}"
    if kind is Text:
        return "text"
    if isinstance(kind, type) and issubclass(kind, spec.SpecModel):
        return "table"
    return {str: "string", int: "whole number", float: "number", bool: "true or false"}.get(kind, kind.__name__)


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is PydanticUndefined:
        return "required" if field.default_factory is None else "empty"
    if value is None:
        return "none"
    if isinstance(value, spec.SpecModel):
        return "as listed there"
    if value in ((), {}):
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:,}" if isinstance(value, int) else f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(DOCUMENT.read_text(encoding="utf-8") != document())
    DOCUMENT.write_text(document(), encoding="utf-8")

"""The executed graph as a table: one row per operation, in execution order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grader.results import ModelInfo

MAX_ROWS = 150
"""Operations shown: an unrolled recurrence has thousands."""


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One operation; figures that are not known are empty.

    Attributes:
        name: as the student's module calls it.
        op: without the overload, such as `conv2d`.
        shape: of its result for one image.
        weighty: it has parameters.
    """

    name: str
    op: str
    shape: str
    parameters: str
    multiply_accumulates: str
    receptive_field: str
    weighty: bool


def layer_rows(model: ModelInfo) -> tuple[tuple[LayerRow, ...], int]:
    """Rows of the table, and how many operations are left out.

    Args:
        model: its layers come from a student's graph; names may be anything.
    """
    rows = tuple(_row(layer) for layer in model.layers[:MAX_ROWS])
    return rows, max(0, len(model.layers) - MAX_ROWS)


def _row(layer: Mapping[str, Any]) -> LayerRow:
    shape, field = layer.get("output_shape"), layer.get("receptive_field")
    parameters = layer.get("parameters")
    return LayerRow(
        name=str(layer.get("name", "")),
        op=_plain(str(layer.get("op", ""))),
        shape=" × ".join(str(size) for size in shape[1:]) if isinstance(shape, list | tuple) else "",
        parameters=_count(parameters),
        multiply_accumulates=_count(layer.get("multiply_accumulates")),
        receptive_field=" × ".join(str(side) for side in field) if isinstance(field, list | tuple) else "",
        weighty=isinstance(parameters, int) and parameters > 0,
    )


def _plain(op: str) -> str:
    """The operation as PyTorch's documentation calls it: `_native_batch_norm_legit_no_training` is `batch_norm`."""
    name = op.partition(".")[0].strip("_").removeprefix("native_")
    return name.removesuffix("_legit_no_training").removesuffix("_with_indices")


def _count(value: object) -> str:
    """A number with separators; nothing for zero, so that the figures that matter stand out."""
    return f"{value:,}" if isinstance(value, int) and value else ""

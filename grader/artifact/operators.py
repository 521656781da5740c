"""The operations a model may consist of: our table, from the name in the archive to torch's own overload.

A name that is not a key here is never resolved, so nothing in an archive can reach any other attribute of torch.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from torch._ops import OpOverload

from grader.artifact.overloads import IDENTITIES, IN_PLACE, MAY_VIEW, NEW, VIEWS, aten

Effect: TypeAlias = Literal["new", "view", "may_view", "copy", "identity"]
"""What an operation's result shares with its first tensor: nothing; its memory always or sometimes; its values in new
memory; its values and memory."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of an operation's schema."""

    kind: str
    required: bool


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """One row of the table.

    Attributes:
        target: the name in an archive.
        overload: what runs; its functional twin for an in-place operation, a more general one for a view.
        group: the op group that mission rules speak of.
        effect: how the result relates to the first tensor argument.
        in_place: the archive's operation writes to its first argument.
        parameters: the schema, by argument name.
        lists: the operation returns a list of tensors.
        renamed: arguments that the twin calls otherwise.
    """

    target: str
    overload: OpOverload
    group: str
    effect: Effect
    in_place: bool
    parameters: Mapping[str, Parameter]
    lists: bool
    renamed: Mapping[str, str]


def _rows() -> Iterator[Operator]:
    for group, overloads in NEW.items():
        for overload in overloads:
            yield _row(overload, overload, group, "copy" if overload is aten.clone.default else "new")
    for overload in VIEWS:
        yield _row(overload, overload, "shape", "view")
    for overload in MAY_VIEW:
        yield _row(overload, overload, "shape", "may_view")
    for overload in IDENTITIES:
        yield _row(overload, overload, "shape", "identity")
    for writer, twin in IN_PLACE:
        yield _row(writer, twin, next(group for group, members in NEW.items() if twin in members), "new")
    # A view needs the strides that the exporting machine's kernels gave; a reshape has the same values with any.
    for view in (aten.view.default, aten._unsafe_view.default):
        yield _row(view, aten.reshape.default, "shape", "may_view", renamed={"size": "shape"})
    yield _row(aten.lift_fresh_copy.default, aten.clone.default, "shape", "copy")
    yield _row(aten.detach_.default, aten.detach.default, "shape", "identity")
    # With the training flag off, which the reader insists on, dropout is the identity.
    yield _row(aten.dropout.default, aten.dropout.default, "shape", "identity")
    yield _row(aten.dropout_.default, aten.dropout.default, "shape", "identity")
    yield _row(aten.feature_dropout.default, aten.feature_dropout.default, "shape", "identity")
    yield _row(aten.alpha_dropout.default, aten.alpha_dropout.default, "shape", "identity")


def _row(
    written: OpOverload, run: OpOverload, group: str, effect: Effect, renamed: Mapping[str, str] | None = None
) -> Operator:
    schema = written._schema
    return Operator(
        target=f"torch.ops.{written}",
        overload=run,
        group=group,
        effect=effect,
        in_place=written is not run and effect == "new",
        parameters=MappingProxyType(
            {
                argument.name: Parameter(str(argument.real_type), not argument.has_default_value())
                for argument in schema.arguments
            }
        ),
        lists=str(schema.returns[0].type) == "List[Tensor]",
        renamed=MappingProxyType(dict(renamed or {})),
    )


OPERATORS: Final[Mapping[str, Operator]] = MappingProxyType({row.target: row for row in _rows()})

"""The operations a model may consist of: our table, from the name in the archive to torch's own overload.

A name that is not a key here is never resolved, so nothing in an archive can reach any other attribute of torch.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import torch
from torch._ops import OpOverload

aten = torch.ops.aten

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


_NEW: Final[dict[str, tuple[OpOverload, ...]]] = {
    "conv": (
        aten.conv1d.default,
        aten.conv1d.padding,
        aten.conv2d.default,
        aten.conv2d.padding,
        aten.convolution.default,
        aten.conv_transpose2d.input,
    ),
    "dense": (
        aten.linear.default,
        aten.matmul.default,
        aten.mm.default,
        aten.mv.default,
        aten.addmm.default,
        aten.bmm.default,
        aten.baddbmm.default,
        aten.einsum.default,
    ),
    "recurrent": (
        aten.lstm.input,
        aten.gru.input,
        aten.rnn_tanh.input,
        aten.rnn_relu.input,
        aten.lstm_cell.default,
        aten.gru_cell.default,
        aten.rnn_tanh_cell.default,
        aten.rnn_relu_cell.default,
    ),
    "activation": (
        aten.relu.default,
        aten.relu6.default,
        aten.gelu.default,
        aten.silu.default,
        aten.leaky_relu.default,
        aten.elu.default,
        aten.selu.default,
        aten.celu.default,
        aten.prelu.default,
        aten._prelu_kernel.default,
        aten.tanh.default,
        aten.sigmoid.default,
        aten.log_sigmoid.default,
        aten.hardswish.default,
        aten.hardsigmoid.default,
        aten.hardtanh.default,
        aten.softplus.default,
        aten.mish.default,
        aten.clamp.default,
        aten.clamp_min.default,
        aten.clamp_max.default,
        aten.softmax.int,
        aten._softmax.default,
        aten.log_softmax.int,
        aten._log_softmax.default,
    ),
    "norm": (
        aten.batch_norm.default,
        aten._native_batch_norm_legit_no_training.default,
        aten.instance_norm.default,
        aten.layer_norm.default,
        aten.native_layer_norm.default,
        aten.group_norm.default,
        aten.native_group_norm.default,
    ),
    "pool": (
        aten.max_pool1d.default,
        aten.max_pool2d.default,
        aten.avg_pool1d.default,
        aten.avg_pool2d.default,
        aten.adaptive_avg_pool1d.default,
        aten.adaptive_avg_pool2d.default,
        aten._adaptive_avg_pool2d.default,
    ),
    "attention": (aten.scaled_dot_product_attention.default,),
    "reduce": (
        aten.sum.default,
        aten.sum.dim_IntList,
        aten.mean.default,
        aten.mean.dim,
        aten.amax.default,
        aten.amin.default,
        aten.var.correction,
        aten.std.correction,
        aten.linalg_vector_norm.default,
    ),
    "shape": (
        aten.cat.default,
        aten.stack.default,
        aten.pad.default,
        aten.constant_pad_nd.default,
        aten._to_copy.default,
        aten.clone.default,
    ),
    "arithmetic": (
        aten.add.Tensor,
        aten.add.Scalar,
        aten.sub.Tensor,
        aten.sub.Scalar,
        aten.mul.Tensor,
        aten.mul.Scalar,
        aten.div.Tensor,
        aten.div.Scalar,
        aten.rsub.Tensor,
        aten.rsub.Scalar,
        aten.neg.default,
        aten.abs.default,
        aten.square.default,
        aten.pow.Tensor_Scalar,
        aten.sqrt.default,
        aten.rsqrt.default,
        aten.reciprocal.default,
        aten.exp.default,
        aten.log.default,
        aten.minimum.default,
        aten.maximum.default,
    ),
    "factory": (
        aten.zeros.default,
        aten.ones.default,
        aten.full.default,
        aten.scalar_tensor.default,
        aten.zeros_like.default,
        aten.ones_like.default,
        aten.full_like.default,
        aten.new_zeros.default,
        aten.new_ones.default,
        aten.new_full.default,
    ),
}

_VIEWS: Final[tuple[OpOverload, ...]] = (
    aten.permute.default,
    aten.transpose.int,
    aten.t.default,
    aten.numpy_T.default,
    aten.squeeze.default,
    aten.squeeze.dim,
    aten.squeeze.dims,
    aten.unsqueeze.default,
    aten.select.int,
    aten.slice.Tensor,
    aten.chunk.default,
    aten.split.Tensor,
    aten.split_with_sizes.default,
    aten.unbind.int,
    aten.unflatten.int,
)
_MAY_VIEW: Final[tuple[OpOverload, ...]] = (
    # `expand` always is one, but what reads it makes it whole, so its size must count as memory.
    aten.expand.default,
    aten.reshape.default,
    aten.flatten.using_ints,
    aten.contiguous.default,
    aten.to.dtype,
    aten.to.device,
    aten.to.dtype_layout,
    aten.type_as.default,
)
_IDENTITIES: Final[tuple[OpOverload, ...]] = (aten.detach.default, aten.alias.default, aten.lift_fresh.default)

_IN_PLACE: Final[tuple[tuple[OpOverload, OpOverload], ...]] = (
    (aten.relu_.default, aten.relu.default),
    (aten.relu6_.default, aten.relu6.default),
    (aten.gelu_.default, aten.gelu.default),
    (aten.silu_.default, aten.silu.default),
    (aten.leaky_relu_.default, aten.leaky_relu.default),
    (aten.elu_.default, aten.elu.default),
    (aten.selu_.default, aten.selu.default),
    (aten.celu_.default, aten.celu.default),
    (aten.tanh_.default, aten.tanh.default),
    (aten.sigmoid_.default, aten.sigmoid.default),
    (aten.hardswish_.default, aten.hardswish.default),
    (aten.hardsigmoid_.default, aten.hardsigmoid.default),
    (aten.hardtanh_.default, aten.hardtanh.default),
    (aten.mish_.default, aten.mish.default),
    (aten.clamp_.default, aten.clamp.default),
    (aten.clamp_min_.default, aten.clamp_min.default),
    (aten.clamp_max_.default, aten.clamp_max.default),
    (aten.add_.Tensor, aten.add.Tensor),
    (aten.add_.Scalar, aten.add.Scalar),
    (aten.sub_.Tensor, aten.sub.Tensor),
    (aten.sub_.Scalar, aten.sub.Scalar),
    (aten.mul_.Tensor, aten.mul.Tensor),
    (aten.mul_.Scalar, aten.mul.Scalar),
    (aten.div_.Tensor, aten.div.Tensor),
    (aten.div_.Scalar, aten.div.Scalar),
    (aten.neg_.default, aten.neg.default),
    (aten.abs_.default, aten.abs.default),
    (aten.square_.default, aten.square.default),
    (aten.pow_.Scalar, aten.pow.Tensor_Scalar),
    (aten.sqrt_.default, aten.sqrt.default),
    (aten.rsqrt_.default, aten.rsqrt.default),
    (aten.exp_.default, aten.exp.default),
    (aten.log_.default, aten.log.default),
)

SYMBOLIC: Final = frozenset(
    {"torch.ops.aten.sym_size.int", "_operator.add", "_operator.sub", "_operator.mul", "_operator.floordiv"}
)
"""Integer arithmetic on the batch size; computed by us, not by torch."""

PASSED_OVER: Final = frozenset(
    {
        "torch.ops.aten._assert_tensor_metadata.default",
        "torch.ops.aten._assert_scalar.default",
        "torch.ops.aten._assert_async.msg",
        "torch.ops.aten.sym_constrain_range.default",
        "torch.ops.aten.sym_constrain_range_for_size.default",
        "_operator.ge",
        "_operator.le",
        "_operator.gt",
        "_operator.lt",
        "_operator.eq",
        "_operator.ne",
        "_operator.and_",
        "torch.sym_not",
    }
)
"""Assertions and what feeds them: dropped unread. Nothing else may read their results, which are never defined."""


def _rows() -> Iterator[Operator]:
    for group, overloads in _NEW.items():
        for overload in overloads:
            yield _row(overload, overload, group, "copy" if overload is aten.clone.default else "new")
    for overload in _VIEWS:
        yield _row(overload, overload, "shape", "view")
    for overload in _MAY_VIEW:
        yield _row(overload, overload, "shape", "may_view")
    for overload in _IDENTITIES:
        yield _row(overload, overload, "shape", "identity")
    for writer, twin in _IN_PLACE:
        yield _row(writer, twin, next(group for group, members in _NEW.items() if twin in members), "new")
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

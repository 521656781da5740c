"""Which of torch's operations a model may consist of, by what they do: the data behind `operators`."""

from collections.abc import Mapping
from typing import Final

import torch
from torch._ops import OpOverload

aten = torch.ops.aten

NEW: Final[Mapping[str, tuple[OpOverload, ...]]] = {
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
        aten.glu.default,
        aten.rrelu.default,
        aten.threshold.default,
        aten.hardshrink.default,
        aten.softshrink.default,
        aten.hardswish.default,
        aten.hardsigmoid.default,
        aten.hardtanh.default,
        aten.softplus.default,
        aten.mish.default,
        aten.clamp.default,
        aten.clamp_min.default,
        aten.clamp_max.default,
        aten.clip.default,
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
        aten.rms_norm.default,
    ),
    "pool": (
        aten.max_pool1d.default,
        aten.max_pool2d.default,
        aten.max_pool2d_with_indices.default,
        aten.adaptive_max_pool2d.default,
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
        aten.var.dim,
        aten.var.correction,
        aten.std.dim,
        aten.std.correction,
        aten.linalg_vector_norm.default,
    ),
    "shape": (
        aten.cat.default,
        aten.stack.default,
        aten.pad.default,
        aten.constant_pad_nd.default,
        aten.repeat.default,
        aten.flip.default,
        aten.pixel_shuffle.default,
        aten.pixel_unshuffle.default,
        aten.copy.default,
        aten.select_scatter.default,
        aten.slice_scatter.default,
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
        aten.sin.default,
        aten.cos.default,
        aten.addcmul.default,
        aten.lerp.Scalar,
        aten.minimum.default,
        aten.maximum.default,
    ),
    "factory": (
        aten.zeros.default,
        aten.ones.default,
        aten.full.default,
        aten.scalar_tensor.default,
        aten.arange.default,
        aten.arange.start,
        aten.arange.start_step,
        aten.linspace.default,
        aten.zeros_like.default,
        aten.ones_like.default,
        aten.full_like.default,
        aten.new_zeros.default,
        aten.new_ones.default,
        aten.new_full.default,
    ),
}
"""By op group: the result shares no memory with any argument."""

RECURRENT_LAYERS: Final = frozenset({aten.lstm.input, aten.gru.input, aten.rnn_tanh.input, aten.rnn_relu.input})
"""Those of the recurrent group that walk a whole sequence; the others are cells."""

VIEWS: Final[tuple[OpOverload, ...]] = (
    aten.permute.default,
    aten.transpose.int,
    aten.swapaxes.default,
    aten.movedim.int,
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
"""Their result is always a view of the first argument, and no larger."""
MAY_VIEW: Final[tuple[OpOverload, ...]] = (
    # These always are views, but what reads them makes them whole, so their size must count as memory.
    aten.expand.default,
    aten.expand_as.default,
    aten.unfold.default,
    aten.reshape.default,
    aten.flatten.using_ints,
    aten.contiguous.default,
    aten.to.dtype,
    aten.to.device,
    aten.to.dtype_layout,
    aten.type_as.default,
)
"""Their result may share memory with the first argument."""
IDENTITIES: Final[tuple[OpOverload, ...]] = (aten.detach.default, aten.alias.default, aten.lift_fresh.default)
"""Their result is the first argument."""

IN_PLACE: Final[tuple[tuple[OpOverload, OpOverload], ...]] = (
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
    (aten.copy_.default, aten.copy.default),
)
"""What writes to its first argument, and the operation that returns the same values instead."""

INDEX_RESULTS: Final = frozenset(
    {"torch.ops.aten.max_pool2d_with_indices.default", "torch.ops.aten.adaptive_max_pool2d.default"}
)
"""Operations whose second result says where the maximum was; nothing may read it."""

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

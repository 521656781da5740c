"""What a graph says about itself. Plain data: the trusted side reads it without torch."""

from dataclasses import dataclass
from typing import Literal

Why = Literal[
    "dense",
    "pool",
    "norm",
    "recurrent",
    "attention",
    "reduce",
    "reshape",
    "slice",
    "join",
    "product",
    "spatial_constant",
    "kernel_from_image",
    "whole_kernel",
    "pointwise_on_vector",
    "padding_kept",
    "softmax_inside",
]


@dataclass(frozen=True, slots=True)
class LayerFact:
    """One live operation.

    Attributes:
        name: the student's name for the module whose weight it uses, else the node's.
        op: such as `conv2d.default`.
        group: op group of the mission rules.
        output_shape: of its first result, for the batch that was described.
        parameters: trainable numbers it uses directly or through weights computed from them.
        multiply_accumulates: per image.
        receptive_field: height and width of the part of the image that one of its results can see, in pixels; may
            be larger than the image. None where results no longer have a place in the image.
    """

    name: str
    op: str
    group: str
    output_shape: tuple[int, ...]
    parameters: int
    multiply_accumulates: int
    receptive_field: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class RecurrenceFact:
    """A recurrence that the logits depend on.

    Attributes:
        name: the student's name for the module that holds its weights, else a node's.
        kind: `lstm`, `gru`, `rnn_tanh`, `rnn_relu` for a layer, `lstm_cell` and so on for a cell in a loop,
            `hand_written` for anything built of other operations.
        steps: times that something new entered it.
    """

    name: str
    kind: str
    steps: int


@dataclass(frozen=True, slots=True)
class Violation:
    """An operation that is neither a convolution nor an activation, or only looks like one.

    Attributes:
        name: the student's name for the module it belongs to, else the node's.
        op: such as `linear.default`.
        why: which rule it breaks.
    """

    name: str
    op: str
    why: Why


@dataclass(frozen=True, slots=True)
class GraphFacts:
    """What the graph says about itself; every count is of nodes and weights that the output depends on.

    Attributes:
        parameters: trainable numbers, each storage counted once.
        stored_numbers: these, buffers and constants, each storage whole; a number of more than four bytes is several.
        groups: nodes per op group that compute with the image.
        layers: in execution order.
        batch_dynamic: it takes any number of images.
        fixed_batch: the only number of images it takes.
        output_classes: logits per image.
        activation_bytes_per_image: peak of intermediate values, an upper bound.
        multiply_accumulates: per image.
        torch_version: what exported it, as the archive says.
        attention: the operations that weigh values of the image with other values of the image.
        recurrence: the one with the most steps; None where there is none, or the mission does not ask.
        beyond_convolution: what is neither a convolution nor an activation; empty where the mission does not ask.
        images_apart: each image's logits are computed from that image alone, in batches of any size; False also where
            the graph does not tell.
    """

    parameters: int
    stored_numbers: int
    groups: dict[str, int]
    layers: tuple[LayerFact, ...]
    batch_dynamic: bool
    fixed_batch: int | None
    output_classes: int
    activation_bytes_per_image: int
    multiply_accumulates: int
    torch_version: str
    attention: tuple[str, ...] = ()
    recurrence: RecurrenceFact | None = None
    beyond_convolution: tuple[Violation, ...] = ()
    images_apart: bool = False

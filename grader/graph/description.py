"""Find the facts that reports and mission rules are about, without computing anything."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import torch

from grader.artifact.caps import Caps
from grader.artifact.program import Node, Program
from grader.artifact.refusal import refuse
from grader.graph.attention import attention_nodes
from grader.graph.convolution_only import beyond_convolution
from grader.graph.dry_run import EXAMPLE_BATCH, DryRun, dry_run
from grader.graph.facts import GraphFacts, LayerFact
from grader.graph.independence import keeps_images_apart
from grader.graph.liveness import live_nodes
from grader.graph.receptive_field import receptive_fields
from grader.graph.unrolling import image_dependent

MAX_CLASSES = 10_000


def describe(
    program: Program, *, image_shape: tuple[int, int, int], max_batch: int, caps: Caps, conv_only: bool = False
) -> GraphFacts:
    """The facts, found without computing anything.

    Args:
        program: vetted.
        image_shape: channels, height, width of this mission's images.
        max_batch: the largest batch that will be run; ignored where the batch is fixed.
        caps: memory for that batch, work per image.
        conv_only: whether to look for what is neither a convolution nor an activation.

    Returns:
        Facts of a program that takes (N, *image_shape) float32 and returns (N, classes) float32, within the caps.

    Raises:
        ArtifactRejected: it does not, or is over the caps.
    """
    if program.input_shape[1:] != image_shape:
        raise refuse("wrong_input_shape", found=program.input_shape[1:], expected=image_shape)
    batch = program.batch or max_batch
    run = dry_run(program, batch, caps)
    classes = _classes(program, run)
    if program.batch is None and _classes(program, dry_run(program, EXAMPLE_BATCH, caps)) != classes:
        raise refuse("wrong_output_shape", batch=batch, found=run.shapes[program.output], dtype="float32")
    nodes = live_nodes(program)
    layers = _layers(program, nodes, run)
    live = [name for name in {name for node in nodes for name in node.refs()} if name in program.weights]
    return GraphFacts(
        parameters=_numbers(program, [name for name in live if program.weights[name].kind == "parameter"]),
        stored_numbers=_stored(program, live),
        groups=_groups(program, nodes),
        layers=layers,
        batch_dynamic=program.batch is None,
        fixed_batch=program.batch,
        output_classes=classes,
        activation_bytes_per_image=-(-run.peak_bytes // batch),
        multiply_accumulates=sum(layer.multiply_accumulates for layer in layers),
        torch_version=program.torch_version,
        attention=attention_nodes(nodes, program.input),
        images_apart=keeps_images_apart(program, nodes, run.shapes),
        beyond_convolution=beyond_convolution(program, nodes, run.shapes, _names(program)) if conv_only else (),
    )


def _names(program: Program) -> Callable[[Node], str]:
    """What a student calls each node: by the weights that it reads itself."""

    def name_of(node: Node) -> str:
        own = [name for name in node.refs() if name in program.weights]
        return _layer_name(program, node, own)

    return name_of


def _classes(program: Program, run: DryRun) -> int:
    shape = run.shapes[program.output]
    fits = len(shape) == 2 and shape[0] == run.batch and 1 <= shape[1] <= MAX_CLASSES
    if not fits or run.output_dtype is not torch.float32:
        dtype = str(run.output_dtype).removeprefix("torch.")
        raise refuse("wrong_output_shape", batch=run.batch, found=shape, dtype=dtype)
    return shape[1]


def _layers(program: Program, nodes: Sequence[Node], run: DryRun) -> tuple[LayerFact, ...]:
    # Sets of weights as bits of one integer: linear in memory however long a chain of computed weights is.
    bits = {name: 1 << place for place, name in enumerate(program.weights)}
    names = list(program.weights)
    sources: dict[str, int] = dict(bits)
    layers = []
    fields = receptive_fields(program, nodes, run.shapes)
    for node in nodes:
        refs = list(node.refs())
        used = 0
        for name in refs:
            used |= sources.get(name, 0)
        if refs and all(name in sources for name in refs):
            sources.update(dict.fromkeys(node.outputs, used))
        if node.symbolic:
            continue
        weights = [names[place] for place in _places(used)]
        trained = [name for name in weights if program.weights[name].kind == "parameter"]
        layers.append(
            LayerFact(
                name=_layer_name(program, node, trained),
                op=node.short_op,
                group=node.group,
                output_shape=run.shapes[node.outputs[0]],
                parameters=_numbers(program, trained),
                multiply_accumulates=run.multiply_accumulates[node.name] // run.batch,
                receptive_field=fields.get(node.outputs[0]),
            )
        )
    return tuple(layers)


def _places(bits: int) -> Iterable[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _layer_name(program: Program, node: Node, trained: list[str]) -> str:
    owners = {program.weights[name].path.rpartition(".")[0] for name in trained} - {""}
    return min(owners) if owners else node.name


def _groups(program: Program, nodes: Sequence[Node]) -> dict[str, int]:
    """How many nodes of each group compute with the image; what is the same for every image is a weight."""
    dependent = image_dependent(program.input, nodes)
    return dict(Counter(node.group for node in nodes if not dependent.isdisjoint(node.outputs)))


def _numbers(program: Program, names: Iterable[str]) -> int:
    """What these weights show: what several of them show counts once, and two parts of a storage both count."""
    shown: dict[str, int] = {}
    held: dict[str, int] = {}
    for name in names:
        weight = program.weights[name]
        shown[weight.storage] = shown.get(weight.storage, 0) + weight.tensor.numel()
        held[weight.storage] = max(held.get(weight.storage, 0), _elements(weight.tensor))
    return sum(min(numbers, held[storage]) for storage, numbers in shown.items())


def _stored(program: Program, names: Iterable[str]) -> int:
    """What lies behind these weights, whatever of it they show; what is larger than a float32 counts as several."""
    held: dict[str, int] = {}
    for name in names:
        weight = program.weights[name]
        float32s = -(-weight.tensor.untyped_storage().nbytes() // torch.float32.itemsize)
        held[weight.storage] = max(held.get(weight.storage, 0), _elements(weight.tensor), float32s)
    return sum(held.values())


def _elements(tensor: torch.Tensor) -> int:
    """Of the whole storage behind it."""
    return tensor.untyped_storage().nbytes() // tensor.itemsize

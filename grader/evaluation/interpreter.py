"""Runs a vetted program on images: node by node, on one device, without a trace of the module it came from."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import torch

from grader.artifact.caps import Caps
from grader.artifact.program import Node, Program
from grader.artifact.refusal import quote, refuse
from grader.evaluation.fusion import fold_batch_norms, quicker_operations
from grader.graph.calling import CallFailed, Lookup, Value, call
from grader.graph.dry_run import EXAMPLE_BATCH, DryRun, dry_run
from grader.graph.liveness import constants_of, last_uses, live_nodes

Change: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
"""What is read instead of a value."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Nodes in execution order.

    Attributes:
        ends: for each node, the values that no later one reads.
        quicker: for some nodes, by name, what runs in the place of their own operation.
    """

    nodes: Sequence[Node]
    ends: Mapping[str, Sequence[str]]
    quicker: Mapping[str, Callable[..., torch.Tensor]] = field(default_factory=dict)


class Interpreter:
    """The program, ready to run.

    What depends on weights alone is computed once, here, after a dry run has bounded its size. Weights are never
    written to: the reader accepts no program that does.

    Args:
        program: vetted.
        device: where everything runs, whatever the archive said.
        caps: checked again, on shapes alone, for each batch size before it is run for the first time.
        reads: for (node, value) by name, what the node reads in the value's place; must keep its shape.
        dry_runs: of this program under these caps, by batch size; what is missing is added.

    Raises:
        ArtifactRejected: the program's shapes don't fit together, or pass the caps.
    """

    def __init__(
        self,
        program: Program,
        *,
        device: torch.device | str = "cpu",
        caps: Caps | None = None,
        reads: Mapping[tuple[str, str], Change] | None = None,
        dry_runs: dict[int, DryRun] | None = None,
    ) -> None:
        self.program = program
        self._device = torch.device(device)
        self._caps = caps or Caps()
        self._reads = reads or {}
        self._dry_runs: dict[int, DryRun] = {} if dry_runs is None else dry_runs
        shapes = self.shapes(program.batch or EXAMPLE_BATCH)
        live = live_nodes(program)
        # Results that nothing reads, such as the statistics of a batch norm, differ between kernels.
        self._read = {program.output}.union(*(node.refs() for node in live))
        constant = constants_of(program, live)
        self._values: dict[str, Value] = {
            name: _laid_out(weight.tensor, self._device) for name, weight in program.weights.items()
        }
        with torch.inference_mode():
            for node in live:
                if node.outputs[0] in constant:
                    self._step(node, self._values, shapes)
            nodes = [node for node in live if node.outputs[0] not in constant]
            self._as_written = self._quickest = _Plan(nodes, last_uses(nodes, program.output))
            if not self._reads:
                nodes, folded = fold_batch_norms(nodes, self._values, program.output)
                self._values |= folded
                quicker = quicker_operations(nodes, program.output)
                self._quickest = _Plan(nodes, last_uses(nodes, program.output), quicker)

    def rewired(self, reads: Mapping[tuple[str, str], Change]) -> "Interpreter":
        """The same program where some nodes read something else than what was computed for them."""
        return Interpreter(
            self.program,
            device=self._device,
            caps=self._caps,
            reads=reads,
            dry_runs=self._dry_runs,  # shapes are the same
        )

    def values(self, images: torch.Tensor, names: Container[str]) -> dict[str, torch.Tensor]:
        """Intermediate values of these names that the program computes from images.

        Args:
            images: float32 (N, C, H, W); exactly the batch where the program's batch is fixed.
            names: of values; what is no tensor or no result of a live node is left out.

        Raises:
            ArtifactRejected: an operation fails, or the caps are passed.
        """
        kept: dict[str, torch.Tensor] = {}

        def keep(node: Node, values: Mapping[str, Value]) -> None:
            for name in node.outputs:
                value = values[name]
                if name in names and isinstance(value, torch.Tensor):
                    kept[name] = value

        self._walk(self._as_written, images, keep)
        return kept

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes), float32, on the CPU; may hold NaN or infinities.

        Args:
            images: float32 (N, C, H, W); one batch, or any number where the program's batch is fixed.

        Raises:
            ArtifactRejected: an operation fails, the caps are passed, or the output is no float32 (N, classes).
        """
        batch = self.program.batch
        if batch is None:
            return self._run(images)
        if not len(images):
            raise ValueError("no images")
        parts = [self._run(padded(part, batch))[: len(part)] for part in batches(images, batch)]
        return torch.cat(parts)

    def _run(self, images: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode():
            output = self._walk(self._quickest, images)
            if (
                not isinstance(output, torch.Tensor)
                or output.dtype is not torch.float32
                or output.dim() != 2
                or len(output) != len(images)
            ):
                found, dtype = (tuple(output.shape), output.dtype) if isinstance(output, torch.Tensor) else ("-", "-")
                raise refuse("wrong_output_shape", batch=len(images), found=found, dtype=dtype)
            return output.to("cpu", copy=True)

    def _walk(
        self,
        plan: _Plan,
        images: torch.Tensor,
        visit: Callable[[Node, Mapping[str, Value]], None] | None = None,
    ) -> Value | None:
        """Runs the nodes on one batch and gives what the program returns; a value goes when no later node reads it."""
        shapes = self.shapes(len(images))
        with torch.inference_mode():
            values: dict[str, Value] = {self.program.input: images.to(self._device, self.program.dtype)}
            for node in plan.nodes:
                self._step(node, values, shapes, plan.quicker.get(node.name))
                if visit is not None:
                    visit(node, values)
                for name in plan.ends[node.name]:
                    values.pop(name, None)
        return values.get(self.program.output, self._values.get(self.program.output))

    def _step(
        self,
        node: Node,
        values: dict[str, Value],
        shapes: Mapping[str, tuple[int, ...]],
        operation: Callable[..., torch.Tensor] | None = None,
    ) -> None:
        try:
            results = call(node, self._lookup(node, values), self._device, operation)
            # The caps were checked on the dry run's shapes, so a result of any other shape has escaped them.
            for name, result in zip(node.outputs, results, strict=True):
                if name in self._read and isinstance(result, torch.Tensor) and result.shape != shapes[name]:
                    raise CallFailed
        except CallFailed as error:
            op = quote(node.short_op)
            raise refuse("execution_failed", op=op, node=quote(node.name)) from error
        values.update(zip(node.outputs, results, strict=True))

    def _lookup(self, node: Node, values: dict[str, Value]) -> Lookup:
        def lookup(name: str) -> Value:
            return values[name] if name in values else self._values[name]

        def changed(name: str) -> Value:
            value, change = lookup(name), self._reads.get((node.name, name))
            return change(value) if change is not None and isinstance(value, torch.Tensor) else value

        return changed if self._reads else lookup

    def shapes(self, batch: int) -> Mapping[str, tuple[int, ...]]:
        """Of every result for that many images; found, and checked against the caps, once."""
        if batch not in self._dry_runs:
            self._dry_runs[batch] = dry_run(self.program, batch, self._caps)
        return self._dry_runs[batch].shapes


def _laid_out(weight: torch.Tensor, device: torch.device) -> torch.Tensor:
    """The weight on the device, the kernels of a convolution with their channels side by side.

    What a convolution gives then lies so too, which its kernels on a CPU like better: 0.60 to 1.02 of the CPU seconds
    for six models at batch sizes of 1 to 1,000, logits within 3e-7 (torch 2.15.0, one thread, n = 5).
    """
    channels_last = device.type == "cpu" and weight.dim() == 4
    return weight.to(device, memory_format=torch.channels_last if channels_last else torch.preserve_format)


def predict(interpreter: Interpreter, images: torch.Tensor, batch_size: int) -> torch.Tensor:
    """Logits (N, classes), float32, of all images, computed `batch_size` at a time.

    Args:
        images: float32 (N, C, H, W), N at least 1.
        batch_size: a program with a fixed batch is run with that one instead.

    Raises:
        ArtifactRejected: as `Interpreter.logits`.
    """
    parts = [interpreter.logits(part) for part in batches(images, interpreter.program.batch or batch_size)]
    if len({part.shape[1] for part in parts}) != 1:
        raise refuse("wrong_output_shape", batch=len(parts[-1]), found=tuple(parts[-1].shape), dtype="float32")
    return torch.cat(parts)


def batches(images: torch.Tensor, size: int) -> Iterator[torch.Tensor]:
    """The images, that many at a time; the last may be fewer."""
    return (images[start : start + size] for start in range(0, len(images), size))


def padded(images: torch.Tensor, batch: int) -> torch.Tensor:
    """`images` brought to `batch` rows by repeating the last one."""
    missing = batch - len(images)
    return torch.cat([images, images[-1:].expand(missing, *images.shape[1:])]) if missing else images

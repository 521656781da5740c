"""Graphs that are small on disk and large when run: found by shapes alone, before anything is computed."""

import resource
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from grader.artifact import Caps, Program, read_artifact
from grader.errors import ArtifactRejected
from grader.evaluation.interpreter import Interpreter
from grader.graph.description import describe
from tests.adversarial.artifacts.building import before_output, honest, new_node, tensor

torch.set_num_threads(1)

MEBIBYTE_PAGES = 1024


def aten(op: str, output: str, **arguments: Any) -> dict[str, Any]:
    return new_node(f"torch.ops.aten.{op}", output, **arguments)


def ints(*values: int) -> dict[str, list[int]]:
    return {"as_ints": list(values)}


def zeros(output: str, *size: int) -> dict[str, Any]:
    return aten("zeros.default", output, size=ints(*size))


def listed(node: dict[str, Any], *names: str) -> dict[str, Any]:
    """The node with a list of tensors as its one result."""
    return {**node, "outputs": [{"as_tensors": [{"name": name} for name in names]}]}


def tensors(*names: str) -> dict[str, Any]:
    return {"as_tensors": [{"name": name} for name in names]}


def symbolic(target: str, output: str, **arguments: Any) -> dict[str, Any]:
    return {**new_node(target, output, **arguments), "outputs": [{"as_sym_int": {"as_name": output}}]}


def integer(name: str) -> dict[str, Any]:
    return {"as_sym_int": {"as_name": name}}


def matrix_chain(length: int) -> list[dict[str, Any]]:
    """Products of matrices that depend on no image."""
    return [
        zeros("m0", 2048, 2048),
        *(aten("mm.default", f"m{n + 1}", self=tensor(f"m{n}"), mat2=tensor(f"m{n}")) for n in range(length)),
    ]


def finish(value: str) -> list[dict[str, Any]]:
    """A sum over everything, added to the logits, so that the value is alive."""
    return [aten("sum.default", "bomb_sum", self=tensor(value))]


LSTM = {
    **aten(
        "lstm.input",
        "states",
        input=tensor("sequence"),
        hx=tensors("state", "state"),
        params=tensors("w", "w", "b", "b"),
        has_biases={"as_bool": True},
        num_layers={"as_int": 1},
        dropout={"as_float": 0.0},
        train={"as_bool": False},
        bidirectional={"as_bool": False},
        batch_first={"as_bool": True},
    ),
    "outputs": [tensor("states"), tensor("last_h"), tensor("last_c")],
}
"""One unit with weights of one."""
LSTM_INPUTS = [zeros("state", 1, 1, 1), zeros("w", 4, 1), zeros("b", 4)]

BOMBS: dict[str, tuple[list[dict[str, Any]], str, str]] = {
    "weight_expanded": (
        [aten("expand.default", "wide", self=tensor("p_head_bias"), size=ints(2_000_000_000, 10)), *finish("wide")],
        "too_much_memory",
        "wide",
    ),
    "factory": ([zeros("wide", 1_000_000, 1_000_000), *finish("wide")], "too_much_memory", "wide"),
    "factory_past_64_bits": ([zeros("wide", 2**31, 2**31, 2**31), *finish("wide")], "impossible_graph", "zeros"),
    "many_numbers": (
        [aten("arange.default", "wide", end={"as_int": 2**31}), *finish("wide")],
        "too_much_memory",
        "wide",
    ),
    "padding": (
        [
            aten(
                "constant_pad_nd.default",
                "wide",
                self=tensor("x"),
                pad=ints(100_000, 100_000, 100_000, 100_000),
                value={"as_int": 0},
            ),
            *finish("wide"),
        ],
        "too_much_memory",
        "wide",
    ),
    "doubling": (
        [
            zeros("d0", 1024),
            *(aten("cat.default", f"d{n + 1}", tensors=tensors(f"d{n}", f"d{n}")) for n in range(40)),
            *finish("d40"),
        ],
        "too_much_memory",
        "d",
    ),
    "many_values_alive": (
        [
            *(zeros(f"z{n}", 64 * 1024 * 1024) for n in range(9)),
            aten("cat.default", "all", tensors=tensors(*(f"z{n}" for n in range(9)))),
            *finish("all"),
        ],
        "too_much_memory",
        "z",
    ),
    "work": ([*matrix_chain(200), *finish("m200")], "too_much_work", "m"),
    "work_in_einsum": (
        [
            zeros("m", 2000, 2000),
            aten("einsum.default", "e", equation={"as_string": "ab,cd,ef->ace"}, tensors=tensors("m", "m", "m")),
            *finish("e"),
        ],
        "too_much",
        "e",
    ),
    "unbind": (
        [zeros("wide", 500_000_000), listed(aten("unbind.int", "u", self=tensor("wide")), "part"), *finish("part")],
        "impossible_graph",
        "unbind",
    ),
    "split": (
        [
            zeros("wide", 500_000_000),
            listed(aten("split.Tensor", "u", self=tensor("wide"), split_size={"as_int": 1}), "part"),
            *finish("part"),
        ],
        "impossible_graph",
        "split",
    ),
    "chunk": (
        [
            zeros("wide", 500_000_000),
            listed(aten("chunk.default", "u", self=tensor("wide"), chunks={"as_int": 2**31}), "part"),
            *finish("part"),
        ],
        "impossible_graph",
        "chunk",
    ),
    "long_sequence": (
        [*LSTM_INPUTS, zeros("sequence", 1, 400_000_000, 1), LSTM, *finish("states")],
        "impossible_graph",
        "lstm",
    ),
    "integers": (
        [
            symbolic("torch.ops.aten.sym_size.int", "n0", self=tensor("x"), dim={"as_int": 0}),
            *(symbolic("_operator.mul", f"n{n + 1}", a=integer(f"n{n}"), b=integer(f"n{n}")) for n in range(60)),
            aten("zeros.default", "wide", size={"as_sym_ints": [{"as_name": "n60"}]}),
            *finish("wide"),
        ],
        "impossible_graph",
        "_operator.mul",
    ),
    "division_by_zero": (
        [
            symbolic("torch.ops.aten.sym_size.int", "n0", self=tensor("x"), dim={"as_int": 0}),
            symbolic("_operator.floordiv", "n1", a=integer("n0"), b={"as_int": 0}),
            aten("zeros.default", "wide", size={"as_sym_ints": [{"as_name": "n1"}]}),
            *finish("wide"),
        ],
        "impossible_graph",
        "_operator.floordiv",
    ),
}


def bombed(nodes: list[dict[str, Any]], tmp_path: Path) -> Program:
    def edit(document: dict[str, Any]) -> None:
        graph = document["graph_module"]["graph"]
        graph["nodes"] += nodes
        before_output(document, lambda x: aten("add.Tensor", "bombed", self=tensor(x), other=tensor("bomb_sum")))

    path = tmp_path / "model.pt2"
    path.write_bytes(honest().edited(edit).to_bytes())
    return read_artifact(path, Caps())


@pytest.mark.parametrize("bomb", BOMBS)
def test_bomb_is_refused_before_it_takes_memory_or_time(bomb: str, tmp_path: Path) -> None:
    nodes, code, words = BOMBS[bomb]
    program = bombed(nodes, tmp_path)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(ArtifactRejected) as caught:
        describe(program, image_shape=(1, 28, 28), max_batch=250, caps=Caps())
    with pytest.raises(ArtifactRejected):
        Interpreter(program)
    assert caught.value.code.startswith(code)
    assert words in caught.value.message.en
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * MEBIBYTE_PAGES
    assert time.monotonic() - began < 10


def test_bomb_that_nothing_reads_is_never_computed(tmp_path: Path) -> None:
    nodes = [zeros("wide", 1_000_000, 1_000_000), zeros("small", 1), *finish("small")]
    facts = describe(bombed(nodes, tmp_path), image_shape=(1, 28, 28), max_batch=250, caps=Caps())
    assert [layer.name for layer in facts.layers if layer.group == "factory"] == ["small"]


def test_bomb_of_batch_size_squared_is_refused_at_the_size_where_it_goes_off(tmp_path: Path) -> None:
    nodes = [
        symbolic("torch.ops.aten.sym_size.int", "n", self=tensor("x"), dim={"as_int": 0}),
        symbolic("_operator.mul", "n2", a=integer("n"), b=integer("n")),
        aten("zeros.default", "wide", size={"as_sym_ints": [{"as_name": "n2"}, {"as_int": 100_000}]}),
        *finish("wide"),
    ]
    interpreter = Interpreter(bombed(nodes, tmp_path))
    interpreter.logits(torch.rand(3, 1, 28, 28))
    with pytest.raises(ArtifactRejected, match="MiB"):
        interpreter.logits(torch.rand(90, 1, 28, 28))

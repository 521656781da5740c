"""Honest archives with something broken: out comes a program or a refusal, soon, and nothing else.

The number of mutations is `GRADER_FUZZ_MUTATIONS` (default 2,000), the seed `GRADER_FUZZ_SEED`; a failure names both.
"""

import contextlib
import copy
import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.artifact import Caps, Program, read_artifact
from grader.artifact.refusal import RULES
from grader.errors import ArtifactRejected
from grader.evaluation.interpreter import Interpreter
from grader.graph.description import describe
from tests.adversarial.artifacts.building import (
    CONSTANTS,
    MODEL,
    WEIGHTS,
    Archive,
    before_output,
    honest,
    honest_bytes,
    new_node,
    tensor,
)

torch.set_num_threads(1)

MUTATIONS = int(os.environ.get("GRADER_FUZZ_MUTATIONS", "2000"))
SEED = int(os.environ.get("GRADER_FUZZ_SEED", "20"))
SLOWEST_S = 5.0
CAPS = Caps(archive_bytes=2 * 1024**2, activation_bytes=64 * 1024**2, work=50_000_000)
GOLDEN = Path(__file__).parents[1] / "unit" / "artifact" / "golden"

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 3, 7, 12, 255, 4096, 2**31, 2**31 + 1, -(2**31), 2**63 - 1, 2**64, 0.0, -1.5),
    *(1e308, "", "x", "weight_0", "p_conv_weight", "os.system", "a" * 300, "\x00", "내", "../x", "Infinity", "NaN"),
    *([], {}, [[]], [1, 2], {"as_int": 3}, {"as_none": True}, {"as_tensor": {"name": "x"}}, {"as_name": "x"}),
    *({"as_sym_int": {"as_name": "sym_size_int_1"}}, {"as_ints": [1, 1]}, {"as_ints": []}, {"as_float": 1e-9}),
    *("torch.ops.aten.relu.default", "torch.ops.aten.t.default", "torch.ops.aten.sum.default", "_operator.mul"),
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    found: list[tuple[Any, Any]] = []
    stack = [value]
    while stack:
        holder = stack.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            found.append((holder, key))
            stack.append(holder[key])
    return found


def mutate_document(document: Any, chance: random.Random) -> None:
    """Breaks one place: another value, gone, doubled, swapped with another place, a number or a text slightly off."""
    found = places(document)
    if not found:
        return
    holder, key = chance.choice(found)
    value = holder[key]
    match chance.randrange(6):
        case 0:
            holder[key] = copy.deepcopy(chance.choice(VALUES))
        case 1:
            del holder[key]
        case 2 if isinstance(holder, list):
            holder.insert(chance.randrange(len(holder) + 1), copy.deepcopy(value))
        case 3 if type(value) is int:
            holder[key] = value + chance.choice((-1, 1, 2**32, -value, -2 * value))
        case 4 if isinstance(value, str):
            holder[key] = value[: chance.randrange(len(value) + 1)] + chance.choice(("", "0", "_", "\n", "."))
        case _:
            other, place = chance.choice(found)
            with contextlib.suppress(KeyError, IndexError):  # one of the two was inside the other
                holder[key], other[place] = copy.deepcopy(other[place]), copy.deepcopy(value)


def mutate_bytes(data: bytes, chance: random.Random) -> bytes:
    """Flips, cuts, doubles or inserts bytes; half of the time near the end, where the directory is."""
    broken = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8))):
        at = chance.randrange(len(broken)) if chance.random() < 0.5 else max(0, len(broken) - chance.randrange(1, 3000))
        match chance.randrange(4):
            case 0:
                broken[at] ^= 1 << chance.randrange(8)
            case 1:
                broken[at : at + 4] = chance.choice((b"\xff" * 4, b"\0" * 4, b"PK\x03\x04", b"PK\x05\x06"))
            case 2:
                del broken[at : at + chance.randrange(1, 64)]
            case _:
                broken[at:at] = broken[: chance.randrange(64)]
    return bytes(broken or b"P")


def mutated(originals: list[tuple[bytes, Archive]], chance: random.Random) -> bytes:
    data, archive = chance.choice(originals)
    if chance.random() < 0.3:
        return mutate_bytes(data, chance)
    member = chance.choice((MODEL, MODEL, MODEL, WEIGHTS, CONSTANTS))
    document = json.loads(archive.members[member])
    # Most of a model document says nothing to the reader: aim at what does.
    target = document["graph_module"] if member == MODEL and chance.random() < 0.9 else document
    if target is not document and chance.random() < 0.7:
        target = target["graph"]["nodes"]
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        mutate_document(target, chance)
    return archive.with_member(member, json.dumps(document).encode()).to_bytes()


def outcome(path: Path, image_shape: tuple[int, int, int]) -> str:
    """The code of the refusal, or `accepted`; anything else that is raised escapes."""
    try:
        program = read_artifact(path, CAPS)
        assert isinstance(program, Program)
        describe(program, image_shape=image_shape, max_batch=8, caps=CAPS)
        Interpreter(program, caps=CAPS).logits(torch.zeros(program.batch or 3, *program.input_shape[1:]))
    except ArtifactRejected as error:
        return error.code if len(error.message.en) < 1000 else "a message without end"
    return "accepted"


def test_broken_archive_is_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    originals = [(data, Archive.of(data)) for data in (honest_bytes(), honest_bytes(decompose=False))]
    golden = [path.read_bytes() for path in sorted(GOLDEN.glob("*.pt2"))]
    originals += [(data, Archive.of(data)) for data in golden]
    path, seen = tmp_path / "model.pt2", dict[str, int]()
    for number in range(MUTATIONS):
        path.write_bytes(mutated(originals, random.Random(f"{SEED}/{number}")))
        began = time.process_time()
        try:
            code = outcome(path, (1, 28, 28) if number % 2 else (1, 8, 8))
        except Exception as error:
            raise AssertionError(f"GRADER_FUZZ_SEED={SEED}, mutation {number}") from error
        assert time.process_time() - began < SLOWEST_S, f"GRADER_FUZZ_SEED={SEED}, mutation {number}"
        seen[code] = seen.get(code, 0) + 1
    assert seen.keys() <= RULES.keys() | {"accepted"}
    if MUTATIONS >= 2000:
        # It must reach deep into the reader, or it proves nothing.
        assert {"accepted", "foreign_op", "bad_argument", "undefined_name", "impossible_graph"} <= seen.keys(), seen
        assert {"weight_size", "archive_malformed", "checksum_mismatch", "malformed_model"} <= seen.keys(), seen


def accepted(path: Path, *, unless: str) -> Program | None:
    """The program, or None where the reader refuses it by that rule; any other refusal escapes."""
    try:
        return read_artifact(path, Caps())
    except ArtifactRejected as error:
        if error.code != unless:
            raise
    return None


STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "transpose": ("transpose.int", {"dim0": {"as_int": 1}, "dim1": {"as_int": 2}}),
    "contiguous": ("contiguous.default", {}),
    "detach": ("detach.default", {}),
    "clone": ("clone.default", {}),
    "half": ("slice.Tensor", {"dim": {"as_int": 1}, "start": {"as_int": 0}, "end": {"as_int": 4}}),
    "relu_": ("relu_.default", {}),
    "add_": ("add_.Tensor", {"other": {"as_float": -0.5}}),
    "mul_": ("mul_.Tensor", {"other": {"as_int": 3}}),
}
EAGER: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "transpose": lambda x: x.transpose(1, 2),
    "contiguous": lambda x: x.contiguous(),
    "detach": lambda x: x.detach(),
    "clone": lambda x: x.clone(),
    "half": lambda x: x[:, 0:4],
    "relu_": lambda x: x.relu_(),
    "add_": lambda x: x.add_(-0.5),
    "mul_": lambda x: x.mul_(3),
}


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 8)), min_size=1, max_size=8))
def test_in_place_program_is_refused_or_computes_what_eager_does(
    steps: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("aliases") / "model.pt2"
    images = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    values = [images.reshape(2, 28, 28).clone()]
    added = [new_node("torch.ops.aten.sum.dim_IntList", "v0", self=tensor("x"), dim={"as_ints": [1]})]
    for number, (step, chosen) in enumerate(steps):
        base = chosen % len(values)
        op, arguments = STEPS[step]
        added.append(new_node(f"torch.ops.aten.{op}", f"v{number + 1}", self=tensor(f"v{base}"), **arguments))
        values.append(EAGER[step](values[base]))
    added += [
        new_node("torch.ops.aten.sum.dim_IntList", f"s{number}", self=tensor(f"v{number}"), dim={"as_ints": [2]})
        for number in range(len(values))
    ]
    joined = {"as_tensors": [{"name": f"s{number}"} for number in range(len(values))]}
    last = new_node("torch.ops.aten.cat.default", "joined", tensors=joined, dim={"as_int": 1})
    path.write_bytes(
        honest()
        .edited(lambda document: before_output(document, *(lambda _, n=n: n for n in (*added, last))))
        .to_bytes()
    )
    program = accepted(path, unless="in_place_alias")
    if program is None:
        return
    logits = Interpreter(program).logits(images)
    torch.testing.assert_close(logits, torch.cat([value.sum(2) for value in values], 1), atol=1e-5, rtol=0)


@settings(max_examples=200, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 6), min_size=0, max_size=4),
    strides=st.lists(st.integers(0, 20), min_size=0, max_size=4),
    offset=st.integers(0, 40),
    elements=st.integers(0, 60),
)
def test_weight_of_any_layout_fits_its_bytes_or_is_refused(
    sizes: list[int], strides: list[int], offset: int, elements: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("layouts") / "model.pt2"
    content = torch.arange(elements, dtype=torch.float32).numpy().tobytes()

    def edit(config: dict[str, Any]) -> None:
        next(iter(config["config"].values()))["tensor_meta"].update(
            sizes=[{"as_int": size} for size in sizes],
            strides=[{"as_int": stride} for stride in strides],
            storage_offset={"as_int": offset},
        )

    path.write_bytes(honest().edited(edit, CONSTANTS).with_member("data/constants/tensor_0", content).to_bytes())
    program = accepted(path, unless="weight_size")
    if program is None:
        return
    (weight,) = [weight for weight in program.weights.values() if weight.kind == "constant"]
    assert list(weight.tensor.shape) == sizes
    if weight.tensor.numel():
        assert weight.tensor.max() < elements

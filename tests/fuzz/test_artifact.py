"""The artifact reader on golden archives with one or several things broken; some of what it accepts is run."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from grader.artifact import Caps, Program, read_artifact
from grader.artifact.operators import OPERATORS
from grader.artifact.refusal import RULES
from grader.errors import ArtifactRejected
from grader.evaluation.interpreter import Interpreter
from grader.graph.description import describe
from tests.adversarial.artifacts.building import CONSTANTS, MODEL, WEIGHTS, Archive, new_node, tensor
from tests.fuzz import campaign, guard
from tests.fuzz.damage import INTERESTING, VALUES, break_document, broken_bytes, broken_json
from tests.fuzz.packing import ZipEntry, tell_lies, zip_bytes

GOLDEN = Path(__file__).parents[1] / "unit" / "artifact" / "golden"
CAPS = Caps(archive_bytes=1024**2, graph_bytes=1024**2 // 2, activation_bytes=16 * 1024**2, work=20_000_000)
MEMORY_BYTES = 96 * 1024**2
"""What `CAPS` allow one input: an archive of 1 MB, twice; a document of 0.5 MB, 35 times its size once parsed (18 MB);
16 MB of activations, which a kernel may need three times (its input unfolded, its output). That is 68 MiB; the rest is
for what torch sets up once per kind of operation and what the allocator keeps."""

RUN_SHARE = 0.1
"""Of the programs that the reader accepts; the others are not run, which takes ten times as long as reading them."""

SIZES = (0, 1, 2, 3, 4, 8, 9, 27, 36, -1, 2**31, 2**40, 2**62, 2**63 - 1, 2**63, 10**30)
FOREIGN = (
    *("torch.ops.aten.nonzero.default", "torch.ops.aten.relu", "torch.ops.aten", "os.system", "builtins.eval"),
    *("torch.ops.higher_order.cond", "_operator.pow", "_operator.mul", "_operator.floordiv", "math.prod"),
)
MEMBERS = (
    *("data/weights/weight_99", "data/weights/../x", "models/other.json", "data/aotinductor/model.so", "code/x.py"),
    *("data.pkl", "extra/x", "serialized_state_dict.pt", "", "/", "data/constants/custom_obj_0", "x" * 70_000),
)
STEPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("transpose.int", {"dim0": {"as_int": 0}, "dim1": {"as_int": -1}}),
    ("clone.default", {}),
    ("detach.default", {}),
    ("relu_.default", {}),
    ("mul_.Tensor", {"other": {"as_int": 3}}),
    ("add_.Tensor", {"other": {"as_float": -0.5}}),
    ("slice.Tensor", {"dim": {"as_int": 0}, "start": {"as_int": 0}, "end": {"as_int": 2**63 - 1}}),
    ("reshape.default", {"shape": {"as_ints": [-1, 4]}}),
    ("expand.default", {"size": {"as_ints": [2**20, 2**20, -1, -1, -1]}}),
    ("sum.dim_IntList", {"dim": {"as_ints": [0]}}),
    ("unsqueeze.default", {"dim": {"as_int": 0}}),
    ("chunk.default", {"chunks": {"as_int": 2}}),
    ("sub.Tensor", {"other": tensor("x")}),
    ("matmul.default", {"other": tensor("x")}),
)
"""Operations that read, view or write to the one tensor `self`, which is added to the arguments."""


def lean(document: dict[str, Any]) -> bytes:
    """The document without most of what the reader passes over, so that damage hits the rest."""
    graph = document["graph_module"]["graph"]
    graph["tensor_values"] = {name: meta for name, meta in graph["tensor_values"].items() if name == "x"}
    document["graph_module"]["module_call_graph"] = []
    return json.dumps(document).encode()


def add_step(document: dict[str, Any], chance: random.Random) -> None:
    """A node on an earlier value; in more than half of the cases what follows reads the new one."""
    graph = document["graph_module"]["graph"]
    at = chance.randrange(1, len(graph["nodes"]) + 1)
    before, after = graph["nodes"][:at], graph["nodes"][at:]
    base = chance.choice(names(document)) if chance.random() < 0.2 else before[-1]["name"]
    name = f"added_{chance.randrange(100)}"
    if chance.random() < 0.6:
        after = json.loads(json.dumps(after).replace(f'"{base}"', f'"{name}"'))
    op, arguments = chance.choice(STEPS)
    added = [new_node(f"torch.ops.aten.{op}", name, self=tensor(base), **arguments)]
    if chance.random() < 0.2:  # the node's result is stale, if it is a view
        added.append(new_node("torch.ops.aten.relu_.default", "written", self=tensor(base)))
    graph["nodes"] = [*before, *added, *after]


def names(document: dict[str, Any]) -> list[str]:
    """Of the weights, the images and what the nodes compute."""
    graph = document["graph_module"]["graph"]
    return [value["as_tensor"]["name"] for value in graph["inputs"]] + [node["name"] for node in graph["nodes"]]


def change_argument(document: dict[str, Any], chance: random.Random) -> None:
    """Another value of the same kind for one argument of one node."""
    node = chance.choice(document["graph_module"]["graph"]["nodes"])
    argument = chance.choice(node["inputs"])["arg"]
    (tag,) = argument
    match tag:
        case "as_tensor":
            argument[tag] = {"name": chance.choice(names(document))}
        case "as_bool":
            argument[tag] = not argument[tag]
        case "as_ints":
            argument[tag] = [chance.choice(SIZES) for _ in range(chance.choice((0, 1, 2, len(argument[tag]), 9, 5000)))]
        case "as_float":
            argument[tag] = chance.choice((0.0, -1.0, 1e300, 1e-300, 3, 10**20, "Infinity", "NaN", True))
        case "as_int" | "as_scalar_type" | "as_memory_format":
            argument[tag] = chance.choice(SIZES)
        case _:
            argument[tag] = json.loads(chance.choice(VALUES))


def break_model(document: dict[str, Any], chance: random.Random) -> None:
    match chance.randrange(10):
        case 0:
            break_document(document, chance)
        case 1:
            break_document(document["graph_module"], chance)
        case 2:
            break_document(document["graph_module"]["signature"], chance)
        case 3:
            node = chance.choice(document["graph_module"]["graph"]["nodes"])
            node["target"] = chance.choice((*OPERATORS, *FOREIGN))
        case 4 | 5:
            add_step(document, chance)
        case 6 | 7:
            change_argument(document, chance)
        case _:
            break_document(chance.choice(document["graph_module"]["graph"]["nodes"]), chance)


def break_weights(document: dict[str, Any], chance: random.Random) -> None:
    """Breaks one entry, mostly its layout: several figures of it may lie together."""
    entry = chance.choice(list(document["config"].values()))
    match chance.randrange(5):
        case 0:
            break_document(document, chance)
        case 1:
            break_document(entry, chance)
        case 2:
            entry["path_name"] = chance.choice(("weight_0", "weight_3", "weight_99", "../x", "tensor_0", "model.pkl"))
        case _:
            meta = entry["tensor_meta"]
            count = chance.choice((len(meta["sizes"]), len(meta["sizes"]), chance.randrange(10)))
            for key in ("sizes", "strides"):
                if chance.random() < 0.7:
                    meta[key] = [{"as_int": chance.choice(SIZES)} for _ in range(count)]
            if chance.random() < 0.3:
                meta["storage_offset"] = {"as_int": chance.choice(SIZES)}
            if chance.random() < 0.3:
                meta["dtype"] = chance.randrange(14)


def break_members(entries: list[ZipEntry], chance: random.Random) -> None:
    """Members gone, doubled, renamed, broken, compressed, or more than there should be."""
    at = chance.randrange(len(entries))
    entry = entries[at]
    match chance.randrange(7):
        case 0:
            del entries[at]
        case 1:
            entries.insert(chance.randrange(len(entries)), entry)
        case 2:
            entry.name = f"model/{chance.choice(MEMBERS)}".encode()[:65_535]
        case 3:
            entry.name = chance.choice((b"other/x", b"model", b"\xff\xfe", "내/모델".encode(), b"", entry.name[6:]))
        case 4:
            entry.content = broken_bytes(entry.content, chance)
        case 5:
            entry.method = chance.choice((8, 8, 1, 12, 14))
        case _:
            chance.shuffle(entries)


Original = tuple[bytes, dict[str, bytes], dict[str, bytes]]
"""An archive's bytes, its members, and those with a lean model."""


def originals() -> list[Original]:
    found = []
    for path in sorted(GOLDEN.glob("*.pt2")):
        data = path.read_bytes()
        members = dict(Archive.of(data).members)
        found.append((data, members, {**members, MODEL: lean(json.loads(members[MODEL]))}))
    return found


def any_artifact(found: list[Original], chance: random.Random) -> bytes:
    data, whole, small = chance.choice(found)
    if chance.random() < 0.1:
        return broken_bytes(data, chance)
    members = dict(small if chance.random() < 0.8 else whole)
    what = chance.random()
    if what < 0.55:
        members[MODEL] = edited(members[MODEL], break_model, chance)
    elif what < 0.75:
        config = chance.choice((WEIGHTS, WEIGHTS, WEIGHTS, CONSTANTS))
        members[config] = edited(members[config], break_weights, chance)
    elif what < 0.8:
        document = chance.choice((MODEL, WEIGHTS, CONSTANTS))
        members[document] = broken_json(members[document], chance)
    entries = [ZipEntry(f"model/{name}".encode(), content) for name, content in members.items()]
    end: dict[str, int] = {}
    if 0.8 < what < 0.9:
        break_members(entries, chance)
    elif what >= 0.9:
        end = tell_lies(entries, chance)
    return zip_bytes(entries, end=end, comment=b"c" * (chance.choice(INTERESTING) & 3 if chance.random() < 0.01 else 0))


def edited(text: bytes, edit: Callable[[dict[str, Any], random.Random], None], chance: random.Random) -> bytes:
    document = json.loads(text)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        try:
            edit(document, chance)
        except (KeyError, IndexError, TypeError, AttributeError, ValueError):
            break  # an earlier edit took away what this one looked for
    return json.dumps(document).encode()


def reader(folder: Path) -> campaign.Case:
    torch.set_num_threads(1)
    found, path = originals(), folder / "model.pt2"
    for data, *_ in found:  # torch loads much on its first call, and writes caches
        path.write_bytes(data)
        assert ended(path, run=True) == "accepted: runs"

    def case(chance: random.Random) -> str:
        path.write_bytes(
            chance.randbytes(chance.randrange(300)) if chance.random() < 0.01 else any_artifact(found, chance)
        )
        with guard.watched():
            return ended(path, run=chance.random() < RUN_SHARE)

    return case


def ended(path: Path, *, run: bool) -> str:
    """How reading the file ended and, if it is to be `run`, what came after."""
    stage = "reader"
    try:
        program = read_artifact(path, CAPS)
        check_program(program)
        if not run:
            return "accepted"
        stage = "dry run"
        describe(program, image_shape=(1, 8, 8), max_batch=8, caps=CAPS)
        stage = "run"
        Interpreter(program, caps=CAPS).logits(torch.zeros(program.batch or 3, *program.input_shape[1:]))
    except ArtifactRejected as error:
        return refusal(error, stage)
    return "accepted: runs"


def refusal(error: ArtifactRejected, stage: str) -> str:
    assert error.code in RULES
    said = error.in_language("ko") + error.in_language("en")
    assert len(said) < 2_000, "a message without end"
    assert said.isprintable(), ascii(said)
    return f"refused by {stage}: {error.code}"


def check_program(program: Program) -> None:
    """What the docstrings of `Program` promise."""
    defined = {program.input, *program.weights}
    for node in program.nodes:
        assert defined.issuperset(node.refs())
        assert defined.isdisjoint(node.outputs)
        defined.update(node.outputs)
    assert program.output in defined
    assert program.torch_version.isprintable()
    program.torch_version.encode()
    for weight in program.weights.values():
        weight.path.encode()
        weight.tensor.sum()  # touches every byte it shows


def test_artifact_reader_fed_with_anything_accepts_or_refuses_and_nothing_else() -> None:
    counts = campaign.run(reader, memory_bytes=MEMORY_BYTES)
    in_the_graph = (
        "bad_argument",
        "undefined_name",
        "foreign_op",
        "duplicate_name",
        "in_place_alias",
        "stateful_model",
    )
    campaign.expect(
        counts,
        {
            ("accepted",): 0.15,
            tuple(f"refused by reader: {code}" for code in in_the_graph): 0.1,
            ("refused by reader: weight_size", "refused by reader: unsupported_dtype"): 0.03,
            ("accepted: runs", "refused by dry run", "refused by run"): 0.01,
        },
    )

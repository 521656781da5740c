"""From the bytes of a `.pt2` to a vetted program, without running, resolving or unpickling anything in it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from grader.artifact.archive import MODEL, read_members
from grader.artifact.caps import Caps
from grader.artifact.document import field, literal_int, parse_object, variant
from grader.artifact.nodes import GraphReader, vetted_name
from grader.artifact.program import Program, Weight
from grader.artifact.refusal import quote, refuse
from grader.artifact.weights import Stored, read_weights

SCHEMA_MAJOR: Final = 8
_FLOAT32, _STRIDED = 7, 7
_MARKERS: Final = {"archive_format": b"pt2", "archive_version": b"0", "byteorder": b"little"}
_VERSION: Final = re.compile(r"[\w.+-]{1,40}", re.ASCII)
_WEIGHT_SPECS: Final = {
    "parameter": ("parameter", "parameter_name"),
    "buffer": ("buffer", "buffer_name"),
    "tensor_constant": ("constant", "tensor_constant_name"),
}


def read_artifact(path: Path, caps: Caps) -> Program:
    """The program in the file at `path`.

    Args:
        path: what the student handed in; untrusted in every byte.
        caps: limits on sizes and counts, enforced before memory is taken.

    Returns:
        A program whose operations are all in our table, whose arguments are plain bounded data, whose names are
        unique and defined before use, and whose weights fit their bytes. Shapes are not checked: `graph.describe`
        does that before anything is computed.

    Raises:
        ArtifactRejected: the file is anything else; `code` names the rule.
    """
    members = read_members(path, caps)
    for name, expected in _MARKERS.items():
        if name not in members:
            raise refuse("missing_member", name=quote(name))
        if bytes(members[name][:16]).strip() != expected:
            raise refuse("unsupported_format", found=quote(bytes(members[name][:16]).decode("latin-1")))
    if MODEL not in members:
        raise refuse("missing_member", name=quote(MODEL))
    document = parse_object(members[MODEL], quote(MODEL), max_bytes=caps.graph_bytes)
    version = field(field(document, "schema_version", dict), "major", int)
    if version != SCHEMA_MAJOR:
        raise refuse("unsupported_format", found=quote(f"schema {version}"))
    return _program(document, read_weights(members, caps), caps)


def _program(document: dict[str, Any], stored: Mapping[str, Stored], caps: Caps) -> Program:
    module = field(document, "graph_module", dict)
    graph, signature = field(module, "graph", dict), field(module, "signature", dict)
    if graph.get("custom_obj_values"):
        raise refuse("code_in_archive", name=quote("custom_obj_values"))
    weights, images = _inputs(field(signature, "input_specs", list), stored)
    declared = [_tensor_name(value) for value in field(graph, "inputs", list)]
    if declared != [*weights, images] and sorted(declared) != sorted([*weights, images]):
        raise refuse("malformed_model", field=quote("inputs"))
    reader = GraphReader(caps)
    for name in weights:
        reader.define_input(name, frozen=True)
    reader.define_input(images, frozen=False)
    reader.read(field(graph, "nodes", list))
    output = reader.resolve(_output(field(signature, "output_specs", list), field(graph, "outputs", list)), "tensor")
    return Program(
        nodes=tuple(reader.nodes),
        input=images,
        input_shape=_image_shape(field(field(graph, "tensor_values", dict), images, dict)),
        output=output,
        weights=weights,
        torch_version=_version(document.get("torch_version")),
    )


def _version(unvetted: Any) -> str:
    """The version if it looks like one: a report prints it, and a database keeps it."""
    return unvetted if type(unvetted) is str and _VERSION.fullmatch(unvetted) else "unknown"


def _inputs(specs: list[Any], stored: Mapping[str, Stored]) -> tuple[dict[str, Weight], str]:
    """Weights by the name they have in the graph, and the name of the images."""
    weights: dict[str, Weight] = {}
    images: list[str] = []
    for spec in specs:
        tag, body = variant(spec)
        if tag == "user_input":
            images.append(_tensor_name(field(body, "arg", dict)))
            continue
        if tag not in _WEIGHT_SPECS:
            raise refuse("wrong_inputs" if tag == "constant_input" else "malformed_model", field=quote(tag))
        kind, key = _WEIGHT_SPECS[tag]
        name, path = vetted_name(field(field(body, "arg", dict), "name", str)), field(body, key, str)
        if name in weights:
            raise refuse("duplicate_name", name=quote(name))
        if path not in stored:
            raise refuse("undefined_name", name=quote(path))
        weights[name] = Weight(stored[path].tensor, kind, path, stored[path].storage)  # type: ignore[arg-type]
    if len(images) != 1:
        raise refuse("wrong_inputs")
    if images[0] in weights:
        raise refuse("duplicate_name", name=quote(images[0]))
    return weights, images[0]


def _output(specs: list[Any], outputs: list[Any]) -> str:
    """The one tensor that the model returns; what it writes back to its input concerns nobody."""
    found: list[str] = []
    for spec in specs:
        tag, body = variant(spec)
        if tag in ("buffer_mutation", "parameter_mutation"):
            raise refuse("stateful_model", name=quote(body.get("buffer_name") if type(body) is dict else tag))
        if tag == "user_output":
            found.append(_tensor_name(field(body, "arg", dict), otherwise="wrong_outputs"))
        elif tag != "user_input_mutation":
            raise refuse("wrong_outputs")
    if len(found) != 1:
        raise refuse("wrong_outputs")
    if found[0] not in [_tensor_name(output, otherwise="wrong_outputs") for output in outputs]:
        raise refuse("malformed_model", field=quote("outputs"))
    return found[0]


def _image_shape(meta: dict[str, Any]) -> tuple[int | None, int, int, int]:
    """The input's shape as exported; its batch dimension may be an expression, which is not read."""
    sizes = field(meta, "sizes", list)
    if len(sizes) != 4 or meta.get("dtype") != _FLOAT32 or meta.get("layout") != _STRIDED:
        raise refuse("wrong_inputs")
    batch = None if variant(sizes[0])[0] == "as_expr" else literal_int(sizes[0])
    channels, height, width = (literal_int(size) for size in sizes[1:])
    if (
        min(channels, height, width, 1 if batch is None else batch) < 1
        or max(channels, height, width, batch or 1) > 65536
    ):
        raise refuse("wrong_inputs")
    return batch, channels, height, width


def _tensor_name(unvetted: Any, otherwise: str = "wrong_inputs") -> str:
    tag, value = variant(unvetted)
    if tag != "as_tensor":
        raise refuse(otherwise)
    return vetted_name(field(value, "name", str))

"""What an archive says about itself: each lie is refused by the rule that is about it, and no payload runs."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from grader.artifact import Caps, read_artifact
from grader.errors import ArtifactRejected
from tests.adversarial.artifacts.building import (
    CONSTANTS,
    MODEL,
    WEIGHTS,
    Archive,
    Edit,
    argument,
    before_output,
    honest,
    new_node,
    node,
    nodes,
    pickled,
    python,
    tensor,
)

torch.set_num_threads(1)


def refused(tmp_path: Path, archive: Archive | bytes, caps: Caps | None = None) -> ArtifactRejected:
    """How the reader refuses it; fails where it does not."""
    path = tmp_path / "model.pt2"
    path.write_bytes(archive if isinstance(archive, bytes) else archive.to_bytes())
    with pytest.raises(ArtifactRejected) as caught:
        read_artifact(path, caps or Caps())
    assert not (tmp_path / "marker").exists()
    assert caught.value.message.en != caught.value.message.ko
    assert caught.value.advice.en
    assert caught.value.advice.ko
    return caught.value


def test_payload_when_unpickled_touches_the_marker(tmp_path: Path) -> None:
    pickle.loads(pickled(tmp_path / "marker"))
    assert (tmp_path / "marker").exists()


def test_honest_archive_put_together_again_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(honest().to_bytes())
    assert read_artifact(path, Caps()).batch is None


def first(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(iter(config["config"].values()))
    return found


def set_meta(**fields: Any) -> Edit:
    return lambda config: first(config)["tensor_meta"].update(fields)


def sizes(*numbers: int) -> list[dict[str, int]]:
    return [{"as_int": number} for number in numbers]


WEIGHT_CASES: dict[str, tuple[Edit, str, str]] = {
    "pickled": (lambda c: first(c).update(use_pickle=True), "pickled_weight", "conv.weight"),
    "pickle_flag_missing": (lambda c: first(c).pop("use_pickle"), "pickled_weight", "conv.weight"),
    "pickle_flag_null": (lambda c: first(c).update(use_pickle=None), "pickled_weight", "conv.weight"),
    "huge_shape": (set_meta(sizes=sizes(2_000_000_000), strides=sizes(1)), "weight_size", "conv.weight"),
    "huge_by_zero_strides": (set_meta(sizes=sizes(50_000, 50_000), strides=sizes(0, 0)), "weight_size", "conv.weight"),
    "offset_past_the_end": (set_meta(storage_offset={"as_int": 1}), "weight_size", "conv.weight"),
    "negative_offset": (set_meta(storage_offset={"as_int": -1}), "weight_size", "conv.weight"),
    "negative_stride": (set_meta(strides=sizes(9, 9, 3, -1)), "weight_size", "conv.weight"),
    "long_stride": (set_meta(strides=sizes(9, 9, 3, 2**40)), "weight_size", "conv.weight"),
    "empty_beyond_64_bits": (set_meta(sizes=sizes(0, 10**30), strides=sizes(1, 1)), "weight_size", "conv.weight"),
    "empty_with_overflowing_strides": (
        set_meta(sizes=sizes(0, *[2**31] * 7), strides=sizes(*[1] * 8)),
        "weight_size",
        "conv.weight",
    ),
    "stride_beyond_64_bits_over_one_element": (
        set_meta(sizes=sizes(1), strides=sizes(10**30)),
        "weight_size",
        "conv.weight",
    ),
    "negative_size": (set_meta(sizes=sizes(-2, 1, 3, 3)), "weight_size", "conv.weight"),
    "too_many_dimensions": (set_meta(sizes=sizes(*[1] * 99), strides=sizes(*[1] * 99)), "weight_size", "conv.weight"),
    "shape_as_string": (set_meta(sizes="[2, 1, 3, 3]"), "malformed_model", "sizes"),
    "size_as_string": (set_meta(sizes=[{"as_int": "2"}]), "malformed_model", "as_int"),
    "size_as_bool": (set_meta(sizes=[{"as_int": True}]), "malformed_model", "as_int"),
    "size_as_expression": (
        set_meta(sizes=[{"as_expr": {"expr_str": "__import__('os').getpid()"}}]),
        "symbolic_size",
        "symbolic expression",
    ),
    "quantised": (set_meta(dtype=13), "unsupported_dtype", "conv.weight"),
    "sparse": (set_meta(layout=1), "unsupported_dtype", "conv.weight"),
    "dtype_as_string": (set_meta(dtype="torch.float32"), "malformed_model", "dtype"),
    "path_out_of_the_folder": (lambda c: first(c).update(path_name="../../etc/passwd"), "bad_name", "etc/passwd"),
    "file_that_is_not_there": (lambda c: first(c).update(path_name="weight_99"), "missing_member", "weight_99"),
    "no_such_parameter": (lambda c: c["config"].pop("conv.weight"), "unexpected_member", "weight_0"),
    "control_characters_in_path": (
        lambda c: c["config"].update({"a\n\x1b[31m": c["config"]["conv.weight"]}),
        "bad_name",
        "a??[31m",
    ),
}


@pytest.mark.parametrize("case", WEIGHT_CASES)
def test_lie_about_a_weight_is_refused(case: str, tmp_path: Path) -> None:
    edit, code, words = WEIGHT_CASES[case]
    error = refused(tmp_path, honest().edited(edit, WEIGHTS))
    assert error.code == code
    assert words in error.message.en


@pytest.mark.parametrize("member", ["data/weights/weight_0", "data/constants/tensor_0"])
@pytest.mark.parametrize("bytes_over", range(4))
def test_pickle_in_the_place_of_a_weight_is_not_opened(member: str, bytes_over: int, tmp_path: Path) -> None:
    content = pickled(tmp_path / "marker")
    content += b"." * (-len(content) % 4 + bytes_over)
    path = tmp_path / "model.pt2"
    path.write_bytes(honest().with_member(member, content).to_bytes())
    if bytes_over:
        assert refused(tmp_path, path.read_bytes()).code == "weight_size"
    else:  # as good as any other numbers
        read_artifact(path, Caps())
    assert not (tmp_path / "marker").exists()


def test_pickled_constant_is_refused(tmp_path: Path) -> None:
    archive = honest().with_member("data/constants/tensor_0", pickled(tmp_path / "marker"))
    archive = archive.edited(lambda c: first(c).update(use_pickle=True), CONSTANTS)
    assert refused(tmp_path, archive).code == "pickled_weight"


def test_pickle_as_sample_inputs_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(honest().with_member("data/sample_inputs/model.pt", pickled(tmp_path / "marker")).to_bytes())
    read_artifact(path, Caps())
    assert not (tmp_path / "marker").exists()


def test_bool_weight_of_other_bytes_than_0_and_1_is_refused(tmp_path: Path) -> None:
    meta = {"dtype": 12, "sizes": sizes(4), "strides": sizes(1)}
    archive = honest().edited(set_meta(**meta), CONSTANTS).with_member("data/constants/tensor_0", b"\0\1\2\3")
    assert refused(tmp_path, archive).code == "weight_size"


FOREIGN = (
    "os.system",
    "builtins.eval",
    "torch.load",
    "torch.ops.aten.__class__",
    "torch.ops.aten.conv2d.default.__call__",
    "torch.ops.aten.conv2d",
    "torch.ops.prim.device.default",
    "torch.ops.aten.from_file.default",
    "torch.ops.aten.index.Tensor",
    "torch.ops.aten.gather.default",
    "torch.ops.aten.argmax.default",
    "torch.ops.aten.embedding.default",
    "torch.ops.aten.randn.default",
    "torch.ops.higher_order.cond",
    "torch.ops.my.op.default",
    "_operator.getitem",
    "_operator.pow",
    "#torch.export:custom",
    "",
    "torch.ops.aten.relu.default\n",
)


@pytest.mark.parametrize("target", FOREIGN)
def test_operation_outside_the_table_is_refused_by_name(target: str, tmp_path: Path) -> None:
    error = refused(tmp_path, honest().edited(lambda d: node(d, "relu").update(target=target)))
    assert error.code == "foreign_op"
    assert f"`{target.strip()}" in error.message.en
    assert "layers" in error.advice.en


def test_long_operation_name_is_cut_in_the_message(tmp_path: Path) -> None:
    error = refused(tmp_path, honest().edited(lambda d: node(d, "relu").update(target="x" * 100_000)))
    assert len(error.message.en) < 300


def signature(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["graph_module"]["signature"]
    return found


def graph(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["graph_module"]["graph"]
    return found


def rename_placeholder(document: dict[str, Any]) -> None:
    text = json.dumps(document).replace('"p_conv_weight"', json.dumps(CODE))
    document.clear()
    document.update(json.loads(text))


CODE = "x): pass\n    __import__('os').getpid()\n    def f(y"

GRAPH_CASES: dict[str, tuple[Edit, str, str]] = {
    "code_as_node_output": (
        lambda d: node(d, "relu")["outputs"][0]["as_tensor"].update(name=CODE),
        "bad_name",
        "__import__",
    ),
    "code_as_placeholder": (rename_placeholder, "bad_name", "__import__"),
    "code_as_reference": (lambda d: argument(d, "relu", "self").update(arg=tensor(CODE)), "bad_name", "__import__"),
    "name_with_newline": (
        lambda d: node(d, "relu")["outputs"][0]["as_tensor"].update(name="relu\n"),
        "bad_name",
        "relu?",
    ),
    "undefined_reference": (
        lambda d: argument(d, "relu", "self").update(arg=tensor("nothing")),
        "undefined_name",
        "nothing",
    ),
    "reference_to_itself": (
        lambda d: argument(d, "relu", "self").update(arg=tensor(node(d, "relu")["outputs"][0]["as_tensor"]["name"])),
        "undefined_name",
        "relu",
    ),
    "reference_to_a_later_node": (lambda d: nodes(d).reverse(), "undefined_name", "before anything defines it"),
    "output_defined_twice": (lambda d: nodes(d).append(node(d, "relu")), "duplicate_name", "relu"),
    "output_named_as_a_weight": (
        lambda d: node(d, "relu")["outputs"][0]["as_tensor"].update(name="p_conv_weight"),
        "duplicate_name",
        "p_conv_weight",
    ),
    "integer_read_as_tensor": (
        lambda d: argument(d, "relu", "self").update(
            arg=tensor(node(d, "sym_size")["outputs"][0]["as_sym_int"]["as_name"])
        ),
        "undefined_name",
        "sym_size",
    ),
    "tensor_read_as_integer": (
        lambda d: argument(d, "view", "size")["arg"].update(as_sym_ints=[{"as_name": "p_conv_weight"}]),
        "undefined_name",
        "p_conv_weight",
    ),
    "expression_as_integer": (
        lambda d: argument(d, "view", "size")["arg"].update(as_sym_ints=[{"as_expr": {"expr_str": CODE}}]),
        "bad_argument",
        "size",
    ),
    "expression_as_dimension": (
        lambda d: argument(d, "sym_size", "dim").update(arg={"as_expr": {"expr_str": CODE}}),
        "bad_argument",
        "dim",
    ),
    "expression_as_result": (
        lambda d: node(d, "sym_size").update(outputs=[{"as_sym_int": {"as_expr": {"expr_str": CODE}}}]),
        "malformed_model",
        "as_name",
    ),
    "string_for_ints": (
        lambda d: argument(d, "conv2d", "stride").update(arg={"as_string": "[3, 3]"}),
        "bad_argument",
        "stride",
    ),
    "huge_integer": (
        lambda d: argument(d, "conv2d", "stride").update(arg={"as_ints": [2**62, 1]}),
        "bad_argument",
        "stride",
    ),
    "huge_list": (
        lambda d: argument(d, "conv2d", "stride").update(arg={"as_ints": [1] * 100_000}),
        "bad_argument",
        "stride",
    ),
    "bool_for_int": (
        lambda d: argument(d, "conv2d", "stride").update(arg={"as_ints": [True, True]}),
        "bad_argument",
        "stride",
    ),
    "two_tags": (
        lambda d: argument(d, "relu", "self")["arg"].update(as_int=1),
        "malformed_model",
        "argument",
    ),
    "custom_object": (
        lambda d: argument(d, "relu", "self").update(arg={"as_custom_obj": {"name": "x", "class_fqn": "os.system"}}),
        "bad_argument",
        "self",
    ),
    "number_for_the_images": (
        lambda d: argument(d, "relu", "self").update(arg={"as_int": 1}),
        "bad_argument",
        "self",
    ),
    "subgraph": (
        lambda d: argument(d, "relu", "self").update(arg={"as_graph": {"name": "x", "graph": {}}}),
        "bad_argument",
        "self",
    ),
    "operator_as_argument": (
        lambda d: argument(d, "relu", "self").update(arg={"as_operator": "os.system"}),
        "bad_argument",
        "self",
    ),
    "argument_given_twice": (
        lambda d: node(d, "relu")["inputs"].append(argument(d, "relu", "self")),
        "bad_argument",
        "self",
    ),
    "argument_missing": (lambda d: node(d, "relu")["inputs"].clear(), "bad_argument", "self"),
    "argument_unknown": (
        lambda d: node(d, "relu")["inputs"].append({"name": "out", "arg": tensor("x"), "kind": 2}),
        "bad_argument",
        "out",
    ),
    "conversion_to_half": (
        lambda d: before_output(
            d,
            lambda x: new_node("torch.ops.aten.to.dtype", "half", self=tensor(x), dtype={"as_scalar_type": 6}),
        ),
        "unsupported_conversion",
        "float32, int64 or bool",
    ),
    "code_as_equation": (
        lambda d: before_output(
            d,
            lambda x: new_node(
                "torch.ops.aten.einsum.default",
                "product",
                equation={"as_string": CODE},
                tensors={"as_tensors": [{"name": x}]},
            ),
        ),
        "bad_argument",
        "equation",
    ),
    "batch_norm_trains": (
        lambda d: before_output(
            d,
            lambda x: new_node(
                "torch.ops.aten.batch_norm.default",
                "trained",
                **{name: tensor(x) for name in ("input",)},
                **{name: {"as_none": True} for name in ("weight", "bias", "running_mean", "running_var")},
                training={"as_bool": True},
                momentum={"as_float": 0.1},
                eps={"as_float": 1e-5},
                cudnn_enabled={"as_bool": False},
            ),
        ),
        "training_mode",
        "batch_norm",
    ),
    **{
        f"instance_norm_keeps_{kept}": (
            lambda d, kept=kept: before_output(
                d,
                lambda x: new_node(
                    "torch.ops.aten.instance_norm.default",
                    "kept",
                    input=tensor(x),
                    **{name: {"as_none": True} for name in ("weight", "bias")},
                    running_mean=tensor("b_norm_running_mean") if kept == "mean" else {"as_none": True},
                    running_var=tensor("b_norm_running_var") if kept == "variance" else {"as_none": True},
                    use_input_stats={"as_bool": True},
                    momentum={"as_float": 0.1},
                    eps={"as_float": 1e-5},
                    cudnn_enabled={"as_bool": False},
                ),
            ),
            "training_mode",
            "instance_norm",
        )
        for kept in ("mean", "variance")
    },
    "dropout_trains": (
        lambda d: before_output(
            d,
            lambda x: new_node(
                "torch.ops.aten.dropout.default",
                "dropped",
                input=tensor(x),
                p={"as_float": 0.5},
                train={"as_bool": True},
            ),
        ),
        "training_mode",
        "dropout",
    ),
    "weight_written_to": (
        lambda d: before_output(
            d, lambda _: new_node("torch.ops.aten.relu_.default", "written", self=tensor("p_conv_weight"))
        ),
        "stateful_model",
        "p_conv_weight",
    ),
    "view_of_a_weight_written_to": (
        lambda d: before_output(
            d,
            lambda _: new_node("torch.ops.aten.t.default", "turned", self=tensor("p_head_weight")),
            lambda x: new_node("torch.ops.aten.relu_.default", "written", self=tensor(x)),
        ),
        "stateful_model",
        "p_head_weight",
    ),
    "stale_view_read": (
        lambda d: before_output(
            d,
            lambda x: new_node("torch.ops.aten.relu.default", "base", self=tensor(x)),
            lambda x: new_node("torch.ops.aten.t.default", "turned", self=tensor(x)),
            lambda x: new_node("torch.ops.aten.relu_.default", "written", self=tensor(x)),
            lambda _: new_node("torch.ops.aten.relu.default", "read", self=tensor("base")),
        ),
        "in_place_alias",
        "base",
    ),
    "stale_permutation_read": (
        lambda d: before_output(
            d,
            lambda x: new_node("torch.ops.aten.relu.default", "base", self=tensor(x)),
            lambda x: new_node(
                "torch.ops.aten.einsum.default",
                "turned",
                equation={"as_string": "ab->ba"},
                tensors={"as_tensors": [{"name": x}]},
            ),
            lambda x: new_node("torch.ops.aten.relu_.default", "written", self=tensor(x)),
            lambda _: new_node("torch.ops.aten.relu.default", "read", self=tensor("base")),
        ),
        "in_place_alias",
        "base",
    ),
    "buffer_mutation": (
        lambda d: signature(d)["output_specs"].append(
            {"buffer_mutation": {"arg": {"name": "add"}, "buffer_name": "norm.running_mean"}}
        ),
        "stateful_model",
        "norm.running_mean",
    ),
    "index_of_a_maximum_read": (
        lambda d: before_output(
            d,
            lambda _: {
                **new_node(
                    "torch.ops.aten.max_pool2d_with_indices.default",
                    "pooled",
                    self=tensor("x"),
                    kernel_size={"as_ints": [2, 2]},
                ),
                "outputs": [tensor("pooled"), tensor("indices")],
            },
            lambda _: new_node("torch.ops.aten.relu.default", "read", self=tensor("indices")),
        ),
        "undefined_name",
        "indices",
    ),
    "two_inputs": (
        lambda d: signature(d)["input_specs"].append({"user_input": {"arg": tensor("y")}}),
        "wrong_inputs",
        "exactly one tensor",
    ),
    "custom_object_as_input": (
        lambda d: signature(d)["input_specs"].append({"custom_obj": {"arg": {}, "custom_obj_name": "x"}}),
        "malformed_model",
        "custom_obj",
    ),
    "custom_object_values": (
        lambda d: graph(d).update(custom_obj_values={"x": {"name": "x", "class_fqn": "os.system"}}),
        "code_in_archive",
        "custom_obj_values",
    ),
    "two_outputs": (
        lambda d: signature(d)["output_specs"].append({"user_output": {"arg": tensor("x")}}),
        "wrong_outputs",
        "exactly one tensor",
    ),
    "integer_as_output": (
        lambda d: signature(d).update(output_specs=[{"user_output": {"arg": {"as_int": 3}}}]),
        "wrong_outputs",
        "exactly one tensor",
    ),
    "undefined_weight": (
        lambda d: signature(d)["input_specs"][0]["parameter"].update(parameter_name="other.weight"),
        "undefined_name",
        "other.weight",
    ),
    "dynamic_height": (
        lambda d: graph(d)["tensor_values"]["x"]["sizes"].__setitem__(2, {"as_expr": {"expr_str": "s1"}}),
        "symbolic_size",
        "batch dimension",
    ),
    "integer_images": (lambda d: graph(d)["tensor_values"]["x"].update(dtype=5), "wrong_inputs", "images"),
    "nodes_missing": (lambda d: graph(d).pop("nodes"), "malformed_model", "nodes"),
    "node_is_a_string": (lambda d: nodes(d).append("relu"), "malformed_model", "target"),  # type: ignore[arg-type]
    "schema_of_the_future": (lambda d: d["schema_version"].update(major=9), "unsupported_format", "schema 9"),
}


@pytest.mark.parametrize("case", GRAPH_CASES)
def test_lie_in_the_graph_is_refused(case: str, tmp_path: Path) -> None:
    edit, code, words = GRAPH_CASES[case]
    error = refused(tmp_path, honest().edited(edit))
    assert (error.code, words in error.message.en) == (code, True), error.message.en


@pytest.mark.parametrize(
    "version", ["2.13\n", "\ud800", "\0", "<script>", "9" * 41, "", None, 2.13, ["2.13"]], ids=ascii
)
def test_version_that_is_none_is_not_repeated(version: object, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(honest().edited(lambda document: document.update(torch_version=version)).to_bytes())
    assert read_artifact(path, Caps()).torch_version == "unknown"


def test_marker_in_expressions_and_guards_is_never_run(tmp_path: Path) -> None:
    def edit(document: dict[str, Any]) -> None:
        code = python(tmp_path / "marker")
        document["guards_code"] = [code]
        document["range_constraints"] = {code: {"min_val": 1, "max_val": 2}}
        values = graph(document)["sym_int_values"]
        for name in values:
            values[name] = {"as_expr": {"expr_str": code, "hint": None}}
        graph(document)["tensor_values"]["x"]["sizes"][0] = {"as_expr": {"expr_str": code, "hint": None}}
        document["graph_module"]["module_call_graph"] = [{"fqn": code, "signature": {"in_spec": code}}]

    path = tmp_path / "model.pt2"
    path.write_bytes(honest().edited(edit).to_bytes())
    read_artifact(path, Caps())
    assert not (tmp_path / "marker").exists()


JSON_CASES: dict[str, Callable[[bytes], bytes]] = {
    "duplicate_key": lambda raw: b'{"graph_module": {}, ' + raw[1:],
    "deep": lambda raw: b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep_lists": lambda raw: b'{"a":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}",
    "nan": lambda raw: b'{"a": NaN, ' + raw[1:],
    "infinity": lambda raw: b'{"a": -Infinity, ' + raw[1:],
    "infinite_float": lambda raw: b'{"a": 1e999, ' + raw[1:],
    "endless_integer": lambda raw: b'{"a": ' + b"9" * 10_000 + b", " + raw[1:],
    "cut_off": lambda raw: raw[:-10],
    "no_utf8": lambda raw: b"\xff\xfe" + raw,
    "list": lambda raw: b"[]",
    "empty": lambda raw: b"",
}


@pytest.mark.parametrize("case", JSON_CASES)
def test_bad_json_is_refused(case: str, tmp_path: Path) -> None:
    archive = honest().with_member(MODEL, JSON_CASES[case](honest().members[MODEL]))
    assert refused(tmp_path, archive).code == "json_invalid"


@pytest.mark.parametrize(
    ("caps", "code"),
    [
        (Caps(nodes=2), "too_many_nodes"),
        (Caps(parameters=100), "too_many_parameters"),
        (Caps(weight_bytes=100), "weights_too_large"),
        (Caps(graph_bytes=100), "graph_too_large"),
        (Caps(archive_bytes=100), "archive_too_large"),
    ],
)
def test_model_over_a_cap_is_refused(caps: Caps, code: str, tmp_path: Path) -> None:
    assert refused(tmp_path, honest(), caps).code == code

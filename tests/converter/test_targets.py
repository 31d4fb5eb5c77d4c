"""What accelerators take: lists with their sources, and graphs refused by the name of the op."""

from pathlib import Path

import pytest
from ai_edge_litert import schema_py_generated as schema

from edgebert.converter.targets import (
    ANY,
    Support,
    Target,
    find_target,
    require,
    targets,
    unsupported,
)
from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.model_file.contents import OpUsage

PAGE = Path(__file__).parents[2] / "docs/accelerators.md"


def use(op, version=1, *, types=("int8",), per_channel=False, count=1):
    return OpUsage(op, version, types, per_channel, count)


@pytest.mark.parametrize("name", targets())
def test_a_list_names_real_ops_and_types_and_where_it_is_from(name):
    target = find_target(name)
    known = set(vars(schema.BuiltinOperator))
    assert set(target.ops) <= known
    assert {each.upper() for each in target.types} <= set(vars(schema.TensorType))
    assert all(source.document and source.at and source.of for source in target.sources)
    assert target.sources


def test_unknown_targets_are_named_with_those_there_are():
    assert find_target(ANY) is None
    with pytest.raises(EdgebertError, match="'vpu' is unknown; known: any, qnn, nnapi"):
        find_target("vpu")


TARGET = Target(
    title="Chip",
    sources=(),
    types=("int8", "int32"),
    ops={
        "ADD": Support(versions=(1, 2)),
        "FULLY_CONNECTED": Support(per_channel=False),
        "GELU": Support(),
    },
)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (use("ADD", 2, types=("int32", "int8")), None),
        (use("ADD", 3), "version 3"),
        (use("ADD", 2, types=("int16",)), "type int16"),
        (use("MUL"), "not in its list"),
        (use("FULLY_CONNECTED", 4), None),
        (use("FULLY_CONNECTED", 4, per_channel=True), "a scale for each channel"),
    ],
)
def test_an_op_is_taken_or_there_is_a_reason(found, reason):
    assert TARGET.lacks(found) == reason
    assert unsupported([found], TARGET) == ({} if reason is None else {found: reason})


def test_a_graph_is_refused_by_the_names_of_ops_and_target():
    uses = [
        use("ADD", 2),
        use("GELU", 2, count=4),
        use("GELU", 2, types=("int8", "int32"), count=2),
        use("MUL", 4, count=24),
    ]
    require(uses, ANY)
    require(uses, "qnn")
    with pytest.raises(CheckFailedError) as caught:
        require(uses, "nnapi")
    message = str(caught.value)
    assert "does not take GELU × 6 (not in its list); MUL × 24 (version 4)" in message
    assert "ADD" not in message
    assert message.endswith(
        "Other targets with values of these types: "
        "any, qnn, ethos-u85, ethos-u65, ethos-u55, gpu, openvino, tflite-micro"
    )


def test_targets_without_the_graphs_types_are_no_advice():
    with pytest.raises(CheckFailedError) as caught:
        require([use("DEQUANTIZE", 2, types=("float32", "float16"))], "gpu")
    assert str(caught.value).endswith("values of these types: any, openvino")


def test_a_target_that_was_dropped_says_where_the_reason_stands():
    with pytest.raises(EdgebertError, match=r"docs/accelerators\.md") as caught:
        find_target("edgetpu")
    assert "'edgetpu' is unknown" in str(caught.value)
    assert "Edge TPU" in PAGE.read_text()

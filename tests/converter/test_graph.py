"""Constants are shared and aligned, shapes known, and only builtin ops come out."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from edgebert.converter.graph import DYNAMIC, Graph
from edgebert.converter.ops import OPS
from edgebert.converter.quantize import quantize_per_row
from edgebert.model_file.serialize import ALIGNMENT, serialize


def constants(data):
    model = schema.Model.GetRootAs(data, 0)
    for index in range(model.BuffersLength()):
        array = model.Buffers(index).DataAsNumpy()
        if isinstance(array, np.ndarray):
            yield array


def some_graph():
    g = Graph()
    x = g.input("x", (DYNAMIC, 8), np.float32)
    weight = quantize_per_row(np.arange(24, dtype=np.float32).reshape(3, 8))
    table = np.ones((70, 3), np.float32)
    y = g.fully_connected(x, g.constant(weight), g.constant(np.ones(3, np.float32)))
    y = g.add(y, g.constant(np.float32(0.5)))
    g.output("y", g.add(y, g.first_rows(g.constant(table), 1)))
    return g


def test_constants_lie_aligned_in_the_file():
    data = serialize(some_graph().model("test"))
    base = np.frombuffer(data, np.uint8).__array_interface__["data"][0]
    places = [array.__array_interface__["data"][0] - base for array in constants(data)]
    assert len(places) >= 5
    assert all(place % ALIGNMENT == 0 for place in places)


def test_an_array_used_twice_is_stored_once():
    g = Graph()
    array = np.arange(100, dtype=np.float32)
    x = g.input("x", (DYNAMIC, 100), np.float32)
    g.output("y", g.mul(g.add(x, g.constant(array)), g.constant(array)))
    data = serialize(g.model("test"))
    assert sum(array.nbytes == 400 for array in constants(data)) == 1


def test_equal_small_constants_are_stored_once():
    g = Graph()
    assert g.constant(np.float32(1)) == g.constant(np.float32(1))
    assert g.constant(np.float32(1)) != g.constant(np.int32(1))


def test_zero_points_of_matrices_with_as_many_rows_are_stored_once():
    graph = Graph()
    x = graph.input("x", (1, 8), np.float32)
    random = np.random.default_rng(0)
    for rows in (24, 24, 40):
        matrix = quantize_per_row(random.standard_normal((rows, 8)).astype(np.float32))
        graph.output(f"y{rows}", graph.fully_connected(x, graph.constant(matrix)))
    main = schema.Model.GetRootAs(serialize(graph.model("")), 0).Subgraphs(0)
    scaled = [t for t in map(main.Tensors, range(main.TensorsLength())) if t.Quantization()]
    zeros = [tensor.Quantization().ZeroPointAsNumpy() for tensor in scaled]
    scales = [tensor.Quantization().ScaleAsNumpy() for tensor in scaled]
    assert [len(each) for each in zeros] == [len(each) for each in scales] == [24, 24, 40]
    assert not any(each.any() for each in zeros)
    assert len({each.ctypes.data for each in zeros}) == 2
    assert len({each.ctypes.data for each in scales}) == 3


def test_shapes_are_those_of_the_ops():
    g = Graph()
    x = g.input("x", (DYNAMIC, 8), np.float32)
    heads = g.transpose(g.reshape(x, (DYNAMIC, 2, 4)), (1, 0, 2))
    assert heads.shape == (2, DYNAMIC, 4)
    assert g.batch_matmul(heads, heads, transpose_b=True).shape == (2, DYNAMIC, DYNAMIC)
    assert g.mean(x).shape == (DYNAMIC, 1)
    assert g.add(g.mean(x), g.constant(np.ones(8, np.float32))).shape == (DYNAMIC, 8)
    assert g.reshape(x, (DYNAMIC, 8)) is x


@pytest.mark.parametrize("kind", OPS)
def test_every_op_exists_in_the_schema(kind):
    op = OPS[kind]
    assert hasattr(schema.BuiltinOperator, op.name)
    assert op.name != "CUSTOM"
    if op.options:
        assert hasattr(schema.BuiltinOptions, op.options)
        assert hasattr(schema, f"{op.options}T")


def repeated(times):
    g = Graph()
    weight = np.linspace(-1, 1, 16, dtype=np.float32).reshape(4, 4)
    x = g.input("x", (DYNAMIC, 4), np.float32)
    other = g.input("other", (DYNAMIC, 1), np.float32)

    def step(graph, value, factor):
        return graph.fully_connected(graph.mul(value, factor), graph.constant(weight, "matrix"))

    g.output("y", g.repeat(times, step, g.add(x, x), other))
    return bytes(serialize(g.model("test"))), weight


def test_a_repeated_step_needs_an_engine_that_resizes_it():
    """tflite-runtime 2.14 fails there; LiteRT 1.0, which is TFLite 2.17, does not."""
    g = Graph()
    x = g.input("x", (DYNAMIC, 4), np.float32)
    g.output("y", g.repeat(3, lambda graph, value, other: graph.mul(value, other), x, x))
    assert g.minimum_runtime() == "2.17"


def test_a_repeated_step_runs_as_often_as_said_at_every_length():
    data, weight = repeated(3)
    interpreter = Interpreter(model_content=data)
    x, other = (detail["index"] for detail in interpreter.get_input_details())
    for length in (5, 2, 9):
        rows = np.linspace(-1, 1, length * 4, dtype=np.float32).reshape(length, 4)
        factors = np.linspace(1, 2, length, dtype=np.float32)[:, None]
        interpreter.resize_tensor_input(x, rows.shape)
        interpreter.resize_tensor_input(other, factors.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(x, rows)
        interpreter.set_tensor(other, factors)
        interpreter.invoke()
        expected = rows * 2
        for _ in range(3):
            expected = (expected * factors) @ weight.T
        found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_repeated_step_is_stored_once():
    assert len(repeated(1)[0]) == len(repeated(12)[0])


def test_every_tensor_of_a_file_has_a_name_of_its_own():
    g = some_graph()
    other = g.sibling()
    x = other.constant(np.ones(100, np.float32), "x")
    x = other.add(x, other.input("x", (100,), np.float32))
    other.output("y", other.relu(x))
    data = serialize(g.model("test", {"one": g, "two": other}))
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    names = [tensor.name for graph in model.subgraphs for tensor in graph.tensors]
    assert len(set(names)) == len(names) > 10
    first = model.subgraphs[0]
    assert [first.tensors[at].name for at in (*first.inputs, *first.outputs)] == [b"x", b"y"]
    for signature in model.signatureDefs:
        assert [entry.name for entry in (*signature.inputs, *signature.outputs)] == [b"x", b"y"]


def test_a_graph_of_a_fixed_length_has_no_open_size_and_asks_for_no_shape():
    table = np.arange(24, dtype=np.float32).reshape(6, 4)

    def write(g):
        ids = g.reshape(g.input("ids", (1, DYNAMIC), np.int32), (DYNAMIC,))
        rows = g.first_rows_like(g.constant(table, "table"), ids)
        chosen = g.one_hot_like(g.constant(np.int32([[1]])), ids)
        picked = g.batch_matmul(chosen, g.reshape(rows, (1, DYNAMIC, 4)))
        g.output(
            "y", g.add(g.reshape(picked, (DYNAMIC, 4)), g.stretch(g.constant(table[2]), 0, None))
        )
        return g

    found = []
    for g in (Graph(), Graph(length=3)):
        model = write(g).model("test")
        interpreter = Interpreter(model_content=bytes(serialize(model)))
        (given,) = interpreter.get_input_details()
        interpreter.resize_tensor_input(given["index"], (1, 3))
        interpreter.allocate_tensors()
        interpreter.set_tensor(given["index"], np.int32([[0, 0, 0]]))
        interpreter.invoke()
        found.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
    np.testing.assert_array_equal(*found)
    np.testing.assert_array_equal(found[0], [table[1] + table[2]])
    used = {op["op_name"] for op in interpreter._get_ops_details()}
    assert not {"SHAPE", "SLICE"} & used
    assert all(tensor.shapeSignature is None for tensor in model.subgraphs[0].tensors)

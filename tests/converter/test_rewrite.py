"""Ops that a target lacks, in others: the same numbers from the same graph."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from edgebert.converter.graph import Graph, Storage
from edgebert.converter.quantize import Quantized, quantize_per_row
from edgebert.converter.rewrite import rewrite
from edgebert.converter.targets import Support, Target, find_target
from edgebert.model_file.serialize import serialize

INT8 = np.dtype(np.int8)
NUMBERS = np.arange(-128, 128, dtype=np.int8)
RESOLVERS = [OpResolverType.AUTO, OpResolverType.BUILTIN_REF]
NEEDED = {"CAST", "ADD", "GATHER", "CONV_2D", "RESHAPE", "QUANTIZE"}


def target(*ops):
    """One that takes these ops beside those that rewritings need."""
    return Target("Chip", (), ("int8", "int32"), dict.fromkeys({*ops, *NEEDED}, Support()))


def numbers_through(write, kept, shape=(256,), graph=None):
    """A graph that gives the output of `write` for all numbers of int8, kept as `kept` says."""
    graph = graph or Graph()
    rows = graph.input("rows", (256,), np.int32)
    table = graph.constant(Quantized(NUMBERS, np.float32([kept.scale])), "table")
    x = graph.reshape(graph.quantize(graph.gather(table, rows), kept), shape)
    graph.output("output", write(graph, x))
    return graph


def run(model, resolver=OpResolverType.AUTO):
    interpreter = Interpreter(
        model_content=bytes(serialize(model)), experimental_op_resolver_type=resolver
    )
    interpreter.allocate_tensors()
    interpreter.set_tensor(
        interpreter.get_input_details()[0]["index"], np.arange(256, dtype=np.int32)
    )
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).astype(int)


def ops(model):
    """Names of the ops in order; every code that the model has is used."""
    used = {operator.opcodeIndex for graph in model.subgraphs for operator in graph.operators}
    assert used == set(range(len(model.operatorCodes)))
    from ai_edge_litert import schema_py_generated as schema

    names = {number: name for name, number in vars(schema.BuiltinOperator).items()}
    return [
        names[model.operatorCodes[operator.opcodeIndex].builtinCode]
        for operator in model.subgraphs[0].operators
    ]


FUNCTIONS = {
    "GELU by erf": (
        lambda graph, x: graph.gelu(x, approximate=False, out=Storage(INT8, 0.03, -122)),
        Storage(INT8, 0.05, -20),
    ),
    "GELU by tanh": (
        lambda graph, x: graph.gelu(x, approximate=True, out=Storage(INT8, 0.03, -122)),
        Storage(INT8, 0.05, 7),
    ),
    "RSQRT": (
        lambda graph, x: graph.rsqrt(x, Storage(INT8, 0.01, -128)),
        Storage(INT8, 0.5, -128),
    ),
}


@pytest.mark.parametrize("resolver", RESOLVERS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_becomes_a_table_that_gives_its_numbers(name, resolver):
    graph = numbers_through(*FUNCTIONS[name])
    expected = run(graph.model(""), resolver)
    model = graph.model("")
    rewrite(model, target())
    assert ops(model)[-3:] == ["CAST", "ADD", "GATHER"]
    found = run(model, resolver)
    assert len(np.unique(expected)) > 30
    assert np.abs(found - expected).max() <= 1  # a tie may round the other way
    assert np.mean(found == expected) > 0.97


@pytest.mark.parametrize("resolver", RESOLVERS)
@pytest.mark.parametrize("with_bias", [True, False])
def test_a_dense_layer_becomes_a_convolution_with_the_same_numbers(resolver, with_bias):
    random = np.random.default_rng(0)
    weight = quantize_per_row(random.normal(size=(24, 64)).astype(np.float32))
    bias = Quantized(
        random.integers(-2000, 2000, 24).astype(np.int32), np.float32(0.05 * weight.scale)
    )

    def dense(graph, x):
        constants = [graph.constant(weight, "weight")]
        constants += [graph.constant(bias, "bias")] if with_bias else []
        return graph.fully_connected(x, *constants, out=Storage(INT8, 0.4, 11))

    graph = numbers_through(dense, Storage(INT8, 0.05, -20), (4, 1, 64))
    expected = run(graph.model(""), resolver)
    model = graph.model("")
    rewrite(model, target())
    assert ops(model)[-3:] == ["RESHAPE", "CONV_2D", "RESHAPE"]
    found = run(model, resolver)
    assert expected.shape == (4, 1, 24)
    assert len(np.unique(expected)) > 30
    np.testing.assert_array_equal(found, expected)


def test_what_the_target_has_or_cannot_be_helped_with_stays():
    graph = numbers_through(*FUNCTIONS["GELU by erf"])
    for chosen in (None, target("GELU"), find_target("qnn")):
        model = graph.model("")
        rewrite(model, chosen)
        assert ops(model)[-1] == "GELU", chosen


def test_graphs_of_several_lengths_share_a_table():
    first = numbers_through(*FUNCTIONS["RSQRT"])
    second = numbers_through(*FUNCTIONS["RSQRT"], graph=first.sibling())
    model = first.model("", {"a": first, "b": second})
    before = len(model.buffers)
    rewrite(model, target())
    tables = [
        tensor.buffer
        for graph in model.subgraphs
        for tensor in graph.tensors
        if tensor.buffer >= before and tensor.shape == [256]
    ]
    assert len(tables) == 2
    assert len(set(tables)) == 1

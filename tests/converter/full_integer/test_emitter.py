"""GELU in int16, for which TFLite has no kernel, is GELU all the same."""

import math

import numpy as np
import pytest

from edgebert.converter.full_integer.emitter import Constants, Emitter
from edgebert.converter.full_integer.storage import StoragePlan, storage_of
from edgebert.converter.graph import Graph
from edgebert.model_file.serialize import serialize
from tests.bare_engine import Interpreter

NUMBERS = np.linspace(-12, 12, 2001, dtype=np.float32)


def exact(u):
    return 0.5 * u * (1 + math.erf(u / math.sqrt(2)))


def by_tanh(u):
    return 0.5 * u * (1 + math.tanh(math.sqrt(2 / math.pi) * (u + 0.044715 * u**3)))


@pytest.mark.parametrize(
    ("kind", "gelu", "most"), [("gelu", exact, 1.5e-3), ("gelu_tanh", by_tanh, 1e-3)]
)
def test_gelu_in_int16_is_gelu(kind, gelu, most):
    graph = Graph()
    numbers = storage_of((-12, 12), "int16")
    table = np.array([[-12.0], [12.0]], np.float32)
    plan = StoragePlan({"x": (-12, 12), "y": (-0.2, 12)}, "int16")
    emitter = Emitter(graph, {}, plan, Constants())
    rows = graph.input("rows", (1,), np.int32)
    # A value to begin with: numbers plus a row of zeros.
    zero = emitter.gather("zero", table * 0, rows)
    x = emitter.add("x", zero, NUMBERS)
    graph.output("y", emitter.activation("y", x, kind))
    interpreter = Interpreter(model_content=bytes(serialize(graph.model(""))))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.zeros(1, np.int32))
    interpreter.invoke()
    detail = interpreter.get_output_details()[0]
    assert detail["dtype"] == np.int16
    found = interpreter.get_tensor(detail["index"])[0] * detail["quantization"][0]
    kept = np.round(NUMBERS / numbers.step) * numbers.step
    assert np.abs(found - [gelu(float(u)) for u in kept]).max() < most

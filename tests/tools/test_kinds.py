"""A file is taken apart op by op: nothing is left out, and each part runs alone."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

import edgebert
from tests.conftest import REFERENCE, SOURCES
from tools.devices.emulated_pi.kinds import (
    DENSE,
    GELU,
    KINDS,
    QUANTISING,
    SOFTMAX,
    OpenedFile,
    Split,
    table,
)

TOKENS = 9


@pytest.fixture(scope="module", params=["int8", "int8-static"])
def opened(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("kinds") / f"{request.param}.tflite"
    edgebert.convert(REFERENCE / SOURCES["embed"], path, quantize=request.param)
    return request.param, OpenedFile(path, TOKENS)


def test_every_op_that_computes_is_in_one_piece(opened):
    _, file = opened
    pieces = list(file.pieces())
    ops = [op for piece in pieces for op in piece.ops]
    assert len(ops) == len(set(ops))
    computing = {op for op in range(len(file.graph.operators)) if file.computed(op)}
    assert set(ops) == computing
    assert {piece.kind for piece in pieces} <= set(KINDS)


def test_multiply_adds_are_those_of_the_matrices(opened):
    _, file = opened
    # Two layers of 32 with a feed-forward network of 64 or 128: 4 squares and 2 matrices each.
    inner = max(t.shape[0] for t in file.graph.tensors if "intermediate" in t.name.decode())
    expected = 2 * TOKENS * (4 * 32 * 32 + 2 * 32 * inner)
    found = sum(p.multiply_adds for p in file.pieces() if p.kind == DENSE)
    assert found == expected


def test_a_table_of_gelu_is_one_piece_where_int8_stands_on_both_sides(opened):
    recipe, file = opened
    pieces = [piece for piece in file.pieces() if piece.kind == GELU]
    assert {len(piece.ops) for piece in pieces} == {3 if recipe == "int8-static" else 1}
    quantising = [piece for piece in file.pieces() if piece.kind == QUANTISING]
    assert bool(len(quantising) > 4) == (recipe == "int8-static")


def test_each_piece_runs_alone(opened):
    _, file = opened
    for piece in file.pieces():
        interpreter = Interpreter(model_content=file.alone(piece.ops), num_threads=1)
        interpreter.allocate_tensors()
        for entry in interpreter.get_input_details():
            interpreter.set_tensor(entry["index"], np.ones(entry["shape"], entry["dtype"]))
        interpreter.invoke()


def test_the_table_has_a_column_a_file_and_board_and_sums_them_up():
    text = table([Split("pi5", "int8", {DENSE: 2_000_000, SOFTMAX: 500_000}, 1_000_000)])
    assert text.splitlines()[0] == "| | int8, pi5 |"
    assert "| dense layers | 2.00 |" in text
    assert text.splitlines()[-1] == "| all | 2.50 |"

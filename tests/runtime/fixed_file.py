"""A small full-integer file: a look-up in an int8 table, for two lengths; its outputs are known."""

from dataclasses import replace

import numpy as np

from edgebert.converter.graph import Graph
from edgebert.converter.quantize import Quantized
from edgebert.model_file.record import Calibration, Integer
from edgebert.model_file.serialize import serialize

LENGTHS = (8, 16)
WIDTH = 3
SCALE = 0.25
TABLE = np.random.default_rng(0).integers(-127, 128, (32, WIDTH)).astype(np.int8)
INTEGER = Integer(
    lengths=LENGTHS,
    inputs=("ids",),
    pad_id=5,
    positions=None,
    output_type="int8",
    output_scale=SCALE,
    output_zero_point=0,
    host="none",
    mean_step=None,
    calibration=Calibration("texts", 1, 1),
)


def write(path, *, looked_up="ids", inputs=("ids",), reads="all", **integer):
    """Writes the file, gives what its record would say.

    Args:
        path: the file.
        looked_up: name of the input whose values are looked up in `TABLE`.
        inputs: of the graphs; "positions" takes two.
        reads: "all" tokens [1, n, WIDTH], the "first" [1, WIDTH], or "positions" [1, 2, WIDTH].
        integer: changes of `INTEGER`.
    """
    models = [_graph(length, looked_up, inputs, reads).model("test") for length in LENGTHS]
    path.write_bytes(serialize(_joined(models)))
    return replace(INTEGER, inputs=inputs, **integer)


def real(numbers):
    """What the rows of the table stand for."""
    return TABLE[list(numbers)] * np.float32(SCALE)


def _graph(length, looked_up, inputs, reads):
    graph = Graph()
    tensors = {
        name: graph.input(name, (1, 2 if name == "positions" else length), np.int32)
        for name in inputs
    }
    table = graph.constant(Quantized(TABLE, np.array([SCALE], np.float32)), "table")
    rows = graph.gather(table, graph.reshape(tensors[looked_up], (length,)))
    if reads == "positions":
        rows = graph.gather(rows, graph.reshape(tensors["positions"], (2,)))
    if reads == "first":
        rows = graph.first_rows(rows, 1)
    graph.output("output", rows if reads == "first" else _batch(graph, rows))
    return graph


def _batch(graph, rows):
    """[n, WIDTH] to [1, n, WIDTH], still int8."""
    wanted = graph.constant(np.array((1, *rows.shape), np.int32))
    return graph._op(
        "reshape", [rows, wanted], (1, *rows.shape), dtype=rows.dtype, scale=rows.scale
    )


def _joined(models):
    """One model with the graphs of all, each behind a signature with its length."""
    whole = models[0]
    for number, model in enumerate(models):
        graph, signature = model.subgraphs[0], model.signatureDefs[0]
        signature.signatureKey = f"length_{LENGTHS[number]}"
        signature.subgraphIndex = number
        if number == 0:
            continue
        for tensor in graph.tensors:
            tensor.buffer += len(whole.buffers) if tensor.buffer else 0
        for operator in graph.operators:
            operator.opcodeIndex += len(whole.operatorCodes)
        whole.buffers = [*whole.buffers, *model.buffers]
        whole.operatorCodes = [*whole.operatorCodes, *model.operatorCodes]
        whole.subgraphs.append(graph)
        whole.signatureDefs.append(signature)
    return whole

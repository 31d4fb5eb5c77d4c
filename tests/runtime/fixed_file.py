"""A small full-integer file: a look-up in an int8 table, for two lengths; its outputs are known."""

from dataclasses import replace

import numpy as np

from edgebert.converter.graph import Graph
from edgebert.converter.quantize import Quantized
from edgebert.model_file.fixed_graphs import CalibrationTexts, Integer
from edgebert.model_file.serialize import serialize

LENGTHS = (8, 16)
WIDTH = 3
SCALE = 0.25
TABLE = np.random.default_rng(0).integers(-127, 128, (32, WIDTH)).astype(np.int8)
_QUANTIZED = Quantized(TABLE, np.array([SCALE], np.float32))
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
    calibration=CalibrationTexts("texts", 1, 1),
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
    first = Graph()
    graphs = {
        f"length_{length}": first if at == 0 else first.sibling()
        for at, length in enumerate(LENGTHS)
    }
    for length, graph in zip(LENGTHS, graphs.values(), strict=True):
        _fill(graph, length, looked_up, inputs, reads)
    path.write_bytes(serialize(first.model("test", graphs)))
    return replace(INTEGER, inputs=inputs, **integer)


def real(numbers):
    """What the rows of the table stand for."""
    return TABLE[list(numbers)] * np.float32(SCALE)


def _fill(graph, length, looked_up, inputs, reads):
    tensors = {
        name: graph.input(name, (1, 2 if name == "positions" else length), np.int32)
        for name in inputs
    }
    rows = graph.gather(
        graph.constant(_QUANTIZED, "table"), graph.reshape(tensors[looked_up], (length,))
    )
    if reads == "positions":
        rows = graph.gather(rows, graph.reshape(tensors["positions"], (2,)))
    if reads == "first":
        rows = graph.first_rows(rows, 1)
    graph.output("output", rows if reads == "first" else graph.reshape(rows, (1, *rows.shape)))

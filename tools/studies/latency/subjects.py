"""The files that the latency table is about: all 24 sizes, and a product that shows the limit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgebert.arrays import Array
from edgebert.converter.bert_graph import build_graph
from edgebert.converter.graph import DYNAMIC, Graph
from edgebert.converter.options import Options
from edgebert.converter.plan import plan, trim
from edgebert.converter.weight_storage import INT8
from edgebert.model_file.serialize import serialize
from tools.fixtures.random_weights import draw_checkpoint

ROWS, WIDTH = 512, 1024
"""Of the product that shows the limit: large enough that nothing but multiplying counts, small
enough that its weights stay in a second-level cache."""


def write_size(size: str, statistics: Path, path: Path) -> None:
    """The graph of an int8 classifier with random weights.

    It is what `edgebert convert` writes, without the texts and the record behind it, which no
    engine reads.
    """
    checkpoint = draw_checkpoint(size, statistics)
    conversion = plan(Options(), checkpoint)
    checkpoint = trim(checkpoint, conversion.max_length)
    graph = build_graph(checkpoint.config, checkpoint.weights, conversion.head, INT8)
    path.write_bytes(serialize(graph.model(size)))


def write_limit(path: Path) -> None:
    """One dense layer, [n, WIDTH] times [WIDTH, WIDTH], int8 as in the models."""
    graph = Graph()
    weight: Array = np.random.default_rng(0).standard_normal((WIDTH, WIDTH), dtype=np.float32)
    x = graph.input("x", (DYNAMIC, WIDTH), np.float32)
    stored = INT8.stored(weight)
    graph.output("y", INT8.dense(graph, x, stored, None, "weight"))
    path.write_bytes(serialize(graph.model("one large product")))

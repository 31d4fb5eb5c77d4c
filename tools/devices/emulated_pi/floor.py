"""Instructions of MiniLM's dense layers alone on emulated boards, beside all of ONNX Runtime's.

No graph that has these layers can cost less with the same engine: there is nothing here but the
look-up of the words and one int8 product after the other.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from edgebert.arrays import Weights
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.sources import MINILM, open_checkpoint
from edgebert.converter.graph import DYNAMIC, Graph, Tensor
from edgebert.converter.weight_storage import INT8
from edgebert.model_file.serialize import serialize
from tools.devices.emulated_pi.boards import COUNTED
from tools.devices.emulated_pi.cost import SUBJECTS, read_figures
from tools.devices.emulated_pi.count import count
from tools.devices.emulated_pi.root import EmulatedPi, default_cache


def write_floor(checkpoint: Checkpoint, path: Path) -> None:
    """Words, then the dense layers one after the other.

    Queries, keys and values are one product, as in our own graph; nobody reads them.
    """
    graph = Graph()
    ids = graph.input("ids", (1, DYNAMIC), np.int32)
    table = INT8.table(
        graph, INT8.stored_table(checkpoint.weights["embeddings.word"], "words"), "words"
    )
    hidden = graph.dequantize(graph.gather(table, graph.reshape(ids, (DYNAMIC,))))
    for layer in range(checkpoint.config.num_hidden_layers):
        p = f"layers.{layer}"
        parts = [f"{p}.attention.{part}" for part in ("query", "key", "value")]
        graph.output(f"unread.{layer}", _dense(graph, hidden, checkpoint.weights, *parts))
        for name in ("attention.output", "ffn.intermediate", "ffn.output"):
            hidden = _dense(graph, hidden, checkpoint.weights, f"{p}.{name}")
    graph.output("hidden", hidden)
    path.write_bytes(serialize(graph.model("dense layers alone")))


def _dense(graph: Graph, x: Tensor, weights: Weights, *names: str) -> Tensor:
    weight, bias = (
        np.concatenate([weights[f"{name}.{kind}"] for name in names]) for kind in ("weight", "bias")
    )
    return INT8.dense(graph, x, INT8.stored(weight), bias, names[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=default_cache())
    arguments = parser.parse_args()
    pi = EmulatedPi(arguments.cache)
    (subject,) = (
        s for s in SUBJECTS if (s.size, s.quantize, s.runtime) == (None, "int8", "litert")
    )
    committed = read_figures()
    with tempfile.TemporaryDirectory() as folder, open_checkpoint(MINILM) as checkpoint:
        path = Path(folder) / "floor.tflite"
        write_floor(checkpoint, path)
        for board in COUNTED:
            for found in count(pi, board, path, subject.tokens):
                whole = committed[subject.name, board, found.tokens]
                theirs = whole.onnxruntime or float("nan")
                print(
                    f"{board}, {found.tokens} tokens: {found.instructions / 1e6:.3f} million, "
                    f"{found.instructions / whole.edgebert:.0%} of edgebert's whole graph, "
                    f"{found.instructions / theirs:.2f} of all that ONNX Runtime takes"
                )


if __name__ == "__main__":
    main()

"""The BERT graph for a device: one sentence of any length, nothing computed that is not read.

Devlin et al. 2018 (arXiv 1810.04805), written with two-dimensional tensors [n tokens, H] and plain
ops that XNNPACK runs. `docs/design.md` tells what each choice was worth, `docs/families.md` how
other families differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from edgebert.arrays import Weights
from edgebert.bert.config import BertConfig
from edgebert.bert.tasks import TASKS
from edgebert.converter.attention import mask_bias
from edgebert.converter.builder import Builder
from edgebert.converter.embedding_tables import centre_rows, equalize_columns
from edgebert.converter.embeddings import embeddings
from edgebert.converter.fold import fold
from edgebert.converter.graph import DYNAMIC, Graph, Tensor
from edgebert.converter.graph_ops import T
from edgebert.converter.head import POSITIONS, Head
from edgebert.converter.layers import encoder
from edgebert.converter.task_heads import TASK_HEADS
from edgebert.converter.weight_storage import Stored, WeightStorage


def build_graph(
    config: BertConfig,
    weights: Weights,
    head: Head,
    storage: WeightStorage,
    matrices: Mapping[str, Stored] = MappingProxyType({}),
) -> Graph:
    """The whole model, with a float32 `output`; where it is teachable, `hidden` [1, H] beside it.

    Its inputs are int32: `ids`, `mask` and `segment_ids` [1, n], and those of the task [1, m].

    Args:
        config: of the checkpoint.
        weights: likewise.
        head: what is computed on top of the encoder.
        storage: of the large weights.
        matrices: those that are stored already, by the names that the graph has for them.
    """
    graph = Graph()
    rewritten = rewrite(weights, config, head, equalize=storage.one_scale_a_table)
    builder: Builder[Tensor] = Builder(config, rewritten, storage, graph, matrices=dict(matrices))
    write_graph(builder, head)
    return graph


def rewrite(weights: Weights, config: BertConfig, head: Head, *, equalize: bool) -> Weights:
    """What the builder of a graph takes: folded, with tables that suit the graph.

    Args:
        weights: of the checkpoint.
        config: likewise.
        head: what is computed on top of the encoder.
        equalize: the tables are to have one scale each.
    """
    folded = fold(weights, config)
    centred = centre_rows(folded, config, head.task)
    if not equalize:
        return centred
    return equalize_columns(centred, config, overwrite=centred is not folded)


def build_fixed_graphs(
    config: BertConfig,
    weights: Weights,
    head: Head,
    storage: WeightStorage,
    lengths: Sequence[int],
    matrices: Mapping[str, Stored] = MappingProxyType({}),
) -> dict[str, Graph]:
    """The same for inputs [1, N] of each of some lengths, by the keys of their signatures.

    The graphs share their weights. Inputs of the task are [1, `POSITIONS`].
    """
    shortest, *longer = sorted(lengths)
    graph = Graph(length=shortest)
    rewritten = rewrite(weights, config, head, equalize=storage.one_scale_a_table)
    builder: Builder[Tensor] = Builder(config, rewritten, storage, graph, matrices=dict(matrices))
    graphs = {f"length_{shortest}": graph}
    write_graph(builder, head, POSITIONS)
    for length in longer:
        other = graphs[f"length_{length}"] = graph.sibling(length=length)
        write_graph(builder.on(other), head, POSITIONS)
    return graphs


def write_graph(b: Builder[T], head: Head, positions: int = DYNAMIC) -> None:
    """Writes the whole model into the graph of a builder, for so many `positions` of its task."""
    g = b.graph
    ids, mask, segments = (
        g.input(name, (1, DYNAMIC), np.int32) for name in ("ids", "mask", "segment_ids")
    )
    numbers = [g.input(name, (1, positions), np.int32) for name in TASKS[head.task].inputs]
    ids = g.reshape(ids, (DYNAMIC,))
    # For each position a row of zeros with a one at that token: [1, m, n].
    chosen = [g.one_hot_like(each, ids) for each in numbers]
    hidden = embeddings(b, ids, mask, segments)
    hidden = encoder(b, hidden, mask_bias(b, mask), head, *chosen)
    g.output("output", TASK_HEADS[head.task](b, head, hidden, mask))
    if head.teachable:
        g.output("hidden", hidden)

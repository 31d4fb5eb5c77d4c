"""The BERT graph for a device: one sentence of any length, nothing computed that is not read.

Devlin et al. 2018 (arXiv 1810.04805), written with two-dimensional tensors [n tokens, H] and plain
ops that XNNPACK runs. The weights come folded (`fold`), so no layer norm has a bias and no key or
value has one either. `docs/design.md` tells what each choice was worth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgebert.bert.config import Activation, BertConfig
from edgebert.bert.tasks import TASKS
from edgebert.bert.weights import Array, Weights
from edgebert.converter.fold import fold, merge_attention
from edgebert.converter.graph import DYNAMIC, Graph, Tensor
from edgebert.converter.head import Head
from edgebert.converter.recipes import Recipe

MASKED_SCORE = -10_000.0
"""Added to the score of a token that is not to be looked at, as in the original BERT."""

MERGED_HEADS = 4
"""Most heads for which `merged_attention` pays: its matrices are as many times larger as half the
heads. 2/128 gains 14 % of its time for nothing, 4/256 5 % for 2 % of its size."""


def build_graph(config: BertConfig, weights: Weights, head: Head, recipe: Recipe) -> Graph:
    """The whole model, with one float32 `output`.

    Its inputs are int32: `ids`, `mask` and `segment_ids` [1, n], and those of the task [1, m].
    """
    return _Builder(config, fold(weights, config), head, recipe).build()


class _Builder:
    def __init__(self, config: BertConfig, weights: Weights, head: Head, recipe: Recipe) -> None:
        self.config = config
        self.weights = weights
        self.head = head
        self.recipe = recipe
        self.graph = Graph()
        self.tables: dict[str, Tensor] = {}

    def build(self) -> Graph:
        g = self.graph
        ids, mask, segments, *positions = (
            g.input(name, (1, DYNAMIC), np.int32)
            for name in ("ids", "mask", "segment_ids", *TASKS[self.head.task].inputs)
        )
        ids = g.reshape(ids, (DYNAMIC,))
        chosen = [self.choice(ids, numbers) for numbers in positions]
        hidden = self.embeddings(ids, segments)
        bias = self.mask_bias(mask)
        last = self.config.num_hidden_layers - 1
        for layer in range(last):
            hidden = self.layer(hidden, layer, bias)
        hidden = self.last_layer(hidden, last, bias, *chosen)
        g.output("output", _HEADS[self.head.task](self, hidden, mask))
        return g

    # Parts of the encoder

    def embeddings(self, ids: Tensor, segments: Tensor) -> Tensor:
        """Word, position and segment tables summed and normalised: [n, H]."""
        g, width = self.graph, self.config.hidden_size
        words = g.dequantize(g.gather(self.table("embeddings.word"), ids))
        end = g.concatenate([g.shape(ids), g.constant(np.array([width], np.int32))])
        positions = g.dequantize(g.first_rows(self.table("embeddings.position"), end))
        summed = g.add(words, positions)
        if self.config.type_vocab_size:
            summed = g.add(summed, self.segments(segments))
        return self.norm(summed, "embeddings.norm")

    def segments(self, segments: Tensor) -> Tensor:
        """Segment vectors [n, H]; segment 0 is zero (folded into the positions)."""
        g = self.graph
        table = self.weights["embeddings.segment"]
        if len(table) == 2:
            one = g.cast(g.reshape(segments, (DYNAMIC, 1)), np.float32)
            return g.mul(one, g.constant(table[1]))
        return g.gather(g.constant(table), g.reshape(segments, (DYNAMIC,)))

    def mask_bias(self, mask: Tensor) -> Tensor:
        """0 for a token, `MASKED_SCORE` for padding: [1, 1, n]."""
        g = self.graph
        hidden = g.sub(
            g.cast(g.reshape(mask, (1, 1, DYNAMIC)), np.float32), g.constant(np.float32(1))
        )
        return g.mul(hidden, g.constant(np.float32(-MASKED_SCORE)))

    def layer(self, x: Tensor, layer: int, bias: Tensor) -> Tensor:
        """One transformer layer over all tokens: [n, H]."""
        p = f"layers.{layer}"
        return self.feed_forward(
            self.norm(self.graph.add(x, self.attention(x, x, p, bias)), f"{p}.attention.norm"), p
        )

    def last_layer(
        self, x: Tensor, layer: int, bias: Tensor, chosen: Tensor | None = None
    ) -> Tensor:
        """The last layer, for the rows that the head reads: [1, H], [m, H] or [n, H]."""
        if self.head.reads == "all":
            return self.layer(x, layer, bias)
        p = f"layers.{layer}"
        read = self.graph.first_rows(x, 1) if chosen is None else self.rows(x, chosen)
        merge = self.config.num_attention_heads <= MERGED_HEADS
        attend = self.merged_attention if merge else self.attention
        mixed = self.graph.add(read, attend(read, x, p, bias))
        return self.feed_forward(self.norm(mixed, f"{p}.attention.norm"), p)

    def choice(self, ids: Tensor, positions: Tensor) -> Tensor:
        """For each position [1, m] a row of zeros with a one at that token: [1, m, n]."""
        g = self.graph
        return g.one_hot(positions, g.reshape(g.shape(ids), ()))

    def rows(self, x: Tensor, chosen: Tensor) -> Tensor:
        """The chosen rows of x [n, H]: [m, H].

        A product with zeros and ones is exact, and XNNPACK runs it; a GATHER at this place would
        cut XNNPACK's part of the graph in two.
        """
        g, width = self.graph, self.config.hidden_size
        return g.reshape(
            g.batch_matmul(chosen, g.reshape(x, (1, DYNAMIC, width))), (DYNAMIC, width)
        )

    def attention(self, x: Tensor, context: Tensor, p: str, bias: Tensor) -> Tensor:
        """Multi-head attention of rows x [m, H] over context [n, H]: [m, H]."""
        g = self.graph
        if x is context:
            query, key, value = self.project(x, p, ("query", "key", "value"))
        else:
            (query,) = self.project(x, p, ("query",))
            key, value = self.project(context, p, ("key", "value"))
        scores = g.add(g.batch_matmul(query, key, transpose_b=True), bias)
        mixed = g.transpose(g.batch_matmul(g.softmax(scores), value), (1, 0, 2))
        mixed = g.reshape(mixed, (x.shape[0], self.config.hidden_size))
        return self.dense(mixed, f"{p}.attention.output")

    def merged_attention(self, rows: Tensor, x: Tensor, p: str, bias: Tensor) -> Tensor:
        """The same as `attention` for a few rows [m, H], without keys and values: [m, H].

        score_j = q·(K x_j) = (Kᵀq)·x_j and Σ_j a_j (V x_j) = V (Σ_j a_j x_j): with K joined to
        the query matrix and V to the output matrix, nothing is left to multiply token by token.
        """
        g, heads, width = self.graph, self.config.num_attention_heads, self.config.hidden_size
        merged = merge_attention(self.weights, self.config, f"{p}.attention")
        tokens = g.reshape(x, (1, DYNAMIC, width))
        many = heads if rows.shape[0] == 1 else DYNAMIC
        query = g.reshape(self.dense_of(rows, *merged["query_key"]), (1, many, width))
        scores = g.add(g.batch_matmul(query, tokens, transpose_b=True), bias)
        mixed = g.batch_matmul(g.softmax(scores), tokens)
        mixed = g.reshape(mixed, (rows.shape[0], heads * width))
        return self.dense_of(mixed, *merged["value_output"])

    def project(self, x: Tensor, p: str, parts: Sequence[str]) -> list[Tensor]:
        """Queries, keys or values of x [m, H] in heads, each [A, m, H / A].

        One product for all parts: x is quantised once, and one transpose serves them all.
        """
        g, heads, size = self.graph, self.config.num_attention_heads, self.config.head_size
        weight, bias = (
            np.concatenate([self.weights[f"{p}.attention.{part}.{kind}"] for part in parts])
            for kind in ("weight", "bias")
        )
        name = f"{p}.attention.{'_'.join(parts)}"
        joined = self.dense_of(x, name, weight, bias if bias.any() else None)
        joined = g.reshape(joined, (x.shape[0], len(parts) * heads, size))
        joined = g.transpose(joined, (1, 0, 2))
        return [g.planes(joined, part * heads, heads) for part in range(len(parts))]

    def feed_forward(self, x: Tensor, p: str) -> Tensor:
        """The two dense layers, their residual sum and its norm."""
        inner = self.activation(self.dense(x, f"{p}.ffn.intermediate"), self.config.hidden_act)
        return self.norm(self.graph.add(x, self.dense(inner, f"{p}.ffn.output")), f"{p}.ffn.norm")

    def activation(self, x: Tensor, kind: Activation) -> Tensor:
        g = self.graph
        return g.relu(x) if kind == "relu" else g.gelu(x, approximate=kind == "gelu_tanh")

    def norm(self, x: Tensor, name: str) -> Tensor:
        """Layer norm over the last axis, without its bias."""
        g = self.graph
        centred = g.sub(x, g.mean(x))
        variance = g.mean(g.mul(centred, centred))
        inverse = g.rsqrt(g.add(variance, g.constant(np.float32(self.config.layer_norm_eps))))
        return g.mul(g.mul(centred, inverse), g.constant(self.weights[f"{name}.weight"]))

    def dense(self, x: Tensor, name: str) -> Tensor:
        """Rows times a weight matrix by name, plus its bias."""
        return self.dense_of(x, name, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def dense_of(self, x: Tensor, name: str, weight: Array, bias: Array | None) -> Tensor:
        """Rows times a weight matrix, plus its bias."""
        return self.recipe.dense(self.graph, x, weight, bias, name)

    def table(self, name: str) -> Tensor:
        """An embedding table; stored once, though `fill-mask` reads the words twice."""
        if name not in self.tables:
            self.tables[name] = self.recipe.table(self.graph, self.weights[name], name)
        return self.tables[name]

    # Heads

    def embed(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Sentence vector [1, H]."""
        g, width = self.graph, self.config.hidden_size
        if self.head.pooling == "mean":
            hidden = self.mean_of_tokens(hidden, mask)
        vector = g.add(hidden, g.constant(self.weights["encoder.bias"]))
        vector = g.reshape(vector, (1, width))
        return g.l2_normalization(vector) if self.head.normalize else vector

    def mean_of_tokens(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Mean over the rows whose mask is 1."""
        g, width = self.graph, self.config.hidden_size
        # Softmax of 0 for a token and MASKED_SCORE for padding: 1 / tokens and 0.
        share = g.softmax(self.mask_bias(mask))
        return g.reshape(g.batch_matmul(share, g.reshape(hidden, (1, DYNAMIC, width))), (1, width))

    def classify(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Probabilities [1, K]."""
        logits = self.regress(hidden, mask)
        return self.graph.logistic(logits) if self.head.multi_label else self.graph.softmax(logits)

    def regress(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Outputs of the classifier as they are: [1, K]."""
        return self.dense(self.pooled(hidden), "classifier")

    def pooled(self, hidden: Tensor) -> Tensor:
        """What a classifier reads: [1, H]."""
        kind = self.config.pooler_act
        if kind is None:
            return hidden
        pooled = self.dense(hidden, "pooler")
        return self.graph.tanh(pooled) if kind == "tanh" else self.activation(pooled, kind)

    def encode(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Last hidden state [1, n, H]."""
        g = self.graph
        hidden = g.add(hidden, g.constant(self.weights["encoder.bias"]))
        return g.reshape(hidden, (1, DYNAMIC, self.config.hidden_size))

    def tag(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Logits of each token [1, n, K]."""
        logits = self.dense(hidden, "tagger")
        return self.graph.reshape(logits, (1, DYNAMIC, logits.shape[1]))

    def answer(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Start and end logits [1, n, 2]."""
        return self.graph.reshape(self.dense(hidden, "answerer"), (1, DYNAMIC, 2))

    def fill_mask(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Logits over the vocabulary [1, m, V]; the word table serves as the output matrix."""
        g = self.graph
        hidden = self.activation(self.dense(hidden, "mlm.transform"), self.config.hidden_act)
        hidden = self.norm(hidden, "mlm.norm")
        words = self.table("embeddings.word")
        if words.scale is None:
            words = g.dequantize(words)
        logits = g.fully_connected(hidden, words, g.constant(self.weights["mlm.bias"], "mlm.bias"))
        return g.reshape(logits, (1, DYNAMIC, self.config.vocab_size))


_HEADS = {
    "embed": _Builder.embed,
    "classify": _Builder.classify,
    "regress": _Builder.regress,
    "encode": _Builder.encode,
    "tag": _Builder.tag,
    "answer": _Builder.answer,
    "fill-mask": _Builder.fill_mask,
}

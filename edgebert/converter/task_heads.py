"""What each task computes from the rows it reads of the last hidden state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from edgebert.converter.attention import mask_bias
from edgebert.converter.builder import Builder
from edgebert.converter.graph import DYNAMIC, Tensor
from edgebert.converter.head import Head

TaskHead: TypeAlias = Callable[[Builder, Head, Tensor, Tensor], Tensor]


def embed(b: Builder, head: Head, hidden: Tensor, mask: Tensor) -> Tensor:
    """Sentence vector [1, H]."""
    if head.pooling == "mean":
        hidden = _mean_of_tokens(b, hidden, mask)
    vector = b.graph.reshape(_whole(b, hidden), (1, b.config.hidden_size))
    return b.graph.l2_normalization(vector) if head.normalize else vector


def classify(b: Builder, head: Head, hidden: Tensor, mask: Tensor) -> Tensor:
    """Probabilities [1, K]."""
    logits = regress(b, head, hidden, mask)
    return b.graph.logistic(logits) if head.multi_label else b.graph.softmax(logits)


def regress(b: Builder, head: Head, hidden: Tensor, mask: Tensor) -> Tensor:
    """Outputs of the classifier as they are: [1, K]."""
    kind = b.config.pooler_act
    if kind is not None:
        pooled = b.dense(hidden, "pooler")
        hidden = b.graph.tanh(pooled) if kind == "tanh" else b.activation(pooled, kind)
    return b.dense(hidden, "classifier")


def encode(b: Builder, head: Head, hidden: Tensor, mask: Tensor) -> Tensor:
    """Last hidden state [1, n, H]."""
    return b.graph.reshape(_whole(b, hidden), (1, DYNAMIC, b.config.hidden_size))


def tag(b: Builder, head: Head, hidden: Tensor, mask: Tensor) -> Tensor:
    """Logits of each token [1, n, K]."""
    logits = b.dense(hidden, "tagger")
    return b.graph.reshape(logits, (1, DYNAMIC, logits.shape[1]))


def answer(b: Builder, head: Head, hidden: Tensor, mask: Tensor) -> Tensor:
    """Start and end logits [1, n, 2]."""
    return b.graph.reshape(b.dense(hidden, "answerer"), (1, DYNAMIC, 2))


def fill_mask(b: Builder, head: Head, hidden: Tensor, mask: Tensor) -> Tensor:
    """Logits over the vocabulary [1, m, V]; the word table serves as the output matrix."""
    g, width = b.graph, b.config.word_size
    hidden = b.activation(b.dense(hidden, "mlm.transform"), b.config.hidden_act)
    hidden = b.layer_norm(hidden, "mlm.norm")
    bias = g.constant(b.weights["mlm.bias"], "mlm.bias")
    logits = b.times_table(g.columns(hidden, 0, width), "embeddings.word", bias)
    if "mlm.rest.weight" in b.weights:
        rest = g.columns(hidden, width, hidden.shape[1] - width)
        logits = g.add(logits, b.times_table(rest, "mlm.rest.weight", None))
    return g.reshape(logits, (1, DYNAMIC, b.config.vocab_size))


def _whole(b: Builder, hidden: Tensor) -> Tensor:
    """With the bias of the last norm, which other tasks have in their matrices."""
    bias = b.weights["encoder.bias"]
    return b.graph.add(hidden, b.graph.constant(bias)) if bias.any() else hidden


def _mean_of_tokens(b: Builder, hidden: Tensor, mask: Tensor) -> Tensor:
    """Mean over the rows whose mask is 1: [1, H]."""
    g, width = b.graph, b.config.hidden_size
    # Softmax of 0 for a token and MASKED_SCORE for padding: 1 / tokens and 0.
    share = g.softmax(mask_bias(b, mask))
    return g.reshape(g.batch_matmul(share, g.reshape(hidden, (1, DYNAMIC, width))), (1, width))


TASK_HEADS: Mapping[str, TaskHead] = MappingProxyType(
    {
        "embed": embed,
        "classify": classify,
        "regress": regress,
        "encode": encode,
        "tag": tag,
        "answer": answer,
        "fill-mask": fill_mask,
    }
)
"""By task. Each takes the graph's builder, what is to be computed, the rows and the mask."""

"""The BERT graph for integer-only devices: a fixed length, every value with a range of its own.

A second construction beside `converter.bert_graph`, from the same paper (arXiv 1810.04805). It
takes a `TransformedModel` and writes it, op for op, in float32 (for calibration and tests) or in
integers.
Values are [n, 1, H], one plane a token, since a product of two of them must have rank 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

import numpy as np

from edgebert.arrays import Array
from edgebert.converter.full_integer.emitter import Constants, Emitter, Value
from edgebert.converter.full_integer.storage import StoragePlan
from edgebert.converter.full_integer.transforms import TWO_GROUPS, TransformedModel
from edgebert.converter.full_integer.value_ops import ValueOps
from edgebert.converter.graph import Graph
from edgebert.converter.graph_ops import T
from edgebert.converter.head import POSITIONS, Head

TOLD_EPSILON = 1e-8
"""Layer norm's epsilon is added from here on; BERT's 1e-12 changes no answer."""

INPUTS = ("ids", "mask", "segment_ids")


@dataclass(frozen=True)
class Interface:
    """What the graph takes.

    Attributes:
        inputs: `ids` alone, or all of `INPUTS`.
        pad_id: id of padding, where `ids` is alone.
        separator_id: id after which the second segment begins, where `ids` is alone; None: all
            tokens are in the first one.
    """

    inputs: tuple[str, ...]
    pad_id: int
    separator_id: int | None


def build(
    model: TransformedModel,
    head: Head,
    interface: Interface,
    length: int,
    *,
    plan: StoragePlan | None = None,
    constants: Constants | None = None,
    sibling: Graph | None = None,
) -> tuple[Graph, list[Value]]:
    """The graph for one length, and its values in order; the last one is its output.

    Args:
        model: weights and what to do with them.
        head: what to compute on top of the encoder.
        interface: what the graph takes: int32 [1, length] each; `fill-mask` also takes `positions`
            [1, `POSITIONS`].
        length: tokens of every input.
        plan: how values are kept; None for float32.
        constants: of the graphs of other lengths.
        sibling: one of them.
    """
    emitter = Emitter(
        sibling.sibling() if sibling else Graph(), model.weights, plan, constants or Constants()
    )
    write_graph(model, head, interface, length, emitter)
    return emitter.graph, emitter.values


def write_graph(
    model: TransformedModel,
    head: Head,
    interface: Interface,
    length: int,
    emitter: ValueOps[T],
) -> None:
    """Writes the graph for one length with an emitter that has the model's weights."""
    _Builder(model, head, interface, length, emitter).build()


class _Builder(Generic[T]):
    def __init__(
        self,
        model: TransformedModel,
        head: Head,
        interface: Interface,
        length: int,
        emitter: ValueOps[T],
    ) -> None:
        self.model = model
        self.config = model.config
        self.weights = model.weights
        self.head = head
        self.interface = interface
        self.length = length
        self.emit = emitter

    def build(self) -> None:
        emit = self.emit
        inputs = {name: emit.input(name, self.length) for name in self.interface.inputs}
        positions = None
        if self.head.task == "fill-mask":
            positions = emit.input("positions", POSITIONS)
        x = self.embeddings(inputs)
        mask = self.mask("mask", inputs)
        last = self.config.num_hidden_layers - 1
        before = "embeddings.norm"
        for layer in range(self.config.num_hidden_layers):
            first_only = layer == last and self.head.reads == "first"
            x = self.layer(x, f"layers.{layer}", before, mask, first_only=first_only)
            before = f"layers.{layer}.ffn.norm"
        if positions is not None:
            x = emit.pick("positions.rows", x, positions)
        pool = mask
        if self.head.pooling == "mean" and self.head.task == "embed" and self.model.own_pool_mask:
            pool = self.mask("pooling.mask", inputs)
        emit.output("output", TASK_HEADS[self.head.task](self, x, pool))

    # Inputs

    def mask(self, name: str, inputs: dict[str, T]) -> T:
        """0 for a token, `-model.mask` for padding: [1, 1, n]."""
        if "mask" in inputs:
            table, rows = np.array([-self.model.mask, 0], np.float32), inputs["mask"]
        else:
            table = np.zeros(self.config.vocab_size, np.float32)
            table[self.interface.pad_id] = -self.model.mask
            rows = inputs["ids"]
        return self.emit.reshape(self.emit.gather(name, table, rows), (1, 1, self.length))

    def embeddings(self, inputs: dict[str, T]) -> T:
        """Word, position and segment vectors, summed and normalised: [n, 1, H]."""
        emit, shape = self.emit, (self.length, 1, self.config.hidden_size)
        words = emit.gather("embeddings.words", "embeddings.word", inputs["ids"])
        positions = self.weights["embeddings.position"][: self.length].reshape(shape)
        placed: T | Array = positions
        segments = self.segments(inputs)
        if "embeddings.word.shift" in self.weights:
            shift = emit.gather("embeddings.shifts", "embeddings.word.shift", inputs["ids"])
            placed = emit.add("embeddings.shifted", emit.reshape(shift, (*shape[:2], 1)), placed)
        if segments is not None:
            placed = emit.add("embeddings.places", segments, placed)
        total = emit.add("embeddings", emit.reshape(words, shape), placed)
        return self.norm(total, "embeddings.norm", "embeddings")

    def segments(self, inputs: dict[str, T]) -> T | None:
        """Segment vectors [n, 1, H]; segment 0 is zero (folded into the positions)."""
        emit, n, table = self.emit, self.length, self.weights.get("embeddings.segment")
        if table is None or not table.any():
            return None
        if "segment_ids" in inputs:
            rows = emit.gather("embeddings.segments", "embeddings.segment", inputs["segment_ids"])
            return emit.reshape(rows, (n, 1, self.config.hidden_size))
        if self.interface.separator_id is None:
            return None
        ends = np.zeros(self.config.vocab_size, np.float32)
        ends[self.interface.separator_id] = 1
        marks = emit.reshape(emit.gather("segments.ends", ends, inputs["ids"]), (1, 1, n))
        before = np.tri(n, k=-1, dtype=np.float32)
        # How many [SEP] stand before each token: 0 in a text, 1 in its pair.
        counts = emit.dense_of("segments.counts", marks, f"segments.before.{n}", before)
        return emit.mul("embeddings.segments", emit.reshape(counts, (n, 1, 1)), table[1])

    # Layers

    def layer(self, x: T, p: str, before: str, mask: T, *, first_only: bool) -> T:
        """One transformer layer, for all tokens or for the first: [n, 1, H] or [1, 1, H].

        `before` is the norm that gave x.
        """
        read = self.emit.first(x) if first_only else x
        name = f"{p}.attention"
        x = self.block(read, name, self.context(read, x, name, mask), before)
        inner = self.emit.dense(f"{p}.ffn.inner", x, f"{p}.ffn.intermediate")
        inner = self.emit.activation(f"{p}.ffn.active", inner, self.config.hidden_act)
        large = self.large_units(x, f"{p}.ffn.large")
        return self.block(x, f"{p}.ffn", inner, f"{name}.norm", large)

    def large_units(self, x: T, p: str) -> T | None:
        """The units of a feed-forward network that have a range of their own: [m, 1, units]."""
        if f"{p}.intermediate.weight" not in self.weights:
            return None
        inner = self.emit.dense(f"{p}.inner", x, f"{p}.intermediate")
        return self.emit.activation(f"{p}.active", inner, self.config.hidden_act)

    def context(self, read: T, x: T, p: str, mask: T) -> T:
        """What each row of `read` takes from the values of x: [m, 1, H]."""
        emit = self.emit
        query, key, value = (
            self.heads(emit.dense(f"{p}.{part}", source, f"{p}.{part}"))
            for part, source in (("query", read), ("key", x), ("value", x))
        )
        both = (1, 2)
        scores = emit.matmul(f"{p}.scores", query, key, transpose_b=True, tokens=both)
        scores = emit.add(f"{p}.masked", scores, mask, both)
        share = emit.dropout(emit.softmax(f"{p}.probabilities", scores, both))
        mixed = emit.matmul(f"{p}.context", share, value, tokens=(1,))
        shape = (read.shape[0], 1, self.config.hidden_size)
        return emit.reshape(emit.transpose(mixed, (1, 0, 2)), shape)

    def heads(self, x: T) -> T:
        """[m, 1, H] as [A, m, H / A]."""
        shape = (x.shape[0], self.config.num_attention_heads, self.config.head_size)
        return self.emit.transpose(self.emit.reshape(x, shape), (1, 0, 2))

    def block(self, x: T, p: str, inner: T, before: str, large: T | None = None) -> T:
        """The output matrices of a block, the sum with what it read, and the norm of that."""
        emit, rows, alpha = self.emit, x.shape[0], self.model.row_scales.get(f"{p}.norm", 1.0)
        if f"{p}.skip.weight" in self.weights:
            summed = emit.dense(f"{p}.skip.sum", x, f"{p}.skip", like=inner)
            inner = emit.concatenate(inner, summed)
        if alpha == 1.0 or rows == 1:
            total = emit.add(p, x, self.output(p, inner, large, biased=True))
            return self.norm(total, f"{p}.norm", before)
        scale = np.ones((rows, 1, 1), np.float32)
        scale[0] = alpha
        bias = self.weights[f"{p}.output.bias"] * scale
        x = emit.add(f"{p}.skip", emit.mul(f"{p}.skip.scaled", x, scale), bias)
        inner = emit.mul(f"{p}.inner.scaled", inner, scale)
        if large is not None:
            large = emit.mul(f"{p}.large.inner.scaled", large, scale)
        total = emit.add(p, x, self.output(p, inner, large, biased=False))
        return self.norm(total, f"{p}.norm", before, alpha)

    def output(self, p: str, inner: T, large: T | None, *, biased: bool) -> T:
        """What a block adds to what it read."""
        made = self.emit.dense(f"{p}.output", inner, f"{p}.output", biased=biased)
        if large is None:
            return made
        more = self.emit.dense(f"{p}.large.output", large, f"{p}.large.output", biased=False)
        return self.emit.add(f"{p}.outputs", made, more)

    def norm(
        self,
        x: T,
        name: str,
        before: str = "",
        alpha: float = 1.0,
        *,
        centred: bool | None = None,
    ) -> T:
        """Layer norm over channels.

        Args:
            x: [m, 1, H], divided by the channel scales of the norm `before`.
            name: of the norm; its weight has those scales in it.
            before: whose scales these are, or `embeddings`.
            alpha: by which the first row was multiplied.
            centred: whether the mean is 0; None: as the model says.
        """
        emit, s = self.emit, self.model.scales_of(before)
        if not (self.model.centred if centred is None else centred):
            plain = x if np.all(s == 1) else emit.mul(f"{name}.unscaled", x, s)
            mean = emit.mean(f"{name}.mean", plain)
            mean = mean if np.all(s == 1) else emit.mul(f"{name}.means", mean, np.reciprocal(s))
            x = emit.sub(f"{name}.centred", x, mean)
        variance = self.variance(x, name, s)
        if self.config.layer_norm_eps >= TOLD_EPSILON:
            epsilon = np.full((x.shape[0], 1, 1), self.config.layer_norm_eps, np.float32)
            epsilon[0] *= np.float32(alpha * alpha)
            variance = emit.add(f"{name}.variance.epsilon", variance, epsilon)
        inverse = emit.rsqrt(f"{name}.inverse", variance)
        # What each row and channel is multiplied by: as a dense layer of one input, since that has
        # a scale for each of its weights. To multiply x by the weight first would round x again.
        weight = self.weights[f"{name}.weight"][:, None]
        factors = emit.dense_of(f"{name}.factors", inverse, f"{name}.weight", weight)
        y = emit.mul(name, x, factors)
        bias = self.weights[f"{name}.bias"]
        return emit.add(f"{name}.shifted", y, bias) if bias.any() else y

    def variance(self, x: T, name: str, s: Array) -> T:
        """Mean square of x * s over the channels: [m, 1, 1]."""
        emit = self.emit
        if not self.model.dot_variance:
            x = x if np.all(s == 1) else emit.mul(f"{name}.unscaled.again", x, s)
            return emit.mean(f"{name}.variance", emit.mul(f"{name}.squares", x, x))
        weight = s * s / np.float32(len(s))
        large = s > TWO_GROUPS
        groups = [weight] if not large.any() else [weight * ~large, weight * large]
        parts = [
            emit.matmul(
                f"{name}.variance.{at}",
                x,
                emit.mul(f"{name}.weighted.{at}", x, group),
                transpose_b=True,
            )
            for at, group in enumerate(groups)
        ]
        return parts[0] if len(parts) == 1 else emit.add(f"{name}.variance", parts[0], parts[1])

    # Heads

    def embed(self, x: T, mask: T) -> T:
        """Sentence vector [1, H], as long as it is."""
        emit, width = self.emit, self.config.hidden_size
        if self.head.pooling == "cls":
            return emit.reshape(self.biased("embedding", x), (1, width))
        share = emit.softmax("pooling.weights", mask, (2,))
        x = emit.matmul("pooling", share, emit.reshape(x, (1, self.length, width)), tokens=())
        bias = self.weights.get("encoder.bias")
        if bias is not None:
            # Rounded weights do not sum to 1: the bias must take the same sum, or the vector turns.
            rows = np.repeat(bias[:, None], self.length, axis=1)
            shift = emit.dense_of("pooling.bias", share, f"pooling.bias.{self.length}", rows)
            x = emit.add("embedding", x, shift, ())
        return emit.reshape(x, (1, width))

    def encode(self, x: T, mask: T) -> T:
        """Last hidden state [1, n, H]."""
        return self.flat(self.biased("encoding", x))

    def classify(self, x: T, mask: T) -> T:
        """Logits, or the value of `regress`: [1, K]."""
        emit, act = self.emit, self.config.pooler_act
        if act is not None:
            x = emit.dense("pooler", x, "pooler")
            x = emit.tanh("pooled", x) if act == "tanh" else emit.activation("pooled", x, act)
        logits = emit.dense("logits", emit.dropout(x), "classifier")
        return emit.reshape(logits, (1, logits.shape[-1]))

    def tag(self, x: T, mask: T) -> T:
        """Logits of each token [1, n, K]."""
        return self.flat(self.emit.dense("logits", self.emit.dropout(x), "tagger"))

    def answer(self, x: T, mask: T) -> T:
        """Start and end logits [1, n, 2]."""
        return self.flat(self.emit.dense("logits", self.emit.dropout(x), "answerer"))

    def fill_mask(self, x: T, mask: T) -> T:
        """Logits over the vocabulary [1, m, V]."""
        emit = self.emit
        x = emit.dense("mlm.transform", x, "mlm.transform")
        x = emit.activation("mlm.active", x, self.config.hidden_act)
        x = self.norm(x, "mlm.norm", centred=False)
        return self.flat(
            emit.times_table("logits", x, "embeddings.word", "mlm.decoder.rows", "mlm.bias")
        )

    def biased(self, name: str, x: T) -> T:
        """What the norms' biases leave for heads without a matrix."""
        bias = self.weights.get("encoder.bias")
        return x if bias is None else self.emit.add(name, x, bias)

    def flat(self, x: T) -> T:
        """[m, 1, K] as [1, m, K]."""
        return self.emit.reshape(x, (1, x.shape[0], x.shape[2]))


TASK_HEADS = {
    "embed": _Builder.embed,
    "classify": _Builder.classify,
    "regress": _Builder.classify,
    "encode": _Builder.encode,
    "tag": _Builder.tag,
    "answer": _Builder.answer,
    "fill-mask": _Builder.fill_mask,
}

"""Linear heads on the hidden states of a frozen encoder, trained in numpy."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array
from edgebert.evaluate.conll import Sentence
from edgebert.evaluate.entities import OUTSIDE, entities_of
from edgebert.evaluate.squad_file import Question
from edgebert.runtime.model import Model
from edgebert.tokenizer.tokenizer import Encoding, Offsets

TAGS = (OUTSIDE, *(f"{place}-{name}" for name in ("LOC", "MISC", "ORG", "PER") for place in "BI"))

Gradient = Callable[[Array, npt.NDArray[np.int64]], Array]


@dataclass(frozen=True)
class Scaling:
    """Brings each hidden value to mean 0 and deviation 1; part of the trained layer afterwards."""

    mean: Array
    deviation: Array

    @classmethod
    def of(cls, rows: Array) -> Scaling:
        """The scaling that fits rows [m, H]. Values that hardly vary are not blown up."""
        return cls(rows.mean(axis=0), np.maximum(rows.std(axis=0), 0.01))

    def scale(self, rows: Array) -> Array:
        """Rows [m, H], scaled."""
        scaled: Array = (rows - self.mean) / self.deviation
        return scaled

    def layer(self, weight: Array, name: str) -> dict[str, Array]:
        """Weight and bias for unscaled rows, from a weight [H + 1, K] for scaled ones."""
        matrix = weight[:-1] / self.deviation[:, None]
        bias = weight[-1] - self.mean @ matrix
        return {
            f"{name}.weight": np.ascontiguousarray(matrix.T, np.float32),
            f"{name}.bias": bias.astype(np.float32),
        }


def adam(gradient: Gradient, shape: tuple[int, int], examples: int, *, epochs: int) -> Array:
    """Minimises from zero, in batches drawn with a fixed seed; the rate falls linearly to 0.

    Kingma and Ba 2015 (arXiv 1412.6980).
    """
    weight, first, second = (np.zeros(shape, np.float32) for _ in range(3))
    random = np.random.default_rng(0)
    size, rate, decay, decay_squared = 64, 0.02, 0.9, 0.99
    steps = epochs * -(-examples // size)
    batches = (
        order[start : start + size]
        for order in (random.permutation(examples) for _ in range(epochs))
        for start in range(0, examples, size)
    )
    for step, batch in enumerate(batches, 1):
        slope = gradient(weight, batch) + np.float32(1e-3) * weight
        first += (1 - decay) * (slope - first)
        second += (1 - decay_squared) * (slope**2 - second)
        ahead = first / (1 - decay**step)
        spread = np.sqrt(second / (1 - decay_squared**step)) + 1e-8
        weight -= np.float32(rate * (1 - step / steps)) * ahead / spread
    return weight


def with_ones(rows: Array) -> Array:
    """Rows [m, H] with a column of ones for the bias."""
    return np.hstack([rows, np.ones((len(rows), 1), np.float32)])


def softmax(logits: Array, axis: int) -> Array:
    """Shares along an axis."""
    grown = np.exp(logits - logits.max(axis=axis, keepdims=True))
    share: Array = grown / grown.sum(axis=axis, keepdims=True)
    return share


def cross_entropy(table: Array, right: npt.NDArray[np.int64]) -> Gradient:
    """The slope of softmax cross-entropy, for rows [m, H + 1] and numbers of labels [m]."""

    def gradient(weight: Array, batch: npt.NDArray[np.int64]) -> Array:
        error = softmax(table[batch] @ weight, axis=1)
        error[np.arange(len(batch)), right[batch]] -= 1
        slope: Array = table[batch].T @ error / np.float32(len(batch))
        return slope

    return gradient


def train_tagger(model: Model, kept: list[Sentence]) -> dict[str, Array]:
    """Fits tags to the first piece of each word, as the task `tag` reads them."""
    rows, labels = [], []
    hidden = model.batch(" ".join(each.words) for each in kept)
    for each, states in zip(kept, hidden, strict=True):
        for position, tag in first_pieces(model, each):
            rows.append(states[position])
            labels.append(TAGS.index(tag))
    states_of_words, right = np.stack(rows), np.array(labels)
    scaling = Scaling.of(states_of_words)
    table = with_ones(scaling.scale(states_of_words))
    weight = adam(cross_entropy(table, right), (table.shape[1], len(TAGS)), len(table), epochs=8)
    return scaling.layer(weight, "tagger")


def first_pieces(model: Model, sentence: Sentence) -> Iterator[tuple[int, str]]:
    """Tokens that begin a word of BERT's, with their tags in BIO.

    Where BERT splits a word of the data further (U . S .), its parts continue the entity.
    """
    tags = in_bio(sentence.tags)
    starts = list(accumulate((len(word) + 1 for word in sentence.words[:-1]), initial=0))
    encoding, offsets = model.tokenizer.encode_with_offsets(" ".join(sentence.words))
    for position in range(1, encoding.length - 1):
        if model.tokenizer.piece(encoding.ids[position]).startswith("##"):
            continue
        start = offsets[position][0]
        word = bisect_right(starts, start) - 1
        begins = start == starts[word]
        yield position, tags[word] if begins else tags[word].replace("B-", "I-")


def in_bio(tags: Sequence[str]) -> list[str]:
    """Any scheme as BIO."""
    found = [OUTSIDE] * len(tags)
    for label, first, last in entities_of(tags):
        found[first : last + 1] = [f"B-{label}"] + [f"I-{label}"] * (last - first)
    return found


@dataclass(frozen=True)
class _Passage:
    """Scaled states of a passage's tokens [t, H + 1]; the answer goes from `first` to `last`."""

    states: Array
    first: int
    last: int


def train_answerer(model: Model, kept: list[Question]) -> dict[str, Array]:
    """Fits the first and the last token of each answer among the tokens of its passage."""
    pairs = [(each.question, each.context) for each in kept]
    found = []
    for each, hidden in zip(kept, model.batch(pairs, truncate="second"), strict=True):
        encoding, offsets = model.tokenizer.encode_with_offsets(
            each.question, each.context, truncate="second"
        )
        tokens = answer_tokens(each, encoding, offsets)
        if tokens:
            begin = encoding.segment_ids.index(1)
            states = hidden[begin : encoding.length - 1]
            found.append(_Passage(states, tokens[0] - begin, tokens[-1] - begin))
    scaling = Scaling.of(np.concatenate([passage.states for passage in found]))
    passages = [
        _Passage(with_ones(scaling.scale(each.states)), each.first, each.last) for each in found
    ]

    def gradient(weight: Array, batch: npt.NDArray[np.int64]) -> Array:
        slope = np.zeros_like(weight)
        for number in batch:
            passage = passages[number]
            error = softmax(passage.states @ weight, axis=0)
            error[[passage.first, passage.last], [0, 1]] -= 1
            slope += passage.states.T @ error
        return slope / np.float32(len(batch))

    weight = adam(gradient, (passages[0].states.shape[1], 2), len(passages), epochs=15)
    return scaling.layer(weight, "answerer")


def answer_tokens(question: Question, encoding: Encoding, offsets: list[Offsets]) -> list[int]:
    """The tokens of the passage that the first answer covers; none where it was cut off."""
    start = question.starts[0]
    end = start + len(question.answers[0])
    return [
        position
        for position in range(encoding.segment_ids.index(1), encoding.length - 1)
        if offsets[position][0] < end and offsets[position][1] > start
    ]

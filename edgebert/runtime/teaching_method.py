"""What is compared with taught labels: an embedder's vectors, or a classifier's hidden states."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.model_file.read import ModelFile
from edgebert.runtime.tasks import output_width
from edgebert.runtime.tasks.classify import Classification, classifier
from edgebert.runtime.tasks.embed import Embed, to_length_one
from edgebert.runtime.tasks.scores import softmax
from edgebert.runtime.tasks.whole_text import WholeText
from edgebert.runtime.whitening import NO_REACH, SHARPNESS, Reach, Whitening
from edgebert.tokenizer.tokenizer import Tokenizer


class Prototypes(NamedTuple):
    """What is taught.

    Attributes:
        labels: T of them.
        matrix: the points of all of them [T, width].
        lead: how much the file's own labels count before them.
        directions: their points among texts out of scope [T, width]; without such [T, 0].
        bar: what an answer's cosine has to be above there.
    """

    labels: tuple[str, ...]
    matrix: Array
    lead: float = 0.0
    directions: Array = np.empty((0, 0), np.float32)
    bar: float = -math.inf


class TeachingMethod(Protocol):
    """How one kind of file is taught.

    Attributes:
        fingerprint: by which a side file knows its model, 8 hexadecimal digits.
        width: of a point.
        labels: the file's own.
        hidden: a session has to give the hidden state, too.
    """

    fingerprint: str
    width: int
    labels: tuple[str, ...]
    hidden: bool

    def task(self, tokenizer: Tokenizer, finish: Callable[[Array], Any]) -> WholeText:
        """From a text to what `finish` makes of the output [1, …]."""

    def point(self, output: Array) -> Array:
        """What is compared, of length 1, from an output [1, …]: [width]."""

    def reach(self, prototype: Array) -> Reach:
        """How far a taught label reaches into texts that are not its own."""

    def prototypes(
        self, labels: tuple[str, ...], matrix: Array, reaches: Sequence[Reach]
    ) -> Prototypes:
        """What is taught: labels, their points [T, width] and reaches, perhaps none."""

    def answer(self, output: Array, taught: Prototypes) -> Classification:
        """The answer by all labels."""


class EmbedderMethod:
    """A file for `embed`: all labels are taught."""

    hidden = False
    labels: tuple[str, ...] = ()

    def __init__(self, file: ModelFile, threshold: float | None) -> None:
        record = file.record
        self.fingerprint, self.width = f"{record.graph_crc32c:08x}", output_width(record)
        self._record, self._threshold = record, threshold

    def task(self, tokenizer: Tokenizer, finish: Callable[[Array], Any]) -> WholeText:
        """See `TeachingMethod`."""
        record = self._record
        rescale = [to_length_one] if record.normalize else []
        return Embed(tokenizer, finish, record.prompts, record.default_prompt, *rescale)

    def point(self, output: Array) -> Array:
        """See `TeachingMethod`."""
        return to_length_one(output[0])

    def reach(self, prototype: Array) -> Reach:
        """See `TeachingMethod`."""
        return NO_REACH

    def prototypes(
        self, labels: tuple[str, ...], matrix: Array, reaches: Sequence[Reach]
    ) -> Prototypes:
        """See `TeachingMethod`."""
        return Prototypes(labels, matrix)

    def answer(self, output: Array, taught: Prototypes) -> Classification:
        """See `TeachingMethod`."""
        labels = taught.labels
        if not labels:
            raise EdgebertError("no label is taught yet; teach one or more")
        scores = softmax(SHARPNESS * (taught.matrix @ self.point(output))).tolist()
        best = scores.index(max(scores))
        abstained = None if self._threshold is None else scores[best] < self._threshold
        return Classification(
            labels[best], scores[best], dict(zip(labels, scores, strict=True)), abstained
        )


class ClassifierMethod:
    """A classifier that was converted to be taught: labels beside its own.

    By cosine with the centres of its own labels and with the prototypes of those taught it is told
    how likely the text is to be of a taught one. Its own scores, calibrated where the file has a
    rule of when to abstain, are as they were among each other.
    """

    hidden = True

    def __init__(self, file: ModelFile, threshold: float | None) -> None:
        record = file.record
        teaching, self.labels = record.teaching, record.labels or ()
        if teaching is None:
            raise EdgebertError(
                f"{file.path}: was not converted to be taught; convert it with --teachable DATA"
            )
        self.width = record.model.hidden_size
        try:
            self._space = Whitening(teaching, len(self.labels), self.width)
        except EdgebertError as error:
            raise EdgebertError(f"{file.path}: {error}") from error
        known_by = f"{record.graph_crc32c:08x}{teaching.matrix}"
        self.fingerprint = f"{zlib.crc32(known_by.encode()):08x}"
        rule = record.abstention
        self._threshold = threshold
        self._least = rule.min_score if rule is not None and threshold is None else threshold
        self._classify = classifier(self.labels, rule, threshold)

    def task(self, tokenizer: Tokenizer, finish: Callable[[Array], Any]) -> WholeText:
        """See `TeachingMethod`."""
        return WholeText(tokenizer, finish)

    def point(self, output: Array) -> Array:
        """See `TeachingMethod`."""
        return self._space.point(output[0, len(self.labels) :])

    def reach(self, prototype: Array) -> Reach:
        """See `TeachingMethod`."""
        return self._space.reach(prototype)

    def prototypes(
        self, labels: tuple[str, ...], matrix: Array, reaches: Sequence[Reach]
    ) -> Prototypes:
        """See `TeachingMethod`."""
        if not labels:
            return Prototypes(labels, matrix)
        directions = np.stack([reach.direction for reach in reaches])
        space = self._space
        return Prototypes(labels, matrix, space.lead(reaches), directions, space.bar(reaches))

    def answer(self, output: Array, taught: Prototypes) -> Classification:
        """See `TeachingMethod`."""
        own = self._classify(output[:, : len(self.labels)])
        if not taught.labels:
            return own
        point = self.point(output)
        rest = self._space.near_own(point) + taught.lead
        *shares, own_share = softmax(np.append(SHARPNESS * (taught.matrix @ point), rest)).tolist()
        scores = {label: score * own_share for label, score in own.scores.items()}
        scores.update(zip(taught.labels, shares, strict=True))
        best = shares.index(max(shares))
        label, score = own.label, own.score * own_share
        abstained = own.abstained
        if shares[best] > score:
            label, score = taught.labels[best], shares[best]
            abstained = self._is_outside(point, taught.directions[best], taught.bar) or None
        if self._least is not None:
            abstained = bool(abstained) or score < self._least
        return Classification(label, score, scores, abstained)

    def _is_outside(self, point: Array, direction: Array, bar: float) -> bool:
        """Whether a taught label's text is no nearer to it than those out of scope."""
        outside = self._space.outside
        if outside is None or self._threshold is not None:
            return False
        return float(outside.direction(point) @ direction) <= bar


def teaching_method(file: ModelFile, threshold: float | None) -> TeachingMethod:
    """How a file is taught.

    Raises:
        EdgebertError: it is not, or what it says of teaching is damaged.
    """
    record = file.record
    if record.task == "embed":
        return EmbedderMethod(file, threshold)
    if record.task == "classify" and not record.multi_label:
        return ClassifierMethod(file, threshold)
    raise EdgebertError(
        f"{file.path}: labels are taught to files for embed, and to classifiers with one label a "
        f"text; this one is for {record.task}{', multi-label' if record.multi_label else ''}"
    )

"""Models that learn labels from a few sentences: embedders, and classifiers made teachable."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.model_file.read import ModelFile, read_model_file
from edgebert.runtime.model import Model, check_arguments, load
from edgebert.runtime.tasks import check_threshold
from edgebert.runtime.tasks.classify import Classification
from edgebert.runtime.tasks.embed import to_length_one
from edgebert.runtime.taught_file import (
    MOST_LABELS,
    TaughtLabel,
    TaughtLabels,
    check_label,
    only_writer,
    read_taught,
    stamp,
    write_taught,
)
from edgebert.runtime.teaching_method import teaching_method
from edgebert.runtime.whitening import Reach
from edgebert.support import EngineName

if TYPE_CHECKING:
    from edgebert.runtime.self_test import SelfTestReport


class _Row(NamedTuple):
    """What follows from a label's entry alone: its prototype, and how far that reaches."""

    entry: TaughtLabel
    prototype: Array
    reach: Reach


class TeachableModel(Model):
    """A classifier to which labels are taught; `load(path, taught=…)` gives it.

    It has all of `Model`'s methods for `classify`. Of a file for `embed` all labels are taught: a
    text gets the one whose sentences' mean vector (prototype; Snell et al. 2017, arXiv:1703.05175)
    is nearest by cosine. A classifier that was converted to be taught has its own labels beside
    them (`teaching_method`). What is taught lies in the side file at once, which is replaced
    whole; the model's own file never changes.

    Threads may share it; each answer is by the labels of one moment.
    """

    def __init__(
        self,
        file: ModelFile,
        *,
        engine: EngineName,
        threads: int,
        taught: Path,
        threshold: float | None = None,
    ) -> None:
        record = file.record
        if record.graph_crc32c is None:
            raise EdgebertError(
                f"{file.path}: has no checksum by which taught labels would know it; convert again"
            )
        if threshold is not None:
            check_threshold(threshold)
        method = teaching_method(file, threshold)
        self._side = taught
        self._own = method.fingerprint, method.width
        self._stamp = stamp(taught)  # before reading: at worst it is read once more
        known = read_taught(taught, *self._own)
        super().__init__(file, engine=engine, threads=threads, hidden=method.hidden)
        self._method = method
        self.abstention = None  # of the file's labels alone; what is taught may have others
        self.threshold = threshold
        self.task = "classify"
        self._teaching = threading.Lock()
        self._points = method.task(self.tokenizer, method.point)
        self._task = method.task(self.tokenizer, self._classify)
        self._rows: dict[str, _Row] = {}
        self._take(known)

    def teach(self, label: str, texts: Sequence[str]) -> None:
        """Teaches a label, or more sentences of one that is known already.

        Args:
            label: its name, of at most 100 printable characters.
            texts: sentences that belong to it.

        Raises:
            EdgebertError: a wrong name, no sentence, one without words, too many labels, or a side
                file that cannot be read or written; nothing is changed.
        """
        self.teach_all({label: texts})

    def teach_all(self, examples: Mapping[str, Sequence[str]]) -> None:
        """Teaches several labels, or none where one of them is wrong; see `teach`.

        Args:
            examples: the sentences of each label.
        """
        _check_count(examples.keys())  # before the sentences of all of them are read
        vectors = {label: self._vectors_of(label, texts) for label, texts in examples.items()}
        with self._teaching, only_writer(self._side):
            taught = self._current()
            _check_count(taught.labels.keys() | vectors.keys())
            learned = {
                label: _with_more(taught.labels.get(label), more) for label, more in vectors.items()
            }
            self._keep(taught.changed(learned))

    def forget(self, label: str) -> None:
        """Forgets a label; the answers by the others are as they were, bit for bit.

        Raises:
            EdgebertError: there is no such label, or the side file cannot be written.
        """
        with self._teaching, only_writer(self._side):
            taught = self._current()
            if label not in taught.labels:
                known = ", ".join(map(repr, list(taught.labels)[:20])) or "none"
                raise EdgebertError(f"label {label!r:.60} is not taught; taught are: {known}")
            self._keep(taught.changed({label: None}))

    def undo(self) -> tuple[str, ...]:
        """Takes the last change back, bit for bit; once more brings it again.

        Returns:
            The labels that were changed.

        Raises:
            EdgebertError: there is no change, or the side file cannot be written.
        """
        with self._teaching, only_writer(self._side):
            taught = self._current()
            if not taught.undo:
                raise EdgebertError(f"{self._side}: nothing to undo")
            self._keep(taught.changed(taught.undo))
            return tuple(taught.undo)

    def taught(self) -> dict[str, int]:
        """The labels, and how many sentences each was taught with."""
        return {name: each.texts for name, each in self._known.labels.items()}

    def __reduce__(self) -> tuple[Callable[..., Model], tuple[()]]:
        _, _ = super().__reduce__()  # refuses a model that is closed
        path, side = self._file.location, self._side
        path, side = os.path.abspath(path), Path(os.path.abspath(side))  # noqa: PTH100
        again = partial(load_teachable, path, taught=side, threshold=self.threshold)
        return partial(again, engine=self._engine, threads=self.threads), ()

    def run_ids(
        self,
        ids: Iterable[int],
        segment_ids: Iterable[int] | None = None,
        positions: Iterable[int] | None = None,
    ) -> Array:
        """As that of the file without what is taught to it."""
        return super().run_ids(ids, segment_ids, positions)[:, : self._session.output_width]

    def selftest(self) -> SelfTestReport:
        """As that of the file without what is taught to it."""
        with load(self._file.location, engine=self._engine, threads=self.threads) as plain:
            return plain.selftest()

    def __enter__(self) -> TeachableModel:
        return self

    def _vectors_of(self, label: str, texts: Sequence[str]) -> list[Array]:
        check_label(label)
        if label in self._method.labels:
            raise EdgebertError(f"label {label!r} is one of the file's own; teach another")
        if isinstance(texts, str) or not isinstance(texts, Iterable):
            given = "one string" if isinstance(texts, str) else repr(texts)[:60]
            raise EdgebertError(f"a list of sentences is needed; {given} was given")
        vectors = [self._vector(text) for text in texts]
        if not vectors:
            raise EdgebertError(f"label {label!r}: no sentences given; one or more are needed")
        return vectors

    def _vector(self, text: str) -> Array:
        """The point of a sentence, of length 1."""
        if not self.tokenizer.ids(text):
            raise EdgebertError(f"sentence {text!r:.60} has no words; nothing is learned from it")
        point: Array = self._points.infer(self._points.tokenize(text), self._session).value
        return point

    def _current(self) -> TaughtLabels:
        """What the side file holds; read anew only where somebody else has replaced it."""
        now = stamp(self._side)
        if now is not None and now == self._stamp:
            return self._known
        return read_taught(self._side, *self._own)

    def _keep(self, taught: TaughtLabels) -> None:
        self._stamp = write_taught(self._side, taught)
        self._take(taught)

    def _take(self, taught: TaughtLabels) -> None:
        self._known = taught
        labels = tuple(taught.labels)
        self.labels = (*self._method.labels, *labels)
        self._rows = {name: self._row(name, each) for name, each in taught.labels.items()}
        matrix = np.array([row.prototype for row in self._rows.values()], np.float32)
        reaches = [row.reach for row in self._rows.values()]
        self._prototypes = self._method.prototypes(labels, matrix, reaches)

    def _row(self, name: str, entry: TaughtLabel) -> _Row:
        """Of a label, computed where it is new or has changed."""
        known = self._rows.get(name)
        if known is not None and known.entry == entry:
            return known
        prototype = to_length_one(entry.mean())
        return _Row(entry, prototype, self._method.reach(prototype))

    def _classify(self, output: Array) -> Classification:
        return self._method.answer(output, self._prototypes)


def load_teachable(
    path: str | os.PathLike[str],
    *,
    taught: str | os.PathLike[str],
    engine: EngineName = "auto",
    threads: int = 1,
    threshold: float | None = None,
) -> TeachableModel:
    """Opens a file, and the side file of what is taught to it; see `loading.load`."""
    check_arguments(path, threads)
    if not isinstance(taught, (str, os.PathLike)):
        raise EdgebertError(f"taught is {taught!r}; the path of a side file is needed")
    file, side = read_model_file(path), Path(taught)
    return TeachableModel(file, engine=engine, threads=threads, threshold=threshold, taught=side)


def _check_count(labels: Collection[str]) -> None:
    if len(labels) > MOST_LABELS:
        raise EdgebertError(f"{len(labels):,} labels; at most {MOST_LABELS:,} can be taught")


def _with_more(known: TaughtLabel | None, vectors: Sequence[Array]) -> TaughtLabel:
    """A label with further sentences."""
    total, count = np.sum(vectors, axis=0), len(vectors)
    if known is not None:
        total, count = total + known.mean() * known.texts, count + known.texts
    return TaughtLabel.of(total / count, count)

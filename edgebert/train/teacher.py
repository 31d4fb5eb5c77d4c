"""What a teacher says of each transfer text.

A checkpoint runs as a float32 .tflite of ours, so any that `convert` reads can teach; its scores
are computed once, kept on disk, and taken up where they broke off. Or scores come from elsewhere,
as a file. Scores are logarithms of probabilities: for a softmax as good as the logits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np

from edgebert.bert.tasks import TaskName
from edgebert.bert.weights import Array
from edgebert.bulk.fingerprint import digest
from edgebert.bulk.texts import Text
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.labels import default_labels
from edgebert.checkpoints.progress import Progress
from edgebert.checkpoints.small_files import read_json_object
from edgebert.errors import EdgebertError
from edgebert.evaluate.lines import read_lines
from edgebert.files import replacing
from edgebert.runtime.model import Model
from edgebert.train.deployed import deployed
from edgebert.train.fingerprint import fingerprint

_LEAST = 1e-30
"""Below it a probability counts as this: float32 has no logarithm of 0."""

_BLOCK = 256  # texts that are written together

_Key: TypeAlias = tuple[str, str | None]


class Teacher(Protocol):
    """Whoever has scores for texts."""

    @property
    def name(self) -> str:
        """As the user named it."""

    @property
    def task(self) -> TaskName:
        """What it does: classify or regress."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Of its scores; none of a regression."""

    @property
    def checkpoint(self) -> Checkpoint | None:
        """What can be looked into; None: nothing."""

    @property
    def fingerprint(self) -> str:
        """By which it is known again."""

    def scores(
        self, texts: Sequence[Text], transfer: str, folder: Path, progress: Progress
    ) -> Array:
        """Scores of all texts.

        Args:
            texts: to be labelled.
            transfer: a fingerprint of them.
            folder: to keep scores in.
            progress: told how many texts are done.

        Returns:
            float32 [N, K].
        """


@dataclass(frozen=True)
class CheckpointTeacher:
    """A checkpoint that teaches.

    Raises:
        EdgebertError: it is for no task that can be distilled.
    """

    checkpoint: Checkpoint

    def __post_init__(self) -> None:
        task = self.checkpoint.task
        if task not in ("classify", "regress"):
            raise EdgebertError(
                f"{self.name}: a checkpoint for {task or 'no task'}; a teacher for classify or "
                "regress is needed: edgebert finetune makes one"
            )
        if self.checkpoint.multi_label:
            raise EdgebertError(
                f"{self.name}: its labels are independent of each other; only a teacher that "
                "chooses one label can be distilled"
            )

    @property
    def name(self) -> str:
        """As the user named it."""
        return self.checkpoint.source

    @property
    def task(self) -> TaskName:
        """What it does."""
        return "regress" if self.checkpoint.task == "regress" else "classify"

    @property
    def labels(self) -> tuple[str, ...]:
        """Its own, or the names that transformers gives where there are none."""
        if self.task == "regress":
            return ()
        return self.checkpoint.labels or default_labels(self._width)

    @property
    def fingerprint(self) -> str:
        """Of the checkpoint."""
        return fingerprint(self.checkpoint)

    def scores(
        self, texts: Sequence[Text], transfer: str, folder: Path, progress: Progress
    ) -> Array:
        """Computes those that `folder` has not: `scores.f32`, rows of float32, and `scores.json`.

        Scores that were made by another teacher or of other texts are replaced.

        Raises:
            EdgebertError: a file cannot be written.
        """
        width, path = self._width, folder / "scores.f32"
        try:
            _begin(folder, path, {"teacher": self.fingerprint, "transfer": transfer})
            done = path.stat().st_size // (4 * width)
            with path.open("r+b") as file, deployed(self.checkpoint) as model:
                file.truncate(4 * width * done)
                file.seek(0, 2)
                rest = iter(texts[done:])
                while block := list(islice(rest, _BLOCK)):
                    file.write(_scores(model, block).tobytes())
                    file.flush()
                    done += len(block)
                    progress(done, len(texts), "asking the teacher")
        except OSError as error:
            raise EdgebertError(
                f"{path}: cannot write: {error.strerror}; make room, the same command goes on"
            ) from None
        return np.fromfile(path, np.float32).reshape(-1, width)

    @property
    def _width(self) -> int:
        return len(self.checkpoint.weights["classifier.bias"])


class FileTeacher:
    """Scores from elsewhere: JSON Lines with `text`, perhaps `pair`, and `scores`.

    `scores` is an object of labels with their probabilities: what `edgebert run --input` writes for
    a classifier.

    Raises:
        EdgebertError: the file cannot be read, or a line has no such scores.
    """

    task: TaskName = "classify"
    checkpoint = None

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.fingerprint = digest(path)
        self._rows: dict[_Key, list[float]] = {}
        self.labels: tuple[str, ...] = ()
        for number, line in enumerate(read_lines(path), 1):
            record = _record(line, f"{path}, line {number}")
            self.labels = self.labels or tuple(record["scores"])
            key = record["text"], record.get("pair")
            self._rows[key] = _row(record, self.labels, f"{path}, line {number}")
        if len(self.labels) < 2:
            raise EdgebertError(f"{path}: scores of at least two labels are needed")

    def scores(
        self, texts: Sequence[Text], transfer: str, folder: Path, progress: Progress
    ) -> Array:
        """Finds them by their text.

        Raises:
            EdgebertError: a text has none.
        """
        for text in texts:
            if (text.text, text.pair) not in self._rows:
                raise EdgebertError(f"{text.place}: {self.name} has no scores for this text")
        rows = [self._rows[text.text, text.pair] for text in texts]
        return _logarithm(np.array(rows, np.float32))


def _begin(folder: Path, path: Path, made_of: Mapping[str, str]) -> None:
    """Makes the file of scores; an old one that was made of something else is emptied."""
    told = folder / "scores.json"
    folder.mkdir(parents=True, exist_ok=True)
    if not told.exists() or read_json_object(told) != made_of:
        path.unlink(missing_ok=True)
        with replacing(told, force=True) as part:
            part.write_text(json.dumps(made_of, indent=2) + "\n", encoding="utf-8")
    path.touch()


def _scores(model: Model, texts: Sequence[Text]) -> Array:
    rows = []
    for text in texts:
        ids, segment_ids, _ = model.tokenizer.encode(text.text, text.pair)
        rows.append(model.run_ids(ids, segment_ids)[0])
    values = np.stack(rows).astype(np.float32)
    return _logarithm(values) if model.task == "classify" else values


def _logarithm(probabilities: Array) -> Array:
    return np.log(np.maximum(probabilities, np.float32(_LEAST)))


def _record(line: str, place: str) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    kinds = {"text": str, "scores": dict}
    if isinstance(record, dict) and all(isinstance(record.get(n), k) for n, k in kinds.items()):
        return record
    raise EdgebertError(
        f"{place}: no JSON object with text and scores, as edgebert run --input writes"
    )


def _row(record: Mapping[str, Any], labels: Sequence[str], place: str) -> list[float]:
    scores = record["scores"]
    row = [scores.get(label) for label in labels]
    if len(scores) != len(labels) or not all(
        type(value) in (int, float) and 0 <= value <= 1 for value in row
    ):
        raise EdgebertError(
            f"{place}: a probability from 0 to 1 is needed for each of the {len(labels)} labels "
            "of the first line"
        )
    return row

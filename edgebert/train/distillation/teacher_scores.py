"""A teacher's scores on disk: rows of float32, or a line a text; resumed after an interruption."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

from edgebert.arrays import Array
from edgebert.evaluation.lines import read_lines
from edgebert.evaluation.texts import Text
from edgebert.files import make_folder, replacing, writing
from edgebert.progress import Progress
from edgebert.text_files import read_json_object
from edgebert.train.distillation.soft_words import SoftWords, read_words

_BLOCK = 256  # texts that are written together
_ADVICE = "make room, the same command goes on"


@dataclass(frozen=True)
class TeacherScores:
    """A file of scores, `NAME.f32`, and `NAME.json` with the fingerprints of teacher and texts.

    Attributes:
        path: of the scores.
        width: numbers in a row.
        made_of: fingerprints; scores that were made of something else are replaced.
    """

    path: Path
    width: int
    made_of: Mapping[str, str]

    def rows(self) -> int:
        """Whole rows that are there."""
        if not _is_there(self.path, self.made_of):
            return 0
        return self.path.stat().st_size // (4 * self.width)

    def fill(
        self,
        texts: Sequence[Text],
        score: Callable[[Sequence[Text]], Array],
        progress: Progress,
    ) -> Array:
        """Adds the rows of texts that have none yet.

        Args:
            texts: one a row.
            score: gives their rows, float32 [n, width].
            progress: called with how many texts are done.

        Returns:
            All rows, [N, width].

        Raises:
            EdgebertError: the file cannot be written; what is there stays.
        """
        with writing(self.path, _ADVICE):
            done = self.rows()
            _begin(self.path, self.made_of, done)
            with self.path.open("r+b") as file:
                file.truncate(4 * self.width * done)
                _append(file, texts, done, lambda block: score(block).tobytes(), progress)
        return self.read()

    def write(self, rows: Array) -> None:
        """Writes all rows.

        Raises:
            EdgebertError: the file cannot be written.
        """
        with writing(self.path, _ADVICE):
            _begin(self.path, self.made_of, self.rows())
            rows.tofile(self.path)

    def read(self) -> Array:
        """All rows, [N, width]."""
        return np.fromfile(self.path, np.float32).reshape(-1, self.width)


@dataclass(frozen=True)
class TeacherWords:
    """A file with a line for each text, what the teacher says of its words: `words.jsonl`.

    Attributes:
        path: of the lines.
        made_of: as of `TeacherScores`.
    """

    path: Path
    made_of: Mapping[str, str]

    def lines(self) -> int:
        """Whole lines that are there."""
        return self._whole()[0]

    def fill(
        self,
        texts: Sequence[Text],
        lines: Callable[[Sequence[Text]], Sequence[str]],
        progress: Progress,
    ) -> None:
        """Adds the lines of texts that have none yet; arguments as of `TeacherScores.fill`.

        Raises:
            EdgebertError: the file cannot be written; what is there stays.
        """
        with writing(self.path, _ADVICE):
            done, size = self._whole()
            _begin(self.path, self.made_of, done)
            with self.path.open("r+b") as file:
                file.truncate(size)
                _append(
                    file,
                    texts,
                    done,
                    lambda block: "".join(f"{line}\n" for line in lines(block)).encode(),
                    progress,
                )

    def read(self, names: Sequence[str]) -> list[SoftWords]:
        """What is said of all texts; `names` are those of the scores."""
        found = []
        for number, line in enumerate(read_lines(self.path), 1):
            record = json.loads(line)
            text = record["text"] if record.get("pair") is None else record["pair"]
            place = f"{self.path}, line {number}"
            found.append(read_words(record["words"], names, text, place))
        return found

    def _whole(self) -> tuple[int, int]:
        """How many lines are whole, and how many bytes they take."""
        count = size = 0
        if _is_there(self.path, self.made_of):
            with self.path.open("rb") as file:
                for line in file:
                    if line.endswith(b"\n"):
                        count, size = count + 1, size + len(line)
        return count, size


def _is_there(path: Path, made_of: Mapping[str, str]) -> bool:
    """Whether there is a file of the same."""
    manifest = path.with_suffix(".json")
    return manifest.exists() and path.exists() and read_json_object(manifest) == made_of


def _begin(path: Path, made_of: Mapping[str, str], done: int) -> None:
    """Makes a file that is not there, or of which nothing can be used."""
    if not done:
        make_folder(path.parent)
        path.unlink(missing_ok=True)
        with replacing(path.with_suffix(".json"), force=True) as part:
            part.write_text(json.dumps(made_of, indent=2) + "\n", encoding="utf-8")
        path.touch()


def _append(
    file: BinaryIO,
    texts: Sequence[Text],
    done: int,
    score: Callable[[Sequence[Text]], bytes],
    progress: Progress,
) -> None:
    """Writes what is said of the texts from `done` on, some at a time."""
    file.seek(0, 2)
    rest = iter(texts[done:])
    while block := list(islice(rest, _BLOCK)):
        file.write(score(block))
        file.flush()
        done += len(block)
        progress(done, len(texts), "asking the teacher")

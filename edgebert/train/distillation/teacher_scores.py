"""A teacher's scores on disk: rows of float32, resumed after an interruption."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from edgebert.arrays import Array
from edgebert.evaluation.texts import Text
from edgebert.files import make_folder, replacing, writing
from edgebert.progress import Progress
from edgebert.text_files import read_json_object

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
        manifest = self.path.with_suffix(".json")
        if (
            not (manifest.exists() and self.path.exists())
            or read_json_object(manifest) != self.made_of
        ):
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
            done = self._begin()
            with self.path.open("r+b") as file:
                file.truncate(4 * self.width * done)
                file.seek(0, 2)
                rest = iter(texts[done:])
                while block := list(islice(rest, _BLOCK)):
                    file.write(score(block).tobytes())
                    file.flush()
                    done += len(block)
                    progress(done, len(texts), "asking the teacher")
        return self.read()

    def write(self, rows: Array) -> None:
        """Writes all rows.

        Raises:
            EdgebertError: the file cannot be written.
        """
        with writing(self.path, _ADVICE):
            self._begin()
            rows.tofile(self.path)

    def read(self) -> Array:
        """All rows, [N, width]."""
        return np.fromfile(self.path, np.float32).reshape(-1, self.width)

    def _begin(self) -> int:
        """Makes the file where there is none of the same; gives the rows it has."""
        done = self.rows()
        if not done:
            make_folder(self.path.parent)
            self.path.unlink(missing_ok=True)
            with replacing(self.path.with_suffix(".json"), force=True) as part:
                part.write_text(json.dumps(self.made_of, indent=2) + "\n", encoding="utf-8")
            self.path.touch()
        return done

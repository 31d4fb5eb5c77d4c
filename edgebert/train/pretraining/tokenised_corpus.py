"""A corpus as token ids on disk, mapped into memory: any line can be read, none has to be kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebert.checkpoints.vocabulary import MASK_TOKEN, SPECIAL_TOKENS
from edgebert.errors import EdgebertError
from edgebert.files import make_folder, replacing, writing
from edgebert.text_files import read_json_object
from edgebert.tokenizer.tokenizer import Tokenizer

Offsets = npt.NDArray[np.int64]

_TOKENS, _LINES, _DOCUMENTS, _COUNTS = "tokens.bin", "lines.bin", "documents.bin", "counts.bin"
_MANIFEST = "corpus.json"
ROWS = ".rows"
"""What the names of files end with that hold how the tokens are packed."""
OFFSET_TYPE: np.dtype[Any] = np.dtype(np.int64)
_BUFFER = 1 << 20  # values
_ADVICE = "make room, and begin again"


@dataclass(frozen=True)
class TokenisedCorpus:
    """The tokens of a corpus without special ones, but for a [SEP] behind each document.

    Attributes:
        ids: uint16 or uint32 [T].
        lines: where each line begins in `ids`; the [SEP] belongs to the document's last line.
        documents: which line each document begins with.
        counts: how often each piece of the vocabulary occurs.
    """

    ids: npt.NDArray[Any]
    lines: Offsets
    documents: Offsets
    counts: Offsets

    def ordinary_counts(self, vocabulary: tuple[str, ...]) -> Offsets:
        """The counts of all but special tokens and [UNK], which are never asked for."""
        special = {*SPECIAL_TOKENS, MASK_TOKEN}
        return self.counts[[piece not in special for piece in vocabulary]]

    def unigram_entropy(self, vocabulary: tuple[str, ...]) -> float:
        """Of single pieces, in nats: what a model that knows nothing but their frequency loses."""
        counts = self.ordinary_counts(vocabulary)
        counts = counts[counts > 0]
        shares = counts / max(1, counts.sum())
        return float(-(shares * np.log(shares)).sum())


def open_tokenised_corpus(folder: Path, made_of: Mapping[str, Any]) -> TokenisedCorpus | None:
    """What `TokenWriter` left in a folder; None where it is not whole, or of something else.

    Raises:
        EdgebertError: it is damaged.
    """
    manifest = folder / _MANIFEST
    if not manifest.exists():
        return None
    found = read_json_object(manifest)
    vocab_size = found.get("vocab_size")
    if found.get("made_of") != dict(made_of) or type(vocab_size) is not int:
        return None
    try:
        return _open(folder, vocab_size)
    except (OSError, ValueError) as error:
        raise EdgebertError(f"{folder}: damaged ({error}); remove it, and begin again") from error


class TokenWriter:
    """Writes the tokens of a corpus; a folder counts as written when `finish` has ended.

    Args:
        folder: made where it is not there; what another corpus left in it goes.
        tokenizer: of the vocabulary.
        vocab_size: number of pieces.

    Raises:
        EdgebertError: the disk is full, or the like; as every method.
    """

    def __init__(self, folder: Path, tokenizer: Tokenizer, vocab_size: int) -> None:
        self._folder, self._tokenizer = folder, tokenizer
        self._counts = np.zeros(vocab_size, np.int64)
        self._sep = tokenizer.join([]).ids[-1]
        self._in_document = False
        make_folder(folder)
        with writing(folder, _ADVICE):
            for old in (folder / _MANIFEST, *folder.glob(f"*{ROWS}")):
                old.unlink(missing_ok=True)
        self._ids = _Column(folder / _TOKENS, _kind(vocab_size))
        self._lines = _Column(folder / _LINES, OFFSET_TYPE)
        self._documents = _Column(folder / _DOCUMENTS, OFFSET_TYPE)

    def add(self, text: str) -> None:
        """Adds a line; an empty one ends a document."""
        ids = self._tokenizer.ids(text)
        if not text:
            self._end_document()
        elif ids:
            if not self._in_document:
                self._documents.extend([self._lines.count])
            self._in_document = True
            self._lines.extend([self._ids.count])
            self._ids.extend(ids)

    def finish(self, made_of: Mapping[str, Any]) -> TokenisedCorpus:
        """Makes the folder whole.

        Args:
            made_of: plain JSON values by which the corpus is known again.
        """
        self._end_document()
        for column in (self._ids, self._lines, self._documents):
            column.close()
        counts = _Column(self._folder / _COUNTS, OFFSET_TYPE)
        counts.extend(self._count().tolist())
        counts.close()
        manifest = {"made_of": dict(made_of), "vocab_size": len(self._counts)}
        with replacing(self._folder / _MANIFEST, force=True) as part:
            part.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        return _open(self._folder, len(self._counts))

    def _end_document(self) -> None:
        if self._in_document:
            self._ids.extend([self._sep])
        self._in_document = False

    def _count(self) -> Offsets:
        ids = memory_map(self._folder / _TOKENS, _kind(len(self._counts)))
        for start in range(0, len(ids), _BUFFER):
            self._counts += np.bincount(ids[start : start + _BUFFER], minlength=len(self._counts))
        return self._counts


class _Column:
    """Numbers that are added to a file."""

    def __init__(self, path: Path, kind: np.dtype[Any]) -> None:
        self._path, self._kind = path, kind
        self._waiting: list[int] = []
        self.count = 0
        with writing(path, _ADVICE):
            self._file = path.open("wb")

    def extend(self, values: list[int]) -> None:
        self._waiting += values
        self.count += len(values)
        if len(self._waiting) >= _BUFFER:
            self._flush()

    def close(self) -> None:
        self._flush()
        with writing(self._path, _ADVICE):
            self._file.close()

    def _flush(self) -> None:
        with writing(self._path, _ADVICE):
            self._file.write(np.array(self._waiting, self._kind).tobytes())
        self._waiting = []


def _open(folder: Path, vocab_size: int) -> TokenisedCorpus:
    columns = (memory_map(folder / name, OFFSET_TYPE) for name in (_LINES, _DOCUMENTS, _COUNTS))
    return TokenisedCorpus(memory_map(folder / _TOKENS, _kind(vocab_size)), *columns)


def memory_map(path: Path, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """The numbers in a file, read as they are asked for."""
    if not path.stat().st_size:
        return np.zeros(0, kind)  # nothing can be mapped
    return np.memmap(path, kind, mode="r")


def _kind(vocab_size: int) -> np.dtype[Any]:
    return np.dtype(np.uint16 if vocab_size <= 1 << 16 else np.uint32)

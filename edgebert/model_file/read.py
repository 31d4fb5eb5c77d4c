"""Reads the .tflite as a file: record, vocabulary and labels, without running or copying it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from edgebert.errors import EdgebertError
from edgebert.lfs_pointer import refuse_lfs_pointer
from edgebert.model_file.checksum import unchanged_files
from edgebert.model_file.names import RECORD_FILE, UNIGRAM_FILE, VOCABULARY_FILE
from edgebert.model_file.packaged import advice, find_model
from edgebert.model_file.record import Record
from edgebert.model_file.stored_zip import NoStoredZipError, read_stored
from edgebert.tokenizer.special import Kind
from edgebert.tokenizer.tokenizer import Tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    from edgebert.tokenizer.unigram import UnigramModel

_ETHOS_U_OPERATOR = b"\0ethos-u\0"

# More than any BERT needs; a hostile file cannot make us allocate beyond them.
_MOST_RECORD, _MOST_VOCABULARY = 16 << 20, 64 << 20


@dataclass(frozen=True)
class ModelFile:
    """What a converted file tells about itself.

    Attributes:
        location: of the file, as it was given.
        vocabulary: pieces by id.
        unigram: the rest of a unigram tokenizer; None where it is WordPiece.
    """

    location: str
    record: Record
    vocabulary: tuple[str, ...] = field(repr=False)
    unigram: UnigramModel | None = field(default=None, repr=False)

    @property
    def path(self) -> Path:
        """Where the file is."""
        from pathlib import Path  # takes milliseconds, and a start does not need it

        return Path(self.location)

    def tokenizer(self) -> Tokenizer:
        """The tokenizer that the model was trained with."""
        return Tokenizer(self.vocabulary, self.record.tokenizer, self.unigram)


def read_model_file(path: str | os.PathLike[str]) -> ModelFile:
    """Reads a file that edgebert wrote.

    Args:
        path: of the file, or the name of a packaged model (see `find_model`).

    Raises:
        EdgebertError: no such file, no TFLite file, one without edgebert's record, or damaged.
    """
    path = find_model(path)
    check_is_tflite(path)
    try:
        with open(path, "rb") as file:  # noqa: PTH123 (as `ModelFile.path`)
            record = Record.from_json(_stored(file, RECORD_FILE, _MOST_RECORD))
            name, parse = _VOCABULARIES[record.tokenizer.kind]
            if record.graph_crc32c is None:
                content = _stored(file, name, _MOST_VOCABULARY)
            else:
                content = _named(unchanged_files(file, record.graph_crc32c), name)
            pieces, unigram = parse(content)
    except NoStoredZipError as error:
        if _is_for_ethos_u(path):
            raise EdgebertError(
                f"{path}: is compiled for an Arm Ethos-U, and Arm's driver alone runs it; give the "
                "file that it was compiled from, which edgebert convert wrote beside it"
            ) from error
        raise EdgebertError(
            f"{path}: a TFLite file, but not one that edgebert wrote, or damaged ({error}); "
            "make one with: edgebert convert"
        ) from error
    except EdgebertError as error:
        raise EdgebertError(f"{path}: {error}") from error
    if len(pieces) != record.model.vocab_size:
        raise EdgebertError(
            f"{path}: damaged: {len(pieces)} word pieces where the model has "
            f"{record.model.vocab_size}"
        )
    return ModelFile(os.fspath(path), record, pieces, unigram)


def _is_for_ethos_u(path: str | os.PathLike[str]) -> bool:
    """Whether the name of Vela's operator stands in the file, whose record Vela drops."""
    import mmap

    with (
        open(path, "rb") as file,  # noqa: PTH123 (as `ModelFile.path`)
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        return content.find(_ETHOS_U_OPERATOR) >= 0


def _stored(file: BinaryIO, name: str, most: int) -> bytes:
    return read_stored(file, {name: most})[name]


def _named(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise NoStoredZipError(f"it has no {name}")
    return files[name]


def _word_pieces(content: bytes) -> tuple[tuple[str, ...], None]:
    try:
        return tuple(content.decode().split("\n")[:-1]), None
    except UnicodeDecodeError as error:
        raise EdgebertError("damaged: the vocabulary is not UTF-8") from error


def _unigram(content: bytes) -> tuple[tuple[str, ...], UnigramModel]:
    from edgebert.model_file.unigram import read_unigram_text

    return read_unigram_text(content)


_Parse: TypeAlias = "Callable[[bytes], tuple[tuple[str, ...], UnigramModel | None]]"
_VOCABULARIES: Mapping[Kind, tuple[str, _Parse]] = MappingProxyType(
    {"wordpiece": (VOCABULARY_FILE, _word_pieces), "unigram": (UNIGRAM_FILE, _unigram)}
)


def check_is_tflite(path: str | os.PathLike[str]) -> None:
    """Raises EdgebertError unless `path` is a file that begins as TFLite files do."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 (as `ModelFile.path`)
            head = file.read(64)
    except IsADirectoryError as error:
        raise EdgebertError(
            f"{path}: is a folder; a .tflite file is needed{advice(path)}"
        ) from error
    except FileNotFoundError as error:
        raise EdgebertError(f"{path}: no such file{advice(path)}") from error
    except OSError as error:
        raise EdgebertError(f"{path}: cannot read: {error.strerror}") from error
    if head[4:8] != b"TFL3":
        refuse_lfs_pointer(path, head, "the model")
        raise EdgebertError(
            f"{path}: not a TFLite file (a file made by edgebert convert is needed)"
        )

"""Reads the .tflite as a file: record, vocabulary and labels, without running or copying it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edgebert.errors import EdgebertError
from edgebert.model_file.names import RECORD_FILE, VOCABULARY_FILE
from edgebert.model_file.record import Record
from edgebert.model_file.stored_zip import NoStoredZipError, read_stored

# More than any BERT needs; a hostile file cannot make us allocate beyond them.
_LIMITS = {RECORD_FILE: 16 << 20, VOCABULARY_FILE: 64 << 20}


@dataclass(frozen=True)
class ModelFile:
    """What a converted file tells about itself."""

    path: Path
    record: Record
    vocabulary: tuple[str, ...] = field(repr=False)


def read_model_file(path: Path) -> ModelFile:
    """Reads a file that edgebert wrote.

    Raises:
        EdgebertError: no such file, no TFLite file, one without edgebert's record, or damaged.
    """
    check_is_tflite(path)
    try:
        with path.open("rb") as file:
            found = read_stored(file, _LIMITS)
    except NoStoredZipError as error:
        raise EdgebertError(
            f"{path}: a TFLite file, but not one that edgebert wrote, or damaged ({error}); "
            "make one with: edgebert convert"
        ) from None
    record, vocabulary = found[RECORD_FILE], found[VOCABULARY_FILE]
    try:
        parsed = Record.from_json(record)
        words = tuple(vocabulary.decode().split("\n")[:-1])
    except EdgebertError as error:
        raise EdgebertError(f"{path}: {error}") from None
    except UnicodeDecodeError:
        raise EdgebertError(f"{path}: damaged: the vocabulary is not UTF-8") from None
    if len(words) != parsed.model.vocab_size:
        raise EdgebertError(
            f"{path}: damaged: {len(words)} word pieces where the model has "
            f"{parsed.model.vocab_size}"
        )
    return ModelFile(path, parsed, words)


def check_is_tflite(path: Path) -> None:
    """Raises EdgebertError unless `path` is a file that begins as TFLite files do."""
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except IsADirectoryError:
        raise EdgebertError(f"{path}: is a folder; a .tflite file is needed") from None
    except OSError as error:
        raise EdgebertError(f"{path}: cannot read: {error.strerror}") from None
    if head[4:] != b"TFL3":
        raise EdgebertError(
            f"{path}: not a TFLite file (a file made by edgebert convert is needed)"
        )

"""The side file of taught labels: what a few sentences say of each.

One JSON object, read and written whole:

    format   2
    model    checksum of the graph that the vectors are from, 8 hexadecimal digits
    width    numbers of a vector
    labels   by name: texts (how many it was taught with), scale, and vector: base64 of int8
             [width]; vector times scale is the mean of the texts' vectors of length 1
    undo     what the labels of the last change were before it, by name; null where there was none
    crc32    CRC-32 of all bytes before the comma in front of it, 8 hexadecimal digits; the last
             field, so that no bit can change unseen
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import os
import sys
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.files import replacing
from edgebert.typed_json import from_json

FORMAT = 2
MOST_LABELS = 1000
LONGEST_LABEL = 100
"""In characters."""

Stamp: TypeAlias = tuple[int, ...]
"""What tells a side file from the one that replaces it: device, inode, size, time of writing."""

_SEAL = b',"crc32":"%08x"}'
_LEVELS = 127
_MOST_BYTES = MOST_LABELS << 13
_MOST_TEXTS = 1 << 40


@dataclass(frozen=True)
class TaughtLabel:
    """A label's examples as one vector.

    Attributes:
        texts: how many they were.
        scale: of the vector.
        vector: base64 of int8 [width].
    """

    texts: int
    scale: float
    vector: str

    @classmethod
    def of(cls, mean: Array, texts: int) -> TaughtLabel:
        """From the mean [H] of vectors of length 1."""
        scale = float(np.abs(mean).max()) / _LEVELS or 1.0
        levels = np.rint(mean.astype(np.float64) / scale).astype(np.int8)  # may be below float32
        return cls(texts, scale, base64.b64encode(levels.tobytes()).decode())

    def mean(self) -> Array:
        """The mean [H]."""
        levels = np.frombuffer(base64.b64decode(self.vector, validate=True), np.int8)
        return levels.astype(np.float32) * np.float32(self.scale)


@dataclass(frozen=True)
class TaughtLabels:
    """What a side file holds.

    Attributes:
        labels: in the order in which they were taught first.
        undo: see above; empty where there was no change.
    """

    model: str
    width: int
    labels: dict[str, TaughtLabel] = field(default_factory=dict)
    undo: dict[str, TaughtLabel | None] = field(default_factory=dict)
    format: int = FORMAT

    def changed(self, changes: Mapping[str, TaughtLabel | None]) -> TaughtLabels:
        """With labels taught anew, and without those that are None."""
        labels: Mapping[str, TaughtLabel | None] = {**self.labels, **changes}
        kept = {name: each for name, each in labels.items() if each is not None}
        before = {name: self.labels.get(name) for name in changes}
        return TaughtLabels(self.model, self.width, kept, before)


def stamp(path: Path) -> Stamp | None:
    """Of the side file that is there now; None where none can be seen."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def read_taught(path: Path, model: str, width: int) -> TaughtLabels:
    """Reads a side file, which may come from anywhere; one that is not there holds nothing.

    Args:
        path: of the file.
        model: checksum of the graph that it has to be for.
        width: of its vectors.

    Raises:
        EdgebertError: it cannot be read, is none, damaged, of a later version or another model.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise EdgebertError(f"{path}: too large for a file of taught labels")
        data = path.read_bytes()
    except FileNotFoundError:
        return TaughtLabels(model, width)
    except OSError as error:
        raise EdgebertError(f"{path}: cannot read: {error.strerror}") from error
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise EdgebertError(
            f"{path}: no file of taught labels; if it was one, it is damaged: delete it to begin "
            "anew"
        ) from error
    if isinstance(value, dict) and value.get("format", FORMAT) != FORMAT:
        raise EdgebertError(
            f"{path}: taught labels of format {value['format']!r:.20}; this edgebert reads "
            f"{FORMAT}: take the edgebert that wrote it, or delete the file to begin anew"
        )
    if data != sealed(data[: -len(_SEAL % 0)]):
        raise EdgebertError(
            f"{path}: damaged: its bytes are not those that were written; copy it again, or delete "
            "it to begin anew"
        )
    taught = from_json(TaughtLabels, value, f"{path}: taught labels")
    if (taught.model, taught.width) != (model, width):
        raise EdgebertError(
            f"{path}: labels taught to another model ({taught.model[:20]}); this one is {model}: "
            "give its own file, or teach them again"
        )
    _check(path, taught)
    return taught


@contextlib.contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Other processes wait to change the side files of the folder until the block ends.

    The folder is locked, not the file, which is replaced. Where there are no locks, nobody waits.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, folder)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield


def write_taught(path: Path, taught: TaughtLabels) -> Stamp | None:
    """Replaces a side file whole.

    Returns:
        The stamp of what was written.

    Raises:
        EdgebertError: it cannot be written.
    """
    # default=vars, since asdict copies every entry first.
    text = json.dumps(vars(taught), default=vars, ensure_ascii=False, separators=(",", ":"))
    with replacing(path, force=True) as part:
        part.write_bytes(sealed(text.removesuffix("}").encode()))
        return stamp(part)  # renaming keeps it


def sealed(fields: bytes) -> bytes:
    """A side file of all its fields but the checksum, with the brace in front of them."""
    return fields + _SEAL % zlib.crc32(fields)


def check_label(label: Any) -> None:
    """Raises EdgebertError unless something can be the name of a label."""
    if not isinstance(label, str) or not label.strip() or not label.isprintable():
        raise EdgebertError(f"label {label!r:.60}: a name of printable characters is needed")
    if len(label) > LONGEST_LABEL:
        raise EdgebertError(f"label {label[:40]!r}…: longer than {LONGEST_LABEL} characters")


def _check(path: Path, taught: TaughtLabels) -> None:
    """Refuses what no edgebert wrote."""
    if len(taught.labels) > MOST_LABELS:
        raise EdgebertError(f"{path}: {len(taught.labels):,} labels; at most {MOST_LABELS:,}")
    for name, entry in (*taught.labels.items(), *taught.undo.items()):
        check_label(name)
        if entry is None:
            continue
        try:
            size = len(base64.b64decode(entry.vector, validate=True))
        except (binascii.Error, ValueError):
            size = -1
        good = 0 < entry.scale < np.inf and 0 < entry.texts < _MOST_TEXTS
        if size != taught.width or not good:
            raise EdgebertError(f"{path}: damaged: label {name[:40]!r}; delete it to begin anew")

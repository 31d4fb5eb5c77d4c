"""Text files that may be anything: lines of bounded length one at a time, or a whole one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from edgebert.errors import EdgebertError

LONGEST_LINE = 1_000_000
"""In bytes."""

LARGEST_FILE = 100_000_000
"""In bytes, of a file that is read whole. SQuAD 2.0's training set has 42 million."""

_PACKED = (
    (b"\x1f\x8b", "compressed by gzip"),
    (b"BZh91AY&SY", "compressed by bzip2"),
    (b"\xfd7zXZ\x00", "compressed by xz"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd"),
    (b"PK\x03\x04", "a zip archive, as a spreadsheet in .xlsx is, too"),
    (b"PAR1\x15", "a Parquet file"),
)
"""How files begin that hold their text in another form."""


def read_lines(path: Path) -> Iterator[str]:
    r"""Lines with their ends; only `\n` ends a line.

    Raises:
        EdgebertError: the file cannot be read, a line is too long or not UTF-8; it is named.
    """
    for _, line in read_lines_and_offsets(path):
        yield line


def read_lines_and_offsets(path: Path) -> Iterator[tuple[int, str]]:
    """Like `read_lines`, each line after the number of bytes before it."""
    refuse_unless_ordinary(path)
    try:
        with path.open("rb") as file:
            yield from _decoded(file, str(path))
    except OSError as error:
        raise EdgebertError(f"{path}: cannot read: {error.strerror}") from error


def decode_lines(file: BinaryIO, name: str) -> Iterator[str]:
    """`read_lines` of an open file, such as stdin, that errors call `name`."""
    for _, line in _decoded(file, name):
        yield line


def refuse_unless_ordinary(path: Path) -> None:
    """Raises EdgebertError where `path` is a folder or device, which may have no end."""
    if path.exists() and not path.is_file():
        raise EdgebertError(f"{path}: not an ordinary file")


def read_whole(path: Path, advice: str) -> bytes:
    """All of a file that cannot be read line by line.

    Args:
        path: of the file.
        advice: what to do with one that is too large.

    Raises:
        EdgebertError: no ordinary file, not readable, or larger than `LARGEST_FILE`.
    """
    refuse_unless_ordinary(path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise EdgebertError(f"{path}: cannot read: {error.strerror}") from error
    refuse_packed(content, str(path))
    if len(content) > LARGEST_FILE:
        raise EdgebertError(f"{path}: larger than {LARGEST_FILE:,} bytes; {advice}")
    return content


def refuse_packed(start: bytes, name: str) -> None:
    """Raises EdgebertError where the first bytes are those of a format that has to be unpacked."""
    for mark, kind in _PACKED:
        if start.startswith(mark):
            raise EdgebertError(f"{name}: {kind}; plain text is needed, so unpack or export it")


def _decoded(file: BinaryIO, name: str) -> Iterator[tuple[int, str]]:
    offset = 0
    raw = iter(lambda: file.readline(LONGEST_LINE + 1), b"")
    for number, line in enumerate(raw, 1):
        if number == 1:
            refuse_packed(line, name)
        yield offset, _decode(name, number, line)
        offset += len(line)


def _decode(name: str, number: int, line: bytes) -> str:
    if len(line) > LONGEST_LINE:
        raise EdgebertError(f"{name}, line {number}: longer than {LONGEST_LINE:,} bytes")
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise EdgebertError(
            f"{name}, line {number}: not UTF-8 (byte 0x{line[error.start]:02X} "
            f"at position {error.start + 1}); convert the file to UTF-8"
        ) from error

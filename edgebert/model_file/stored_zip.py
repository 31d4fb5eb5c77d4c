"""The zip behind a model, without the zipfile module, whose import would double the start.

Only entries that are stored as they are can be read: no encryption, no zip64. Format: PKWARE's
APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16.
"""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import BinaryIO, NamedTuple

_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s4B4HL2L5H2L")
_LOCAL = struct.Struct("<4s2B4HL2L2H")
_END_SIGNATURE, _ENTRY_SIGNATURE, _LOCAL_SIGNATURE = b"PK\5\6", b"PK\1\2", b"PK\3\4"

_ENCRYPTED = 1

# What every entry has alike: written on Unix for readers of version 2.0, a file that its owner
# reads and writes, of 1 January 1980.
_VERSION, _UNIX, _MODE = 20, 3, 0o600 << 16
_TIME, _DATE = 0, 0x21

_LONGEST_COMMENT = 0xFFFF
_LARGEST_DIRECTORY = 1 << 20


class _Entry(NamedTuple):
    flags: int
    method: int
    crc: int
    size: int
    offset: int


class NoStoredZipError(Exception):
    """There is no zip, it is damaged, or it is not one of ours; the message says which."""


def archive_bytes(files: Mapping[str, str | bytes], offset: int) -> bytes:
    """The zip part of a file that has `offset` bytes before it.

    Entries are stored, not deflated: MediaPipe points into the mapped file. All else is fixed, so
    that the same files give the same bytes.
    """
    entries: list[bytes] = []
    directory: list[bytes] = []
    at = offset
    for name, text in files.items():
        content = text.encode() if isinstance(text, str) else text
        title = name.encode()
        size = len(content)
        facts = (0, 0, _TIME, _DATE, zlib.crc32(content), size, size, len(title), 0)
        entry = (_LOCAL.pack(_LOCAL_SIGNATURE, _VERSION, 0, *facts), title, content)
        made = (_VERSION, _UNIX, _VERSION, 0)
        directory += (_ENTRY.pack(_ENTRY_SIGNATURE, *made, *facts, 0, 0, 0, _MODE, at), title)
        entries += entry
        at += sum(map(len, entry))
    length, count = sum(map(len, directory)), len(files)
    end = _END.pack(_END_SIGNATURE, 0, 0, count, count, length, at, 0)
    return b"".join((*entries, *directory, end))


def read_archive(file: BinaryIO, most: int) -> tuple[int, dict[str, bytes]]:
    """Where the zip begins, and all its files in their order.

    Args:
        file: may hold anything before the zip.
        most: bytes of an entry.

    Raises:
        NoStoredZipError: there is none, or an entry is too large, compressed or damaged.
    """
    with _one_error():
        places = _directory(file)
        start = min((entry.offset for entry in places.values()), default=0)
        return start, {name: _content(file, name, places, most) for name in places}


def read_stored(file: BinaryIO, limits: Mapping[str, int]) -> dict[str, bytes]:
    """The content of some entries.

    Args:
        file: may hold anything before the zip.
        limits: the names wanted, with the most bytes that each may have.

    Raises:
        NoStoredZipError: one is missing, too large, compressed or damaged.
    """
    with _one_error():
        places = _directory(file)
        return {name: _content(file, name, places, limit) for name, limit in limits.items()}


@contextlib.contextmanager
def _one_error() -> Iterator[None]:
    """Whatever goes wrong in reading as the one error that callers know."""
    try:
        yield
    except (struct.error, UnicodeDecodeError) as error:
        raise NoStoredZipError("its zip is damaged") from error
    except OSError as error:
        raise NoStoredZipError(f"its zip cannot be read: {error}") from error


def _directory(file: BinaryIO) -> dict[str, _Entry]:
    """All entries by name."""
    size = file.seek(0, 2)
    tail_size = min(size, _END.size + _LONGEST_COMMENT)
    file.seek(size - tail_size)
    tail = file.read(tail_size)
    at = tail.rfind(_END_SIGNATURE)
    if at < 0:
        raise NoStoredZipError("it holds no zip")
    _, _, _, _, count, length, offset, _ = _END.unpack_from(tail, at)
    if length > _LARGEST_DIRECTORY or offset + length > size:
        raise NoStoredZipError("its zip is damaged")
    file.seek(offset)
    directory = file.read(length)
    places = {}
    place = 0
    for _ in range(count):
        signature, *_, flags, method, _, _, crc, _, size_here, name_size, extra, comment = (
            fields := _ENTRY.unpack_from(directory, place)
        )[:15]
        if signature != _ENTRY_SIGNATURE:
            raise NoStoredZipError("its zip is damaged")
        place += _ENTRY.size
        name = directory[place : place + name_size].decode()
        places[name] = _Entry(flags, method, crc, size_here, fields[-1])
        place += name_size + extra + comment
    # Thousands of entries could else name the same bytes, and be read one after the other.
    if sum(entry.size for entry in places.values() if entry.method == 0) > size:
        raise NoStoredZipError("its zip is damaged")
    return places


def _content(file: BinaryIO, name: str, places: Mapping[str, _Entry], limit: int) -> bytes:
    if name not in places:
        raise NoStoredZipError(f"it has no {name}")
    flags, method, crc, size, offset = places[name]
    if method != 0 or flags & _ENCRYPTED or size > limit:
        raise NoStoredZipError(f"its {name} is compressed, encrypted or too large")
    file.seek(offset)
    local = _LOCAL.unpack(file.read(_LOCAL.size))
    if local[0] != _LOCAL_SIGNATURE:
        raise NoStoredZipError("its zip is damaged")
    file.seek(local[-2] + local[-1], 1)
    content = file.read(size)
    if len(content) != size or zlib.crc32(content) != crc:
        raise NoStoredZipError(f"its {name} is damaged")
    return content

"""Sorted string tables, the key-value files of LevelDB and of TensorFlow's checkpoint indexes.

A file is a row of blocks, each followed by its compression type and checksum, then an index block
that points to them, then a footer that points to the index block
(https://github.com/google/leveldb/blob/main/doc/table_format.md).
"""

from __future__ import annotations

from collections.abc import Iterator

from edgebert.checkpoints.wire import Cursor, MalformedError
from edgebert.extras import needed_for

_MAGIC = 0xDB4775248B80FB57.to_bytes(8, "little")
_FOOTER_SIZE = 48
_LONGEST_KEY = 1024  # names of tensors
_CHUNK = 1 << 20
_TRAILER_SIZE = 5  # one byte of compression type, four of checksum


def read_sorted_table(data: memoryview) -> dict[bytes, bytes]:
    """All pairs of a table, every checksum verified.

    Raises:
        MalformedError: no such table, damaged, or compressed.
    """
    if len(data) < _FOOTER_SIZE or data[-len(_MAGIC) :] != _MAGIC:
        raise MalformedError("no table, or its end is missing")
    footer = Cursor(bytes(data[-_FOOTER_SIZE:]))
    footer.varint(), footer.varint()  # place of the metadata block, which TensorFlow leaves empty
    blocks = data[:-_FOOTER_SIZE]
    table: dict[bytes, bytes] = {}
    for _, place in _pairs(_block(blocks, footer)):
        for key, value in _pairs(_block(blocks, Cursor(place))):
            if table.setdefault(key, value) is not value:
                raise MalformedError(f"{key!r} twice")
    return table


def masked_crc32c(data: memoryview) -> int:
    """CRC-32C as LevelDB stores it: rotated and shifted, to lie beside the bytes it covers."""
    with needed_for("a TensorFlow checkpoint"):
        import google_crc32c

    crc = 0
    for start in range(0, len(data), _CHUNK):  # the library takes bytes, which copies
        crc = google_crc32c.extend(crc, bytes(data[start : start + _CHUNK]))
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _block(blocks: memoryview, place: Cursor) -> bytes:
    """The content of the block at `place` (offset and size)."""
    offset, size = place.varint(), place.varint()
    end = offset + size
    if end + _TRAILER_SIZE > len(blocks):
        raise MalformedError(f"block of {size} bytes at {offset}")
    checksum = int.from_bytes(blocks[end + 1 : end + _TRAILER_SIZE], "little")
    if masked_crc32c(blocks[offset : end + 1]) != checksum:
        raise MalformedError(f"checksum of the block at {offset}")
    if blocks[end] != 0:
        raise MalformedError(f"compression type {blocks[end]}; TensorFlow writes none")
    return bytes(blocks[offset:end])


def _pairs(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The pairs of a block. A key is stored as what it adds to a prefix of the one before."""
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (restarts + 1)
    if end < 0:
        raise MalformedError(f"{restarts} restart points")
    cursor = Cursor(block[:end])
    key = b""
    while not cursor.at_end:
        shared, added, size = cursor.varint(), cursor.varint(), cursor.varint()
        if shared > len(key):
            raise MalformedError(f"prefix of {shared} bytes")
        if shared + added > _LONGEST_KEY:  # a few bytes may ask for a long key again and again
            raise MalformedError(f"key of {shared + added} bytes")
        key = key[:shared] + cursor.take(added)
        yield key, cursor.take(size)

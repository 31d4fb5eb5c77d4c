"""How a native library wants its pages: the LOAD segments of an ELF file."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from edgebert.errors import EdgebertError

_MAGIC = b"\x7fELF"
_LITTLE_ENDIAN = 1
_PT_LOAD = 1
_MOST_SEGMENTS = 1000


@dataclass(frozen=True)
class _Layout:
    """Where an ELF header and a program header keep what is read here; see elf(5).

    Attributes:
        table: place and format of the offset of the program headers.
        counts: place of the size and the number of program headers.
        segment: format of a program header, and the numbers of its fields: type, offset, address
            and alignment.
    """

    table: tuple[int, str]
    counts: int
    segment: str
    fields: tuple[int, int, int, int]


_LAYOUTS = {
    1: _Layout((28, "<I"), 42, "<8I", (0, 1, 2, 7)),
    2: _Layout((32, "<Q"), 54, "<2I6Q", (0, 2, 3, 7)),
}


@dataclass(frozen=True)
class Segment:
    """A part of a library that is mapped into memory; offset, address and alignment in bytes."""

    offset: int
    address: int
    alignment: int

    def fits(self, page: int) -> bool:
        """Whether it can be mapped where pages have this size."""
        return self.alignment % page == 0 and (self.address - self.offset) % page == 0


@dataclass(frozen=True)
class Library:
    """A native library.

    Attributes:
        bits: 32 or 64.
        segments: those that are mapped.
    """

    bits: int
    segments: tuple[Segment, ...]

    @property
    def alignment(self) -> int:
        """The least of its segments: the largest page that it may be mapped with."""
        return min(segment.alignment for segment in self.segments)


def read_elf(content: bytes, name: str) -> Library:
    """Reads the segments of a library.

    Raises:
        EdgebertError: it is no little-endian ELF file, damaged, or maps nothing.
    """
    layout = _LAYOUTS.get(content[4]) if len(content) > 5 else None
    if content[:4] != _MAGIC or layout is None or content[5] != _LITTLE_ENDIAN:
        raise EdgebertError(f"{name}: no ELF library of a little-endian machine")
    try:
        (table,) = struct.unpack_from(layout.table[1], content, layout.table[0])
        size, count = struct.unpack_from("<2H", content, layout.counts)
        headers = [
            struct.unpack_from(layout.segment, content, table + at * size)
            for at in range(min(count, _MOST_SEGMENTS))
        ]
    except struct.error as error:
        raise EdgebertError(f"{name}: damaged; it ends within its program headers") from error
    kind, *fields = layout.fields
    segments = tuple(
        Segment(*(header[field] for field in fields))
        for header in headers
        if header[kind] == _PT_LOAD
    )
    if not segments:
        raise EdgebertError(f"{name}: no LOAD segment; nothing of it is mapped")
    return Library(32 * content[4], segments)

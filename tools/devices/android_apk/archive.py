"""Writes a zip as Android wants it: what is mapped lies uncompressed, where pages begin."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

STORED = (".so", ".tflite", ".arsc")
"""Endings of what is mapped into memory straight from the archive."""

PAGE = 16384
_WORD = 4

# zipalign and apksigner know this extra field: the alignment it names is kept when signing.
_ALIGNMENT_FIELD = 0xD935
_FIELD_HEADER = struct.Struct("<HHH")
_LOCAL_HEADER = 30
_EPOCH = (1980, 1, 1, 0, 0, 0)


class AlignedArchive:
    """A zip under construction; the same content gives the same bytes.

    Args:
        path: file to write.
    """

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w")

    def __enter__(self) -> AlignedArchive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def add(self, name: str, content: bytes) -> None:
        """Adds an entry, stored and aligned where its ending is one of `STORED`."""
        info = zipfile.ZipInfo(name, _EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        if name.endswith(STORED):
            info.compress_type = zipfile.ZIP_STORED
            info.extra = self._padding(name, PAGE if name.endswith(".so") else _WORD)
        self._zip.writestr(info, content)

    def _padding(self, name: str, alignment: int) -> bytes:
        """The extra field that moves the entry's content to a multiple of `alignment`."""
        start = self._zip.start_dir + _LOCAL_HEADER + len(name.encode()) + _FIELD_HEADER.size
        padding = -start % alignment
        return _FIELD_HEADER.pack(_ALIGNMENT_FIELD, 2 + padding, alignment) + bytes(padding)

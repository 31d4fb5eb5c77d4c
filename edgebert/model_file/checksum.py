"""Finds out whether a byte of a file changed since it was written, before any engine sees it.

A file whose record has `graph_crc32c` has one form only:

1. The graph: the bytes from 0 to the first entry of the archive. `graph_crc32c` is their CRC-32C.
2. The archive: the bytes from there to the end of the file. They are what `archive_bytes` writes
   for the same names and contents: entries one behind another in the order of the directory, the
   directory directly behind them, the end record directly behind it, no comments, no extra fields;
   the CRC-32 of each content is right, and every other field has one value only.

Files written before there was a `graph_crc32c` have none; of them nothing is checked here.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, BinaryIO

from edgebert.crc32c import crc32c
from edgebert.errors import EdgebertError
from edgebert.model_file.stored_zip import archive_bytes, read_archive

if TYPE_CHECKING:
    from pathlib import Path

_MOST_ENTRY = 64 << 20
"""Bytes; more than any vocabulary or record has, so a hostile file cannot fill the memory."""


def graph_checksum(path: Path) -> int:
    """The checksum of a file that holds the graph and nothing else."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return crc32c(data, len(data))


def unchanged_files(file: BinaryIO, graph_crc32c: int) -> dict[str, bytes]:
    """The files of the archive, by name; a model that is not as it was written is refused.

    Args:
        file: the whole model.
        graph_crc32c: of its record.

    Raises:
        EdgebertError: it changed.
        NoStoredZipError: its archive cannot be read.
    """
    start, files = read_archive(file, _MOST_ENTRY)
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if archive_bytes(files, start) != data[start:] or crc32c(data, start) != graph_crc32c:
            raise EdgebertError(
                "damaged: its bytes are not those that were written; copy it or convert again"
            )
    return files

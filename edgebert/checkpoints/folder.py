"""Which format a folder's checkpoint has, told from its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgebert.checkpoints import tensorflow1
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.errors import EdgebertError


@dataclass(frozen=True)
class _Format:
    """One folder layout.

    Attributes:
        markers: the folder has this format if it has all of these files.
        read: makes the checkpoint of a folder and the source's name.
    """

    name: str
    markers: tuple[str, ...]
    read: Callable[[Path, str], Checkpoint]


_FORMATS = (_Format(tensorflow1.FORMAT, (tensorflow1.CONFIG,), tensorflow1.read_tensorflow1),)


def open_folder(folder: Path, source: str | None = None) -> Checkpoint:
    """The checkpoint in a folder, whatever its format.

    Weights are views on the files where the format allows; keep the files while they are in use.

    Args:
        folder: holds the files themselves, not a folder with them.
        source: what the user named, for the record; the folder if None.

    Raises:
        EdgebertError: no folder, no known format, or files that are damaged or do not fit.
    """
    if not folder.is_dir():
        raise EdgebertError(f"{folder}: no such folder")
    for known in _FORMATS:
        if all((folder / marker).is_file() for marker in known.markers):
            return known.read(folder, source or str(folder))
    looked_for = "; ".join(f"{known.name}: {' and '.join(known.markers)}" for known in _FORMATS)
    raise EdgebertError(f"{folder}: no checkpoint here. Looked for {looked_for}")

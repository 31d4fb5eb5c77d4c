"""Safetensors files, written so that a reader never sees half of one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.extras import needed_for
from edgebert.files import replacing
from edgebert.text_files import shown


def write_safetensors(
    tensors: Mapping[str, Array], path: Path, metadata: Mapping[str, str], *, force: bool = False
) -> None:
    """Writes contiguous arrays and strings about them.

    Raises:
        EdgebertError: the file is there and `force` is off, or it cannot be written; what was
            there stays.
    """
    with needed_for("a safetensors file"):
        from safetensors import SafetensorError
        from safetensors.numpy import save_file

    with replacing(path, force=force) as part:
        try:
            save_file(dict(tensors), part, dict(metadata))
        except SafetensorError as error:
            raise EdgebertError(f"{path}: cannot write: {shown(error)}") from error

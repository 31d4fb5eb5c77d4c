"""Safetensors files as views: the library checks the file, the tensors stay on disk."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from edgebert.checkpoints.mapped import LazyTensors, map_file, tensor_view
from edgebert.checkpoints.small_files import shown
from edgebert.errors import EdgebertError

_ELEMENT_OF_CODE = {
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "F64": "float64",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
    "I16": "int16",
    "I32": "int32",
    "I64": "int64",
}


def read_safetensors(path: Path) -> LazyTensors:
    """The tensors of a file.

    Raises:
        EdgebertError: the file cannot be read, is damaged, or its header lies about its content.
    """
    from safetensors import SafetensorError, safe_open

    data = map_file(path)
    try:
        with safe_open(path, framework="numpy"):  # checks every size and offset of the header
            pass
    except (SafetensorError, OSError) as error:
        raise EdgebertError(
            f"{path}: not a safetensors file, or a damaged one ({shown(error)})"
        ) from None
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(bytes(data[8:start]))
    header.pop("__metadata__", None)
    return LazyTensors(
        {
            name: partial(
                tensor_view,
                data[start : start + entry["data_offsets"][1]],
                _ELEMENT_OF_CODE.get(entry["dtype"], entry["dtype"]),
                tuple(entry["shape"]),
                what=f"{path}: tensor {name}",
                offset=entry["data_offsets"][0],
            )
            for name, entry in header.items()
        }
    )

"""Safetensors files as views: the library checks the file, the tensors stay on disk."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from edgebert.checkpoints.mapped import LazyTensors, map_file, tensor_view
from edgebert.errors import EdgebertError
from edgebert.extras import needed_for
from edgebert.text_files import shown

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
_OTHER_FRAMEWORKS = {"tf": "from_tf", "flax": "from_flax"}
"""Frameworks that transformers names in such a file, and how it loads them."""


def read_safetensors(path: Path) -> LazyTensors:
    """The tensors of a file.

    Raises:
        EdgebertError: the file cannot be read, is damaged, its header lies about its content, or
            it holds the weights of a TensorFlow or Flax model.
    """
    with needed_for("a safetensors file"):
        from safetensors import SafetensorError, safe_open

    data = map_file(path)
    try:
        with safe_open(path, framework="numpy"):  # checks every size and offset of the header
            pass
    except (SafetensorError, OSError) as error:
        raise EdgebertError(
            f"{path}: not a safetensors file, or a damaged one ({shown(error)})"
        ) from error
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(bytes(data[8:start]))
    framework = header.pop("__metadata__", {}).get("format")
    if framework in _OTHER_FRAMEWORKS:
        raise EdgebertError(
            f"{path}: holds the weights of {framework}, under other names; "
            f"in PyTorch load it with from_pretrained(folder, {_OTHER_FRAMEWORKS[framework]}=True) "
            "and use save_pretrained"
        )
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

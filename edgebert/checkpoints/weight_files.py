"""Which files of a Hugging Face folder hold its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from edgebert.checkpoints.mapped import LazyTensors
from edgebert.checkpoints.other_formats import explain
from edgebert.checkpoints.safetensors_file import read_safetensors
from edgebert.checkpoints.torch_pickle import read_torch_pickle
from edgebert.errors import EdgebertError
from edgebert.text_files import as_object, child, read_json_object, shown

_Reader = Callable[[Path], LazyTensors]

# In this order, as transformers does; an index names the files that hold the tensors.
_FILES: Mapping[str, _Reader] = MappingProxyType(
    {"model.safetensors": read_safetensors, "pytorch_model.bin": read_torch_pickle}
)
_INDEX_SUFFIX = ".index.json"


def find_tensors(folder: Path) -> tuple[Path, LazyTensors]:
    """The folder's tensors under their own names, and the file that holds or lists them.

    Raises:
        EdgebertError: there is no such file, it is damaged, or an adapter belongs to it.
    """
    if (folder / "adapter_config.json").exists():  # transformers would put it into the model
        raise EdgebertError(explain(folder) or f"{folder}: holds an adapter")
    for name, reader in _FILES.items():
        path = folder / name
        if path.exists():
            return path, reader(path)
        index = path.with_name(name + _INDEX_SUFFIX)
        if index.exists():
            return index, _read_parts(index, reader)
    accepted = f"{' and '.join(_FILES)}, each also as *{_INDEX_SUFFIX}"
    raise EdgebertError(explain(folder) or f"{folder}: no weights; looked for {accepted}")


def _read_parts(index: Path, reader: _Reader) -> LazyTensors:
    """The tensors of all files an index names."""
    places = as_object(read_json_object(index).get("weight_map"), "weight_map", index)
    files = {child(index.parent, place, named_by=index) for place in places.values()}
    readers = {name: read for file in sorted(files) for name, read in reader(file).readers.items()}
    missing = sorted(places.keys() - readers.keys())
    if missing:
        raise EdgebertError(f"{index}: no file holds the tensor {shown(missing[0])}")
    return LazyTensors(readers)

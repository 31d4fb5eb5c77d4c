"""The weights of a Hugging Face folder: which files hold them, and from their names to ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from edgebert.bert.config import BertConfig
from edgebert.bert.weights import Array
from edgebert.checkpoints.families.family import Family
from edgebert.checkpoints.mapped import LazyTensors
from edgebert.checkpoints.safetensors_file import read_safetensors
from edgebert.checkpoints.small_files import as_object, child, read_json_object, shown
from edgebert.checkpoints.tensor_names import NameMap
from edgebert.checkpoints.torch_pickle import read_torch_pickle
from edgebert.errors import EdgebertError

_Reader = Callable[[Path], LazyTensors]

# In this order; an index names the files that hold the tensors.
_FILES: Mapping[str, _Reader] = MappingProxyType(
    {"model.safetensors": read_safetensors, "pytorch_model.bin": read_torch_pickle}
)
_INDEX_SUFFIX = ".index.json"

_SUFFIXES = MappingProxyType({"gamma": "weight", "beta": "bias"})


def find_tensors(folder: Path) -> tuple[Path, LazyTensors]:
    """The folder's tensors under their own names, and the file that holds or lists them.

    Raises:
        EdgebertError: there is no such file, or it is damaged.
    """
    for name, reader in _FILES.items():
        path = folder / name
        if path.exists():
            return path, reader(path)
        index = path.with_name(name + _INDEX_SUFFIX)
        if index.exists():
            return index, _read_parts(index, reader)
    raise EdgebertError(
        f"{folder}: no weights; looked for {' and '.join(_FILES)}, each also as *{_INDEX_SUFFIX}"
    )


def canonical_weights(
    tensors: LazyTensors, config: BertConfig, family: Family, architecture: str, path: Path
) -> dict[str, Array]:
    """Weights under canonical names.

    Args:
        tensors: under the folder's names.
        config: of the model.
        family: of the model.
        architecture: one of the family's.
        path: the file, for errors.

    Raises:
        EdgebertError: a tensor of the encoder has a name that the family has not, belongs to a
            layer that the config does not count, or is a changed copy of the word table.
    """
    table = (*family.names, *family.architectures[architecture].names)
    names = NameMap(table, _SUFFIXES, family.transposed)
    tensors = _without_copies(tensors, family, path)
    for name in tensors:
        if re.fullmatch(family.encoder, name) and not names.canonical(name):
            raise EdgebertError(f"{path}: tensor {shown(name)} is no part of a plain {family.name}")
    return names.weights(tensors, config, path)


def canonical_names(
    tensors: LazyTensors, config: BertConfig, family: Family, path: Path
) -> Collection[str]:
    """The canonical names of the tensors that every architecture of a family may have.

    Raises:
        EdgebertError: as `canonical_weights`.
    """
    names = NameMap(family.names, _SUFFIXES, family.transposed)
    return names.plan(_without_copies(tensors, family, path), config, path).keys()


def _read_parts(index: Path, reader: _Reader) -> LazyTensors:
    """The tensors of all files an index names."""
    places = as_object(read_json_object(index).get("weight_map"), "weight_map", index)
    files = {child(index.parent, place, named_by=index) for place in places.values()}
    readers = {name: read for file in sorted(files) for name, read in reader(file).readers.items()}
    missing = sorted(places.keys() - readers.keys())
    if missing:
        raise EdgebertError(f"{index}: no file holds the tensor {shown(missing[0])}")
    return LazyTensors(readers)


def _without_copies(tensors: LazyTensors, family: Family, path: Path) -> LazyTensors:
    """The tensors but for buffers and for copies of others, which must be equal to those."""
    readers = {
        name: read
        for name, read in tensors.readers.items()
        if not re.fullmatch(family.buffers, name)
    }
    for copy, pattern in family.copies:
        original = next((name for name in readers if re.fullmatch(pattern, name)), None)
        if copy in readers and original:
            if not np.array_equal(tensors[copy], tensors[original]):
                raise EdgebertError(
                    f"{path}: tensor {copy} differs from {original}; "
                    f"a {family.name} has one for both"
                )
            del readers[copy]
    return LazyTensors(readers)

"""The weights of a Hugging Face folder: which files hold them, and what its names mean.

Names are those of transformers' modeling_bert.py, with or without the prefix `bert.`, and with the
`gamma` and `beta` of its early years.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from edgebert.bert.config import BertConfig
from edgebert.bert.weights import Array
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

_EMBEDDINGS = r"(?:bert\.)?embeddings"
_LAYER = r"(?:bert\.)?encoder\.layer\.(\d+)"
_LINEAR = r"\.(weight|bias)"
_NORM = r"\.LayerNorm\.(weight|bias|gamma|beta)"
_MLM = r"cls\.predictions"
_TABLE = (
    (_EMBEDDINGS + r"\.word_embeddings\.weight", "embeddings.word"),
    (_EMBEDDINGS + r"\.position_embeddings\.weight", "embeddings.position"),
    (_EMBEDDINGS + r"\.token_type_embeddings\.weight", "embeddings.segment"),
    (_EMBEDDINGS + _NORM, r"embeddings.norm.\1"),
    (_LAYER + r"\.attention\.self\.(query|key|value)" + _LINEAR, r"layers.\1.attention.\2.\3"),
    (_LAYER + r"\.attention\.output\.dense" + _LINEAR, r"layers.\1.attention.output.\2"),
    (_LAYER + r"\.attention\.output" + _NORM, r"layers.\1.attention.norm.\2"),
    (_LAYER + r"\.intermediate\.dense" + _LINEAR, r"layers.\1.ffn.intermediate.\2"),
    (_LAYER + r"\.output\.dense" + _LINEAR, r"layers.\1.ffn.output.\2"),
    (_LAYER + r"\.output" + _NORM, r"layers.\1.ffn.norm.\2"),
    (r"(?:bert\.)?pooler\.dense" + _LINEAR, r"pooler.\1"),
    (_MLM + r"\.transform\.dense" + _LINEAR, r"mlm.transform.\1"),
    (_MLM + r"\.transform" + _NORM, r"mlm.norm.\1"),
    (_MLM + r"\.(?:decoder\.)?bias", "mlm.bias"),
    (r"cls\.seq_relationship" + _LINEAR, r"nsp.\1"),
    (r"qa_outputs" + _LINEAR, r"answerer.\1"),
)
_SUFFIXES = MappingProxyType({"gamma": "weight", "beta": "bias"})
_BUFFERS = _EMBEDDINGS + r"\.(?:position_ids|token_type_ids)"
_ENCODER = r"(?:bert|embeddings|encoder|pooler)\..*"

# Names under which some versions save a tensor once more, with a pattern for its first name.
_COPIES = (
    ("cls.predictions.decoder.weight", _EMBEDDINGS + r"\.word_embeddings\.weight"),
    ("cls.predictions.decoder.bias", _MLM + r"\.bias"),
)


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
    tensors: LazyTensors, config: BertConfig, labelled: str, path: Path
) -> dict[str, Array]:
    """Weights under canonical names.

    Args:
        tensors: under the folder's names.
        config: of the model.
        labelled: the head that the tensors `classifier.*` are.
        path: the file, for errors.

    Raises:
        EdgebertError: a tensor of the encoder has a name that no BERT has, belongs to a layer that
            the config does not count, or is a changed copy of the word table.
    """
    names = NameMap((*_TABLE, (r"classifier" + _LINEAR, rf"{labelled}.\1")), _SUFFIXES)
    tensors = _without_copies(tensors, path)
    for name in tensors:
        if re.fullmatch(_ENCODER, name) and not names.canonical(name):
            raise EdgebertError(f"{path}: tensor {shown(name)} is no part of a plain BERT")
    return names.weights(tensors, config, path)


def _read_parts(index: Path, reader: _Reader) -> LazyTensors:
    """The tensors of all files an index names."""
    places = as_object(read_json_object(index).get("weight_map"), "weight_map", index)
    files = {child(index.parent, place, named_by=index) for place in places.values()}
    readers = {name: read for file in sorted(files) for name, read in reader(file).readers.items()}
    missing = sorted(places.keys() - readers.keys())
    if missing:
        raise EdgebertError(f"{index}: no file holds the tensor {shown(missing[0])}")
    return LazyTensors(readers)


def _without_copies(tensors: LazyTensors, path: Path) -> LazyTensors:
    """The tensors but for buffers and for copies of others, which must be equal to those."""
    readers = {
        name: read for name, read in tensors.readers.items() if not re.fullmatch(_BUFFERS, name)
    }
    for copy, pattern in _COPIES:
        original = next((name for name in readers if re.fullmatch(pattern, name)), None)
        if copy in readers and original:
            if not np.array_equal(tensors[copy], tensors[original]):
                raise EdgebertError(
                    f"{path}: tensor {copy} differs from {original}; a BERT has one for both"
                )
            del readers[copy]
    return LazyTensors(readers)

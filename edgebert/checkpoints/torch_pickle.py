"""PyTorch's `torch.save` files, read without PyTorch by an unpickler that only builds tensors.

A file is a zip archive (`data.pkl`, and `data/<key>` for the bytes of each storage), or before
PyTorch 1.6 a row of pickles followed by the storages (torch/serialization.py).
"""

from __future__ import annotations

import io
import pickle
import re
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import IO, Any, NamedTuple

from edgebert.checkpoints.mapped import ELEMENTS, LazyTensors, Tensor, map_file, tensor_view
from edgebert.errors import EdgebertError
from edgebert.text_files import shown

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LOCAL_HEADER_SIZE = 30
_ELEMENT_OF_STORAGE = {
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "DoubleStorage": "float64",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ShortStorage": "int16",
    "IntStorage": "int32",
    "LongStorage": "int64",
}

_STATE = re.compile("optim|sched|scaler|callback|loop|rng", re.IGNORECASE)
"""Keys of a training's state, which may hold tensors that are no weights."""

_SETTINGS = "AttributeDict"
_IGNORED = (
    ("argparse", "Namespace"),
    ("pytorch_lightning.utilities.parsing", _SETTINGS),
    ("lightning.pytorch.utilities.parsing", _SETTINGS),
    ("lightning_fabric.utilities.data", _SETTINGS),
    ("lightning.fabric.utilities.data", _SETTINGS),
    *(("pathlib", name) for name in ("PosixPath", "WindowsPath")),
    *(("collections", name) for name in ("defaultdict", "Counter")),
    *((module, name) for module in ("builtins", "__builtin__") for name in ("set", "list", "int")),
    *((f"numpy.{core}.multiarray", "scalar") for core in ("core", "_core")),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
    *(("torch", name) for name in ("device", "Size", "float32", "float16", "bfloat16")),
)
"""What trainings keep beside weights: their options and scores. None of these is called."""


# Tuples, because a pickle can set attributes of whatever has any.
class _StorageType(NamedTuple):
    element: str


class _Storage(NamedTuple):
    element: str
    key: str


class _TorchTensor(NamedTuple):
    """A tensor as pickled; its numbers are checked by `tensor_view`."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def view(self, data: Callable[[str], memoryview], what: str) -> Tensor:
        element = self.storage.element
        offset = self.offset * ELEMENTS[element].itemsize
        return tensor_view(
            data(self.storage.key),
            element,
            self.shape,
            what=what,
            offset=offset,
            strides=self.strides,
        )


def read_torch_pickle(path: Path) -> LazyTensors:
    """The tensors of a state dict, or of the one in a training's checkpoint; others are left out.

    Raises:
        EdgebertError: the file is damaged, big-endian, holds no state dict or several, or its
            pickle calls anything but what builds tensors.
    """
    data = map_file(path)
    try:
        read = _read_zip if bytes(data[:2]) == b"PK" else _read_legacy
        state, storage = read(path, data)
    except EdgebertError:
        raise
    except Exception as error:  # unpickling damaged bytes can raise anything
        raise EdgebertError(
            f"{path}: not a PyTorch file, or a damaged one ({shown(error)})"
        ) from error
    tensors = {
        name: partial(tensor.view, storage, f"{path}: tensor {name}")
        for name, tensor in _state_dict(state, path).items()
        if isinstance(name, str) and isinstance(tensor, _TorchTensor)
    }
    return LazyTensors(tensors)


def _state_dict(saved: Mapping[Any, Any], path: Path) -> Mapping[Any, Any]:
    """The dict of tensors in what was saved: itself, or the only one in it."""
    inner = dict(_dicts_of_tensors(saved))
    # Beside a dict of weights a lone number is a counter or a loss.
    own = _tensors(saved)
    if own and not (inner and all(tensor.shape == () for tensor in own)):
        return saved
    if len(inner) == 1:
        return next(iter(inner.values()))
    keys = shown(sorted(str(key) for key in saved))
    if not inner:
        raise EdgebertError(f"{path}: no state dict, that is no dict of tensors; keys: {keys}")
    raise EdgebertError(
        f"{path}: several state dicts, under {shown(list(inner))}; keys: {keys}; "
        "save the one that is wanted alone"
    )


def _dicts_of_tensors(saved: Mapping[Any, Any], depth: int = 2) -> Iterator[tuple[str, Any]]:
    """Dicts of tensors in a dict, and in dicts in it, by key; an optimiser's are left out."""
    for key, value in saved.items():
        if isinstance(key, str) and isinstance(value, dict) and not _STATE.search(key):
            if _tensors(value):
                yield key, value
            elif depth > 1:
                for name, inner in _dicts_of_tensors(value, depth - 1):
                    yield f"{key}.{name}", inner


def _tensors(saved: Mapping[Any, Any]) -> list[_TorchTensor]:
    return [value for value in saved.values() if isinstance(value, _TorchTensor)]


_StateDict = tuple[Mapping[Any, Any], Callable[[str], memoryview]]
"""What was pickled, and what gives the bytes of a storage by its key."""


def _read_zip(path: Path, data: memoryview) -> _StateDict:
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: info for info in archive.infolist()}
    pickles = [name for name in members if name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise EdgebertError(f"{path}: a zip file, but not one that torch.save wrote")
    root = pickles[0].removesuffix("data.pkl")

    @cache
    def member(name: str) -> memoryview:
        if root + name not in members:
            raise EdgebertError(f"{path}: {root}{name} is missing")
        return _stored_member(members[root + name], path, data)

    if root + "byteorder" in members and bytes(member("byteorder")).strip() != b"little":
        raise EdgebertError(f"{path}: big-endian numbers; only little-endian files can be read")
    unpickler = _TensorUnpickler(io.BytesIO(member("data.pkl")), path)
    return unpickler.load_dict(), lambda key: member(f"data/{key}")


def _stored_member(info: zipfile.ZipInfo, path: Path, data: memoryview) -> memoryview:
    """The bytes of an uncompressed member, its checksum verified."""
    header = data[info.header_offset : info.header_offset + _LOCAL_HEADER_SIZE]
    name_size, extra_size = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
    start = info.header_offset + _LOCAL_HEADER_SIZE + name_size + extra_size
    content = data[start : start + info.file_size]
    if info.compress_type != zipfile.ZIP_STORED:
        raise EdgebertError(f"{path}: {info.filename} is compressed; torch.save writes it plain")
    if info.header_offset < 0 or zlib.crc32(content) != info.CRC:
        raise EdgebertError(f"{path}: {info.filename} does not match its checksum; damaged file")
    return content


def _read_legacy(path: Path, data: memoryview) -> _StateDict:
    with path.open("rb") as file:
        if _TensorUnpickler(file, path).load() != _LEGACY_MAGIC:
            raise EdgebertError(f"{path}: a pickle, but not one that torch.save wrote")
        _TensorUnpickler(file, path).load()  # version of the format
        system = _TensorUnpickler(file, path).load_dict()
        if system.get("little_endian") is not True:
            raise EdgebertError(f"{path}: big-endian numbers; only little-endian files can be read")
        unpickler = _TensorUnpickler(file, path)
        state = unpickler.load_dict()
        keys = _TensorUnpickler(file, path).load()
        position = file.tell()
    storages: dict[str, memoryview] = {}
    for key in keys:
        count = int.from_bytes(data[position : position + 8], "little")
        end = position + 8 + count * ELEMENTS[unpickler.storages[key].element].itemsize
        if end > len(data):
            raise EdgebertError(f"{path}: storage {key} reaches past the end; cut short?")
        storages[key] = data[position + 8 : end]
        position = end

    def storage(key: str) -> memoryview:
        if key not in storages:
            raise EdgebertError(f"{path}: storage {shown(key)} is missing")
        return storages[key]

    return state, storage


# The Python unpickler, not the C one: a memo index in the file cannot make it allocate memory.
class _TensorUnpickler(pickle._Unpickler):
    """Builds ordered dicts and tensors; any other name in the pickle is an error.

    Attributes:
        storages: those met so far, by key.
    """

    def __init__(self, file: IO[bytes], path: Path) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}
        self._path = path
        # Made anew for each file: a pickle can set attributes of what it is given.
        self._builders: dict[tuple[str, str], object] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): lambda *args: _rebuild_tensor(*args[:4]),
            ("torch._utils", "_rebuild_parameter"): lambda tensor, *_: tensor,
        }
        for name, element in _ELEMENT_OF_STORAGE.items():
            self._builders["torch", name] = _StorageType(element)
        self._builders |= dict.fromkeys(_IGNORED, _stand_in())

    def load_dict(self) -> Mapping[Any, Any]:
        """The next pickle, which must hold a dict."""
        value = self.load()
        if not isinstance(value, dict):
            raise EdgebertError(f"{self._path}: holds {type(value).__name__}, not a state dict")
        return value

    def find_class(self, module: str, name: str) -> Any:
        builder = self._builders.get((module, name))
        if builder is None:
            raise EdgebertError(
                f"{self._path}: the pickle asks for {shown(f'{module}.{name}')}; refused, since "
                "only tensors are built from a pickle. Save the state dict alone, or as safetensors"
            )
        return builder

    def persistent_load(self, pid: Any) -> _Storage:
        kind, storage_type, key, _, _, *view = pid
        if kind != "storage" or not isinstance(storage_type, _StorageType) or any(view):
            raise ValueError("storage of an unknown kind")
        storage = _Storage(storage_type.element, str(key))
        if self.storages.setdefault(storage.key, storage) != storage:
            raise ValueError(f"storage {storage.key} has two types")
        return storage


def _stand_in() -> type:
    """A class of values that let a pickle do to them what it does, and hold nothing of it."""

    def ignore(self: object, *_: object, **__: object) -> None:
        pass

    changes = ("__init__", "__setstate__", "__setitem__", "append", "extend", "add")
    return type("Ignored", (), dict.fromkeys(changes, ignore))


def _rebuild_tensor(storage: Any, offset: Any, shape: Any, strides: Any) -> _TorchTensor:
    if type(storage) is not _Storage or any(
        type(value) is not int for value in (offset, *shape, *strides)
    ):
        raise ValueError("tensor of an unknown kind")
    return _TorchTensor(storage, offset, tuple(shape), tuple(strides))

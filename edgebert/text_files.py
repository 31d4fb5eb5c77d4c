"""Small text and JSON files: read with a limit, refused where malformed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from edgebert.errors import EdgebertError, RowError
from edgebert.lfs_pointer import refuse_lfs_pointer

_LIMIT = 64 << 20
"""Bytes. The largest such file of a BERT, a multilingual tokenizer.json, has about 10 MB."""

_SHOWN = 80


def read_text(
    path: Path, *, keep_mark: bool = False, too_large: str = "not a file of a BERT"
) -> str:
    """A whole UTF-8 file, without the mark that some editors put before the first line.

    Args:
        path: of the file.
        keep_mark: leaves that mark (U+FEFF) where it is.
        too_large: what the error says of a file above 64 MiB.

    Raises:
        EdgebertError: the file is missing, unreadable, above 64 MiB, not UTF-8, or a Git LFS
            pointer.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LIMIT + 1)
    except OSError as error:
        raise EdgebertError(f"{path}: cannot read: {error.strerror or error}") from error
    if len(content) > _LIMIT:
        raise EdgebertError(f"{path}: larger than {_LIMIT >> 20} MiB; {too_large}")
    refuse_lfs_pointer(path, content, "this file")
    try:
        return content.decode("utf-8" if keep_mark else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise EdgebertError(f"{path}: not UTF-8 text") from error


def read_json(path: Path) -> object:
    """A JSON document.

    Raises:
        EdgebertError: as `read_text`, and for text that is not JSON.
    """
    text = read_text(path)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EdgebertError(f"{path}: not valid JSON") from error


def unrepeated(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, where `json` would keep the last of two values: for `object_pairs_hook`.

    Raises:
        EdgebertError: a name has two values.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise EdgebertError(f"an object has two values for {shown(twice)}; leave one out")
    return found


@contextmanager
def json_at(place: str, hint: str = "") -> Iterator[None]:
    """Names the place, and gives the hint, where what is parsed inside is no JSON."""
    try:
        yield
    except (ValueError, RecursionError) as error:
        raise RowError(place, f"not JSON: {error}{hint}") from error
    except EdgebertError as error:
        raise RowError(place, str(error)) from error


def read_json_object(path: Path) -> Mapping[str, Any]:
    """A JSON document whose top level is an object.

    Raises:
        EdgebertError: as `read_json`, and for another top level.
    """
    return as_object(read_json(path), path.name, path)


def as_object(value: object, name: str, path: Path) -> Mapping[str, Any]:
    """`value` as a JSON object; `name` says in the error what it is, `path` where it stands."""
    if not isinstance(value, dict):
        raise EdgebertError(f"{path}: {name} is {kind(value)}; a JSON object is needed")
    return value


def kind(value: object) -> str:
    """How an error names a JSON value without showing all of it."""
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
    kinds |= {int: "a number", float: "a number", type(None): "null"}
    return kinds.get(type(value), type(value).__name__)


def shown(value: object) -> str:
    """How an error shows a value from a foreign file: escaped, on one line, cut short."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def is_clean_text(value: object) -> bool:
    """Whether `value` can be written as one line of UTF-8: no lone surrogates, no line ends."""
    if not isinstance(value, str):
        return False
    if value.isprintable():
        return True
    if "\n" in value or "\r" in value:
        return False
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def child(folder: Path, name: object, named_by: Path) -> Path:
    """The path of `name` below `folder`, as another file of the checkpoint (`named_by`) names it.

    Raises:
        EdgebertError: `name` is no relative path, or leads out of `folder`.
    """
    if is_clean_text(name) and "\0" not in str(name) and "\\" not in str(name):
        path = PurePosixPath(str(name))
        if not path.is_absolute() and ".." not in path.parts and ":" not in str(name):
            return folder / path
    raise EdgebertError(f"{named_by}: {shown(name)} is no path inside the checkpoint's folder")

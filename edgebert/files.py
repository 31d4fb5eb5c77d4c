"""Writing files so that a reader never sees half of one, and knowing them again."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from edgebert.errors import EdgebertError
from edgebert.unfinished import temporary_folder

_PIECE = 1 << 20


@contextlib.contextmanager
def replacing(path: Path, *, force: bool = False) -> Iterator[Path]:
    """Gives a temporary path near `path`; renames it to `path` when the block ends well.

    Where `path` is a link, what it points to is written, and the link stays.
    On any error, Ctrl-C included, the temporary file goes and `path` stays as it was. What a killed
    process left goes when the same file is written next (see `unfinished`).

    Raises:
        EdgebertError: `path` exists and `force` is off, or its folder cannot be written.
    """
    refuse_overwrite(path, force=force)
    path = _target(path)
    with contextlib.ExitStack() as stack:
        try:
            part = stack.enter_context(temporary_folder(path)) / path.name
            part.touch()
        except OSError as error:
            raise cannot_write_here(path, error) from error
        with writing(path):
            yield part
            _publish(part, path, force=force)


@contextlib.contextmanager
def writing(path: Path, advice: str = "") -> Iterator[None]:
    """Whatever goes wrong with the disk within is an error of `path`, with an advice behind it.

    Raises:
        EdgebertError: the disk is full, or the like.
    """
    try:
        yield
    except OSError as error:
        hint = f"; {advice}" if advice else ""
        raise EdgebertError(f"{path}: cannot write: {error.strerror or error}{hint}") from error


def make_folder(path: Path) -> None:
    """Makes a folder, and those it is in, where they are not there.

    Raises:
        EdgebertError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write_here(path, error) from error


def cannot_write_here(path: Path, error: OSError) -> EdgebertError:
    """What to raise where a file or folder cannot be made."""
    if isinstance(error, FileNotFoundError) and path.parent.is_dir():  # such as /proc
        return EdgebertError(f"{path}: cannot write here: {path.parent} takes no files")
    return EdgebertError(f"{path}: cannot write here: {error.strerror or error}")


def sha256_of(path: Path) -> str:
    """Of what a file holds, hexadecimal.

    Raises:
        EdgebertError: it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except OSError as error:
        raise EdgebertError(f"{path}: cannot read: {error.strerror}") from error
    return digest.hexdigest()


def refuse_overwrite(path: Path, *, force: bool) -> None:
    """Asks before long work whether its result may be written.

    Raises:
        EdgebertError: `path` is a folder or a device, or exists and `force` is off, or its folder
            is not there.
    """
    if path.exists() and not path.is_dir() and not path.is_file():
        # Renaming would put a file in its place.
        raise EdgebertError(f"{path}: not an ordinary file but a pipe or device; give a file name")
    path = _target(path)
    if path.is_dir():
        raise EdgebertError(f"{path}: is a folder; give a file name")
    if not path.parent.is_dir():
        raise EdgebertError(f"{path}: cannot write here: there is no folder {path.parent}")
    if path.exists() and not force:
        raise EdgebertError(f"{path}: exists already; choose another name or add --force")


def refuse_same(output: Path, *inputs: str | os.PathLike[str] | None) -> None:
    """Keeps what is read from being replaced by what is written, asked for or not.

    Args:
        output: a file to write.
        inputs: files to read, and folders of a checkpoint, all whose files are read but .tflite.

    Raises:
        EdgebertError: the output is one of the inputs.
    """
    for path in (Path(each) for each in inputs if each is not None):
        if output.exists() and path.exists() and _reads(path, output):
            raise EdgebertError(f"{output}: is the input; choose another name for the output")


def _reads(path: Path, file: Path) -> bool:
    """Whether a file is that one, or one of that folder which a checkpoint may have."""
    if not path.is_dir():
        return file.samefile(path)
    inside = file.resolve().is_relative_to(path.resolve())
    return inside and file.suffix.lower() != ".tflite"


def _target(path: Path) -> Path:
    """The file that a link points to, which need not be there yet; other paths as they are."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _publish(part: Path, path: Path, *, force: bool) -> None:
    with part.open("rb") as file:
        os.fsync(file.fileno())
    umask = os.umask(0)
    os.umask(umask)
    part.chmod(0o666 & ~umask)
    if not force:
        refuse_overwrite(path, force=False)  # it may have been made meanwhile
    part.replace(path)

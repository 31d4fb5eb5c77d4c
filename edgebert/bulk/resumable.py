"""A file of lines that is written over hours and can be taken up again wherever it broke off.

Until `out.jsonl` is whole, `out.jsonl.progress` stands beside it: what the lines are made of, and
how many of them are safe. Every few seconds the lines are brought to the disk (fsync), and only
then is the progress file replaced, at one stroke. Whatever stands in the output behind the safe
lines, half a line or a thousand, is cut off before work goes on. So after `kill -9`, a full disk
or a power cut the file goes on as if nothing had happened.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

from edgebert.errors import EdgebertError
from edgebert.extras import needed_for
from edgebert.files import cannot_write_here, refuse_overwrite, replacing, writing

SAVE_EVERY = 5.0
"""Seconds: the most work that is lost."""

_LARGEST_PROGRESS_FILE = 100_000
_ADVICE = "the same command goes on once that is mended"


class OutputPosition(NamedTuple):
    """How far the output has come.

    Attributes:
        lines: that are written; where a text has several lines or none, how many texts are done.
        bytes: that they take.
        truncated: how many of them tell of a text that was cut off.
    """

    lines: int
    bytes: int
    truncated: int


_START = OutputPosition(0, 0, 0)


class ResumableOutput:
    """The open output; see `resumable`."""

    def __init__(
        self,
        path: Path,
        file: BinaryIO,
        made_of: Mapping[str, str],
        position: OutputPosition,
        save_every: float,
    ) -> None:
        self.position = position
        self._path = path
        self._file = file
        self._made_of = made_of
        self._save_every = save_every
        self._saved = time.monotonic()

    def write(self, *lines: str, truncated: bool = False) -> None:
        """Adds the line of a text; some have several, or none.

        Raises:
            EdgebertError: the disk is full, or the like.
        """
        data = "".join(f"{line}\n" for line in lines).encode()
        with writing(self._path, _ADVICE):
            self._file.write(data)
        # In one step: Ctrl-C before it leaves a line that does not count and will be cut off.
        self.position = OutputPosition(
            self.position.lines + 1,
            self.position.bytes + len(data),
            self.position.truncated + truncated,
        )
        if time.monotonic() - self._saved >= self._save_every:
            self.save()

    def save(self) -> None:
        """Makes the lines safe.

        Raises:
            EdgebertError: the disk is full, or the like.
        """
        position = self.position
        self._sync()
        _write_progress(self._path, self._made_of, position)
        self._saved = time.monotonic()

    def finish(self) -> None:
        """Makes the output whole.

        Raises:
            EdgebertError: the disk is full, or the like.
        """
        self._sync()
        with writing(self._path, _ADVICE):
            progress_path(self._path).unlink()

    def _sync(self) -> None:
        with writing(self._path, _ADVICE):
            self._file.flush()
            os.fsync(self._file.fileno())


@contextlib.contextmanager
def resumable(
    path: Path, made_of: Mapping[str, str], *, force: bool = False, save_every: float = SAVE_EVERY
) -> Iterator[ResumableOutput]:
    """Opens an output, a new one or where it broke off; its `position` tells how far it is.

    When the block ends well the output is whole and its progress file goes. When it does not,
    Ctrl-C included, what was written is made safe.

    Args:
        path: the output.
        made_of: what the lines follow from, by name; where any of it differs from what an
            unfinished output was made of, that one cannot be taken up.
        force: begin anew, whatever is there.
        save_every: seconds.

    Raises:
        EdgebertError: no such folder, a full disk, a whole output that is there already, one that
            another process is writing, or an unfinished one that is made of something else or
            does not fit its progress file.
    """
    if not path.parent.is_dir():
        raise EdgebertError(f"{path.parent}: no such folder")
    refuse_overwrite(path, force=force or (bool(path.name) and progress_path(path).exists()))
    with _locked(path):
        position = _START if force else _find_position(path, made_of)
        # Before the output is there: an output without a progress file counts as whole.
        _write_progress(path, made_of, position)
        with writing(path, _ADVICE):
            file = path.open("ab")
        lines = ResumableOutput(path, file, made_of, position, save_every)
        try:
            with writing(path, _ADVICE):
                file.truncate(position.bytes)
            yield lines
            lines.finish()
        except BaseException:
            with contextlib.suppress(EdgebertError):  # the last progress file holds then
                lines.save()
            raise
        finally:
            with contextlib.suppress(OSError):  # told already, by `save` or `sync`
                file.close()


def progress_path(path: Path) -> Path:
    """Where the progress of an unfinished output is kept."""
    return path.with_name(f"{path.name}.progress")


def _write_progress(path: Path, made_of: Mapping[str, str], position: OutputPosition) -> None:
    with replacing(progress_path(path), force=True) as part:
        part.write_text(json.dumps({"made_of": dict(made_of), **position._asdict()}))


def _find_position(path: Path, made_of: Mapping[str, str]) -> OutputPosition:
    found = _read_progress(progress_path(path))
    if found is None:
        return _START
    known, position = found
    for name, value in made_of.items():
        if known.get(name) != value:
            raise EdgebertError(
                f"{path}: unfinished, and cannot go on: {name} is not what it was; "
                "bring that back, or begin anew with --force"
            )
    size = path.stat().st_size if path.exists() else 0
    if size < position.bytes:
        raise EdgebertError(
            f"{path}: has {size} bytes, {position.bytes} were written already; "
            "begin anew with --force"
        )
    return position


def _read_progress(path: Path) -> tuple[Mapping[str, str], OutputPosition] | None:
    """What a progress file holds; None where there is none."""
    try:
        with path.open("rb") as file:
            data = json.loads(file.read(_LARGEST_PROGRESS_FILE))
        numbers = [data[name] for name in OutputPosition._fields]
        if not all(type(number) is int and number >= 0 for number in numbers):
            raise ValueError
        return dict(data["made_of"]), OutputPosition(*numbers)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EdgebertError(f"{path}: cannot read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise EdgebertError(f"{path}: damaged; begin anew with --force") from error


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keeps other processes from writing the same output."""
    with needed_for("writing an output that can be taken up again"):
        from filelock import FileLock, Timeout

    lock = FileLock(path.with_name(f"{path.name}.lock"))
    try:
        # filelock takes a folder that takes no files, such as /proc, for a lock that is held.
        Path(lock.lock_file).touch()
        lock.acquire(timeout=0)
    except Timeout as error:
        raise EdgebertError(f"{path}: another process is writing it") from error
    except OSError as error:
        raise cannot_write_here(path, error) from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows does not delete what is open
            Path(lock.lock_file).unlink()
        lock.release()

"""One reader of outside bytes as a target, and what may come of an input: a value or a refusal."""

from __future__ import annotations

import contextlib
import resource
import signal
import traceback
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebert.errors import EdgebertError

SECONDS = 5.0
"""Most processor time that an input may take."""
MEMORY = 512 << 20
"""Most bytes that an input may add to the process."""

_LONGEST_MESSAGE = 4000
_CONTROL = ("Cc", "Cs")  # control characters, line ends among them, and lone surrogates


@dataclass(frozen=True)
class Target:
    """A reader, and the place in which an input is put before it is read.

    Attributes:
        name: of the target and of its folders.
        file: the path of the input in the folder; it may lie in a folder of its own.
        read: reads the file at the path, or the folder that it lies in.
        seeds: inputs to begin with; the first one is accepted by the reader.
        around: the other files of the folder.
        wrap: makes the file of an input: puts it behind right checksums, which mutations would
            not get past.
    """

    name: str
    file: str
    read: Callable[[Path], Any]
    seeds: Callable[[], list[bytes]]
    around: Callable[[], Mapping[str, bytes]] = dict
    wrap: Callable[[bytes], bytes] = bytes

    def prepare(self, folder: Path) -> Path:
        """Writes the other files; gives the path for the inputs."""
        for name, data in self.around().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        path = folder / self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


@dataclass(frozen=True)
class Finding:
    """What must not come of an input.

    Attributes:
        what: an unexpected exception, or what is wrong with the message.
        where: the last line of edgebert that took part.
    """

    what: str
    where: str


class _TooSlowError(BaseException):
    """No `except Exception` of a reader keeps it."""


def outcome(target: Target, data: bytes, path: Path) -> Finding | None:
    """Reads one input; None where that gave a value or a refusal in one line.

    Args:
        target: that reads.
        data: the input.
        path: where it is put; see `Target.prepare`.
    """
    path.write_bytes(target.wrap(data))
    try:
        with warnings.catch_warnings(), _limits():
            warnings.simplefilter("ignore")
            target.read(path)
    except EdgebertError as error:
        wrong = _wrong_with(str(error))
        return Finding(wrong, _where(error)) if wrong else None
    except (Exception, _TooSlowError) as error:
        return Finding(f"{type(error).__name__}: {str(error)[:200]!r}", _where(error))
    return None


def _wrong_with(message: str) -> str | None:
    if not message:
        return "empty message"
    if any(unicodedata.category(character) in _CONTROL for character in message):
        return f"message of several lines, or with control characters: {message[:200]!r}"
    if len(message) > _LONGEST_MESSAGE:
        return f"message of {len(message)} characters: {message[:200]!r}"
    return None


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/edgebert/" in frame.filename] or frames
    *_, name = ours[-1].filename.rpartition("/edgebert/")
    return f"{name}:{ours[-1].lineno}"


@contextlib.contextmanager
def _limits() -> Iterator[None]:
    """Memory of the process and processor time, until the block ends."""
    before = signal.signal(signal.SIGPROF, _stop)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    size = _address_space()
    if size:  # not told everywhere
        resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, limits[1]))
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, limits)
        signal.signal(signal.SIGPROF, before)


def _stop(number: int, frame: object) -> None:
    raise _TooSlowError(f"more than {SECONDS:g} seconds")


def _address_space() -> int:
    """Bytes of the process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return 0
    return pages * resource.getpagesize()

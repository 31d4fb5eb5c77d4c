"""A model that a service answers with: opened at the start, and anew when its file is replaced."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from edgebert.errors import EdgebertError
from edgebert.runtime.answer_json import to_json
from edgebert.runtime.model import Model, load
from edgebert.support import EngineName


class _Identity(NamedTuple):
    """What changes where a file is replaced or written over."""

    device: int
    inode: int
    size: int
    modified_ns: int


class ServedModel:
    """A file under the name that requests use. Threads may share it.

    Attributes:
        name: in the address of a request.
        path: of the file.
        fault: why the file that is there now is not used; None where it is.
    """

    name: str
    path: Path
    fault: str | None

    def __init__(self, name: str, path: Path, *, engine: EngineName, threads: int) -> None:
        """Opens the file and runs its self-test.

        Raises:
            EdgebertError: the file cannot be opened, or fails its self-test here.
        """
        self.name = name
        self.path = path
        self.fault = None
        self._engine: EngineName = engine
        self._threads = threads
        self._identity = _identity(path)
        self._model = self._open()
        self._reopening = threading.Lock()

    def model(self) -> Model:
        """The model of the file as it is now; if that cannot be used, the one from before.

        An old model is not closed: other threads may be answering with it. It goes with the last of
        them.
        """
        if _identity(self.path) != self._identity and self._reopening.acquire(blocking=False):
            try:
                self._reopen()
            finally:
                self._reopening.release()
        return self._model

    def answer(self, text: str, pair: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a text, as `edgebert run --json` prints it.

        Raises:
            EdgebertError: a wrong text or option.
        """
        model = self.model()
        return to_json(model, text, pair, model.reply(text, pair, **options))

    def facts(self) -> dict[str, Any]:
        """What there is to know before asking."""
        model = self.model()
        return {
            "name": self.name,
            "task": model.task,
            "labels": model.labels,
            "multi_label": model.multi_label,
            "max_length": model.max_length,
            "quantization": model.record.quantization.name,
            "engine": model.engine,
            "fault": self.fault,
        }

    def _open(self) -> Model:
        with _snapshot(self.path) as location:
            try:
                model = load(location, engine=self._engine, threads=self._threads)
            except EdgebertError as error:
                raise EdgebertError(str(error).replace(location, str(self.path))) from error
        if not model.selftest().passed:
            raise EdgebertError(
                f"{self.path}: fails its self-test; see edgebert inspect --selftest"
            )
        return model

    def _reopen(self) -> None:
        found = _identity(self.path)
        try:
            self._model = self._open()
        except EdgebertError as error:
            self.fault = f"{error}; answers come from the file that was there before"
        else:
            self.fault = None
        # A file that is still being written has another identity at the next request.
        self._identity = found


@contextlib.contextmanager
def _snapshot(path: Path) -> Iterator[str]:
    """A copy of a file in memory, under a path.

    The engine maps what it opens. Were that the file itself, `cp` onto it would end the process
    with a bus error.
    """
    if not hasattr(os, "memfd_create"):  # Linux has it
        yield str(path)
        return
    with open(os.memfd_create("edgebert"), "wb") as copy:  # noqa: PTH123 (no path)
        try:
            with path.open("rb") as original:
                shutil.copyfileobj(original, copy)
        except OSError as error:
            raise EdgebertError(f"{path}: cannot read: {error.strerror or error}") from error
        copy.flush()
        yield f"/proc/{os.getpid()}/fd/{copy.fileno()}"  # a child may try the file, too


def _identity(path: Path) -> _Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return _Identity(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)

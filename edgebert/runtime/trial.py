"""Tries a file without a checksum in a process of its own, since a damaged graph can crash one."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from edgebert.errors import EdgebertError
from edgebert.model_file.read import ModelFile, read_model_file
from edgebert.runtime.sessions import open_session
from edgebert.support import EngineName

if TYPE_CHECKING:
    from edgebert.model_file.record import Record
    from edgebert.runtime.session import Session

# Nothing is imported before the path is that of the parent: the folder one works in is on it.
_CHILD = """
import sys
location, engine, threads, *sys.path = sys.argv[1:]
from edgebert.runtime.trial import run_here
run_here(location, engine, int(threads))
"""
_WINDOWS_CRASH = 0xC0000000
"""Exit codes from here on are of a process that Windows ended."""


def try_apart(file: ModelFile, *, engine: EngineName, threads: int) -> None:
    """Opens a file and runs it in a child process; what it answers is not looked at.

    Where no Python can be started (an application with one built in, a sandbox) nothing is tried.

    Args:
        file: what was read of it.
        engine: as for `load`.
        threads: as for `load`.

    Raises:
        EdgebertError: the child died.
    """
    if "python" not in os.path.basename(sys.executable or "").lower():  # noqa: PTH119
        return
    given = [file.location, engine, str(threads), *sys.path]
    try:
        child = subprocess.run(  # noqa: S603 (our own interpreter, no shell)
            [sys.executable, "-c", _CHILD, *given],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError:
        return
    if child.returncode < 0 or child.returncode >= _WINDOWS_CRASH:
        raise EdgebertError(
            f"{file.location}: damaged: the engine crashed on it in a trial; convert it again"
        )


def run_here(location: str, engine: EngineName, threads: int) -> None:
    """What the child does: an error is for the parent to meet and to tell."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # not on Windows

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    record = read_model_file(location).record
    with contextlib.suppress(EdgebertError):
        session = open_session(
            location,
            max_length=record.max_length,
            fixed=record.fixed_graphs,
            engine=engine,
            threads=threads,
            needs=record.minimum_runtime,
        )
        for ids, segment_ids, further in _inputs(record, session):
            with contextlib.suppress(EdgebertError):
                session.run(ids, segment_ids, further)


def _inputs(
    record: Record, session: Session
) -> Iterator[tuple[Sequence[int], Sequence[int] | None, Mapping[str, Sequence[int]]]]:
    """Those of the self-test, and one of each length that the file is made for."""
    for case in record.self_test:
        yield case.ids, case.segment_ids, case.further
    graphs = record.fixed_graphs
    lengths = graphs.lengths if graphs else (record.max_length,)
    first = record.self_test[0].ids[:1] if record.self_test else (0,)
    for length in lengths:
        yield first * length, None, dict.fromkeys(session.further_inputs, (0,))

"""Which steps are done, so that the same command goes on where it was stopped.

`work/steps.json` keeps for each finished step what it was made of, what came of it and how long it
took. A step counts as done only while it would be made of the same and its files are there, so a
change of the data or of an option repeats the steps that depend on it, and no others.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from edgebert.errors import EdgebertError
from edgebert.files import make_folder, replacing
from edgebert.text_files import read_json_object

Notify: TypeAlias = Callable[[str], None]

_STEPS = "steps.json"
_LOCK = "lock"


@dataclass
class Journal:
    """The finished steps of a folder.

    Attributes:
        work: where steps keep their files.
        notify: given a line for people before each step.
        lock: an open file that belongs to this process and its children, while they live.
        commands: of the steps of this fit, done now or before, in their order.
    """

    work: Path
    notify: Notify
    lock: int | None
    commands: list[list[str]] = field(default_factory=list)
    _steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    _begun: dict[str, dict[str, Any]] = field(default_factory=dict)

    def step(
        self,
        name: str,
        title: str,
        made_of: Mapping[str, Any],
        files: Sequence[Path],
        make: Callable[[], Any],
        leftovers: Path | None = None,
    ) -> Any:
        """What a step gave: now, or when it was done.

        Args:
            name: by which it is known.
            title: for people.
            made_of: plain JSON values; all that decides what comes of it.
            files: that it writes.
            make: does it; gives a plain JSON value.
            leftovers: folder in which it goes on from where it was stopped; it is deleted if that
                was made of anything else.
        """
        made_of = json.loads(json.dumps(made_of))
        known = self._steps.get(name)
        if known and known["made_of"] == made_of and all(file.exists() for file in files):
            self.notify(f"{title}: done before")
            self._note(made_of)
            return known["result"]
        self.notify(title)
        if leftovers is not None:
            self._clear(name, made_of, leftovers)
        start = time.monotonic()
        result = json.loads(json.dumps(make()))
        seconds = time.monotonic() - start
        self._steps[name] = {"made_of": made_of, "result": result, "seconds": round(seconds, 3)}
        self._save()
        self._note(made_of)
        return result

    def forget(self, name: str) -> None:
        """A step that is done once more, though nothing it is made of has changed."""
        step = self._steps.pop(name)
        if "command" in step["made_of"]:
            self.commands.remove(step["made_of"]["command"])

    def seconds(self, prefix: str = "") -> float:
        """That the finished steps took whose names begin so."""
        return sum(
            float(step["seconds"]) for name, step in self._steps.items() if name.startswith(prefix)
        )

    def load(self) -> None:
        """Reads the finished steps."""
        path = self.work / _STEPS
        if path.exists():
            found = read_json_object(path)
            self._steps = dict(found["steps"])
            self._begun = dict(found.get("begun", {}))

    def _clear(self, name: str, made_of: Mapping[str, Any], leftovers: Path) -> None:
        if self._begun.get(name) != made_of and leftovers.exists():
            shutil.rmtree(leftovers)
        self._begun[name] = dict(made_of)
        self._save()

    def _note(self, made_of: Mapping[str, Any]) -> None:
        if "command" in made_of:
            self.commands.append(made_of["command"])

    def _save(self) -> None:
        with replacing(self.work / _STEPS, force=True) as part:
            part.write_text(
                json.dumps({"steps": self._steps, "begun": self._begun}, indent=1) + "\n",
                encoding="utf-8",
            )


@contextlib.contextmanager
def open_journal(output: Path, notify: Notify) -> Iterator[Journal]:
    """The journal of a folder, which no other process may have open.

    Raises:
        EdgebertError: another one has, or the folder cannot be written.
    """
    work = output / "work"
    make_folder(work)
    with contextlib.ExitStack() as stack:
        lock = _locked(work / _LOCK, output)
        if lock is not None:
            stack.callback(os.close, lock)
        journal = Journal(work, notify, lock)
        journal.load()
        yield journal


def _locked(path: Path, output: Path) -> int | None:
    """Locks a file for this process and the children that inherit it.

    A child that outlives its parent keeps the lock: two trainings never write the same run.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise EdgebertError(
            f"{output}: another edgebert fit is at work here, or a step that it began; wait until "
            "it has ended, or choose another folder"
        ) from error
    return handle

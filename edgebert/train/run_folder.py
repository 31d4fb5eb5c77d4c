"""The folder of a run: its configuration, its state, and what it measured.

config.json         settings, data and source by their fingerprints; a resume must agree with it
sessions.jsonl      one line a start: time, versions, machine, git revision
metrics.jsonl       one line a logged step or evaluation
tensorboard/        the same for TensorBoard
state.safetensors   weights, optimiser and step of the last save
best.safetensors    the last weights whose dev figure is as good as the best
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeAlias

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.files import make_folder, replacing, writing
from edgebert.text_files import read_json_object, shown
from edgebert.train.backend import tf
from edgebert.train.run_json import METRICS, flattened, read_metrics
from edgebert.train.state import TrainerState, read_state, write_state
from edgebert.train.strategy import check_workers_agree, current_cluster
from edgebert.version import __version__

_CONFIG = "config.json"
_STATE = "state.safetensors"
_BEST = "best.safetensors"
_ADVICE = "the run is safe up to its last save: make room and add --resume"


class RunFolder:
    """One run on disk.

    Args:
        path: of the folder; made where it is not there.
        config: plain JSON values; all that the weights at the end depend on.
        resume: go on with a run that is there.

    Raises:
        EdgebertError: there is a run and `resume` is off, its config is another one, or the
            folder cannot be written.
    """

    def __init__(self, path: Path, config: Mapping[str, Any], *, resume: bool = False) -> None:
        self.path = path
        known = path / _CONFIG
        if known.exists():
            if not resume:
                raise EdgebertError(
                    f"{path}: a run is here already; add --resume to go on with it, "
                    "or choose another folder"
                )
            _check_same(read_json_object(known), json.loads(json.dumps(config)), path)
        make_folder(path)
        if not known.exists():
            with replacing(known) as part:
                part.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        self._append("sessions.jsonl", _session())
        self._board: Any = None

    def load(self) -> tuple[TrainerState, dict[str, Array]] | None:
        """The last save; None before the first. What was logged after it is dropped."""
        if not (self.path / _STATE).exists():
            self._cut_metrics(0)
            return None
        state, tensors = read_state(self.path / _STATE)
        self._cut_metrics(state.step)
        return state, tensors

    def save(self, state: TrainerState, tensors: Mapping[str, Array]) -> None:
        """Saves where the run stands.

        Raises:
            EdgebertError: it cannot; the save before it stays.
        """
        write_state(self.path / _STATE, state, tensors)

    def save_best(self, state: TrainerState, weights: Mapping[str, Array]) -> None:
        """Saves the best weights so far."""
        write_state(self.path / _BEST, state, weights)

    def best(self) -> dict[str, Array]:
        """The best weights."""
        return read_state(self.path / _BEST)[1]

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Notes figures measured after so many steps."""
        self._append(METRICS, {"step": step, **values})
        folder = self.path / "tensorboard"
        try:
            if self._board is None:
                self._board = tf.summary.create_file_writer(str(folder))
            with self._board.as_default(step):
                for name, value in values.items():
                    tf.summary.write(name, tf.constant(value, tf.float32), metadata=_SCALAR)
        except tf.errors.OpError as error:
            raise EdgebertError(
                f"{folder}: cannot write: {shown(error.message)}; {_ADVICE}"
            ) from error

    def _append(self, name: str, value: Mapping[str, Any]) -> None:
        path = self.path / name
        with writing(path, _ADVICE), path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(value) + "\n")

    def _cut_metrics(self, step: int) -> None:
        path = self.path / METRICS
        lines = [line for line in read_metrics(path) if line["step"] <= step]
        with replacing(path, force=True) as part:
            part.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


class NonChiefRun:
    """The run of a worker that is not the chief: what it would write is dropped.

    Args:
        path: where that one keeps it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> None:
        """Knows of no save."""

    def save(self, state: TrainerState, tensors: Mapping[str, Array]) -> None:
        """Saves nothing."""

    def save_best(self, state: TrainerState, weights: Mapping[str, Array]) -> None:
        """Saves nothing."""

    def best(self) -> dict[str, Array]:
        """None."""
        return {}

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Notes nothing."""


Run: TypeAlias = RunFolder | NonChiefRun


def open_run(path: Path, config: Mapping[str, Any], *, resume: bool = False) -> Run:
    """A run as this worker keeps it: the chief as a `RunFolder`, all others not at all.

    Raises:
        EdgebertError: as `RunFolder`, or the workers' configs differ.
    """
    check_workers_agree(config)
    return (
        RunFolder(path, config, resume=resume) if current_cluster().is_chief else NonChiefRun(path)
    )


_SCALAR = tf.compat.v1.SummaryMetadata(
    plugin_data=tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars"),
    data_class=1,  # a scalar
)
"""By which TensorBoard knows a curve. `tf.summary.scalar` would need its package."""


def _check_same(before: Mapping[str, Any], now: Mapping[str, Any], path: Path) -> None:
    one, other = dict(flattened(before)), dict(flattened(now))
    for name in [*one, *(name for name in other if name not in one)]:
        if one.get(name) != other.get(name):
            raise EdgebertError(
                f"{path}: cannot resume: {name} was {shown(one.get(name))} and is now "
                f"{shown(other.get(name))}; give what was given before, or choose another folder"
            )


def _session() -> dict[str, Any]:
    return {
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "edgebert": __version__,
        "tensorflow": tf.__version__,
        "python": platform.python_version(),
        "machine": platform.platform(),
        "devices": [device.name for device in tf.config.list_physical_devices()],
        "git_revision": _git_revision(),
    }


def _git_revision() -> str | None:
    """Of the folder the program was started in; with `-dirty` where it was changed since."""
    git = shutil.which("git")
    if git is None:
        return None
    found = subprocess.run(  # noqa: S603
        [git, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or None

"""Trains students, the smallest first, until larger ones bring nothing that dev can show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgebert.checkpoints.sources import open_checkpoint
from edgebert.checkpoints.writing.hugging_face import write_hugging_face
from edgebert.errors import CheckFailedError
from edgebert.files import sha256_of
from edgebert.fitting.command import OutOfTimeError, as_line, run_command
from edgebert.fitting.journal import Journal
from edgebert.fitting.sizes import StudentSize
from edgebert.fitting.training import TrainingCommands
from edgebert.train.distillation.student import parse_size, student_from_teacher

_NO_GAIN = 2
"""So many sizes in a row that are no better than the best one before end the search."""


@dataclass(frozen=True)
class Measured:
    """A file, and how right it is on dev.

    Attributes:
        size: that it has.
        file: where it is.
        metric: the task's first.
        value: of it on dev.
        low: lower end of its 95 % interval.
        high: upper end.
        rows: of dev.
    """

    size: StudentSize
    file: Path
    metric: str
    value: float
    low: float
    high: float
    rows: int

    def __str__(self) -> str:
        return f"{self.metric} {self.value:.4f} ({self.low:.4f} to {self.high:.4f})"

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "file": str(self.file)}


@dataclass(frozen=True)
class StudentSearch:
    """What a search goes by.

    Attributes:
        training: its commands.
        journal: of the steps.
        target: figure on dev that is enough; None: none is.
        hours: for all trainings together; None: no limit.
    """

    training: TrainingCommands
    journal: Journal
    target: float | None
    hours: float | None

    def teacher(self, size: StudentSize) -> Measured:
        """The teacher, trained and as an int8 file.

        Raises:
            CheckFailedError: it is no better than chance, or int8 loses too much.
        """
        training = self.training
        if not training.is_trained:
            folder = training.work / "teacher"
            command = training.teacher_command()
            made = [folder / "config.json"]
            self._run("teacher", "teacher", command, made, leftovers=folder)
        return self._measured(training.teacher_folder, size, "teacher")

    def students(self, sizes: Sequence[StudentSize], largest: Measured) -> list[Measured]:
        """Students of these sizes, as many as were worth it; the teacher's file is the last of all.

        Args:
            sizes: that keep to the limits, the one with the least work first.
            largest: the teacher's.
        """
        found: list[Measured] = []
        best: Measured | None = None
        without_gain = 0
        for size in sizes:
            if size.name == largest.size.name:
                found.append(largest)
                continue
            made = self._student(size, found)
            if made is None:
                continue
            found.append(made)
            if self.target is not None and made.value >= self.target:
                self.journal.notify(
                    f"{size.name} reaches {self.target:.4f}: no larger one is tried"
                )
                break
            if best is not None and made.value <= best.high:
                without_gain += 1
            else:
                best, without_gain = made, 0
            if without_gain == _NO_GAIN:
                self.journal.notify("larger ones are no better, as far as dev can show")
                break
        return found

    def _student(self, size: StudentSize, before: Sequence[Measured]) -> Measured | None:
        """A student; None where it is not worth the time, or nothing came of it."""
        training, name = self.training, f"student {size.name}"
        left = self._seconds_left()
        if before and left is not None:
            last = before[-1].size
            seconds = self.journal.seconds(f"student {last.name}") * size.work / last.work
            if seconds > left:
                self.journal.notify(f"{name}: left out, it would take {seconds / 3600:.2f} hours")
                return None
        if training.data.kind.task == "tag":
            self._start(size)
        folder, outside = training.student_folder(size), training.data.outside_path("train")
        inputs = {} if outside is None else {"out_of_scope": sha256_of(outside)}
        try:
            self._run(
                name,
                name,
                training.student_command(size),
                [folder / "config.json"],
                seconds=left if before else None,
                leftovers=folder,
                **inputs,
            )
            return self._measured(str(folder), size, name)
        except OutOfTimeError:
            self.journal.notify(f"{name}: stopped, the time is over")
        except CheckFailedError as error:
            self.journal.notify(f"{name}: left out: {error}")
        return None

    def _measured(self, source: str, size: StudentSize, name: str) -> Measured:
        training = self.training
        file, dev = training.file(size), training.data.path("dev")
        file.parent.mkdir(parents=True, exist_ok=True)
        weights = Path(source) / "model.safetensors"
        self._run(
            f"file of {name}",
            f"{name}: converted to int8",
            training.convert_command(source, size),
            [file],
            weights=sha256_of(weights) if weights.exists() else source,
        )
        command = training.evaluate_command(file, dev)
        result = self._run(
            f"dev of {name}", f"{name}: measured on dev", command, [], file=sha256_of(file)
        )
        metric, value = next(iter(result["metrics"].items()))
        low, high = result["intervals"][metric] or (value, value)
        made = Measured(size, file, metric, value, low, high, result["rows"])
        self.journal.notify(f"{name}: {made}")
        return made

    def _start(self, size: StudentSize) -> None:
        """Makes the weights that a tagger of this size begins with, from its teacher's."""
        folder = self.training.start_folder(size)

        def make() -> str:
            with open_checkpoint(self.training.teacher_folder) as teacher:
                student = student_from_teacher(teacher, *parse_size(size.name))
                write_hugging_face(student, folder, force=True)
            return size.name

        made_of = {"teacher": self.training.teacher_folder, "size": size.name}
        made_of |= self.training.made_of
        title = f"student {size.name}: begins with the teacher's weights"
        self.journal.step(f"start {size.name}", title, made_of, [folder / "config.json"], make)

    def _run(
        self,
        name: str,
        title: str,
        command: list[str],
        files: list[Path],
        seconds: float | None = None,
        leftovers: Path | None = None,
        **inputs: str,
    ) -> Any:
        data = self.training.data
        digests = {split: sha256_of(data.path(split)) for split in ("train", "dev")}
        made_of = {"command": command, **digests, **self.training.made_of, **inputs}
        run: Callable[[], Any] = lambda: run_command(  # noqa: E731
            command, lock=self.journal.lock, seconds=seconds
        )
        return self.journal.step(
            name, f"{title}: {as_line(command)}", made_of, files, run, leftovers
        )

    def _seconds_left(self) -> float | None:
        if self.hours is None:
            return None
        spent = self.journal.seconds("teacher") + self.journal.seconds("student")
        return max(1.0, 3600 * self.hours - spent)

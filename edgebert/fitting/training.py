"""The trainings of a fit as plain commands: the teacher, and a student of each size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgebert.converter.options import RuntimeName
from edgebert.fitting.data import FitData
from edgebert.fitting.sizes import StudentSize

_AUGMENTED_ROWS = 120_000
"""Texts that a student of a classifier is shown; a teacher labels them where there are fewer."""
_MOST_AUGMENTED = 12
"""Further texts of each one: more are too much alike."""
_AUGMENTED_SHARE = "0.3"
"""Of their words that are other ones: the recipe of the intents model that ships."""

_GATE = 0.02
"""Most that int8, and fewer word pieces, may cost of the dev figure."""
_GATE_ROWS = 2.0
"""Where dev is small, rows that they may cost: one row of 42 is more than 0.02."""


@dataclass(frozen=True)
class TrainingCommands:
    """What is trained on which data.

    Attributes:
        data: of the fit.
        work: folder of the steps' files.
        teacher: what to begin with, as the user named it.
        is_trained: the teacher knows the task already, and is taken as it is.
        probes: the teacher as the user named it teaches classifiers too, by its sentence vectors.
        seed: of all trainings.
        runtime: that files are for.
        teachable: further labels can be taught to the finished file.
        confidence: with which a rule of when to abstain holds; None: the usual one.
        made_of: what the trainings are made of beside commands and data: a hash of a teacher that
            the user gave as a folder or file, which may change; nothing of one known by its name.
    """

    data: FitData
    work: Path
    teacher: str
    is_trained: bool
    seed: int
    probes: bool = False
    runtime: RuntimeName = "litert"
    teachable: bool = False
    confidence: float | None = None
    made_of: Mapping[str, str] = field(default_factory=dict)

    @property
    def teacher_folder(self) -> str:
        """Where the teacher is, once it is trained."""
        return self.teacher if self.is_trained else str(self.work / "teacher")

    def teacher_command(self) -> list[str]:
        """Fine-tunes the teacher."""
        return self._finetune(self.teacher, self.work / "teacher")

    def student_folder(self, size: StudentSize) -> Path:
        """Where a student is."""
        return self.work / "students" / size.label

    def start_folder(self, size: StudentSize) -> Path:
        """Where a student that is fine-tuned begins."""
        return self.work / "starts" / size.label

    def student_command(self, size: StudentSize) -> list[str]:
        """Distils a student; a tagger is fine-tuned, which is as good so far (docs/fit.md).

        With further texts a student keeps its last weights: it does not learn them by heart, and
        the best of several epochs on dev is the luckiest one before the rate has come down.
        """
        folder = self.student_folder(size)
        words = self._words if size.trimmed else []
        if self.data.kind.task == "tag":
            return [*self._finetune(str(self.start_folder(size)), folder), *words]
        further = min(_MOST_AUGMENTED, _AUGMENTED_ROWS // max(1, self.data.rows["train"]))
        if self._augments and further:
            more = ["--augment", str(further), "--augment-share", _AUGMENTED_SHARE]
        else:
            more = ["--dev", str(self.data.path("dev"))]
        outside = self.data.outside_path("train")
        return [
            *("distill", "--teacher", self.teacher_folder, *self._probe, "--init", "teacher"),
            *("--student", size.name, "--labels", str(self.data.path("train"))),
            *("-o", str(folder), *words, "--scores", str(self.work / "scores"), *more),
            *([] if outside is None else ["--out-of-scope", str(outside)]),
            *("--seed", str(self.seed), "--resume", "--force", "--json"),
        ]

    def file(self, size: StudentSize) -> Path:
        """The file of a size."""
        return self.work / "files" / f"{size.label}.tflite"

    def convert_command(self, source: str, size: StudentSize) -> list[str]:
        """Converts a checkpoint; a student only if the file keeps what it learned.

        The teacher is what students are held against, so its file is made in any case.
        """
        most = max(_GATE, _GATE_ROWS / self.data.rows["dev"])
        gate = [] if source == self.teacher_folder else ["--max-drop", f"{min(most, 1.0):.4g}"]
        return [
            *("convert", source, "-o", str(self.file(size)), *self._words_left(source, size)),
            *self._for_runtime,
            *("--check", str(self.data.path("dev")), *gate, "--force", "--json"),
        ]

    def calibrated_file(self, size: StudentSize, max_wrong: float | None) -> Path:
        """The file of a size whose scores are chances, with a rule of when to abstain or none."""
        rule = "-without-rule" if max_wrong is None else ""
        return self.work / "calibrated" / f"{size.label}{rule}.tflite"

    def calibrate_command(
        self, source: str, size: StudentSize, other: Path | None, max_wrong: float | None
    ) -> list[str]:
        """Converts a classifier once more, with scores that are chances and a rule to abstain.

        Args:
            source: a checkpoint.
            size: of it.
            other: texts out of scope.
            max_wrong: most wrong answers among those given; None: scores that are chances, and no
                rule.
        """
        words = self._words_left(source, size)
        sure = [] if self.confidence is None else ["--confidence", f"{self.confidence:g}"]
        bound = ["--min-coverage", "1"]
        if max_wrong is not None:
            bound = ["--max-wrong", f"{max_wrong:g}", *sure]
        return [
            *("convert", source, "-o", str(self.calibrated_file(size, max_wrong)), *words),
            *self._for_runtime,
            *("--calibrate", str(self.data.path("dev"))),
            *(["--teachable", str(self.data.path("train"))] if self.teachable else []),
            *([] if other is None else ["--out-of-scope", str(other)]),
            *bound,
            *("--force", "--json"),
        ]

    def evaluate_command(self, file: Path, split: Path) -> list[str]:
        """Measures a file."""
        return ["evaluate", str(file), "--data", str(split), "--json"]

    @property
    def _for_runtime(self) -> list[str]:
        return [] if self.runtime == "litert" else ["--runtime", self.runtime]

    @property
    def _words(self) -> list[str]:
        return ["--vocabulary-from", str(self.data.path("train"))]

    def _words_left(self, source: str, size: StudentSize) -> list[str]:
        """How a conversion trims: a student has learned with the words of the data alone."""
        return self._words if size.trimmed and source == self.teacher_folder else []

    @property
    def _probe(self) -> list[str]:
        """A second teacher, which makes the first one right more often (docs/fit.md)."""
        return ["--teacher", self.teacher] if self.probes else []

    @property
    def _augments(self) -> bool:
        return self.data.kind.task == "classify"

    def _finetune(self, source: str, output: Path) -> list[str]:
        kind = self.data.kind
        return [
            *("finetune", source, "--task", kind.task),
            *(["--multi-label"] if kind.multi_label else []),
            *("--train", str(self.data.path("train")), "--dev", str(self.data.path("dev"))),
            *("-o", str(output), "--seed", str(self.seed), "--resume", "--force", "--json"),
        ]

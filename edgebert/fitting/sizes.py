"""Which sizes of a student keep to the limits, told before anything is trained.

A file is as large and as quick as its shapes make it; what its weights are does not matter. So each
size is converted with untrained weights and measured on the device with the data's own texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from edgebert import api
from edgebert.bert.catalogue import CATALOGUE
from edgebert.bert.config import BertConfig
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.convert_checkpoint import convert_checkpoint
from edgebert.converter.options import Options, RuntimeName
from edgebert.converter.plan import plan
from edgebert.converter.teach import recorded_bytes
from edgebert.converter.vocabulary import VocabularyChoice, trim_vocabulary
from edgebert.dataset.samples import Kind
from edgebert.errors import EdgebertError
from edgebert.formatting import megabytes, number
from edgebert.progress import Progress
from edgebert.train.distillation.student import student_config
from edgebert.train.initialisation import random_encoder, with_task_heads

_STEP = 2
"""So many times the work of the size before: smaller steps gain less than dev can show."""

_MIN_SECONDS = 0.2
_PROCESSES = 2


@dataclass(frozen=True)
class StudentSize:
    """A size that a student may have.

    Attributes:
        name: layers and width, such as "2/128".
        trimmed: only the word pieces of the training data are kept, to save space.
        bytes: of the file.
        ms: median of an answer on the device; None: it was not measured.
        work: that a step of training takes, in some unit.
        fits: keeps to the limits.
    """

    name: str
    trimmed: bool
    bytes: int
    ms: float | None
    work: int
    fits: bool = True

    @property
    def label(self) -> str:
        """As a name of files."""
        return self.name.replace("/", "-")

    def __str__(self) -> str:
        words = ", the words of the data alone" if self.trimmed else ""
        time = "" if self.ms is None else f", {number(self.ms)} ms"
        return f"{self.name}: {megabytes(self.bytes)} MB{time}{words}"


@dataclass(frozen=True)
class SizeLimits:
    """Of file and time; None: none."""

    max_mb: float | None
    max_ms: float | None

    def allow_bytes(self, size: int) -> bool:
        """Whether a file is small enough."""
        return self.max_mb is None or size <= self.max_mb * 1e6

    def allow(self, candidate: StudentSize) -> bool:
        """Whether a size keeps to both."""
        in_time = self.max_ms is None or (candidate.ms or 0.0) <= self.max_ms
        return in_time and self.allow_bytes(candidate.bytes)


def measured_sizes(
    teacher: Checkpoint,
    kind: Kind,
    labels: Sequence[str],
    *,
    limits: SizeLimits,
    texts: Path,
    train: Path,
    device: str,
    runtime: RuntimeName,
    teachable: bool,
    outside: bool,
    folder: Path,
    progress: Progress,
) -> list[StudentSize]:
    """The sizes a student of the teacher can have, the one with the least work first.

    Where a file is too large, the same with the word pieces of the training data alone is tried.

    Args:
        teacher: whose shape bounds those of students, and whose vocabulary they have.
        kind: of the data.
        labels: of the data.
        limits: that `StudentSize.fits` tells of.
        texts: to measure the time with, as `edgebert benchmark --texts` takes them.
        train: the training data.
        device: to measure on.
        runtime: that the files are for.
        teachable: what labels are taught by takes space, too.
        outside: so do the texts out of scope that taught labels are to leave alone.
        folder: to keep the files in.
        progress: told of conversions and measuring.

    Raises:
        EdgebertError: the device cannot be measured on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    configs = list(_configs(teacher.config))
    made: list[StudentSize] = []
    files: list[Path] = []
    for at, (name, config) in enumerate(configs):
        progress(at, len(configs), "sizes")
        untrained = _untrained(teacher, config, kind, labels)
        file = folder / f"{name.replace('/', '-')}.tflite"
        more = recorded_bytes(len(labels), config.hidden_size, outside=outside) if teachable else 0
        candidate = _converted(untrained, name, file, None, runtime, more)
        if not limits.allow_bytes(candidate.bytes):
            candidate = _converted(untrained, name, file, train, runtime, more)
        made.append(candidate)
        files.append(file)
    times: Mapping[str, float | None] = {}
    if limits.max_ms is not None or device != "local":  # one that is not there is told at once
        times = _times(files, texts, device, progress)
    timed = [replace(each, ms=times.get(each.label)) for each in made]
    return [replace(each, fits=limits.allow(each)) for each in timed]


def to_json(candidates: Iterable[StudentSize]) -> list[dict[str, Any]]:
    """Plain values."""
    return [asdict(each) for each in candidates]


def _configs(teacher: BertConfig) -> Iterable[tuple[str, BertConfig]]:
    """Shapes of the catalogue that are smaller than the teacher's, by their work, and its own.

    A teacher smaller than all of them has students of half its layers and of half its width.
    """
    layers, width = teacher.num_hidden_layers, teacher.hidden_size
    shapes = [(model.layers, model.hidden_size) for model in CATALOGUE]
    smaller = [shape for shape in shapes if shape[0] <= layers and shape[1] <= width]
    halves = [(max(1, layers // 2), width // 2), (layers, width // 2)]
    configs = {shape: student_config(teacher, *shape) for shape in smaller or halves}
    least = 0
    for shape, config in sorted(configs.items(), key=lambda each: _work(each[1])):
        if shape != (layers, width) and least <= _work(config):
            yield f"{shape[0]}/{shape[1]}", config
            least = _STEP * _work(config)
    yield f"{layers}/{width}", teacher


def _untrained(
    teacher: Checkpoint, config: BertConfig, kind: Kind, labels: Sequence[str]
) -> Checkpoint:
    encoder = replace(
        teacher, config=config, weights=random_encoder(config, 0), labels=None, task=None
    )
    return with_task_heads(
        encoder,
        kind.task,  # type: ignore[arg-type]
        labels,
        0,
        None,
        multi_label=kind.multi_label,
    )


def _converted(
    untrained: Checkpoint,
    name: str,
    file: Path,
    train: Path | None,
    runtime: RuntimeName,
    more: int,
) -> StudentSize:
    """A file of the shape, written to measure it; `train`: with the words of that data alone.

    What is fitted on data in the end takes `more` bytes.
    """
    trimmed = None
    options = Options(runtime=runtime)
    conversion = plan(options, untrained)
    if train is not None:
        trimmed = trim_vocabulary(untrained, VocabularyChoice(train), conversion.head.task)
        conversion = plan(options, trimmed[0])
    report = convert_checkpoint(
        untrained, conversion, file, trimmed=trimmed, force=True, refuse=False
    )
    return StudentSize(name, train is not None, report.bytes + more, None, _work(untrained.config))


def _work(config: BertConfig) -> int:
    """What a step takes: the layers' matrices, and attention and norms beside them."""
    return config.num_hidden_layers * config.hidden_size * (config.hidden_size + 64)


def _times(
    files: Sequence[Path], texts: Path, device: str, progress: Progress
) -> dict[str, float | None]:
    outcome = api.benchmark(
        files,
        device,
        texts=texts,
        min_seconds=_MIN_SECONDS,
        processes=_PROCESSES,
        progress=progress,
    )
    if outcome.report is None:
        raise EdgebertError("; ".join(outcome.failures))
    runs = outcome.report.devices[0].runs
    return {run.model.name: None if run.stats is None else run.stats.p50 / 1000 for run in runs}

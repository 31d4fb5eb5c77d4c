"""The conversion from end to end: read, build, write, compare, and only then keep the file."""

from __future__ import annotations

import os
import platform
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from edgebert.bert.sentence import Pooling
from edgebert.bert.tasks import TaskName
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.converter.bert_graph import build_graph
from edgebert.converter.check import LIMITS, check_encodings, compare, further_inputs
from edgebert.converter.full_integer.convert import QualityMeasure, convert_integer
from edgebert.converter.full_integer.plan import IntegerOptions, IntegerPlan, Mixed
from edgebert.converter.full_integer.quality import QuantizationReport
from edgebert.converter.full_integer.rewrite import rewrite
from edgebert.converter.full_integer.targets import find_target, require
from edgebert.converter.gate import DataCheck, data_check
from edgebert.converter.graph import Graph
from edgebert.converter.head import Head
from edgebert.converter.plan import Options, Plan, plan, trim, vector_size
from edgebert.converter.recipes import FLOAT32, Recipe, RecipeName, RuntimeName
from edgebert.converter.report import ConversionReport
from edgebert.converter.second_opinion import count_equal_texts
from edgebert.evaluation.compare import Comparison
from edgebert.files import refuse_overwrite, replacing
from edgebert.model_file.checksum import graph_checksum
from edgebert.model_file.contents import Use, read_contents
from edgebert.model_file.names import LABELS_FILE, RECORD_FILE, UNIGRAM_FILE, VOCABULARY_FILE
from edgebert.model_file.record import Integer, Record, SelfTest, Source
from edgebert.model_file.stored_zip import archive_bytes
from edgebert.model_file.unigram import unigram_text
from edgebert.model_file.write import lines, model_bytes
from edgebert.progress import Progress, silent
from edgebert.runtime.sessions import open_session
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.unfinished import temporary_folder
from edgebert.version import __version__

SELF_TEST_TEXTS: Sequence[tuple[str, str | None]] = (
    ("How do I get my money back?", None),
    ("Crème brûlée costs €5, isn't it?", None),
    ("The quick brown fox jumps over the lazy dog while the band plays on.", None),
    ("Where was he born?", "He was born in London in 1879."),
)
"""English, accents and signs, more than 16 tokens, and a pair."""

# What another processor may make of the same file: int8 rounds activations at run time, and an
# odd rounding can tip the next one.
_SELF_TEST_TOLERANCE = MappingProxyType(
    {"int8": 0.05, "float16": 0.005, "float32": 0.0005, "int8-full": 0.15, "int16x8": 0.02}
)

_SELF_TEST_VALUES = 768

DESCRIPTION = "edgebert: compact BERT"


def convert(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    task: TaskName | None = None,
    quantize: RecipeName = "int8",
    labels: str | os.PathLike[str] | Sequence[str] | None = None,
    max_length: int | None = None,
    runtime: RuntimeName = "litert",
    pooling: Pooling | None = None,
    normalize: bool | None = None,
    truncate_dim: int | None = None,
    prompts: Mapping[str, str] | None = None,
    default_prompt: str | None = None,
    lengths: Sequence[int] | None = None,
    inputs: Sequence[str] | None = None,
    calibration: str | os.PathLike[str] | None = None,
    mixed: Mixed | None = None,
    allow_float: bool = False,
    target: str | None = None,
    explain: bool = False,
    check: str | os.PathLike[str] | None = None,
    max_drop: float | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> ConversionReport:
    """Converts a checkpoint into one .tflite that `edgebert.load` runs, and checks it.

    Args:
        source: a folder, an archive, a catalogue name, a hub id (`checkpoints.sources`).
        output: the file to write; None: named after source, task and recipe, in this folder.
        task: None takes what the checkpoint was made for.
        quantize: how weights are stored.
        labels: a file with one label a line, or the labels; None takes the checkpoint's.
        max_length: most tokens of an input; None takes the checkpoint's.
        runtime: "tflite-runtime" writes a file that tflite-runtime 2.14 opens too; "litert-2.2"
            one that takes less of an ARM processor with float16 arithmetic, and that only LiteRT
            2.2 and later run there.
        pooling: of `embed`; None takes the checkpoint's, or "mean".
        normalize: of `embed`; None takes the checkpoint's, or True.
        truncate_dim: of `embed`: keep so many of a vector's first numbers (for models trained so,
            "Matryoshka"); None takes the checkpoint's. As in sentence-transformers they are taken
            from the normalised vector and not scaled again, unless `normalize` is True.
        prompts: of `embed`: texts to be put before a text, by name ("query", "passage"), beside
            the checkpoint's.
        default_prompt: name of the one that is put before every text for which none is named;
            None takes the checkpoint's.
        lengths: of a full-integer file ("int8-full", "int16x8"): tokens of an input; it holds a
            graph for each. None: 64.
        inputs: likewise: ("ids",), the default, or ("ids", "mask", "segment_ids").
        calibration: likewise: text to take ranges from, a line each, or data as for `check`; None
            takes sentences that ship with edgebert.
        mixed: likewise: "auto" keeps in int16 what int8 costs most.
        allow_float: likewise: "auto" may take float32 too, where that gains more than int16.
        target: likewise: the accelerator that the file is for.
        explain: likewise: measure what each step of the rewriting is worth, for the report.
        check: labelled data (see `evaluation.data.open_data`): the file and a float32 file of the
            same checkpoint are evaluated on it, and the figures go into the record.
        max_drop: most that the first metric of `check` may be below that of float32. Without
            `check`, and with `mixed` "auto", the most that the output's mean cosine with float32
            may be below 1.
        force: overwrite `output`.
        progress: told how far downloads and the check are.

    Raises:
        EdgebertError: wrong input; nothing was written.
        CheckFailedError: the file's answers are too far from the checkpoint's, or it loses more
            than `max_drop`; nothing was kept.
    """
    path_of_labels = isinstance(labels, (str, os.PathLike))
    options = Options(
        task=task,
        quantize=quantize,
        labels=Path(labels) if path_of_labels else labels,  # type: ignore[arg-type]
        max_length=max_length,
        runtime=runtime,
        pooling=pooling,
        normalize=normalize,
        truncate_dim=truncate_dim,
        prompts=prompts,
        default_prompt=default_prompt,
        integer=IntegerOptions(
            lengths=lengths,
            inputs=inputs,
            calibration=None if calibration is None else Path(calibration),
            mixed=mixed,
            allow_float=allow_float,
            max_drop=max_drop if mixed == "auto" else None,
            target=target,
            explain=explain,
        ),
    )
    mixing = mixed == "auto" and check is None
    user_data = data_check(None if check is None else Path(check), None if mixing else max_drop)
    if output is not None:
        refuse_overwrite(Path(output), force=force)
    start = time.perf_counter()
    with open_checkpoint(os.fspath(source), progress=progress) as checkpoint:
        seconds = time.perf_counter() - start
        conversion = plan(options, checkpoint)
        path = Path(output) if output is not None else default_output(checkpoint.source, conversion)
        return convert_checkpoint(
            checkpoint,
            conversion,
            path,
            user_data=user_data,
            force=force,
            progress=progress,
            read_seconds=seconds,
        )


def convert_checkpoint(
    checkpoint: Checkpoint,
    conversion: Plan,
    path: Path,
    *,
    user_data: DataCheck | None = None,
    force: bool = False,
    refuse: bool = True,
    progress: Progress | None = None,
    read_seconds: float = 0.0,
) -> ConversionReport:
    """Converts an open checkpoint; see `convert`.

    With `refuse` off, a file that is too far from float32 is kept too.
    """
    if user_data is not None:
        # Wrong data is told now, not after the conversion.
        user_data.open(conversion.head.task, multi_label=conversion.head.multi_label)
    clock = _Clock(read_seconds)
    float32_bytes = 4 * sum(int(weight.size) for weight in checkpoint.weights.values())
    checkpoint = trim(checkpoint, conversion.max_length)
    tokenizer = checkpoint.make_tokenizer(conversion.max_length)
    equal_texts = count_equal_texts(checkpoint, tokenizer)
    clock.lap("tokenizers")
    with (
        replacing(path, force=force) as part,
        _float32_baseline(path, checkpoint, conversion, user_data, progress) as baseline,
    ):
        quality_measure = (
            None
            if baseline is None
            else _quality_measure(baseline, checkpoint, conversion, tokenizer)
        )
        graph = _write_graph(
            part, checkpoint, conversion, tokenizer, progress or silent, quality_measure
        )
        clock.lap("build")
        encodings = check_encodings(tokenizer, conversion.max_length)
        told = progress or silent
        check, delegation = compare(
            part,
            checkpoint,
            conversion.head,
            encodings,
            LIMITS[conversion.recipe.name],
            max_length=conversion.max_length,
            integer=graph.integer,
            on_text=lambda done: told(done, len(encodings), "comparing with float32"),
        )
        if refuse:
            check.require()
        clock.lap("check")
        figures = {**check.to_json(), "ids_equal_to_tokenizers": equal_texts}
        record = _record(part, checkpoint, conversion, tokenizer, figures, graph)
        graph_bytes = part.stat().st_size
        _append(part, graph_bytes, record, checkpoint)
        clock.lap("write")
        comparison = None
        if baseline is not None:
            comparison = baseline.compare(part)
            baseline.user_data.require(comparison)
            figures = {**record.check, "evaluation": baseline.user_data.to_json(comparison)}
            record = replace(record, check=figures)
            _append(part, graph_bytes, record, checkpoint)
            clock.lap("evaluate")
        size = part.stat().st_size
    return ConversionReport(
        path=path,
        record=record,
        bytes=size,
        float32_bytes=float32_bytes,
        check=check,
        equal_texts=equal_texts,
        evaluation=comparison,
        delegation=delegation,
        ops=graph.ops,
        seconds=clock.laps,
        quantization=graph.quality,
    )


def default_output(source: str, conversion: Plan) -> Path:
    """`tiny-fill-mask-int8.tflite` and the like, in the current folder."""
    name = re.sub(r"\.(zip|tar|tgz|tar\.gz)$", "", source.rstrip("/"), flags=re.IGNORECASE)
    name = re.sub(r"[^\w.-]+", "-", name if re.fullmatch(r"\d+/\d+", name) else Path(name).name)
    name = name.strip("-.") or "model"
    return Path(f"{name}-{conversion.head.task}-{conversion.recipe.name}.tflite")


@dataclass(frozen=True)
class _Written:
    """What was written before the associated files.

    Attributes:
        minimum_runtime: that has all the ops.
        ops: how often each occurs.
        integer: of a full-integer file.
        quality: likewise.
    """

    minimum_runtime: str
    ops: dict[str, int]
    integer: Integer | None = None
    quality: QuantizationReport | None = None


def _write_graph(
    path: Path,
    checkpoint: Checkpoint,
    conversion: Plan,
    tokenizer: Tokenizer,
    progress: Progress,
    quality_measure: QualityMeasure | None,
) -> _Written:
    """Builds and writes the flatbuffer; the graph, as large as the file, is gone after."""
    head, recipe = conversion.head, conversion.recipe
    if isinstance(recipe, IntegerPlan):
        built = convert_integer(checkpoint, head, recipe, tokenizer, progress, quality_measure)
        written = _write_integer(path, checkpoint, conversion, built.entries, built.integer)
        return replace(written, quality=built.quality)
    graph = build_graph(checkpoint.config, checkpoint.weights, head, recipe)
    return _write_model(path, checkpoint, conversion, graph, graph.model(DESCRIPTION))


def _write_integer(
    path: Path,
    checkpoint: Checkpoint,
    conversion: Plan,
    entries: Mapping[str, Graph],
    integer: Integer,
) -> _Written:
    """Writes the graphs of a full-integer file, as its target has them."""
    graph = next(iter(entries.values()))
    model = graph.model(DESCRIPTION, entries)
    if isinstance(conversion.recipe, IntegerPlan):
        rewrite(model, find_target(conversion.recipe.target))
    return replace(_write_model(path, checkpoint, conversion, graph, model), integer=integer)


def _write_model(
    path: Path, checkpoint: Checkpoint, conversion: Plan, graph: Graph, model: Any
) -> _Written:
    """Writes a flatbuffer with its metadata."""
    recipe = conversion.recipe
    minimum_runtime = graph.minimum_runtime()
    path.write_bytes(
        model_bytes(
            model,
            task=conversion.head.task,
            labels=conversion.labels is not None,
            vocabulary=checkpoint.unigram is None,
            minimum_runtime=minimum_runtime,
            float16_steps=isinstance(recipe, Recipe) and recipe.float16_steps,
        )
    )
    uses = read_contents(path).uses
    if isinstance(recipe, IntegerPlan):
        require(uses, recipe.target)
    return _Written(minimum_runtime, _op_counts(uses))


def _op_counts(uses: Sequence[Use]) -> dict[str, int]:
    """How often each builtin op occurs, the most frequent first."""
    counts: Counter[str] = Counter()
    for use in uses:
        counts[use.op] += use.count
    return dict(counts.most_common())


class _Clock:
    """Seconds of each stage."""

    def __init__(self, read_seconds: float) -> None:
        self.laps = {"read": read_seconds}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.laps[stage] = now - self._last
        self._last = now


def _append(part: Path, graph_bytes: int, record: Record, checkpoint: Checkpoint) -> None:
    """Puts the associated files behind the graph, in place of any that are there."""
    with part.open("r+b") as file:
        file.truncate(graph_bytes)
        file.seek(graph_bytes)
        file.write(archive_bytes(_associated(record, checkpoint), graph_bytes))


@dataclass(frozen=True)
class _Baseline:
    """The user's data, and a float32 file of the checkpoint beside the one that is made.

    Attributes:
        user_data: the data.
        folder: for the float32 file and others that go with it.
        progress: told how far an evaluation is.
    """

    user_data: DataCheck
    folder: Path
    progress: Progress | None

    @property
    def float32(self) -> Path:
        return self.folder / "float32.tflite"

    def compare(self, file: Path) -> Comparison:
        """A file and the float32 one on the data."""
        return self.user_data.compare(file, self.float32, self.progress)


@contextmanager
def _float32_baseline(
    path: Path,
    checkpoint: Checkpoint,
    conversion: Plan,
    user_data: DataCheck | None,
    progress: Progress | None,
) -> Iterator[_Baseline | None]:
    """What a file is compared with; it is gone after."""
    if user_data is None:
        yield None
        return
    with temporary_folder(path) as folder:
        baseline = _Baseline(user_data, folder, progress)
        plain = replace(conversion, recipe=FLOAT32)
        convert_checkpoint(checkpoint, plain, baseline.float32, progress=progress)
        yield baseline


def _quality_measure(
    baseline: _Baseline, checkpoint: Checkpoint, conversion: Plan, tokenizer: Tokenizer
) -> QualityMeasure:
    """Says how much a full-integer file of some graphs would lose on the user's data."""

    def loss(entries: Mapping[str, Graph], integer: Integer) -> float:
        trial = baseline.folder / "trial.tflite"
        graph = _write_integer(trial, checkpoint, conversion, entries, integer)
        size = trial.stat().st_size
        _append(
            trial, size, _record(trial, checkpoint, conversion, tokenizer, {}, graph), checkpoint
        )
        comparison = baseline.compare(trial)
        return comparison.drop(next(iter(comparison.differences)))

    return loss


def _associated(record: Record, checkpoint: Checkpoint) -> dict[str, str]:
    """The files behind the flatbuffer."""
    if checkpoint.unigram is None:
        files = {VOCABULARY_FILE: lines(checkpoint.vocabulary)}
    else:
        files = {UNIGRAM_FILE: unigram_text(checkpoint.vocabulary, checkpoint.unigram)}
    if record.labels is not None:
        files[LABELS_FILE] = lines(record.labels)
    return {**files, RECORD_FILE: record.to_json()}


def _record(
    path: Path,
    checkpoint: Checkpoint,
    conversion: Plan,
    tokenizer: Tokenizer,
    figures: Mapping[str, Any],
    graph: _Written,
) -> Record:
    embeds = conversion.head.task == "embed"
    self_test = _self_test(
        path, conversion.head.task, tokenizer, conversion.max_length, graph.integer
    )
    largest = max(1.0, max(abs(value) for case in self_test for value in case.output))
    return Record(
        task=conversion.head.task,
        labels=conversion.labels,
        multi_label=conversion.head.task == "classify" and conversion.head.multi_label,
        pooling=conversion.head.pooling if embeds else None,
        normalize=embeds and conversion.head.normalize,
        max_length=conversion.max_length,
        tokenizer=tokenizer.options,
        model=checkpoint.config,
        source=Source(checkpoint.source, checkpoint.format),
        quantization=conversion.recipe.quantization,
        minimum_runtime=graph.minimum_runtime,
        check=dict(figures),
        tools={
            "edgebert": __version__,
            "ai-edge-litert": version("ai-edge-litert"),
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        self_test_tolerance=_SELF_TEST_TOLERANCE[conversion.recipe.name] * largest,
        self_test=self_test,
        integer=graph.integer,
        prompts=dict(conversion.prompts.texts),
        default_prompt=conversion.prompts.default,
        sigmoid=conversion.head.sigmoid,
        vector_size=_vector_size(checkpoint, conversion.head),
        graph_crc32c=graph_checksum(path),
    )


def _vector_size(checkpoint: Checkpoint, head: Head) -> int | None:
    """How many numbers a sentence vector has, where that is not the width of the model."""
    if head.task != "embed":
        return None
    size = head.truncate_dim or vector_size(checkpoint, head.pooling)
    return None if size == checkpoint.config.hidden_size else size


def _self_test(
    path: Path, task: TaskName, tokenizer: Tokenizer, max_length: int, integer: Integer | None
) -> tuple[SelfTest, ...]:
    """What the file answers here, for `Model.selftest` to compare with elsewhere."""
    session = open_session(path, max_length=max_length, integer=integer)
    cases = []
    for text, pair in SELF_TEST_TEXTS:
        ids, segment_ids, _ = tokenizer.encode(text, pair)
        further = further_inputs(task, len(ids))
        output = session.run(ids, segment_ids, further)
        stride = -(-output.size // _SELF_TEST_VALUES)
        values = tuple(round(float(value), 6) for value in output.reshape(-1)[::stride])
        cases.append(
            SelfTest(
                text,
                pair,
                tuple(ids),
                tuple(segment_ids),
                {name: tuple(numbers) for name, numbers in further.items()},
                output.shape,
                stride,
                values,
            )
        )
    session.close()
    return tuple(cases)

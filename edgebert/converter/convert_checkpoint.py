"""Converts an open checkpoint: builds, writes, compares, fits, and only then keeps the file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.check import Check, check_encodings, compare
from edgebert.converter.file_record import make_record
from edgebert.converter.plan import Plan, trim
from edgebert.converter.recipe import BuildAids
from edgebert.converter.report import ConversionReport
from edgebert.converter.second_opinion import count_equal_texts
from edgebert.converter.user_data import UserData
from edgebert.converter.write_file import WrittenGraph, append_files, trial_file, write_graph
from edgebert.files import replacing
from edgebert.model_file.record import Record
from edgebert.model_file.trimmed_vocabulary import TrimmedVocabulary
from edgebert.progress import Progress, silent
from edgebert.runtime.delegation import Delegation
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.unfinished import temporary_folder

if TYPE_CHECKING:
    from edgebert.converter.baseline import Baseline
    from edgebert.converter.gate import DataCheck

_NO_DATA = UserData()


def convert_checkpoint(
    checkpoint: Checkpoint,
    conversion: Plan,
    path: Path,
    *,
    trimmed: tuple[Checkpoint, TrimmedVocabulary] | None = None,
    data: UserData = _NO_DATA,
    force: bool = False,
    refuse: bool = True,
    progress: Progress = silent,
    read_seconds: float = 0.0,
) -> ConversionReport:
    """Converts an open checkpoint; see `convert`.

    Args:
        checkpoint: whole; what the user's data is compared with.
        conversion: how.
        path: of the file.
        trimmed: the checkpoint with fewer word pieces, which is what the file will hold.
        data: the user's.
        force: overwrite `path`.
        refuse: off: a file that is too far from float32 is kept too.
        progress: told how far the check is.
        read_seconds: that reading the checkpoint took.
    """
    data.open(conversion.head)
    clock = _Clock(read_seconds)
    whole = trim(checkpoint, conversion.max_length)
    tokenizer = whole.make_tokenizer(conversion.max_length)
    equal_texts = count_equal_texts(whole, tokenizer)
    held, vocabulary = whole, None
    if trimmed is not None:
        held, vocabulary = trim(trimmed[0], conversion.max_length), trimmed[1]
        tokenizer = held.make_tokenizer(conversion.max_length)
    clock.lap("tokenizers")
    with (
        replacing(path, force=force) as part,
        _baseline(path, whole, conversion, data.check, progress) as baseline,
    ):
        graph = _write(part, held, conversion, tokenizer, baseline, progress)
        clock.lap("build")
        check, delegation = _compare(part, held, conversion, tokenizer, graph, progress)
        if refuse:
            check.require()
        clock.lap("check")
        figures = {**check.to_json(), "ids_equal_to_tokenizers": equal_texts}
        record = make_record(part, held, conversion, tokenizer, figures, graph)
        record = replace(record, vocabulary=vocabulary)
        clock.lap("write")
        comparison = None
        if baseline is not None:
            comparison = baseline.evaluated(part, record, held)
            evaluation = baseline.data.to_json(comparison)
            record = replace(record, check={**record.check, "evaluation": evaluation})
            clock.lap("evaluate")
        record = _fitted(part, record, held, data, clock, progress)
        append_files(part, record, held)
        clock.lap("write")
        size = part.stat().st_size
    return ConversionReport(
        path=path,
        record=record,
        bytes=size,
        float32_bytes=4 * sum(int(weight.size) for weight in checkpoint.weights.values()),
        check=check,
        equal_texts=equal_texts,
        evaluation=comparison,
        delegation=delegation,
        ops=graph.ops,
        seconds=clock.laps,
        quantization=graph.quality,
        static=graph.static,
    )


def _write(
    part: Path,
    checkpoint: Checkpoint,
    conversion: Plan,
    tokenizer: Tokenizer,
    baseline: Baseline | None,
    progress: Progress,
) -> WrittenGraph:
    """Builds the graphs and writes them; what was built is as large as the file, and gone after."""
    measure = None
    if baseline is not None:
        measure = baseline.quality_measure(checkpoint, conversion, tokenizer)
    aids = BuildAids(tokenizer, progress, measure)
    built = conversion.graphs.build(checkpoint, conversion.head, aids)
    return write_graph(part, checkpoint, conversion, built)


def _compare(
    part: Path,
    checkpoint: Checkpoint,
    conversion: Plan,
    tokenizer: Tokenizer,
    graph: WrittenGraph,
    progress: Progress,
) -> tuple[Check, Delegation]:
    """The file's answers beside those of the float32 reference."""
    encodings = check_encodings(tokenizer, conversion.max_length, odd=conversion.recipe.odd_texts)
    return compare(
        part,
        checkpoint,
        conversion.head,
        encodings,
        conversion.recipe.limit,
        max_length=conversion.max_length,
        fixed=graph.fixed_graphs,
        on_text=lambda done: progress(done, len(encodings), "comparing with float32"),
    )


def _fitted(
    part: Path,
    record: Record,
    checkpoint: Checkpoint,
    data: UserData,
    clock: _Clock,
    progress: Progress,
) -> Record:
    """The record with what is fitted on the answers of the file itself."""
    if data.abstaining is not None:
        from edgebert.converter.abstain import fit_on_file
        from edgebert.runtime.model import load

        with trial_file(part, record, checkpoint) as trial, load(trial, threshold=0) as model:
            record = replace(record, abstention=fit_on_file(model, data.abstaining, progress))
        clock.lap("calibrate")
    if data.teaching is not None:
        from edgebert.converter.teach import fit_teaching
        from edgebert.runtime.model import load

        with trial_file(part, record, checkpoint) as trial, load(trial) as model:
            record = replace(record, teaching=fit_teaching(model, data.teaching, progress))
        clock.lap("teaching")
    return record


@contextmanager
def _baseline(
    path: Path,
    checkpoint: Checkpoint,
    conversion: Plan,
    data: DataCheck | None,
    progress: Progress,
) -> Iterator[Baseline | None]:
    """What a file is compared with on the user's data; it is gone after."""
    if data is None:
        yield None
        return
    from edgebert.converter.baseline import Baseline

    with temporary_folder(path) as folder:
        baseline = Baseline(data, folder, progress)
        convert_checkpoint(checkpoint, conversion.in_float32(), baseline.float32, progress=progress)
        yield baseline


class _Clock:
    """Seconds of each stage."""

    def __init__(self, read_seconds: float) -> None:
        self.laps = {"read": read_seconds}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.laps[stage] = self.laps.get(stage, 0.0) + now - self._last
        self._last = now

"""Writes the file of a conversion: the graph as a flatbuffer, the associated files behind it."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.full_integer.quality import QuantizationReport
from edgebert.converter.plan import Plan
from edgebert.converter.recipe import Built
from edgebert.converter.rewrite import rewrite
from edgebert.converter.static_int8.report import StaticReport
from edgebert.converter.targets import find_target, require
from edgebert.model_file.contents import OpUsage, read_contents
from edgebert.model_file.fixed_graphs import FixedGraphs, FloatGraphs, Integer
from edgebert.model_file.names import LABELS_FILE, RECORD_FILE, UNIGRAM_FILE, VOCABULARY_FILE
from edgebert.model_file.record import Record
from edgebert.model_file.stored_zip import archive_bytes
from edgebert.model_file.unigram import unigram_text
from edgebert.model_file.write import lines, model_bytes
from edgebert.unfinished import temporary_folder

DESCRIPTION = "edgebert: compact BERT"


@dataclass(frozen=True)
class WrittenGraph:
    """What was written before the associated files.

    Attributes:
        minimum_runtime: that has all the ops.
        ops: how often each occurs.
        integer: of a full-integer file.
        fixed: of float graphs of fixed lengths.
        quality: of a full-integer file.
        static: of an int8-static file.
        float16_steps: see `recipe.Built`.
        matrices: likewise.
    """

    minimum_runtime: str
    ops: dict[str, int]
    integer: Integer | None
    fixed: FloatGraphs | None
    quality: QuantizationReport | None
    static: StaticReport | None
    float16_steps: bool
    matrices: str | None

    @property
    def fixed_graphs(self) -> FixedGraphs | None:
        """What a session needs to know of graphs that take fixed lengths."""
        return self.integer or self.fixed


def write_graph(path: Path, checkpoint: Checkpoint, conversion: Plan, built: Built) -> WrittenGraph:
    """Writes the graphs of a file, as its target has them, with their metadata.

    Raises:
        CheckFailedError: the target does not take one of their ops.
    """
    model = built.graph.model(DESCRIPTION, built.entries)
    rewrite(model, find_target(built.target))
    minimum_runtime = built.graph.minimum_runtime()
    path.write_bytes(
        model_bytes(
            model,
            task=conversion.head.task,
            labels=conversion.labels is not None,
            vocabulary=checkpoint.unigram is None,
            minimum_runtime=minimum_runtime,
            float16_steps=built.float16_steps,
        )
    )
    uses = read_contents(path).uses
    require(uses, built.target)
    return WrittenGraph(
        minimum_runtime,
        _op_counts(uses),
        built.integer,
        built.fixed,
        built.quality,
        built.static,
        built.float16_steps,
        built.matrices,
    )


def _op_counts(uses: Sequence[OpUsage]) -> dict[str, int]:
    """How often each builtin op occurs, the most frequent first."""
    counts: Counter[str] = Counter()
    for use in uses:
        counts[use.op] += use.count
    return dict(counts.most_common())


def append_files(path: Path, record: Record, checkpoint: Checkpoint) -> None:
    """Puts the associated files behind the graph."""
    files = archive_bytes(_associated(record, checkpoint), path.stat().st_size)
    with path.open("ab") as file:
        file.write(files)


@contextmanager
def trial_file(graph: Path, record: Record, checkpoint: Checkpoint) -> Iterator[Path]:
    """A graph with its associated files, to be run while its record is not finished."""
    with temporary_folder(graph) as folder:
        path = folder / graph.name
        shutil.copyfile(graph, path)
        append_files(path, record, checkpoint)
        yield path


def _associated(record: Record, checkpoint: Checkpoint) -> dict[str, str]:
    """The files behind the flatbuffer."""
    if checkpoint.unigram is None:
        files = {VOCABULARY_FILE: lines(checkpoint.vocabulary)}
    else:
        files = {UNIGRAM_FILE: unigram_text(checkpoint.vocabulary, checkpoint.unigram)}
    if record.labels is not None:
        files[LABELS_FILE] = lines(record.labels)
    return {**files, RECORD_FILE: record.to_json()}

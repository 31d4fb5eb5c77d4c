"""Writes the file of a conversion: the graph as a flatbuffer, the associated files behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.bert_graph import build_graph
from edgebert.converter.full_integer.convert import QualityMeasure, convert_integer
from edgebert.converter.full_integer.plan import IntegerPlan
from edgebert.converter.full_integer.quality import QuantizationReport
from edgebert.converter.full_integer.rewrite import rewrite
from edgebert.converter.full_integer.targets import find_target, require
from edgebert.converter.graph import Graph
from edgebert.converter.plan import Plan
from edgebert.converter.recipes import Recipe
from edgebert.model_file.contents import Use, read_contents
from edgebert.model_file.names import LABELS_FILE, RECORD_FILE, UNIGRAM_FILE, VOCABULARY_FILE
from edgebert.model_file.record import Integer, Record
from edgebert.model_file.stored_zip import archive_bytes
from edgebert.model_file.unigram import unigram_text
from edgebert.model_file.write import lines, model_bytes
from edgebert.progress import Progress
from edgebert.tokenizer.tokenizer import Tokenizer

DESCRIPTION = "edgebert: compact BERT"


@dataclass(frozen=True)
class WrittenGraph:
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


def write_graph(
    path: Path,
    checkpoint: Checkpoint,
    conversion: Plan,
    tokenizer: Tokenizer,
    progress: Progress,
    quality_measure: QualityMeasure | None,
) -> WrittenGraph:
    """Builds and writes the flatbuffer; the graph, as large as the file, is gone after."""
    head, recipe = conversion.head, conversion.recipe
    if isinstance(recipe, IntegerPlan):
        built = convert_integer(checkpoint, head, recipe, tokenizer, progress, quality_measure)
        written = write_integer_graph(path, checkpoint, conversion, built.entries, built.integer)
        return replace(written, quality=built.quality)
    graph = build_graph(checkpoint.config, checkpoint.weights, head, recipe)
    return _write_model(path, checkpoint, conversion, graph, graph.model(DESCRIPTION))


def write_integer_graph(
    path: Path,
    checkpoint: Checkpoint,
    conversion: Plan,
    entries: Mapping[str, Graph],
    integer: Integer,
) -> WrittenGraph:
    """Writes the graphs of a full-integer file, as its target has them."""
    graph = next(iter(entries.values()))
    model = graph.model(DESCRIPTION, entries)
    if isinstance(conversion.recipe, IntegerPlan):
        rewrite(model, find_target(conversion.recipe.target))
    return replace(_write_model(path, checkpoint, conversion, graph, model), integer=integer)


def _write_model(
    path: Path, checkpoint: Checkpoint, conversion: Plan, graph: Graph, model: Any
) -> WrittenGraph:
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
    return WrittenGraph(minimum_runtime, _op_counts(uses))


def _op_counts(uses: Sequence[Use]) -> dict[str, int]:
    """How often each builtin op occurs, the most frequent first."""
    counts: Counter[str] = Counter()
    for use in uses:
        counts[use.op] += use.count
    return dict(counts.most_common())


def append_files(part: Path, graph_bytes: int, record: Record, checkpoint: Checkpoint) -> None:
    """Puts the associated files behind the graph, in place of any that are there."""
    with part.open("r+b") as file:
        file.truncate(graph_bytes)
        file.seek(graph_bytes)
        file.write(archive_bytes(_associated(record, checkpoint), graph_bytes))


def _associated(record: Record, checkpoint: Checkpoint) -> dict[str, str]:
    """The files behind the flatbuffer."""
    if checkpoint.unigram is None:
        files = {VOCABULARY_FILE: lines(checkpoint.vocabulary)}
    else:
        files = {UNIGRAM_FILE: unigram_text(checkpoint.vocabulary, checkpoint.unigram)}
    if record.labels is not None:
        files[LABELS_FILE] = lines(record.labels)
    return {**files, RECORD_FILE: record.to_json()}

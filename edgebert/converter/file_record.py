"""The record of a converted file: what it is, what made it, and what it answers here."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from edgebert.bert.tasks import TaskName
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.check import further_inputs
from edgebert.converter.head import Head
from edgebert.converter.plan import Plan, vector_size
from edgebert.converter.write_file import WrittenGraph
from edgebert.model_file.checksum import graph_checksum
from edgebert.model_file.fixed_graphs import FixedGraphs
from edgebert.model_file.record import Record, SelfTest, Source
from edgebert.runtime.sessions import open_session
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.version import __version__

_SELF_TEST_TEXTS: Sequence[tuple[str, str | None]] = (
    ("How do I get my money back?", None),
    ("Crème brûlée costs €5, isn't it?", None),
    ("The quick brown fox jumps over the lazy dog while the band plays on.", None),
    ("Where was he born?", "He was born in London in 1879."),
)
"""English, accents and signs, more than 16 tokens, and a pair."""

_SELF_TEST_VALUES = 768


def make_record(
    path: Path,
    checkpoint: Checkpoint,
    conversion: Plan,
    tokenizer: Tokenizer,
    figures: Mapping[str, Any],
    graph: WrittenGraph,
) -> Record:
    """The record of a written graph.

    Args:
        path: of the file, which holds the graph and its metadata alone.
        checkpoint: that was converted.
        conversion: how.
        tokenizer: of the checkpoint.
        figures: of the comparison with float32.
        graph: what is known of the file.
    """
    embeds = conversion.head.task == "embed"
    self_test = _self_test(
        path, conversion.head.task, tokenizer, conversion.max_length, graph.fixed_graphs
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
        quantization=conversion.recipe.quantization(
            float16_steps=graph.float16_steps, matrices=graph.matrices, static=graph.static
        ),
        minimum_runtime=graph.minimum_runtime,
        check=dict(figures),
        tools={
            "edgebert": __version__,
            "ai-edge-litert": version("ai-edge-litert"),
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        self_test_tolerance=conversion.recipe.self_test_tolerance * largest,
        self_test=self_test,
        integer=graph.integer,
        fixed=graph.fixed,
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
    path: Path, task: TaskName, tokenizer: Tokenizer, max_length: int, fixed: FixedGraphs | None
) -> tuple[SelfTest, ...]:
    """What the file answers here, for `Model.selftest` to compare with elsewhere."""
    session = open_session(path, max_length=max_length, fixed=fixed)
    cases = []
    for text, pair in _SELF_TEST_TEXTS:
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

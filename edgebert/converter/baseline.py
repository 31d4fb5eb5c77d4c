"""The float32 file that a conversion is compared with on the user's data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.file_record import make_record
from edgebert.converter.gate import DataCheck
from edgebert.converter.plan import Plan
from edgebert.converter.recipe import Built, QualityMeasure
from edgebert.converter.write_file import trial_file, write_graph
from edgebert.evaluation.compare import Comparison
from edgebert.model_file.record import Record
from edgebert.progress import Progress
from edgebert.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True)
class Baseline:
    """The user's data, and where the float32 file lies.

    Attributes:
        data: the data.
        folder: for the float32 file and others that go with it.
        progress: told how far an evaluation is.
    """

    data: DataCheck
    folder: Path
    progress: Progress

    @property
    def float32(self) -> Path:
        """The float32 file."""
        return self.folder / "float32.tflite"

    def compare(self, graph: Path, record: Record, checkpoint: Checkpoint) -> Comparison:
        """A graph, with the associated files of its own, and the float32 file on the data."""
        with trial_file(graph, record, checkpoint) as trial:
            return self.data.compare(trial, self.float32, self.progress)

    def evaluated(self, graph: Path, record: Record, checkpoint: Checkpoint) -> Comparison:
        """The same of the graph that is to be kept.

        Raises:
            CheckFailedError: it loses more than the user allows.
        """
        comparison = self.compare(graph, record, checkpoint)
        self.data.require(comparison)
        return comparison

    def quality_measure(
        self, checkpoint: Checkpoint, conversion: Plan, tokenizer: Tokenizer
    ) -> QualityMeasure:
        """Says how much a file of some graphs would lose on the data."""

        def loss(built: Built) -> float:
            path = self.folder / "graph.tflite"
            graph = write_graph(path, checkpoint, conversion, built)
            record = make_record(path, checkpoint, conversion, tokenizer, {}, graph)
            comparison = self.compare(path, record, checkpoint)
            return comparison.drop(next(iter(comparison.differences)))

        return loss

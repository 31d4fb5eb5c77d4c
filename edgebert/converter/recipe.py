"""What a recipe is: how a file keeps its numbers, who builds it, and what it may lose.

`recipes.py` has them all, a row each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.full_integer.quality import QuantizationReport
from edgebert.converter.graph import Graph
from edgebert.converter.head import Head
from edgebert.converter.options import Options, RecipeName, RuntimeName
from edgebert.converter.static_int8.report import StaticReport
from edgebert.converter.targets import ANY
from edgebert.model_file.fixed_graphs import FloatGraphs, Integer
from edgebert.model_file.record import Quantization
from edgebert.progress import Progress, silent
from edgebert.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True)
class Limit:
    """What a file may lose against float32.

    Attributes:
        mean_cosine: least mean cosine between outputs.
        lowest_cosine: least cosine of one text.
        largest_difference: in any value, relative to the largest value where that is above 1.
    """

    mean_cosine: float
    lowest_cosine: float = float("-inf")
    largest_difference: float = float("inf")


@dataclass(frozen=True)
class Built:
    """The graphs of a file.

    Attributes:
        entries: those that can be called from outside, by the keys of their signatures.
        integer: what the record says of a full-integer file.
        quality: what integers cost there.
        target: name of the accelerator that the file is for (`targets.find_target`).
        float16_steps: the file allows what stands between the matrices to run in float16, where an
            ARM processor has that. LiteRT before 2.2 refuses such a file on such a processor.
        matrices: what the record says of the matrices, where the recipe does not know it.
        fixed: what the record says of float graphs that take fixed lengths.
        static: of an int8-static file: which dense layers are static, and from which texts.
    """

    entries: Mapping[str, Graph]
    integer: Integer | None = None
    quality: QuantizationReport | None = None
    target: str = ANY
    float16_steps: bool = False
    matrices: str | None = None
    fixed: FloatGraphs | None = None
    static: StaticReport | None = None

    @property
    def graph(self) -> Graph:
        """The first of them."""
        return next(iter(self.entries.values()))


QualityMeasure: TypeAlias = Callable[[Built], float]
"""How much of the user's metric a file of these graphs loses."""


@dataclass(frozen=True)
class BuildAids:
    """What the building of graphs may need beside what they hold.

    Attributes:
        tokenizer: of the checkpoint.
        progress: told how far it is.
        quality_measure: where the user gave data to measure a loss on.
    """

    tokenizer: Tokenizer
    progress: Progress = silent
    quality_measure: QualityMeasure | None = None


class GraphPlan(Protocol):
    """All that was decided about the graphs of one file."""

    @property
    def max_length(self) -> int:
        """Most tokens of an input."""

    def build(self, checkpoint: Checkpoint, head: Head, aids: BuildAids) -> Built:
        """Builds graphs of a checkpoint's weights that compute a head on top of the encoder."""


class GraphMethod(Protocol):
    """How graphs are planned and built: of one kind, for one runtime."""

    def plan(self, options: Options, checkpoint: Checkpoint, head: Head) -> GraphPlan:
        """Decides every choice.

        Raises:
            EdgebertError: a choice is unknown, or the checkpoint cannot serve it.
        """


@dataclass(frozen=True)
class Recipe:
    """How a file keeps its numbers; biases and norms are always float32 or wide integers.

    Attributes:
        name: as users give it.
        methods: who builds it, for each runtime that has it.
        matrices: what the record says of the matrices.
        tables: what the record says of the tables.
        activations: what the record says of the values that are computed.
        limit: what a file may lose against float32.
        self_test_tolerance: what another processor may make of the same file, relative to the
            largest value: an odd rounding can tip the next one.
        options: names of the fields of `Options` that it takes, of those that not all do.
        odd_texts: the check runs texts too that are unlike any sentence (`check.odd_texts`).
    """

    name: RecipeName
    methods: Mapping[RuntimeName, GraphMethod]
    matrices: str
    tables: str
    activations: str
    limit: Limit
    self_test_tolerance: float
    options: frozenset[str] = frozenset()
    odd_texts: bool = False

    def quantization(
        self,
        *,
        float16_steps: bool = False,
        matrices: str | None = None,
        static: StaticReport | None = None,
    ) -> Quantization:
        """What the record says; `matrices`, where given, in place of what is said of all."""
        activations = self.activations
        if static is not None:
            activations += f" {static.summary}"
        if float16_steps:
            activations += "; between matrices float16 on ARM that has it, by LiteRT 2.2 or later"
        return Quantization(self.name, matrices or self.matrices, self.tables, activations)

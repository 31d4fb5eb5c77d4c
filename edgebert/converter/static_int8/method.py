"""How int8-static files are planned and built, as the table of recipes has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgebert.arrays import Weights
from edgebert.bert.config import BertConfig
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.bert_graph import build_graph, rewrite, write_graph
from edgebert.converter.builder import Builder
from edgebert.converter.check import check_encodings, mean_loss
from edgebert.converter.float_graph import (
    SIGNATURE,
    chosen_lengths,
    fixed_inputs,
    usable_length,
)
from edgebert.converter.graph import DYNAMIC, Graph
from edgebert.converter.head import POSITIONS, Head
from edgebert.converter.options import Options
from edgebert.converter.recipe import BuildAids, Built
from edgebert.converter.run_graph import outputs
from edgebert.converter.static_int8.choose import choose_dynamic
from edgebert.converter.static_int8.dense import StaticDense, role_of, static_dense
from edgebert.converter.static_int8.observe import ObservedDense, observe
from edgebert.converter.static_int8.report import StaticReport
from edgebert.converter.static_int8.storage import StaticStorage
from edgebert.converter.static_int8.texts import calibration_texts, encode, odd_texts, some
from edgebert.converter.static_int8.transforms import (
    equalize_attention,
    split_outliers,
)
from edgebert.converter.unlike_bert import STATIC
from edgebert.converter.weight_storage import FLOAT32, INT8, Stored, WeightStorage
from edgebert.errors import EdgebertError
from edgebert.model_file.fixed_graphs import CalibrationTexts
from edgebert.progress import Progress
from edgebert.tokenizer.tokenizer import Encoding

USUAL_LOSS = 0.005
"""`int8` loses 0.002 to 0.003 of MiniLM's mean cosine."""
INT4_WORDS_LOSS = 0.015
"""A word table in int4 alone takes 0.002 of MiniLM's, and up to 0.01 of smaller models'."""

SHAPED_ON = 160
"""Texts by which weights are rewritten: whichever they are, the answers stay."""


@dataclass(frozen=True)
class StaticPlan:
    """A `recipe.GraphPlan`.

    Attributes:
        max_length: most tokens of an input.
        calibration: a file of texts; None: those that edgebert brings.
        max_loss: the most that the mean cosine with float32 may be below 1.
        lengths: that graphs take; none: one takes any.
        float16_steps: see `recipe.Built`.
        dynamic: no layer is static: int8-fine.
        tables: how those are stored.
    """

    max_length: int
    calibration: Path | None
    max_loss: float
    lengths: tuple[int, ...] = ()
    float16_steps: bool = False
    dynamic: bool = False
    tables: WeightStorage = INT8

    def build(self, checkpoint: Checkpoint, head: Head, aids: BuildAids) -> Built:
        """Builds the graph.

        Raises:
            EdgebertError: there is too little text to calibrate with.
            CheckFailedError: more than `max_loss` is lost whatever stays dynamic.
        """
        config, tokenizer, progress = checkpoint.config, aids.tokenizer, aids.progress
        source, texts = calibration_texts(self.calibration, head.task)
        usual = encode(texts, tokenizer, self.max_length)
        encodings = usual + encode(odd_texts(checkpoint), tokenizer, self.max_length)
        tokens = sum(len(encoding.ids) for encoding in encodings)
        weights = rewrite(checkpoint.weights, config, head, equalize=True)
        weights = shape(weights, config, head, encodings, progress)
        seen = observe(weights, config, head, encodings, progress)
        layers = plan_layers(seen)
        model = _Model(config, weights, head, layers, self.tables)
        calibration = CalibrationTexts(source, len(encodings), tokens)
        if self.dynamic:
            return self._built(model, frozenset(layers), matrices=_smoothed_on(calibration))
        held_out = check_encodings(tokenizer, self.max_length, odd=True)
        float32 = build_graph(config, checkpoint.weights, head, FLOAT32)
        expected = outputs(float32, head.task, held_out)

        def loss(dynamic: frozenset[str]) -> float:
            graph = model.write(Graph(), dynamic)
            return mean_loss(head, expected, outputs(graph, head.task, held_out))

        choice = choose_dynamic(list(layers), loss, self.max_loss, progress)
        report = StaticReport(
            calibration,
            len(layers),
            self.max_loss,
            choice.loss,
            choice.all_static,
            choice.dynamic,
        )
        return self._built(model, frozenset(name for name, _ in choice.dynamic), static=report)

    def _built(
        self,
        model: _Model,
        dynamic: frozenset[str],
        *,
        static: StaticReport | None = None,
        matrices: str | None = None,
    ) -> Built:
        return Built(
            model.entries(dynamic, self.lengths),
            static=static,
            matrices=matrices,
            fixed=fixed_inputs(model.head.task, self.lengths) if self.lengths else None,
            float16_steps=self.float16_steps,
        )


def _smoothed_on(calibration: CalibrationTexts) -> str:
    return (
        f"int8, one scale an output channel, smoothed on {calibration.texts} texts "
        f"({calibration.source}); outliers float32"
    )


@dataclass(frozen=True)
class _Model:
    """Writes graphs of one model, some of whose layers are dynamic.

    Attributes:
        config: of the weights.
        weights: folded, and rewritten by `shape`.
        head: what is computed.
        layers: those that can be static.
        storage: of the tables.
        tables: as the file keeps them, by name.
        matrices: those of dynamic layers, likewise.
    """

    config: BertConfig
    weights: Weights
    head: Head
    layers: Mapping[str, StaticDense]
    storage: WeightStorage
    tables: dict[str, Any] = field(default_factory=dict)
    matrices: dict[str, Stored] = field(default_factory=dict)

    def write(self, graph: Graph, dynamic: frozenset[str], positions: int = DYNAMIC) -> Graph:
        """Writes the model into a graph, for so many `positions` of its task."""
        storage = StaticStorage(graph, self.layers, dynamic, self.matrices, self.storage)
        write_graph(
            Builder(self.config, self.weights, storage, graph, self.tables), self.head, positions
        )
        return graph

    def entries(self, dynamic: frozenset[str], lengths: tuple[int, ...]) -> dict[str, Graph]:
        """The graphs of a file by the keys of their signatures; they share their weights."""
        if not lengths:
            return {SIGNATURE: self.write(Graph(), dynamic)}
        shortest = Graph(length=lengths[0])
        graphs = [shortest, *(shortest.sibling(length=length) for length in lengths[1:])]
        return {
            f"length_{length}": self.write(graph, dynamic, POSITIONS)
            for length, graph in zip(lengths, graphs, strict=True)
        }


@dataclass(frozen=True)
class StaticMethod:
    """A `recipe.GraphMethod`, with the attributes of its plan.

    Attributes:
        usual_loss: where the user gives none.
    """

    float16_steps: bool = False
    dynamic: bool = False
    tables: WeightStorage = INT8
    usual_loss: float = USUAL_LOSS

    def plan(self, options: Options, checkpoint: Checkpoint, head: Head) -> StaticPlan:
        """Decides every choice.

        Raises:
            EdgebertError: the checkpoint cannot serve one, or is of another family.
        """
        STATIC.require(checkpoint.config, checkpoint.source)
        max_loss = self.usual_loss if options.max_loss is None else options.max_loss
        if not 0 < max_loss < 1:
            raise EdgebertError(f"max loss {max_loss:g}: a number above 0 and below 1 is needed")
        longest = usable_length(options, checkpoint)
        lengths = chosen_lengths(options, checkpoint)
        return StaticPlan(
            max(lengths, default=longest),
            options.calibration,
            max_loss,
            lengths,
            self.float16_steps,
            self.dynamic,
            self.tables,
        )


def shape(
    weights: Weights,
    config: BertConfig,
    head: Head,
    encodings: Sequence[Encoding],
    progress: Progress,
) -> Weights:
    """The same model, with weights that static int8 serves better."""
    seen = observe(weights, config, head, some(encodings, SHAPED_ON), progress)
    return split_outliers(equalize_attention(weights, seen, config), seen, config)


def plan_layers(seen: Mapping[str, ObservedDense]) -> dict[str, StaticDense]:
    """The dense layers that can be static.

    One that reads a single row stays dynamic: there is next to nothing to gain, and in a classifier
    all that follows reads that row. So do the outliers' networks, which are small.
    """
    return {
        name: static_dense(dense, role_of(name))
        for name, dense in seen.items()
        if dense.rows == DYNAMIC and ".outliers." not in name
    }

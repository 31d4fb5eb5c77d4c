"""How int8-static files are planned and built, as the table of recipes has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebert.arrays import Weights
from edgebert.bert.config import BertConfig
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.bert_graph import build_graph, write_graph
from edgebert.converter.builder import Builder
from edgebert.converter.check import check_encodings, mean_loss
from edgebert.converter.float_graph import SIGNATURE, usable_length
from edgebert.converter.fold import fold
from edgebert.converter.graph import DYNAMIC, Graph
from edgebert.converter.head import Head
from edgebert.converter.options import Options
from edgebert.converter.recipe import BuildAids, Built
from edgebert.converter.run_graph import outputs
from edgebert.converter.static_int8.choose import choose_dynamic
from edgebert.converter.static_int8.dense import StaticDense, role_of, static_dense
from edgebert.converter.static_int8.families import refuse_family
from edgebert.converter.static_int8.observe import ObservedDense, observe
from edgebert.converter.static_int8.report import StaticReport
from edgebert.converter.static_int8.storage import StaticStorage
from edgebert.converter.static_int8.texts import calibration_texts, encode, odd_texts, some
from edgebert.converter.static_int8.transforms import equalize_attention, split_outliers
from edgebert.converter.weight_storage import FLOAT32
from edgebert.errors import EdgebertError
from edgebert.model_file.record import Calibration
from edgebert.progress import Progress
from edgebert.tokenizer.tokenizer import Encoding

USUAL_LOSS = 0.005
"""`int8` loses 0.002 to 0.003 of MiniLM's mean cosine."""

SHAPED_ON = 160
"""Texts by which weights are rewritten: whichever they are, the answers stay."""


@dataclass(frozen=True)
class StaticPlan:
    """A `recipe.GraphPlan`.

    Attributes:
        max_length: most tokens of an input.
        calibration: a file of texts; None: those that edgebert brings.
        max_loss: the most that the mean cosine with float32 may be below 1.
    """

    max_length: int
    calibration: Path | None
    max_loss: float

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
        weights = shape(fold(checkpoint.weights, config), config, head, encodings, progress)
        layers = plan_layers(observe(weights, config, head, encodings, progress))
        held_out = check_encodings(tokenizer, self.max_length, odd=True)
        float32 = build_graph(config, checkpoint.weights, head, FLOAT32)
        expected = outputs(float32, head.task, held_out)

        stored: dict[str, Any] = {}

        def build(dynamic: frozenset[str]) -> Graph:
            static = {name: layer for name, layer in layers.items() if name not in dynamic}
            graph = Graph()
            storage = StaticStorage(graph, static)
            write_graph(Builder(config, weights, storage, graph, stored), head)
            return graph

        def loss(dynamic: frozenset[str]) -> float:
            return mean_loss(head, expected, outputs(build(dynamic), head.task, held_out))

        choice = choose_dynamic(list(layers), loss, self.max_loss, progress)
        report = StaticReport(
            Calibration(source, len(encodings), tokens),
            len(layers),
            self.max_loss,
            choice.loss,
            choice.all_static,
            choice.dynamic,
        )
        graph = build(frozenset(name for name, _ in choice.dynamic))
        return Built({SIGNATURE: graph}, static=report)


@dataclass(frozen=True)
class StaticMethod:
    """A `recipe.GraphMethod`."""

    def plan(self, options: Options, checkpoint: Checkpoint, head: Head) -> StaticPlan:
        """Decides every choice.

        Raises:
            EdgebertError: the checkpoint cannot serve one, or is of another family.
        """
        refuse_family(checkpoint.config, checkpoint.source)
        max_loss = USUAL_LOSS if options.max_loss is None else options.max_loss
        if not 0 < max_loss < 1:
            raise EdgebertError(f"max loss {max_loss:g}: a number above 0 and below 1 is needed")
        return StaticPlan(usable_length(options, checkpoint), options.calibration, max_loss)


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

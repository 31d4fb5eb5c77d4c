"""Files whose matrices are int4 in blocks, rounded so that real texts notice least (`gptq`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.bert_graph import build_graph
from edgebert.converter.check import cosine
from edgebert.converter.dense_inputs import DenseInputs
from edgebert.converter.float_graph import FloatMethod, FloatPlan
from edgebert.converter.full_integer.texts import calibration_texts, encode, held_out_texts
from edgebert.converter.gptq import BLOCK, output_error, quantize_in_blocks
from edgebert.converter.head import Head
from edgebert.converter.options import Options
from edgebert.converter.quantize import Quantized, quantize_per_row
from edgebert.converter.recipe import BuildAids, Built, QualityMeasure
from edgebert.converter.run_graph import outputs
from edgebert.converter.weight_storage import FLOAT32, SMALL_MATRIX, WeightStorage
from edgebert.errors import EdgebertError
from edgebert.progress import Progress
from edgebert.tokenizer.tokenizer import Tokenizer

USUAL_DROP = 0.01
"""Of the mean cosine, or of the metric of the user's data, where `mixed` may keep matrices int8."""


@dataclass(frozen=True)
class _Rounded:
    """A matrix in both forms.

    Attributes:
        int4: in blocks.
        int8: one scale a row.
        damage: share of its output that int4 changes, for each byte that int8 takes more.
    """

    int4: Quantized
    int8: Quantized
    damage: float


@dataclass(frozen=True)
class Int4Plan:
    """A `recipe.GraphPlan`.

    Attributes:
        graphs: with the storage of what is not int4 in blocks: tables, and matrices that blocks do
            not divide.
        calibration: a file of texts; None: those that edgebert brings.
        max_drop: the most that may be lost before matrices stay int8; None: they never do.
    """

    graphs: FloatPlan
    calibration: Path | None = None
    max_drop: float | None = None

    @property
    def max_length(self) -> int:
        """Most tokens of an input."""
        return self.graphs.max_length

    def build(self, checkpoint: Checkpoint, head: Head, aids: BuildAids) -> Built:
        """Builds the graphs."""
        source, texts = calibration_texts(
            self.calibration, head.task, "int4 matrices are rounded for"
        )
        encodings = encode(texts, aids.tokenizer, min(self.max_length, 128))
        rounded = _round(DenseInputs(checkpoint, head, encodings), aids.progress)

        def build(kept: int, graphs: FloatPlan = self.graphs) -> Built:
            """With so many of the matrices in int8, those first that lose most."""
            matrices = {
                name: each.int8 if at < kept else each.int4
                for at, (name, each) in enumerate(rounded.items())
            }
            note = f"int4 in blocks of {BLOCK} by GPTQ ({len(texts)} texts: {source})"
            if kept:
                note += f", {kept} of {len(rounded)} int8"
            return replace(graphs.write(checkpoint, head, matrices), matrices=note)

        allowed = self.max_drop
        if allowed is None:
            return build(0)
        measured, loss = self.graphs, aids.quality_measure
        if loss is None:
            # Texts of any length, whatever the file takes.
            measured = replace(self.graphs, lengths=())
            loss = _cosine_loss(checkpoint, head, aids.tokenizer, self.max_length)
        return build(_fewest(lambda kept: loss(build(kept, measured)) <= allowed, len(rounded)))


def _round(inputs: DenseInputs, progress: Progress) -> dict[str, _Rounded]:
    """All matrices that blocks divide, those first that lose most by int4."""
    names = [
        name
        for name, matrix in inputs.matrices.items()
        if len(matrix) > SMALL_MATRIX and matrix.shape[1] % BLOCK == 0
    ]
    found = {}
    for done, (name, hessian) in enumerate(inputs.hessians(names)):
        progress(done, len(names), "rounding matrices to int4")
        matrix = inputs.matrices[name]
        int4, int8 = quantize_in_blocks(matrix, hessian), quantize_per_row(matrix)
        damage = output_error(matrix, int4, hessian) / matrix.size
        found[name] = _Rounded(int4, int8, damage)
    return dict(sorted(found.items(), key=lambda item: -item[1].damage))


def _fewest(suffices: Callable[[int], bool], most: int) -> int:
    """The least number that suffices, taking it that every larger one does too; else `most`."""
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2 if low else 0
        if suffices(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _cosine_loss(
    checkpoint: Checkpoint, head: Head, tokenizer: Tokenizer, max_length: int
) -> QualityMeasure:
    """How far the mean cosine with float32 is below 1, on texts that do not calibrate."""
    encodings = encode(held_out_texts(), tokenizer, min(max_length, 128))
    float32 = build_graph(checkpoint.config, checkpoint.weights, head, FLOAT32)
    expected = outputs(float32, head.task, encodings)

    def loss(built: Built) -> float:
        found = outputs(built.graph, head.task, encodings)
        return 1 - float(np.mean(list(map(cosine, expected, found))))

    return loss


@dataclass(frozen=True)
class Int4Method:
    """A `recipe.GraphMethod`, with the same attribute."""

    storage: WeightStorage

    def plan(self, options: Options, checkpoint: Checkpoint, head: Head) -> Int4Plan:
        """Decides every choice.

        Raises:
            EdgebertError: a choice is unknown, or the checkpoint cannot serve it.
        """
        if options.mixed not in (None, "none", "auto"):
            raise EdgebertError(f"mixed {options.mixed!r} is unknown; accepted: none, auto")
        drop = USUAL_DROP if options.max_drop is None else options.max_drop
        graphs = FloatMethod(self.storage).plan(options, checkpoint, head)
        return Int4Plan(graphs, options.calibration, drop if options.mixed == "auto" else None)

"""Checkpoints with random weights that are distributed like those of Google's compact BERTs.

The 24 released models cannot be shipped, but the mean and deviation of each of their tensors can:
weights drawn with them quantise, overflow and run as the real ones do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgebert.arrays import Array
from edgebert.bert.catalogue import CATALOGUE, CatalogueModel, find
from edgebert.bert.weights import HEADS, encoder_shapes
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.vocabulary import read_vocabulary
from edgebert.converter.convert import convert_checkpoint
from edgebert.converter.plan import Options, plan
from edgebert.converter.recipes import RecipeName, RuntimeName
from edgebert.converter.report import ConversionReport
from edgebert.progress import Progress

_CLS, _SEP, _FIRST_WORD, _VOCABULARY_SIZE = 101, 102, 999, 30_522
_CLASSIFIER = {"mean": 0.0, "std": 0.05}
_WITHOUT_STATISTICS = {"12/768": "10/768"}

VOCABULARY = Path(__file__).parents[1] / "tests/data/vocab/vocab.txt"
"""The one that all 24 models share."""

# Hugging Face names to canonical ones, one after another.
_RENAMES = (
    ("word_embeddings.weight", "word"),
    ("position_embeddings.weight", "position"),
    ("token_type_embeddings.weight", "segment"),
    ("encoder.layer.", "layers."),
    ("attention.self.", "attention."),
    ("attention.output.dense.", "attention.output."),
    ("attention.output.LayerNorm.", "attention.norm."),
    ("intermediate.dense.", "ffn.intermediate."),
    (".output.dense.", ".ffn.output."),
    (".output.LayerNorm.", ".ffn.norm."),
    ("embeddings.LayerNorm.", "embeddings.norm."),
    ("pooler.dense.", "pooler."),
)


def draw_checkpoint(size: str, statistics: Path, *, labels: int = 2, seed: int = 0) -> Checkpoint:
    """A classifier with random weights.

    Args:
        size: of the catalogue.
        statistics: JSON with an entry a model, `bert_uncased_L-…`, whose `tensors` give `mean`
            and `std` under Hugging Face names. A layer that is not there is drawn like the last
            one that is.
        labels: number of them.
        seed: of the weights.
    """
    model = find_size(size)
    config = model.config
    moments = _moments(json.loads(statistics.read_text()), model)
    sizes = {"H": config.hidden_size, "K": labels}
    shapes: dict[str, tuple[int, ...]] = dict(encoder_shapes(config))
    for head in ("pooler", "classifier"):
        shapes |= {n: tuple(sizes[str(s)] for s in shape) for n, shape in HEADS[head].items()}
    generator = np.random.default_rng(seed)
    return Checkpoint(
        config=config,
        weights={
            name: _draw(generator, shape, moments[_known(name, moments)])
            for name, shape in shapes.items()
        },
        vocabulary=read_vocabulary(VOCABULARY),
        labels=tuple(f"label {i}" for i in range(labels)),
        task="classify",
        source=f"random weights of {model.name}, seed {seed}",
        format="random",
    )


def find_size(size: str) -> CatalogueModel:
    """The catalogue's model of that name.

    Raises:
        SystemExit: there is none.
    """
    model = find(size)
    if model is None:
        raise SystemExit(f"{size}: no such size; there are {', '.join(m.name for m in CATALOGUE)}")
    return model


def _moments(statistics: Mapping[str, Any], model: CatalogueModel) -> dict[str, dict[str, float]]:
    """Mean and deviation by canonical name."""
    stand_in = _WITHOUT_STATISTICS.get(model.name, model.name)
    layers, hidden = map(int, stand_in.split("/"))
    tensors = statistics[f"bert_uncased_L-{layers}_H-{hidden}_A-{hidden // 64}"]["tensors"]
    moments = {_canonical(name): moment for name, moment in tensors.items()}
    return {**moments, "classifier.weight": _CLASSIFIER, "classifier.bias": _CLASSIFIER}


def _canonical(name: str) -> str:
    for theirs, ours in _RENAMES:
        name = name.replace(theirs, ours)
    return name


def _known(name: str, moments: Mapping[str, object]) -> str:
    """The name, or that of the same tensor in the last layer that has statistics."""
    while name not in moments:
        name = re.sub(r"\d+", lambda layer: str(int(layer[0]) - 1), name)
    return name


def _draw(
    generator: np.random.Generator, shape: tuple[int, ...], moment: Mapping[str, float]
) -> Array:
    drawn: Array = generator.standard_normal(shape, dtype=np.float32)
    drawn *= np.float32(moment["std"])
    drawn += np.float32(moment["mean"])
    return drawn


def draw_ids(tokens: int, *, seed: int = 0) -> list[int]:
    """Ids of a text of that length, [CLS] and [SEP] included, from the whole words."""
    words = np.random.default_rng(seed).integers(_FIRST_WORD, _VOCABULARY_SIZE, tokens - 2)
    return [_CLS, *words.tolist(), _SEP]


def convert_drawn(
    checkpoint: Checkpoint,
    path: Path,
    *,
    quantize: RecipeName = "int8",
    runtime: RuntimeName = "litert",
    progress: Progress | None = None,
) -> ConversionReport:
    """Converts it as `edgebert.convert` would, if it lay in a folder."""
    settled = plan(Options(quantize=quantize, runtime=runtime), checkpoint)
    return convert_checkpoint(checkpoint, settled, path, progress=progress)

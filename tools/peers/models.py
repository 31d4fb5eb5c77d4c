"""The models that are raced, one for each peer of a contest."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import edgebert
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.sources import MINILM, open_checkpoint
from edgebert.files import sha256_of
from tools.fixtures.random_weights import VOCABULARY, convert_drawn, draw_checkpoint
from tools.peers.environments import EDGEBERT, MEDIAPIPE, ONNXRUNTIME, OPENVINO, PADDED, environment

_OPENVINO_MODEL = Path(__file__).with_name("openvino_model.py")


@dataclass(frozen=True)
class Material:
    """What the maintainer has to bring, none of which is ours to ship.

    Attributes:
        onnx: folder of int8 models for ONNX Runtime: `minilm`, `tiny` and `mini`, `.int8.onnx`.
        stsb: folder with `dev.tsv` and `train.tsv` of STS-B.
        sst2: `dev.tsv` of SST-2.
        statistics: see `random_weights`.
        pairs: of STS-B that are compared; None: all.
    """

    onnx: Path
    stsb: Path
    sst2: Path
    statistics: Path
    pairs: int | None = None


Models = Mapping[str, Path]
"""A file for each peer by name; one that cannot run the model is left out."""


def minilm(material: Material, folder: Path) -> Models:
    """all-MiniLM-L6-v2, for texts to sentence vectors."""
    path = folder / "minilm.tflite"
    edgebert.convert(MINILM, path, force=True)
    with open_checkpoint(MINILM) as checkpoint:
        openvino = _quantize(checkpoint, material, folder / "minilm.xml", embeds=True)
    return {
        EDGEBERT.name: path,
        ONNXRUNTIME.name: material.onnx / "minilm.int8.onnx",
        OPENVINO.name: openvino,
        PADDED.name: path,
    }


def classifier(size: str, onnx: str, material: Material, folder: Path) -> Models:
    """A classifier with random weights; ONNX Runtime's are others of the same size."""
    path = folder / f"{onnx}.tflite"
    path.unlink(missing_ok=True)
    checkpoint = draw_checkpoint(size, material.statistics)
    convert_drawn(checkpoint, path)
    openvino = _quantize(checkpoint, material, folder / f"{onnx}.xml", embeds=False)
    return {
        EDGEBERT.name: path,
        ONNXRUNTIME.name: material.onnx / f"{onnx}.int8.onnx",
        OPENVINO.name: openvino,
        MEDIAPIPE.name: path,
        PADDED.name: path,
    }


def _quantize(checkpoint: Checkpoint, material: Material, output: Path, *, embeds: bool) -> Path:
    """An int8 model for OpenVINO, calibrated on texts that nobody is judged by.

    It takes a minute, so it is not made again of the same.
    """
    weights, texts = output.with_suffix(".npz"), output.with_suffix(".txt")
    made_of = output.with_suffix(".sha256")
    config = checkpoint.config
    np.savez(
        weights,
        heads=config.num_attention_heads,
        epsilon=config.layer_norm_eps,
        embeds=embeds,
        **checkpoint.weights,
    )
    texts.write_text("\n".join(read_column(material.stsb / "train.tsv", "sentence1")[:300]))
    recipe = "\n".join(map(sha256_of, (weights, texts, _OPENVINO_MODEL)))
    if not (output.exists() and made_of.exists() and made_of.read_text() == recipe):
        python = environment(OPENVINO, folder=output.parents[1])
        command = [python, _OPENVINO_MODEL, weights, VOCABULARY, texts, output]
        subprocess.run(command, check=True)
        made_of.write_text(recipe)
    weights.unlink()
    return output


def read_column(path: Path, column: str, kind: Callable[[str], object] = str) -> Sequence:
    """All entries of a column of a TSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [kind(row[column]) for row in rows]

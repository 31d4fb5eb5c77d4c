"""The models that are raced, one for each peer of a contest."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import edgebert
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.sources import MINILM, open_checkpoint
from edgebert.files import sha256_of
from tools.data_sets import read_column
from tools.fixtures.random_weights import VOCABULARY, convert_drawn, draw_checkpoint
from tools.peers.environments import (
    CTRANSLATE2,
    EDGEBERT,
    EXECUTORCH,
    EXPORTER,
    EXPORTER_FIVE,
    LLAMA,
    MEDIAPIPE,
    MNN,
    ONNXRUNTIME,
    OPENVINO,
    PADDED,
    Peer,
    environment,
)

Models = Mapping[str, Path]
"""A file for each peer by name; one that cannot run the model is left out."""


@dataclass(frozen=True)
class BenchmarkData:
    """What the maintainer has to bring, none of which is ours to ship.

    Attributes:
        onnx: folder of int8 models for ONNX Runtime: `minilm`, `tiny` and `mini`, `.int8.onnx`.
        stsb: folder with `dev.tsv` and `train.tsv` of STS-B.
        sst2: `dev.tsv` of SST-2.
        statistics: see `random_weights`.
        pairs: of STS-B that are compared; None: all.
        without: names of peers that are left out.
    """

    onnx: Path
    stsb: Path
    sst2: Path
    statistics: Path
    pairs: int | None = None
    without: frozenset[str] = frozenset()

    def wanted(self, models: Models) -> Models:
        """Without those that are left out."""
        return {name: model for name, model in models.items() if name not in self.without}


def minilm(material: BenchmarkData, folder: Path) -> Models:
    """all-MiniLM-L6-v2, for texts to sentence vectors."""
    path = folder / "minilm.tflite"
    edgebert.convert(MINILM, path, force=True)
    with open_checkpoint(MINILM) as checkpoint:
        made = _made(checkpoint, material, folder, "minilm", embeds=True)
    models = {
        EDGEBERT.name: path,
        ONNXRUNTIME.name: material.onnx / "minilm.int8.onnx",
        PADDED.name: path,
        **made,
    }
    return material.wanted(models)


def classifier(size: str, onnx: str, material: BenchmarkData, folder: Path) -> Models:
    """A classifier with random weights; ONNX Runtime's are others of the same size."""
    path = folder / f"{onnx}.tflite"
    path.unlink(missing_ok=True)
    checkpoint = draw_checkpoint(size, material.statistics)
    convert_drawn(checkpoint, path)
    models = {
        EDGEBERT.name: path,
        ONNXRUNTIME.name: material.onnx / f"{onnx}.int8.onnx",
        MEDIAPIPE.name: path,
        PADDED.name: path,
        **_made(checkpoint, material, folder, onnx, embeds=False),
    }
    return material.wanted(models)


@dataclass(frozen=True)
class Export:
    """How a peer's model is made of a checkpoint, by a script in the peer's environment.

    Attributes:
        peer: whose model it is.
        by: in whose environment it is made.
        script: in this folder.
        ending: of the model.
        arguments: of the script, between the weights and the output.
        then: arguments of the peer's Python, before the two paths, that make the model of the
            script's output.
        embeds_only: it has no classifiers.
    """

    peer: Peer
    by: Peer
    script: str
    ending: str
    arguments: tuple[Path, ...] = ()
    then: tuple[str, ...] = ()
    embeds_only: bool = False


def _exports(texts: Path) -> Sequence[Export]:
    # The program `mnnconvert` does the same, and then reports the conversion to its authors.
    mnn = ("-c", "import sys, _tools; _tools.mnnconvert(sys.argv)")
    mnn += ("-f", "ONNX", "--weightQuantBits", "8", "--bizCode", "edgebert")
    return (
        Export(OPENVINO, OPENVINO, "openvino_model.py", ".xml", (VOCABULARY, texts)),
        Export(CTRANSLATE2, CTRANSLATE2, "ctranslate2_model.py", ".ct2", (VOCABULARY,)),
        Export(EXECUTORCH, EXECUTORCH, "torch_model.py", ".pte"),
        Export(MNN, EXECUTORCH, "torch_model.py", ".onnx", then=mnn),
        Export(EXPORTER, EXPORTER, "torch_model.py", ".128.tflite"),
        Export(EXPORTER_FIVE, EXPORTER, "torch_model.py", ".16-32-64-96-128.tflite"),
        Export(LLAMA, LLAMA, "llama_model.py", ".gguf", (VOCABULARY,), embeds_only=True),
    )


def _made(
    checkpoint: Checkpoint, material: BenchmarkData, folder: Path, name: str, *, embeds: bool
) -> dict[str, Path]:
    """Models of those peers whose environments can be made here; why one cannot is printed.

    OpenVINO's is calibrated on texts that nobody is judged by.
    """
    weights, texts = folder / f"{name}.npz", folder / "calibration.txt"
    config = checkpoint.config
    np.savez(
        weights,
        heads=config.num_attention_heads,
        epsilon=config.layer_norm_eps,
        embeds=embeds,
        **checkpoint.weights,
    )
    texts.write_text("\n".join(read_column(material.stsb / "train.tsv", "sentence1")[:300]))
    made = {}
    for export in _exports(texts):
        if export.peer.name in material.without or (export.embeds_only and not embeds):
            continue
        output = folder / f"{name}{export.ending}"
        try:
            made[export.peer.name] = _export(export, weights, output)
        except subprocess.CalledProcessError as error:
            print(f"{export.peer.name}: left out: {error}", file=sys.stderr)
    weights.unlink()
    return made


def _export(export: Export, weights: Path, output: Path) -> Path:
    """Runs a script, which may take minutes, so not again for the same."""
    script = Path(__file__).parent / export.script
    made_of, home = output.with_suffix(".sha256" + export.ending), output.parents[1]
    model = output.with_suffix(".mnn") if export.then else output
    recipe = "\n".join(map(sha256_of, (weights, *export.arguments, script)))
    if model.exists() and made_of.exists() and made_of.read_text() == recipe:
        return model
    python = environment(export.by, home)
    subprocess.run([python, script, weights, *export.arguments, output], check=True)
    if export.then:
        command = [environment(export.peer, home), *export.then]
        command += ["--modelFile", output, "--MNNModel", model]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    made_of.write_text(recipe)
    return model

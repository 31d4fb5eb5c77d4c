"""The environments of the engines: each its own, with pinned packages, made when first needed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import edgebert
from tools.devices.emulated_pi.root import digest

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Peer:
    """Something that runs BERTs.

    Attributes:
        name: as people call it.
        engine: module in `engines`.
        packages: what its environment has, the one whose version is told first.
        runs_with: what only running its models needs, if that is less.
    """

    name: str
    engine: str
    packages: tuple[str, ...]
    runs_with: tuple[str, ...] = ()

    @property
    def versioned(self) -> str:
        """The name with the version."""
        if self is EDGEBERT:
            return f"{self.name} {edgebert.__version__}"
        return f"{self.name} {self.packages[0].partition('==')[2]}"


_ENGINE = "ai-edge-litert==2.3.0"
EDGEBERT = Peer("edgebert", "edgebert_int8", ("--editable", str(REPOSITORY), _ENGINE))
ONNXRUNTIME = Peer(
    "ONNX Runtime", "onnxruntime_int8", ("onnxruntime==1.32.0", "tokenizers==0.23.3")
)
OPENVINO = Peer(
    "OpenVINO", "openvino_int8", ("openvino==2026.4.1", "nncf==3.4.0", "tokenizers==0.23.3")
)
MEDIAPIPE = Peer("MediaPipe", "mediapipe_text_classifier", ("mediapipe==1.2.2",))
PADDED = Peer("TFLite padded to 128", "tflite_padded", (_ENGINE, "tokenizers==0.23.3"))
CTRANSLATE2 = Peer(
    "CTranslate2", "ctranslate2_int8", ("ctranslate2==4.8.5", "numpy", "tokenizers==0.23.3")
)
MNN = Peer("MNN", "mnn_int8", ("MNN==3.6.1", "numpy", "tokenizers==0.23.3"))
EXECUTORCH = Peer(
    "ExecuTorch",
    "executorch_int8",
    ("executorch==1.5.1", "torch==2.14.0", "onnx==1.23.2", "tokenizers==0.23.3"),
)
EXPORTER = Peer(
    "Google's exporter, 128 tokens",
    "exporter",
    ("litert-torch==0.10.0", "tokenizers"),
    PADDED.packages,
)
EXPORTER_FIVE = replace(EXPORTER, name="Google's exporter, five lengths")
LLAMA = Peer(
    "llama.cpp", "llama_q8", ("llama-cpp-python==0.3.36", "gguf==0.19.0", "tokenizers==0.23.3")
)
PEERS: Mapping[str, Peer] = MappingProxyType(
    {
        peer.name: peer
        for peer in (
            EDGEBERT,
            ONNXRUNTIME,
            OPENVINO,
            MEDIAPIPE,
            PADDED,
            CTRANSLATE2,
            MNN,
            EXECUTORCH,
            EXPORTER,
            EXPORTER_FIVE,
            LLAMA,
        )
    }
)


def environment(peer: Peer, folder: Path) -> Path:
    """The Python of a peer's environment in this folder.

    The environment is named after its packages, so that other pins make another one.
    """
    home = folder / f"{peer.engine}-{digest(' '.join(peer.packages).encode())}"
    ready, python = home / ".ready", home / "bin/python"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        command = [python, "-m", "pip", "install", "--quiet", *peer.packages]
        subprocess.run(command, check=True)
        ready.touch()
    return python

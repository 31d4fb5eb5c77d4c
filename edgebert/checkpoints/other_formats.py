"""What a folder holds that is no checkpoint of ours, and the way from there to one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from edgebert.errors import EdgebertError
from edgebert.text_files import read_json_object


@dataclass(frozen=True)
class _Other:
    """Something known that is not read.

    Attributes:
        patterns: of paths in the folder that tell it.
        name: what it is.
        way: to something that is read.
    """

    patterns: tuple[str, ...]
    name: str
    way: str


_SAME_SIZE = (
    "take Google's archive of the same size by its name, such as tiny or 4/256 (edgebert models "
    "lists them), or its Hugging Face id, such as google/bert_uncased_L-2_H-128_A-2"
)
_SAVE = "load it with transformers in PyTorch and save it with save_pretrained"
_SOURCE = "give the Hugging Face folder or id that it was made from"

# The first that is there is told.
_OTHERS = (
    _Other(
        ("adapter_config.json", "adapter_model.*"),
        "a PEFT adapter (LoRA or the like), which is not a whole model",
        "merge it into its model with merge_and_unload() and save that with save_pretrained",
    ),
    _Other(
        ("tfhub_module.pb", *("*/" * depth + "saved_model.pb" for depth in range(5))),
        "a TensorFlow SavedModel, as TF-Hub and Kaggle have them",
        f"{_SAME_SIZE}; one that you trained: {_SAVE}",
    ),
    _Other(
        ("albert_config.json", "albert_*.index", "electra_*.index", "electra_*.meta"),
        "an ALBERT's or ELECTRA's TensorFlow 1 checkpoint",
        "take its Hugging Face id (edgebert models lists them), or convert it with transformers",
    ),
    _Other(
        ("*.index", "*.ckpt*.meta", "*.data-*-of-*"),
        "a TensorFlow checkpoint without its bert_config.json",
        "put the bert_config.json and vocab.txt of its archive beside it",
    ),
    _Other(
        ("tf_model.h5",),
        "the TensorFlow weights of transformers",
        "in PyTorch load it with from_pretrained(folder, from_tf=True) and use save_pretrained",
    ),
    _Other(
        ("*.keras", "*.h5", "*.hdf5"),
        "a Keras model",
        f"{_SAME_SIZE}; one that you trained: bring its weights into transformers' class",
    ),
    _Other(
        ("flax_model.msgpack", "*.msgpack"),
        "the Flax weights of transformers",
        "in PyTorch load it with from_pretrained(folder, from_flax=True) and use save_pretrained",
    ),
    _Other(("rust_model.ot", "*.ot"), "the weights of rust-bert", _SOURCE),
    _Other(("*.onnx", "onnx/*.onnx"), "an ONNX graph", _SOURCE),
    _Other(("*.gguf", "*.ggml", "ggml-*.bin"), "a file of llama.cpp", _SOURCE),
    _Other(("*.mlmodel", "*.mlpackage"), "a Core ML model", _SOURCE),
    _Other(("openvino_model.*",), "an OpenVINO model", _SOURCE),
    _Other(("*.tflite",), "a converted file", "edgebert run and inspect take it"),
    _Other(
        ("zero_to_fp32.py", "global_step*"),
        "DeepSpeed's training state, the weights in parts",
        "join them: python zero_to_fp32.py . pytorch_model.bin",
    ),
    _Other(
        ("pytorch_model_fsdp*", "__0_0.distcp"),
        "FSDP's training state, the weights in parts",
        "join them: accelerate merge-weights",
    ),
    _Other(
        ("model-*-of-*.safetensors",),
        "weights in several files without model.safetensors.index.json",
        "get that file too",
    ),
    _Other(
        ("pytorch_model-*-of-*.bin",),
        "weights in several files without pytorch_model.bin.index.json",
        "get that file too",
    ),
    _Other(
        ("*.safetensors",),
        "weights under a name that transformers does not look for",
        "rename it to model.safetensors",
    ),
    _Other(
        ("*.bin", "*.pt", "*.pth", "*.ckpt"),
        "weights under a name that transformers does not look for",
        "rename it to pytorch_model.bin, beside config.json and the tokenizer",
    ),
)

_NOT_TOLD = (
    *("model.safetensors", "pytorch_model.bin"),  # as they should be: something else is missing
    *("training_args.bin", "optimizer.*", "scheduler.*", "scaler.*", "rng_state*"),
)

_WEIGHTS = ("model.safetensors*", "pytorch_model.bin*", "modules.json", "*.ckpt*.index")
_INNER = ("*", "snapshots/*")  # the second as in the hub's cache


def explain(folder: Path) -> str | None:
    """What the folder holds instead, with the way to something that is read; None: nothing known.

    Checkpoints in its folders come first: training leaves `checkpoint-500` and the like.
    """
    inner = sorted(_checkpoints_in(folder), key=_step)
    if inner:
        names = [path.relative_to(folder).as_posix() for path in inner]
        return (
            f"{folder}: no checkpoint itself, but there are some in it: {', '.join(names[:10])}; "
            f"give one of these folders, such as {inner[-1]}{_last_or_best(inner)}"
        )
    for other in _OTHERS:
        for pattern in other.patterns:
            for path in sorted(folder.glob(pattern)):
                if not _matches(path.name, _NOT_TOLD):
                    return f"{folder}: {path.name} is {other.name}; {other.way}"
    return None


def explain_file(file: Path) -> str | None:
    """The same for a single file; None: nothing known."""
    for other in _OTHERS:
        if _matches(file.name, other.patterns) and file.suffix not in (".safetensors", ".bin"):
            return f"{file}: is {other.name}; {other.way}"
    return None


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _checkpoints_in(folder: Path) -> Iterator[Path]:
    for pattern in _INNER:
        for path in folder.glob(pattern):
            if path.is_dir() and any(any(path.glob(weights)) for weights in _WEIGHTS):
                yield path


def _step(path: Path) -> tuple[int, str]:
    """Sorts checkpoint-1000 behind checkpoint-500."""
    number = re.search(r"-(\d{1,18})$", path.name)
    return (int(number[1]) if number else -1), path.name


def _last_or_best(inner: list[Path]) -> str:
    """What the last of a training's checkpoints says of itself and of the best."""
    state = inner[-1] / "trainer_state.json"
    if _step(inner[-1])[0] < 0:
        return ""
    try:
        best = read_json_object(state).get("best_model_checkpoint") if state.exists() else None
    except EdgebertError:
        best = None
    name = re.split(r"[/\\]", best)[-1] if isinstance(best, str) else ""
    found = name in [path.name for path in inner]
    return f" (the last; training found {name} the best)" if found else " (the last)"

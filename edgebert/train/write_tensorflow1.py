"""A checkpoint as a folder in the format and with the names of google-research/bert."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from edgebert.bert.config import SIZES
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.writing.names import TENSORFLOW1, written_name
from edgebert.errors import EdgebertError
from edgebert.files import replacing
from edgebert.train.backend import tf
from edgebert.unfinished import temporary_folder

_NAME = "bert_model.ckpt"
_SUFFIXES = (".data-00000-of-00001", ".index")  # the index, by which readers go, is the last
_ACTIVATIONS = {"gelu_tanh": "gelu", "relu": "relu"}
_NORM_EPSILON = 1e-12  # what google-research/bert has in its code


def write_tensorflow1(checkpoint: Checkpoint, folder: Path, *, force: bool = False) -> None:
    """Writes `bert_config.json`, `vocab.txt`, `bert_model.ckpt.*` and, with labels, `labels.txt`.

    Args:
        checkpoint: a plain BERT whose arithmetic is that of google-research/bert.
        folder: made where it is not there.
        force: overwrite files of these names.

    Raises:
        EdgebertError: the format cannot say what the checkpoint is, or a file is there already or
            cannot be written.
    """
    config = _config(checkpoint)
    variables = _variables(checkpoint)
    texts = {
        "vocab.txt": "".join(f"{piece}\n" for piece in checkpoint.vocabulary),
        **({"labels.txt": "\n".join(checkpoint.labels) + "\n"} if checkpoint.labels else {}),
        "bert_config.json": json.dumps(config, indent=2) + "\n",
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with temporary_folder(folder / _NAME) as scratch:
            _save(variables, scratch / _NAME)
            for suffix in _SUFFIXES:
                with replacing(folder / (_NAME + suffix), force=force) as part:
                    (scratch / (_NAME + suffix)).replace(part)
    except (OSError, tf.errors.OpError) as error:
        raise EdgebertError(f"{folder}: cannot write: {str(error)[:120]}") from error
    for name, text in texts.items():
        with replacing(folder / name, force=force) as part:
            part.write_text(text, encoding="utf-8", newline="\n")


def _config(checkpoint: Checkpoint) -> dict[str, object]:
    config = checkpoint.config
    if config.hidden_act not in _ACTIVATIONS or config.layer_norm_eps != _NORM_EPSILON:
        raise EdgebertError(
            f"a TensorFlow 1 checkpoint cannot say {config.hidden_act} with layer_norm_eps "
            f"{config.layer_norm_eps}; it knows {', '.join(_ACTIVATIONS)} with {_NORM_EPSILON}: "
            "write a Hugging Face folder"
        )
    shapes = {name: getattr(config, name) for name in SIZES}
    return {**shapes, "hidden_act": _ACTIVATIONS[config.hidden_act]}


def _variables(checkpoint: Checkpoint) -> dict[str, np.ndarray]:
    variables = {}
    for canonical, array in checkpoint.weights.items():
        name = written_name(canonical, TENSORFLOW1)
        if name is None:
            raise EdgebertError(
                f"a TensorFlow 1 checkpoint has no name for {canonical}; "
                "write a Hugging Face folder"
            )
        variables[name] = array.T if name.endswith("kernel") else array
    return variables


def _save(variables: dict[str, np.ndarray], prefix: Path) -> None:
    names = sorted(variables)
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[tf.constant(variables[name]) for name in names],
    )

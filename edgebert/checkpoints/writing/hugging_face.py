"""A checkpoint as a Hugging Face folder, which transformers opens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from edgebert.arrays import Array
from edgebert.bert.config import SIZES, Activation
from edgebert.bert.tasks import LABELLED, TaskName
from edgebert.checkpoints import learned
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.writing.names import HUGGING_FACE, written_name
from edgebert.checkpoints.writing.safetensors_file import write_safetensors
from edgebert.errors import EdgebertError
from edgebert.files import make_folder, replacing

FILES = ("config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt")
"""What every folder holds that is written here."""

_BARE = "BertModel"
_CLASSES: Mapping[TaskName | None, str] = MappingProxyType(
    {
        "classify": "BertForSequenceClassification",
        "regress": "BertForSequenceClassification",
        "tag": "BertForTokenClassification",
        "answer": "BertForQuestionAnswering",
        "fill-mask": "BertForMaskedLM",
    }
)
_WITH_NEXT_SENTENCE = "BertForPreTraining"
_ACTIVATIONS: Mapping[Activation, str] = MappingProxyType(
    {"gelu": "gelu", "gelu_tanh": "gelu_new", "relu": "relu"}
)
_MODULES = ("Transformer", "Pooling", "Normalize")
_MODULE_TYPE = "sentence_transformers.models."


def write_hugging_face(checkpoint: Checkpoint, folder: Path, *, force: bool = False) -> None:
    """Writes `config.json`, `model.safetensors`, `vocab.txt` and `tokenizer_config.json`.

    With ranges that were learned also `quantization.json`; without, one that is there is removed
    with `force`, since it is of other weights. Each file appears whole or not at all; `config.json`
    is the last, so that a folder with one is complete. A checkpoint for `embed` gets the files of
    sentence-transformers too.

    Args:
        checkpoint: a plain BERT; its task chooses the class of transformers.
        folder: made where it is not there; other files in it stay.
        force: overwrite files of these names.

    Raises:
        EdgebertError: a file is there already, cannot be written, or a head is missing.
    """
    name = _class_of(checkpoint)
    tensors = _tensors(checkpoint, name)
    contents = {
        "vocab.txt": "".join(f"{piece}\n" for piece in checkpoint.vocabulary),
        "tokenizer_config.json": _json(_tokenizer(checkpoint)),
        **_sentence_files(checkpoint),
        **({} if checkpoint.learned is None else {learned.FILE: checkpoint.learned.to_json()}),
        "config.json": _json(_config(checkpoint, name)),
    }
    if not force:
        _refuse_overwrite(folder, ["model.safetensors", learned.FILE, *contents])
    for file in contents:
        make_folder((folder / file).parent)
    if checkpoint.learned is None:
        (folder / learned.FILE).unlink(missing_ok=True)
    write_safetensors(tensors, folder / "model.safetensors", {"format": "pt"}, force=force)
    for file, text in contents.items():
        with replacing(folder / file, force=force) as part:
            part.write_text(text, encoding="utf-8", newline="\n")


def _class_of(checkpoint: Checkpoint) -> str:
    if checkpoint.unigram is not None:
        raise EdgebertError(
            f"{checkpoint.source}: has a unigram tokenizer; only WordPiece can be written"
        )
    name = _CLASSES.get(checkpoint.task, _BARE)
    if name == _CLASSES["fill-mask"] and {"nsp", "pooler"} <= {*checkpoint.heads}:
        return _WITH_NEXT_SENTENCE
    return name


def _tensors(checkpoint: Checkpoint, name: str) -> dict[str, Array]:
    """The weights under the class's names, without labelled heads that are not its own."""
    foreign = set(LABELLED.values())
    if checkpoint.task in ("classify", "regress", "tag"):
        foreign -= {LABELLED["tag" if checkpoint.task == "tag" else "classify"]}
    tensors = {}
    for canonical, array in checkpoint.weights.items():
        written = written_name(canonical, HUGGING_FACE)
        if written is None:
            raise EdgebertError(f"only plain BERTs can be written; this one has {canonical}")
        if canonical.split(".")[0] not in foreign:
            written = written.removeprefix("bert.") if name == _BARE else written
            tensors[written] = np.ascontiguousarray(array)
    return tensors


def _config(checkpoint: Checkpoint, name: str) -> dict[str, Any]:
    config = checkpoint.config
    found = {
        "architectures": [name],
        "model_type": "bert",
        "hidden_act": _ACTIVATIONS[config.hidden_act],
        "pad_token_id": checkpoint.vocabulary.index("[PAD]"),
        **{shape: getattr(config, shape) for shape in (*SIZES, "layer_norm_eps")},
    }
    if checkpoint.task == "regress":
        return {**found, "problem_type": "regression", "num_labels": 1}
    if checkpoint.task == "classify":
        number = "multi" if checkpoint.multi_label else "single"
        found["problem_type"] = f"{number}_label_classification"
    if checkpoint.labels is not None:
        found["id2label"] = {str(index): label for index, label in enumerate(checkpoint.labels)}
        found["label2id"] = {label: index for index, label in enumerate(checkpoint.labels)}
    elif checkpoint.task is not None and checkpoint.task in LABELLED:
        found["num_labels"] = len(checkpoint.weights[f"{LABELLED[checkpoint.task]}.bias"])
    return found


def _tokenizer(checkpoint: Checkpoint) -> dict[str, Any]:
    options = checkpoint.tokenizer
    return {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": options.lower_case,
        "strip_accents": options.strip_accents,
        "tokenize_chinese_chars": options.chinese_chars,
        "model_max_length": options.max_length,
    }


def _sentence_files(checkpoint: Checkpoint) -> dict[str, str]:
    """What sentence-transformers adds to the folder of an embedder."""
    if checkpoint.task != "embed":
        return {}
    modules = _MODULES if checkpoint.normalize else _MODULES[:2]
    pooling = checkpoint.pooling or "mean"
    return {
        "modules.json": _json(
            [
                {
                    "idx": index,
                    "name": str(index),
                    "path": f"{index}_{module}" if index else "",
                    "type": f"{_MODULE_TYPE}{module}",
                }
                for index, module in enumerate(modules)
            ]
        ),
        "sentence_bert_config.json": _json(
            {"max_seq_length": checkpoint.tokenizer.max_length, "do_lower_case": False}
        ),
        "1_Pooling/config.json": _json(
            {
                "word_embedding_dimension": checkpoint.config.hidden_size,
                "pooling_mode_cls_token": pooling == "cls",
                "pooling_mode_mean_tokens": pooling == "mean",
            }
        ),
        **({"2_Normalize/config.json": "{}\n"} if checkpoint.normalize else {}),
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _refuse_overwrite(folder: Path, names: list[str]) -> None:
    for name in names:
        if (folder / name).exists():
            raise EdgebertError(
                f"{folder / name}: exists already; choose another folder or add --force"
            )

"""Hugging Face folders: `config.json`, a tokenizer, and safetensors or a PyTorch pickle.

As transformers' `save_pretrained` writes them. `gelu` is the exact form there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edgebert.bert.config import Activation
from edgebert.bert.tasks import TaskName
from edgebert.bert.weights import HEADS, Weights
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.config_file import bert_config
from edgebert.checkpoints.hugging_face_tokenizer import read_tokenizer
from edgebert.checkpoints.hugging_face_weights import canonical_weights, find_tensors
from edgebert.checkpoints.labels import default_labels, labels_by_id
from edgebert.checkpoints.small_files import read_json_object, shown
from edgebert.checkpoints.vocabulary import check_special_tokens
from edgebert.errors import EdgebertError

FORMAT = "Hugging Face folder"
CONFIG = "config.json"


@dataclass(frozen=True)
class _Architecture:
    """A class of transformers.

    Attributes:
        task: what it was made for.
        heads: what it must have on top of the encoder.
        labelled: the head that the tensors `classifier.*` are.
    """

    task: TaskName | None
    heads: tuple[str, ...] = ()
    labelled: str = "classifier"


_ARCHITECTURES: Mapping[str, _Architecture] = MappingProxyType(
    {
        "BertModel": _Architecture(None),
        "BertForPreTraining": _Architecture("fill-mask", ("pooler", "mlm", "nsp")),
        "BertForMaskedLM": _Architecture("fill-mask", ("mlm",)),
        "BertForSequenceClassification": _Architecture("classify", ("pooler", "classifier")),
        "BertForTokenClassification": _Architecture("tag", ("tagger",), labelled="tagger"),
        "BertForQuestionAnswering": _Architecture("answer", ("answerer",)),
    }
)

_ACTIVATIONS: Mapping[str, Activation] = MappingProxyType(
    {
        "gelu": "gelu",
        "gelu_new": "gelu_tanh",
        "gelu_pytorch_tanh": "gelu_tanh",
        "relu": "relu",
    }
)

# Settings that change what a BERT computes, with the value of a plain one.
_PLAIN: Mapping[str, object] = MappingProxyType(
    {
        "is_decoder": False,
        "add_cross_attention": False,
        "position_embedding_type": "absolute",
        "pruned_heads": {},
        "quantization_config": None,
    }
)

_TASK_OF_PROBLEM: Mapping[str, TaskName] = MappingProxyType(
    {
        "regression": "regress",
        "single_label_classification": "classify",
        "multi_label_classification": "classify",
    }
)


def read_hugging_face(folder: Path, source: str) -> Checkpoint:
    """The checkpoint in a folder with a `config.json`.

    Raises:
        EdgebertError: another architecture than BERT, or a file is missing, damaged or does not
            fit the others.
    """
    path = folder / CONFIG
    raw = read_json_object(path)
    named = _named_architecture(raw, path)
    _check_plain(raw, path)
    config = bert_config(raw, _ACTIVATIONS, path)
    weights_path, tensors = find_tensors(folder)
    name = named or _architecture_of(tensors, path)
    architecture = _ARCHITECTURES[name]
    weights = canonical_weights(tensors, config, architecture.labelled, weights_path)
    _check_heads(weights, name, weights_path)
    task = _task(raw, architecture, weights, path)
    vocabulary, tokenizer = read_tokenizer(folder, config.max_position_embeddings)
    check_special_tokens(vocabulary, mask=task == "fill-mask", where=folder)
    return Checkpoint(
        config=config,
        weights=weights,
        vocabulary=vocabulary,
        tokenizer=tokenizer,
        labels=_labels(raw, architecture, weights, path) if task in ("classify", "tag") else None,
        task=task,
        multi_label=task == "classify" and raw.get("problem_type") == "multi_label_classification",
        source=source,
        format=FORMAT,
    )


def _named_architecture(raw: Mapping[str, Any], path: Path) -> str | None:
    """The class the config names, None where it names none.

    Early configs name neither class nor `model_type`: those are BERTs if their tensors are.
    """
    model_type = raw.get("model_type") or "bert"
    names = raw.get("architectures") or [None]
    (name, *more) = names if isinstance(names, list) else [names]
    if model_type != "bert" or more or not (name is None or name in tuple(_ARCHITECTURES)):
        raise EdgebertError(
            f"{path}: a model of type {shown(model_type)}, architecture {shown(name)}; "
            f"accepted: BERT, as {', '.join(_ARCHITECTURES)}"
        )
    return None if name is None else str(name)


def _architecture_of(names: Iterable[str], path: Path) -> str:
    """The class that tensor names tell."""
    beginnings = {name.split(".")[0] for name in names}
    if "classifier" in beginnings:
        raise EdgebertError(
            f"{path}: names no architecture, and a classifier could be of texts or of tokens; add "
            '"architectures": ["BertForSequenceClassification"] or ["BertForTokenClassification"]'
        )
    if "qa_outputs" in beginnings:
        return "BertForQuestionAnswering"
    return "BertForMaskedLM" if "cls" in beginnings else "BertModel"


def _check_plain(raw: Mapping[str, Any], path: Path) -> None:
    for name, plain in _PLAIN.items():
        value = raw.get(name)
        if value is not None and value != plain:
            raise EdgebertError(
                f"{path}: {name} is {shown(value)}; only plain BERTs ({plain!r}) are accepted"
            )


def _check_heads(weights: Weights, name: str, path: Path) -> None:
    for head in _ARCHITECTURES[name].heads:
        for tensor in HEADS[head]:
            if tensor not in weights:
                raise EdgebertError(f"{path}: tensor {tensor} is missing; {name} has it")


def _task(
    raw: Mapping[str, Any], architecture: _Architecture, weights: Weights, path: Path
) -> TaskName | None:
    """The architecture's task; a sequence classifier may also be a regression."""
    if architecture.task != "classify":
        return architecture.task
    outputs = len(weights["classifier.bias"])
    problem = raw.get("problem_type")
    if problem is None:
        return "regress" if outputs == 1 else "classify"
    if not isinstance(problem, str) or problem not in _TASK_OF_PROBLEM:
        raise EdgebertError(
            f"{path}: problem_type is {shown(problem)}; accepted: {', '.join(_TASK_OF_PROBLEM)}"
        )
    if problem == "regression" and outputs != 1:
        raise EdgebertError(f"{path}: a regression with {outputs} outputs; one is accepted")
    return _TASK_OF_PROBLEM[problem]


def _labels(
    raw: Mapping[str, Any], architecture: _Architecture, weights: Weights, path: Path
) -> tuple[str, ...]:
    """The config's labels, or the names that transformers gives where there are none."""
    if raw.get("id2label") is not None:
        return labels_by_id(raw["id2label"], path)
    outputs = len(weights[f"{architecture.labelled}.bias"])
    if raw.get("num_labels", outputs) != outputs:
        raise EdgebertError(
            f"{path}: num_labels is {shown(raw['num_labels'])}, "
            f"but the weights have {outputs} outputs"
        )
    return default_labels(outputs)

"""Hugging Face folders: `config.json`, a tokenizer, and safetensors or a PyTorch pickle.

As transformers' `save_pretrained` writes them. `gelu` is the exact form there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edgebert.bert.config import BertConfig
from edgebert.bert.tasks import LABELLED, TaskName
from edgebert.bert.weights import Weights, head_shapes
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.families import FAMILIES
from edgebert.checkpoints.families.bert import BERT
from edgebert.checkpoints.families.family import Architecture, Family
from edgebert.checkpoints.hugging_face_tokenizer import read_tokenizer
from edgebert.checkpoints.hugging_face_weights import (
    canonical_names,
    canonical_weights,
    find_tensors,
)
from edgebert.checkpoints.labels import default_labels, labels_by_id
from edgebert.checkpoints.learned import read_learned
from edgebert.checkpoints.mapped import LazyTensors
from edgebert.checkpoints.small_files import read_json_object, shown
from edgebert.checkpoints.vocabulary import check_special_tokens
from edgebert.errors import EdgebertError

FORMAT = "Hugging Face folder"
CONFIG = "config.json"

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
        EdgebertError: none of the families, or a file is missing, damaged or does not
            fit the others.
    """
    path = folder / CONFIG
    raw = read_json_object(path)
    family, named = _family(raw, path)
    _check_plain(raw, family, path)
    config = family.config(raw, path)
    weights_path, tensors = find_tensors(folder)
    name = named or _architecture_of(tensors, family, config, weights_path)
    architecture = family.architectures[name]
    weights = canonical_weights(tensors, config, family, name, weights_path)
    _check_heads(weights, config, name, architecture, weights_path)
    task = _task(raw, architecture, weights, path)
    vocabulary, tokenizer, unigram = read_tokenizer(folder, config.max_position_embeddings)
    if unigram is None:
        check_special_tokens(vocabulary, mask=task == "fill-mask", where=folder)
    return Checkpoint(
        config=config,
        weights=weights,
        vocabulary=vocabulary,
        tokenizer=tokenizer,
        unigram=unigram,
        labels=_labels(raw, task, weights, path) if task and task in LABELLED else None,
        task=task,
        multi_label=task == "classify" and raw.get("problem_type") == "multi_label_classification",
        learned=read_learned(folder),
        source=source,
        format=FORMAT,
    )


def _family(raw: Mapping[str, Any], path: Path) -> tuple[Family, str | None]:
    """The family, and the class that the config names (None where it names none).

    Early configs name neither class nor `model_type`: those are BERTs if their tensors are.
    """
    names = raw.get("architectures") or [None]
    (name, *more) = names if isinstance(names, list) else [names]
    model_type = raw.get("model_type") or _type_of(name)
    family = FAMILIES.get(model_type) if isinstance(model_type, str) else None
    if family is None:
        families = ", ".join(family.name for family in FAMILIES.values())
        raise EdgebertError(
            f"{path}: a model of type {shown(model_type)}, architecture {shown(name)}; "
            f"accepted: {families} (TinyBERT and MiniLM are BERTs)"
        )
    if more or not (name is None or name in tuple(family.architectures)):
        raise EdgebertError(
            f"{path}: a model of type {shown(model_type)}, architecture {shown(name)}; "
            f"accepted: {family.name}, as {', '.join(family.architectures)}"
        )
    return family, name


def _type_of(architecture: object) -> str:
    """The `model_type` of a class whose config has none."""
    types = (t for t, family in FAMILIES.items() if architecture in tuple(family.architectures))
    return next(types, BERT.model_type)


def _architecture_of(tensors: LazyTensors, family: Family, config: BertConfig, path: Path) -> str:
    """The class that tensor names tell."""
    by_task: dict[TaskName | None, str] = {}
    for name, known in family.architectures.items():
        by_task.setdefault(known.task, name)
    if any(name.split(".")[0] == "classifier" for name in tensors):
        raise EdgebertError(
            f"{path}: names no architecture, and a classifier could be of texts or of tokens; add "
            f'"architectures": ["{by_task["classify"]}"] or ["{by_task["tag"]}"]'
        )
    found = canonical_names(tensors, config, family, path)
    if "answerer.weight" in found:
        return by_task["answer"]
    return by_task["fill-mask"] if "mlm.bias" in found else by_task[None]


def _check_plain(raw: Mapping[str, Any], family: Family, path: Path) -> None:
    for name, plain in family.plain.items():
        value = raw.get(name)
        if value is not None and value != plain:
            raise EdgebertError(
                f"{path}: {name} is {shown(value)}; "
                f"only plain {family.name}s ({plain!r}) are accepted"
            )


def _check_heads(
    weights: Weights, config: BertConfig, name: str, architecture: Architecture, path: Path
) -> None:
    for head in architecture.heads:
        for tensor in head_shapes(head, config):
            if tensor not in weights:
                raise EdgebertError(f"{path}: tensor {tensor} is missing; {name} has it")


def _task(
    raw: Mapping[str, Any], architecture: Architecture, weights: Weights, path: Path
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
    raw: Mapping[str, Any], task: TaskName, weights: Weights, path: Path
) -> tuple[str, ...]:
    """The config's labels, or the names that transformers gives where there are none."""
    if raw.get("id2label") is not None:
        return labels_by_id(raw["id2label"], path)
    outputs = len(weights[f"{LABELLED[task]}.bias"])
    if raw.get("num_labels", outputs) != outputs:
        raise EdgebertError(
            f"{path}: num_labels is {shown(raw['num_labels'])}, "
            f"but the weights have {outputs} outputs"
        )
    return default_labels(outputs)

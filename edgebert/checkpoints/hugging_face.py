"""Hugging Face folders: `config.json`, a tokenizer, and safetensors or a PyTorch pickle.

As transformers' `save_pretrained` writes them. `gelu` is the exact form there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edgebert.arrays import Weights
from edgebert.bert.config import BertConfig
from edgebert.bert.tasks import LABELLED, TaskName
from edgebert.checkpoints.checkpoint import Checkpoint, TokenizerFiles
from edgebert.checkpoints.cross_encoder import cross_encoder_activation
from edgebert.checkpoints.families import FAMILIES
from edgebert.checkpoints.families.bert import BERT
from edgebert.checkpoints.families.family import Architecture, Family
from edgebert.checkpoints.hugging_face_tokenizer import read_tokenizer
from edgebert.checkpoints.hugging_face_weights import (
    FoundWeights,
    canonical_names,
    canonical_weights,
)
from edgebert.checkpoints.labels import default_labels, labels_by_id
from edgebert.checkpoints.learned import read_learned
from edgebert.checkpoints.mapped import LazyTensors
from edgebert.checkpoints.tensor_prefix import without_prefix
from edgebert.checkpoints.vocabulary import check_special_tokens
from edgebert.checkpoints.weight_files import find_tensors
from edgebert.errors import EdgebertError
from edgebert.text_files import read_json_object, shown

FORMAT = "Hugging Face folder"
_WORDS = "embeddings.word"
CONFIG = "config.json"

_TASK_OF_PROBLEM: Mapping[str, TaskName] = MappingProxyType(
    {
        "regression": "regress",
        "single_label_classification": "classify",
        "multi_label_classification": "classify",
    }
)

_WHY_PLAIN: Mapping[str, str] = MappingProxyType(
    {
        "auto_map": "it names code that comes with the checkpoint, which is never run",
        "quantization_config": "another tool rounded its weights: take the model it was made from",
        "is_decoder": "a decoder does not see what follows a token",
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
    weights_path, tensors = find_tensors(folder)
    config = family.config(raw, path)
    tensors = without_prefix(tensors, family, weights_path)
    name = named or _architecture_of(tensors, family, config, weights_path)
    tied = raw.get("tie_word_embeddings") is not False
    found = canonical_weights(tensors, config, family, name, weights_path, tied=tied)
    task = _task(raw, family.architectures[name], found, path)
    labels, faults = _labels(raw, task, found, path)
    if task is None:
        faults |= _why_no_task(name, named, tensors, family, path)
    vocabulary, tokenizer, unigram = read_tokenizer(
        folder,
        config.max_position_embeddings,
        model_class=family.tokenizer,
        rows=config.vocab_size,
        segments=config.type_vocab_size > 1,
        all_rows="mlm.bias" in found.weights,
    )
    if unigram is None:
        check_special_tokens(vocabulary, mask=task == "fill-mask", where=folder)
    config, weights = _without_unused_rows(config, found.weights, len(vocabulary))
    checkpoint = Checkpoint(
        config=config,
        weights=weights,
        vocabulary=vocabulary,
        tokenizer=tokenizer,
        unigram=unigram,
        tokenizer_files=TokenizerFiles(folder),
        labels=labels,
        task=task,
        multi_label=task == "classify" and raw.get("problem_type") == "multi_label_classification",
        faults={**found.faults, **faults},
        learned=read_learned(folder),
        source=source,
        format=FORMAT,
    )
    if task not in ("classify", "regress") or "classifier.bias" not in found.weights:
        return checkpoint
    activation = cross_encoder_activation(raw, len(found.weights["classifier.bias"]), path)
    return checkpoint if activation is None else checkpoint.with_activation(activation)


def _without_unused_rows(
    config: BertConfig, weights: Weights, pieces: int
) -> tuple[BertConfig, Weights]:
    """The model without the rows of its word table that stand behind the last piece.

    Nothing looks them up.
    """
    if pieces == config.vocab_size or len(weights[_WORDS]) != config.vocab_size:
        return config, weights
    return replace(config, vocab_size=pieces), {**weights, _WORDS: weights[_WORDS][:pieces]}


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
    if more:
        raise EdgebertError(
            f"{path}: several architectures, {shown(names)}; leave the one that the weights are of"
        )
    if not (name is None or name in tuple(family.architectures)):
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
    """The class that tensor names tell; the bare encoder where they do not."""
    by_task: dict[TaskName | None, str] = {}
    for name, known in family.architectures.items():
        by_task.setdefault(known.task, name)
    found = canonical_names(tensors, config, family, path)
    if "answerer.weight" in found:
        return by_task["answer"]
    is_masked = "mlm.bias" in found and not _has_classifier(tensors)
    return by_task["fill-mask"] if is_masked else by_task[None]


def _has_classifier(tensors: LazyTensors) -> bool:
    return any(name.split(".")[0] == "classifier" for name in tensors)


def _why_no_task(
    name: str, named: str | None, tensors: LazyTensors, family: Family, path: Path
) -> dict[str, str]:
    """What is said where a class has no task; nothing of a bare encoder."""
    if named is None and _has_classifier(tensors):
        classes = [n for n, each in family.architectures.items() if each.task in LABELLED]
        return {
            "task": f"{path}: names no architecture, and a classifier could be of texts or of "
            f'tokens; add "architectures": ["{classes[0]}"] or ["{classes[1]}"]'
        }
    if name == next(iter(family.architectures)):
        return {}
    return {"task": f"{path}: a {name} is for none of the tasks here, but has an encoder"}


def _check_plain(raw: Mapping[str, Any], family: Family, path: Path) -> None:
    for name, plain in family.plain.items():
        value = raw.get(name)
        if value not in (None, {}, []) and value != plain:
            accepted = f"{plain!r}" if plain else f"without {name}"
            why = f": {_WHY_PLAIN[name]}" if name in _WHY_PLAIN else ""
            raise EdgebertError(
                f"{path}: {name} is {shown(value)}; "
                f"only plain {family.name}s ({accepted}) are accepted{why}"
            )


def _task(
    raw: Mapping[str, Any], architecture: Architecture, found: FoundWeights, path: Path
) -> TaskName | None:
    """The architecture's task; a sequence classifier may also be a regression."""
    if architecture.task != "classify":
        return architecture.task
    problem = raw.get("problem_type")
    if problem is not None and (not isinstance(problem, str) or problem not in _TASK_OF_PROBLEM):
        raise EdgebertError(
            f"{path}: problem_type is {shown(problem)}; accepted: {', '.join(_TASK_OF_PROBLEM)}"
        )
    if "classifier" in found.faults:
        return "classify"
    outputs = len(found.weights["classifier.bias"])
    if problem is None:
        return "regress" if outputs == 1 else "classify"
    if problem == "regression" and outputs != 1:
        raise EdgebertError(f"{path}: a regression with {outputs} outputs; one is accepted")
    return _TASK_OF_PROBLEM[problem]


def _labels(
    raw: Mapping[str, Any], task: TaskName | None, found: FoundWeights, path: Path
) -> tuple[tuple[str, ...] | None, dict[str, str]]:
    """The config's labels, or the names that transformers gives where there are none.

    None and what is wrong where they cannot be used; others may be given in their place.
    """
    head = None if task is None else LABELLED.get(task)
    if head is None or head in found.faults:
        return None, {}
    outputs = len(found.weights[f"{head}.bias"])
    try:
        if raw.get("id2label") is not None:
            labels = labels_by_id(raw["id2label"], path)
        elif raw.get("num_labels", outputs) == outputs:
            labels = default_labels(outputs)
        else:
            stated = f"num_labels is {shown(raw['num_labels'])}"
            raise EdgebertError(f"{path}: {stated}, but the weights have {outputs} outputs")
        if len(labels) != outputs:
            raise EdgebertError(f"{path}: {len(labels)} labels for a {head} with {outputs} outputs")
    except EdgebertError as error:
        return None, {"labels": f"{error}; correct it, or name the labels with --labels"}
    return labels, {}

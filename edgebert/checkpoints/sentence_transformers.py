"""sentence-transformers folders (`modules.json`): embedders and cross-encoders."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.cross_encoder import named_activation
from edgebert.checkpoints.hugging_face import read_hugging_face
from edgebert.checkpoints.sentence_modules import read_modules
from edgebert.errors import EdgebertError
from edgebert.text_files import (
    as_object,
    child,
    kind,
    read_json,
    read_json_object,
    shown,
)
from edgebert.tokenizer.options import TokenizerOptions

FORMAT = "sentence-transformers folder"
MODULES = "modules.json"
SETTINGS = "config_sentence_transformers.json"

_PACKAGE = "sentence_transformers."
_MOST_MODULES = 10
_SHORTEST = 3  # [CLS], one word piece, [SEP]

_TRANSFORMER_FILES = (
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
)
"""Where the Transformer's settings may be; the first that is there and not empty counts."""

_TEXT = "text"
_OUTPUTS = {
    "feature-extraction": ("last_hidden_state", "token_embeddings"),
    "sequence-classification": ("logits", "scores"),
}
"""By task of the Transformer: what it takes of the model, and its name for it."""

_EMPTY: tuple[object, ...] = (None, {}, [])
_SETFIT_FILES = ("config_setfit.json", "model_head.pkl")
_TRANSFORMER_KEYS = ("max_seq_length", "do_lower_case", "transformer_task", "unpad_inputs")
_SETTINGS_KEYS = (
    "__version__",
    "model_type",
    "prompts",
    "default_prompt_name",
    "similarity_fn_name",
    "truncate_dim",
    "model_card_data",
    "requirements",
    "activation_fn",
    "keep_in_fp32_modules",
)
_ALWAYS_THERE = ("query", "document")
"""Prompts that sentence-transformers takes to be empty where nothing is said of them."""


def read_sentence_transformers(folder: Path, source: str) -> Checkpoint:
    """The checkpoint in a folder with a `modules.json`.

    Raises:
        EdgebertError: modules or settings that change what comes out and are not honoured here, or
            a file is missing, damaged or does not fit the others.
    """
    settings = _settings(folder)
    if settings.get("model_type") == "CrossEncoder":
        return _cross_encoder(folder, settings, source)
    listed, modules = folder / MODULES, _modules(folder)
    _check_order([kind for kind, _ in modules], listed)
    transformer = child(folder, modules[0][1], named_by=listed)
    checkpoint = read_hugging_face(transformer, source)
    found = read_modules(folder, modules[1:], checkpoint.config.hidden_size, listed)
    prompts, default = _prompts(folder / SETTINGS, settings)
    faults = _why_no_classifier(folder)
    return dataclasses.replace(
        checkpoint,
        weights={**checkpoint.weights, **found.weights},
        task=None if faults else "embed",
        faults={**checkpoint.faults, **faults},
        labels=None,
        multi_label=False,
        sigmoid=False,
        tokenizer=_tokenizer(transformer, checkpoint, "feature-extraction"),
        pooling=found.pooling,
        projections=found.dense,
        normalize=found.normalize,
        truncate_dim=_truncate_dim(folder / SETTINGS, settings),
        prompts=prompts,
        default_prompt=default,
        include_prompt=found.include_prompt,
        format=FORMAT,
    )


def _cross_encoder(folder: Path, settings: Mapping[str, Any], source: str) -> Checkpoint:
    """A CrossEncoder, as sentence-transformers 6 saves it: its Transformer alone."""
    path, modules = folder / MODULES, _modules(folder)
    kinds = [kind for kind, _ in modules]
    if kinds != ["Transformer"]:
        raise EdgebertError(
            f"{path}: the modules of a CrossEncoder are {shown(kinds)}; accepted: Transformer"
        )
    prompts, default = _prompts(folder / SETTINGS, settings)
    if default and prompts.get(default):
        raise EdgebertError(
            f"{folder / SETTINGS}: a CrossEncoder with the default prompt {shown(default)}; "
            "prompts are for embed: set default_prompt_name to null, and put it into your texts"
        )
    transformer = child(folder, modules[0][1], named_by=path)
    checkpoint = read_hugging_face(transformer, source)
    if checkpoint.task not in ("classify", "regress"):
        raise EdgebertError(f"{folder}: a CrossEncoder without a classifier")
    outputs = len(checkpoint.weights["classifier.bias"])
    if settings.get("activation_fn") is not None:
        activation = named_activation(settings["activation_fn"], outputs, folder / SETTINGS)
        checkpoint = checkpoint.with_activation(activation)
    elif outputs == 1 and not checkpoint.cross_encoder:
        checkpoint = checkpoint.with_activation("sigmoid")
    options = _tokenizer(transformer, checkpoint, "sequence-classification")
    return dataclasses.replace(checkpoint, tokenizer=options, format=FORMAT)


def _why_no_classifier(folder: Path) -> dict[str, str]:
    """What is said of a SetFit model, which classifies by a head behind its embedder."""
    name = next((name for name in _SETFIT_FILES if (folder / name).exists()), None)
    if name is None:
        return {}
    return {
        "task": f"{folder / name}: a SetFit classifier, whose head is a pickle that would run code "
        "and is not read (edgebert finetune trains a classifier on the same data); its embedder "
        "alone can be converted"
    }


def _settings(folder: Path) -> Mapping[str, Any]:
    """What is said of the whole model."""
    path = folder / SETTINGS
    raw: Mapping[str, Any] = read_json_object(path) if path.exists() else {}
    if unknown := next((key for key in raw if key not in _SETTINGS_KEYS), None):
        raise EdgebertError(
            f"{path}: has the setting {shown(unknown)}, which may change the vectors and is not "
            f"known; known: {', '.join(_SETTINGS_KEYS)}; take it out where it does not matter"
        )
    if raw.get("model_type") not in (None, "SentenceTransformer", "CrossEncoder"):
        raise EdgebertError(
            f"{path}: model_type is {shown(raw['model_type'])}; accepted: SentenceTransformer, "
            "CrossEncoder"
        )
    return raw


def _modules(folder: Path) -> list[tuple[str, object]]:
    """Type and path of each module; the type without its package."""
    path = folder / MODULES
    entries = read_json(path)
    if not isinstance(entries, list):
        raise EdgebertError(f"{path}: is {kind(entries)}; a list of modules is needed")
    if len(entries) > _MOST_MODULES:
        raise EdgebertError(f"{path}: has {len(entries)} modules; at most {_MOST_MODULES} are read")
    modules = [as_object(entry, "a module", path) for entry in entries]
    types = [str(module.get("type")) for module in modules]
    for name in types:
        if not name.startswith(_PACKAGE):
            raise EdgebertError(
                f"{path}: the module {shown(name)} is not one of sentence-transformers, and its "
                "code is not known here"
            )
    names = [name.rpartition(".")[2] for name in types]
    return [(name, module.get("path")) for name, module in zip(names, modules, strict=True)]


def _check_order(kinds: list[str], path: Path) -> None:
    """Refuses other modules, and those in another order."""
    middle = kinds[2:-1] if kinds[-1:] == ["Normalize"] else kinds[2:]
    if kinds[:2] != ["Transformer", "Pooling"] or not {*middle} <= {"Dense", "Dropout"}:
        raise EdgebertError(
            f"{path}: the modules are {shown(kinds)}; accepted: Transformer, Pooling and, after "
            "them, Dense (several), Dropout (does nothing here), Normalize at the end"
        )


def _truncate_dim(path: Path, settings: Mapping[str, Any]) -> int | None:
    size = settings.get("truncate_dim")
    if size is not None and (type(size) is not int or size < 1):
        raise EdgebertError(
            f"{path}: truncate_dim is {shown(size)}; a whole number from 1 on is needed"
        )
    return size


def _prompts(path: Path, settings: Mapping[str, Any]) -> tuple[dict[str, str], str | None]:
    """The prompts by name, and the name of the one that stands before every text.

    Where all are empty there are none.
    """
    raw = as_object(settings.get("prompts") or {}, "prompts", path)
    prompts = {name: "" if text is None else text for name, text in raw.items()}
    if wrong := next((n for n, text in prompts.items() if not isinstance(text, str)), None):
        raise EdgebertError(f"{path}: the prompt {shown(wrong)} is {kind(raw[wrong])}, no text")
    default = settings.get("default_prompt_name")
    if default is not None and default not in (*prompts, *_ALWAYS_THERE):
        raise EdgebertError(
            f"{path}: default_prompt_name is {shown(default)}; the prompts are "
            f"{', '.join(prompts) or 'none'}"
        )
    if not any(prompts.values()):
        return {}, None
    return prompts, default if prompts.get(default or "") else None


def _transformer_settings(folder: Path) -> tuple[Path, Mapping[str, Any]]:
    """The Transformer's own settings and their file."""
    for name in _TRANSFORMER_FILES:
        path = folder / name
        if path.exists() and (raw := read_json_object(path)):
            return path, raw
    return folder / _TRANSFORMER_FILES[0], {}


def _check_transformer(path: Path, raw: Mapping[str, Any], task: str) -> None:
    """Refuses settings of the Transformer that change what comes out."""
    method, output = _OUTPUTS[task]
    if raw.get("transformer_task", "feature-extraction") != task:
        raise EdgebertError(
            f"{path}: transformer_task is {shown(raw.get('transformer_task'))}; accepted: {task}"
        )
    modality = {_TEXT: {"method": "forward", "method_output_name": method}}
    accepted = {"modality_config": modality, "module_output_name": output}
    for key, value in raw.items():
        if key in _TRANSFORMER_KEYS or value in _EMPTY or value == accepted.get(key):
            continue
        raise EdgebertError(
            f"{path}: {key} is {shown(value)}, which may change what comes out and is not "
            f"honoured; accepted beside empty values: {', '.join(_TRANSFORMER_KEYS)}"
        )


def _tokenizer(folder: Path, checkpoint: Checkpoint, task: str) -> TokenizerOptions:
    """Options with what the Transformer's settings say of them."""
    path, raw = _transformer_settings(folder)
    _check_transformer(path, raw, task)
    options = checkpoint.tokenizer
    length = raw.get("max_seq_length")
    if length is None:
        length = options.max_length
    if type(length) is not int or length < _SHORTEST:
        raise EdgebertError(
            f"{path}: max_seq_length is {shown(length)}; a number from {_SHORTEST} is needed"
        )
    length = min(length, checkpoint.config.max_position_embeddings)
    options = dataclasses.replace(options, max_length=length)
    if not raw.get("do_lower_case"):
        return options
    if checkpoint.unigram is not None:
        if not any(step.name == "lowercase" for step in checkpoint.unigram.normalizer):
            raise EdgebertError(
                f"{path}: do_lower_case with a unigram tokenizer that keeps capitals; put a "
                "Lowercase into the normalizer of tokenizer.json"
            )
        return options
    if not options.lower_case:
        # The text is lower-cased before it is tokenised: accents stay where they would have.
        return dataclasses.replace(
            options, lower_case=True, strip_accents=bool(options.strip_accents)
        )
    return options

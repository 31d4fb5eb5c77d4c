"""sentence-transformers folders: a BERT, a pooling, and maybe a normalisation (`modules.json`)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edgebert.checkpoints.checkpoint import Checkpoint, Pooling
from edgebert.checkpoints.hugging_face import read_hugging_face
from edgebert.checkpoints.small_files import (
    as_object,
    child,
    kind,
    read_json,
    read_json_object,
    shown,
)
from edgebert.errors import EdgebertError
from edgebert.tokenizer.options import TokenizerOptions

FORMAT = "sentence-transformers folder"
MODULES = "modules.json"

_ACCEPTED = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
_SHORTEST = 3  # [CLS], one word piece, [SEP]

_POOLINGS: Mapping[str, Pooling] = MappingProxyType({"mean": "mean", "cls": "cls"})

# The switches of pooling configs before sentence-transformers 5, by the mode they turn on.
_SWITCHES = MappingProxyType(
    {
        "pooling_mode_cls_token": "cls",
        "pooling_mode_mean_tokens": "mean",
        "pooling_mode_max_tokens": "max",
        "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
        "pooling_mode_weightedmean_tokens": "weightedmean",
        "pooling_mode_lasttoken": "lasttoken",
    }
)


def read_sentence_transformers(folder: Path, source: str) -> Checkpoint:
    """The checkpoint in a folder with a `modules.json`; its task is `embed`.

    Raises:
        EdgebertError: other modules than Transformer, Pooling (mean or cls) and Normalize, or a
            file is missing, damaged or does not fit the others.
    """
    modules = _modules(folder)
    transformer = modules["Transformer"]
    checkpoint = read_hugging_face(transformer, source)
    _check_no_default_prompt(folder)
    return dataclasses.replace(
        checkpoint,
        task="embed",
        labels=None,
        multi_label=False,
        tokenizer=_tokenizer(transformer, checkpoint),
        pooling=_pooling(modules["Pooling"], checkpoint.config.hidden_size),
        normalize="Normalize" in modules,
        format=FORMAT,
    )


def _modules(folder: Path) -> dict[str, Path]:
    """The folder of each module by the last part of its type."""
    path = folder / MODULES
    entries = read_json(path)
    if not isinstance(entries, list):
        raise EdgebertError(f"{path}: is {kind(entries)}; a list of modules is needed")
    modules = [as_object(entry, "a module", path) for entry in entries[:10]]
    names = [str(module.get("type")).rpartition(".")[2] for module in modules]
    if names not in _ACCEPTED:
        raise EdgebertError(
            f"{path}: the modules are {shown(names)}; accepted: Transformer, Pooling and, "
            "after them, Normalize"
        )
    return {
        name: child(folder, module.get("path"), named_by=path)
        for name, module in zip(names, modules, strict=True)
    }


def _pooling(folder: Path, hidden_size: int) -> Pooling:
    path = folder / "config.json"
    raw = read_json_object(path)
    width = raw.get("embedding_dimension", raw.get("word_embedding_dimension", hidden_size))
    if width != hidden_size:
        raise EdgebertError(f"{path}: pools {shown(width)} numbers, the BERT has {hidden_size}")
    switched = [mode for switch, mode in _SWITCHES.items() if raw.get(switch)]
    modes = raw.get("pooling_mode", switched or "mean")
    mode = modes[0] if isinstance(modes, list) and len(modes) == 1 else modes
    if not isinstance(mode, str) or mode not in _POOLINGS:
        raise EdgebertError(
            f"{path}: the pooling is {shown(mode)}; accepted: {', '.join(_POOLINGS)}"
        )
    return _POOLINGS[mode]


def _tokenizer(folder: Path, checkpoint: Checkpoint) -> TokenizerOptions:
    """Options with what `sentence_bert_config.json` says of them."""
    path = folder / "sentence_bert_config.json"
    raw: Mapping[str, Any] = read_json_object(path) if path.exists() else {}
    task = raw.get("transformer_task", "feature-extraction")
    if task != "feature-extraction":
        raise EdgebertError(
            f"{path}: transformer_task is {shown(task)}; accepted: feature-extraction"
        )
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
    if raw.get("do_lower_case") and not options.lower_case:
        # The text is lower-cased before it is tokenised: accents stay where they would have.
        return dataclasses.replace(
            options, lower_case=True, strip_accents=bool(options.strip_accents)
        )
    return options


def _check_no_default_prompt(folder: Path) -> None:
    path = folder / "config_sentence_transformers.json"
    raw: Mapping[str, Any] = read_json_object(path) if path.exists() else {}
    prompts = as_object(raw.get("prompts") or {}, "prompts", path)
    name = raw.get("default_prompt_name")
    if isinstance(name, str) and prompts.get(name):
        raise EdgebertError(
            f"{path}: puts the prompt {shown(name)} before every text, which no converted file "
            "does; set default_prompt_name to null and add the prompt to your texts"
        )

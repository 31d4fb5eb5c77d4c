"""The hyperparameters in a `bert_config.json` or `config.json`: most use Google's names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edgebert.bert.config import Activation, BertConfig
from edgebert.errors import EdgebertError
from edgebert.text_files import kind, shown

_NEEDED = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
)
_OPTIONAL = (
    "max_position_embeddings",
    "type_vocab_size",
    "layer_norm_eps",
)
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def bert_config(
    raw: Mapping[str, Any],
    activations: Mapping[str, Activation],
    path: Path,
    *,
    keys: Mapping[str, str] = _NOTHING,
    defaults: Mapping[str, Any] = _NOTHING,
    fixed: Mapping[str, Any] = _NOTHING,
) -> BertConfig:
    """The config in a parsed JSON object.

    Args:
        raw: the object.
        activations: what each accepted activation computes in that format.
        path: the file, for errors.
        keys: the file's name for a value, where it is not that of `BertConfig`.
        defaults: values where the file has none and they are not those of `BertConfig`. What is
            neither here nor of every BERT is not read: it has no meaning in the family.
        fixed: values that are the same in all models of a family.

    Raises:
        EdgebertError: a value is missing, no number or out of range, or the activation unknown.
    """
    read = dict.fromkeys((*_NEEDED, *_OPTIONAL, *defaults))
    names = {name: keys.get(name, name) for name in read if name not in (*fixed, "hidden_act")}
    missing = [names[name] for name in _NEEDED if names[name] not in raw]
    if missing:
        raise EdgebertError(f"{path}: {', '.join(missing)} is missing; not the config of a BERT")
    given = {name: raw[key] for name, key in names.items() if key in raw}
    for name, value in given.items():
        if type(value) not in (int, float):
            raise EdgebertError(f"{path}: {names[name]} is {kind(value)}; a number is needed")
    key = keys.get("hidden_act", "hidden_act")
    activation = raw.get(key, defaults.get("hidden_act", "gelu"))
    if not isinstance(activation, str) or activation not in activations:
        raise EdgebertError(
            f"{path}: unknown activation {key} {shown(activation)}; "
            f"accepted: {', '.join(activations)}"
        )
    values = {**defaults, **given, **fixed, "hidden_act": activations[activation]}
    return BertConfig(**values)

"""The hyperparameters in a `bert_config.json` or `config.json`: both use Google's names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgebert.bert.config import Activation, BertConfig
from edgebert.checkpoints.small_files import kind, shown
from edgebert.errors import EdgebertError

_NEEDED = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
)
_OPTIONAL = ("max_position_embeddings", "type_vocab_size", "layer_norm_eps")


def bert_config(
    raw: Mapping[str, Any], activations: Mapping[str, Activation], path: Path
) -> BertConfig:
    """The config in a parsed JSON object.

    Args:
        raw: the object.
        activations: what each accepted `hidden_act` computes in that format.
        path: the file, for errors.

    Raises:
        EdgebertError: a value is missing, no number or out of range, or the activation unknown.
    """
    missing = [name for name in _NEEDED if name not in raw]
    if missing:
        raise EdgebertError(f"{path}: {', '.join(missing)} is missing; not the config of a BERT")
    values = {name: raw[name] for name in (*_NEEDED, *_OPTIONAL) if name in raw}
    for name, value in values.items():
        if type(value) not in (int, float):
            raise EdgebertError(f"{path}: {name} is {kind(value)}; a number is needed")
    name = raw.get("hidden_act", "gelu")
    if not isinstance(name, str) or name not in activations:
        raise EdgebertError(
            f"{path}: unknown activation hidden_act {shown(name)}; "
            f"accepted: {', '.join(activations)}"
        )
    return BertConfig(**values, hidden_act=activations[name])

"""Which BERTs can be trained: plain ones, not those of another family."""

from __future__ import annotations

from dataclasses import fields

from edgebert.bert.config import SIZES, BertConfig
from edgebert.errors import EdgebertError

_OPEN = (*SIZES, "hidden_act", "layer_norm_eps")
"""What may differ among plain BERTs; all else in a config makes another family."""


def check_plain(config: BertConfig) -> None:
    """Refuses another family.

    Raises:
        EdgebertError: names the first thing that makes it one.
    """
    for field in fields(config):
        value = getattr(config, field.name)
        if field.name not in _OPEN and value != field.default:
            raise EdgebertError(
                f"only plain BERTs can be trained (TinyBERT and MiniLM are some); this one has "
                f"{field.name} {value!r}"
            )

"""What a compact BERT is made of: the hyperparameters that fix its shapes and its arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args

from edgebert.errors import EdgebertError

Activation = Literal["gelu", "gelu_tanh", "relu"]
"""`gelu` is the exact form (erf), `gelu_tanh` Google's approximation of it."""

ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)

# Far above any BERT; keeps a hostile config from asking for unbounded memory.
_LIMITS = {
    "vocab_size": 1_000_000,
    "hidden_size": 8_192,
    "num_hidden_layers": 128,
    "num_attention_heads": 128,
    "intermediate_size": 65_536,
    "max_position_embeddings": 65_536,
    "type_vocab_size": 1_024,
}


@dataclass(frozen=True)
class BertConfig:
    """Shape and arithmetic of one BERT encoder, named as in Google's `bert_config.json`.

    Raises:
        EdgebertError: a value is out of range, or the heads do not divide the width.
    """

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    hidden_act: Activation = "gelu"
    layer_norm_eps: float = 1e-12

    def __post_init__(self) -> None:
        for field in fields(self):
            limit = _LIMITS.get(field.name)
            value = getattr(self, field.name)
            if limit is not None and not (type(value) is int and 1 <= value <= limit):
                raise EdgebertError(
                    f"config: {field.name} is {str(value)[:40]}; "
                    f"a whole number from 1 to {limit} is needed"
                )
        if self.hidden_size % self.num_attention_heads:
            raise EdgebertError(
                f"config: hidden_size {self.hidden_size} is not a multiple of "
                f"num_attention_heads {self.num_attention_heads}"
            )
        if self.hidden_act not in ACTIVATIONS:
            raise EdgebertError(
                f"config: unknown activation {str(self.hidden_act)[:40]!r}; "
                f"accepted: {', '.join(ACTIVATIONS)}"
            )
        if not 0.0 < self.layer_norm_eps < 1.0:
            raise EdgebertError(
                f"config: layer_norm_eps is {str(self.layer_norm_eps)[:40]}; 0 < eps < 1"
            )

    @property
    def head_size(self) -> int:
        """Width of one attention head."""
        return self.hidden_size // self.num_attention_heads

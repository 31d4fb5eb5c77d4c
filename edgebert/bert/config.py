"""What a compact BERT is made of: the hyperparameters that fix its shapes and its arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from edgebert.errors import EdgebertError

Activation = Literal["gelu", "gelu_tanh", "relu"]
"""`gelu` is the exact form (erf), `gelu_tanh` Google's approximation of it."""

ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)

Projection = Literal["words", "embeddings"]
"""What a matrix brings from `embedding_size` to `hidden_size`: the word vectors alone, or the
normalised sum of words, positions and segments."""

Norm = Literal["layer_norm", "no_norm"]
"""`no_norm` only multiplies and adds, element by element."""

PoolerActivation = Literal["tanh", "relu", "gelu"]

SIZES = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "max_position_embeddings",
    "type_vocab_size",
)
"""The fields in which plain BERTs differ, named as in Google's and Hugging Face's files."""

# Far above any BERT; keeps a hostile config from asking for unbounded memory.
_RANGES = {
    "vocab_size": (1, 1_000_000),
    "hidden_size": (1, 8_192),
    "num_hidden_layers": (1, 128),
    "num_attention_heads": (1, 128),
    "intermediate_size": (1, 65_536),
    "max_position_embeddings": (1, 65_536),
    "type_vocab_size": (0, 1_024),
    "embedding_size": (1, 8_192),
    "bottleneck_size": (1, 8_192),
    "num_feedforward_networks": (1, 64),
}


@dataclass(frozen=True)
class BertConfig:
    """Shape and arithmetic of one BERT encoder, named as in Google's `bert_config.json`.

    The defaults are those of a plain BERT; what is set beside them is all that makes DistilBERT,
    ALBERT, ELECTRA or MobileBERT another family.

    Attributes:
        type_vocab_size: number of segments; 0: there is no table of them.
        embedding_size: width of the word table; None: `hidden_size`.
        projection: what is projected from `embedding_size` to `hidden_size`; None: nothing.
        trigrams: a word is projected together with its two neighbours.
        shared_layers: all layers have the weights of the first.
        bottleneck_size: width inside a layer, between two projections; None: `hidden_size`.
        num_feedforward_networks: in each layer, one after the other.
        norm: of the encoder; the masked language model head always has a layer norm.
        pooler_act: behind the pooler; None: classifiers read the first token as it is.

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
    embedding_size: int | None = None
    projection: Projection | None = None
    trigrams: bool = False
    shared_layers: bool = False
    bottleneck_size: int | None = None
    num_feedforward_networks: int = 1
    norm: Norm = "layer_norm"
    pooler_act: PoolerActivation | None = "tanh"

    def __post_init__(self) -> None:
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            absent = value is None and name in ("embedding_size", "bottleneck_size")
            if not absent and not (type(value) is int and least <= value <= most):
                raise EdgebertError(
                    f"config: {name} is {str(value)[:40]}; "
                    f"a whole number from {least} to {most} is needed"
                )
        if self.inner_size % self.num_attention_heads:
            width = "bottleneck_size" if self.bottleneck_size else "hidden_size"
            raise EdgebertError(
                f"config: {width} {self.inner_size} is not a multiple of "
                f"num_attention_heads {self.num_attention_heads}"
            )
        self._check_family()
        if self.hidden_act not in ACTIVATIONS:
            raise EdgebertError(
                f"config: unknown activation {str(self.hidden_act)[:40]!r}; "
                f"accepted: {', '.join(ACTIVATIONS)}"
            )
        if not 0.0 < self.layer_norm_eps < 1.0:
            raise EdgebertError(
                f"config: layer_norm_eps is {str(self.layer_norm_eps)[:40]}; 0 < eps < 1"
            )

    def _check_family(self) -> None:
        """Refuses what no family has, and the graph is not written for."""
        if self.projection is None and (self.word_size != self.hidden_size or self.trigrams):
            raise EdgebertError(
                f"config: embedding_size {self.word_size} and hidden_size {self.hidden_size} "
                "differ, or words are read with their neighbours, and nothing projects them"
            )
        if self.projection == "words" and self.word_size > self.hidden_size:
            raise EdgebertError(
                f"config: embedding_size {self.word_size} is more than "
                f"hidden_size {self.hidden_size}"
            )
        if (
            len({self.norm == "no_norm", self.projection == "words", bool(self.bottleneck_size)})
            > 1
        ):
            raise EdgebertError("config: bottleneck_size, no_norm and projected words go together")
        if self.shared_layers and self.projection != "embeddings":
            raise EdgebertError("config: layers can share weights where embeddings are projected")

    @property
    def head_size(self) -> int:
        """Width of one attention head."""
        return self.inner_size // self.num_attention_heads

    @property
    def word_size(self) -> int:
        """Width of the word table."""
        return self.embedding_size or self.hidden_size

    @property
    def sum_size(self) -> int:
        """Width at which words, positions and segments are added up."""
        return self.word_size if self.projection == "embeddings" else self.hidden_size

    @property
    def inner_size(self) -> int:
        """Width inside a layer."""
        return self.bottleneck_size or self.hidden_size

    @property
    def stored_layers(self) -> int:
        """How many layers have weights of their own."""
        return 1 if self.shared_layers else self.num_hidden_layers

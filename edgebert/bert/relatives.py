"""Well-known compact models beside the 24, as data: other families, and BERTs of odd sizes.

Shapes and counts are those of the configs on the Hugging Face hub.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgebert.bert.config import BertConfig
from edgebert.bert.sizes import file_bytes
from edgebert.bert.weights import parameter_count

_UNCASED = 30_522


@dataclass(frozen=True)
class Relative:
    """One checkpoint.

    Attributes:
        name: as people call it.
        family: as `edgebert convert` names it.
        hub_id: on the Hugging Face hub.
        config: shapes and arithmetic.
        nearest: name of the model of the 24 that is most like it.
        heads: beside the encoder, counted in its parameters.
    """

    name: str
    family: str
    hub_id: str
    config: BertConfig
    nearest: str
    heads: tuple[str, ...] = ()

    @property
    def parameters(self) -> int:
        """Parameters of embeddings, encoder and pooler, where it has one."""
        return parameter_count(self.config, self.heads)

    @property
    def float32_bytes(self) -> int:
        """Size of the weights alone, as float32."""
        return 4 * self.parameters

    @property
    def int8_bytes(self) -> int:
        """About the size of the converted int8 file with a vocabulary like that of the 24."""
        return file_bytes(self.config, self.heads)


def _bert(hidden: int, layers: int, heads: int, inner: int) -> BertConfig:
    return BertConfig(_UNCASED, hidden, layers, heads, inner)


def _albert(hidden: int, layers: int, heads: int) -> BertConfig:
    return BertConfig(
        *(30_000, hidden, layers, heads, 4 * hidden),
        hidden_act="gelu_tanh",
        embedding_size=128,
        projection="embeddings",
        shared_layers=True,
    )


_DISTILBERT = BertConfig(_UNCASED, 768, 6, 12, 3072, type_vocab_size=0, pooler_act="relu")
_ELECTRA_SMALL = BertConfig(
    *(_UNCASED, 256, 12, 4, 1024), embedding_size=128, projection="embeddings", pooler_act="gelu"
)
_MOBILEBERT = BertConfig(
    *(_UNCASED, 512, 24, 4, 512),
    hidden_act="relu",
    embedding_size=128,
    projection="words",
    trigrams=True,
    bottleneck_size=128,
    num_feedforward_networks=4,
    norm="no_norm",
    pooler_act=None,
)
_POOLER = ("pooler",)

RELATIVES: tuple[Relative, ...] = (
    Relative(
        "DistilBERT", "DistilBERT", "distilbert/distilbert-base-uncased", _DISTILBERT, "6/768"
    ),
    Relative(
        *("TinyBERT-4", "BERT", "huawei-noah/TinyBERT_General_4L_312D"),
        *(_bert(312, 4, 12, 1200), "4/256", _POOLER),
    ),
    Relative(
        *("TinyBERT-6", "BERT", "huawei-noah/TinyBERT_General_6L_768D"),
        *(_bert(768, 6, 12, 3072), "6/768", _POOLER),
    ),
    Relative(
        *("MiniLM-L6", "BERT", "nreimers/MiniLM-L6-H384-uncased"),
        *(_bert(384, 6, 12, 1536), "6/512", _POOLER),
    ),
    Relative(
        *("MiniLM-L12", "BERT", "microsoft/MiniLM-L12-H384-uncased"),
        *(_bert(384, 12, 12, 1536), "12/512", _POOLER),
    ),
    Relative(
        "ALBERT-base", "ALBERT", "albert/albert-base-v2", _albert(768, 12, 12), "12/768", _POOLER
    ),
    Relative(
        "ELECTRA-Small", "ELECTRA", "google/electra-small-discriminator", _ELECTRA_SMALL, "12/256"
    ),
    Relative("MobileBERT", "MobileBERT", "google/mobilebert-uncased", _MOBILEBERT, "4/512"),
)
"""Each can be given to `edgebert convert` by its hub id, and so can what was fine-tuned from it."""

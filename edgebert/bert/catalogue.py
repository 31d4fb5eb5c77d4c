"""The 24 compact BERTs that Google released in March 2020, as data.

Source: "Well-Read Students Learn Better" (arXiv 1908.08962) and the README of
github.com/google-research/bert, from which the GLUE figures are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from edgebert.bert.config import BertConfig
from edgebert.bert.sizes import file_bytes
from edgebert.bert.weights import parameter_count

LAYERS = (2, 4, 6, 8, 10, 12)
HIDDEN_SIZES = (128, 256, 512, 768)
VOCABULARY_BYTES = 231_508
"""Size of the `vocab.txt` that all 24 share (30,522 word pieces)."""

_HEAD_SIZE = 64


@dataclass(frozen=True)
class Glue:
    """Scores on the GLUE test server, each times 100.

    Attributes:
        score: the GLUE average.
        cola: Matthews correlation.
        sst2: accuracy.
        mrpc: F1 and accuracy.
        stsb: Pearson and Spearman correlation.
        qqp: F1 and accuracy.
        mnli: accuracy on the matched and the mismatched part.
        qnli: accuracy.
        rte: accuracy.
        wnli: accuracy.
        ax: Matthews correlation.
    """

    score: float
    cola: float
    sst2: float
    mrpc: tuple[float, float]
    stsb: tuple[float, float]
    qqp: tuple[float, float]
    mnli: tuple[float, float]
    qnli: float
    rte: float
    wnli: float
    ax: float


# fmt: off
_GLUE: Mapping[str, Glue] = MappingProxyType({
    "tiny": Glue(64.2, 0.0, 83.2, (81.1, 71.1), (74.3, 73.6), (62.2, 83.4), (70.2, 70.3),
                 81.5, 57.2, 62.3, 21.0),
    "mini": Glue(65.8, 0.0, 85.9, (81.1, 71.8), (75.4, 73.3), (66.4, 86.2), (74.8, 74.3),
                 84.1, 57.9, 62.3, 26.1),
    "small": Glue(71.2, 27.8, 89.7, (83.4, 76.2), (78.8, 77.0), (68.1, 87.0), (77.6, 77.0),
                  86.4, 61.8, 62.3, 28.6),
    "medium": Glue(73.5, 38.0, 89.6, (86.6, 81.6), (80.4, 78.4), (69.6, 87.9), (80.0, 79.1),
                   87.7, 62.2, 62.3, 30.5),
})
# fmt: on

_ALIASES: Mapping[tuple[int, int], str] = MappingProxyType(
    {(2, 128): "tiny", (4, 256): "mini", (4, 512): "small", (8, 512): "medium", (12, 768): "base"}
)


@dataclass(frozen=True)
class CatalogueModel:
    """One of the 24.

    Attributes:
        layers: number of encoder layers, L.
        hidden_size: width, H.
        alias: the short name, where the model has one.
        glue: published figures, where there are any.
    """

    layers: int
    hidden_size: int
    alias: str | None = None
    glue: Glue | None = None

    @property
    def name(self) -> str:
        """`L/H`, e.g. `2/128`."""
        return f"{self.layers}/{self.hidden_size}"

    @property
    def heads(self) -> int:
        """Number of attention heads, each 64 wide."""
        return self.hidden_size // _HEAD_SIZE

    @property
    def config(self) -> BertConfig:
        """Shapes and arithmetic; the activation is the tanh form of the TensorFlow 1 release."""
        return BertConfig(
            vocab_size=30_522,
            hidden_size=self.hidden_size,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            intermediate_size=4 * self.hidden_size,
            hidden_act="gelu_tanh",
        )

    @property
    def parameters(self) -> int:
        """Parameters of embeddings, encoder and pooler."""
        return parameter_count(self.config)

    @property
    def float32_bytes(self) -> int:
        """Size of the weights alone, as float32."""
        return 4 * self.parameters

    @property
    def int8_bytes(self) -> int:
        """About the size of the converted int8 file with its vocabulary."""
        return file_bytes(self.config)

    @property
    def archive(self) -> str:
        """File name of Google's archive."""
        return f"{self._stem}.zip"

    @property
    def hub_id(self) -> str:
        """Id on the Hugging Face hub."""
        return f"google/bert_{self._stem}"

    @property
    def _stem(self) -> str:
        return f"uncased_L-{self.layers}_H-{self.hidden_size}_A-{self.heads}"


def find(name: str) -> CatalogueModel | None:
    """The model of that name (`2/128`) or alias (`tiny`), in any case; None if there is none."""
    return _BY_NAME.get(name.lower())


def _model(layers: int, hidden_size: int) -> CatalogueModel:
    alias = _ALIASES.get((layers, hidden_size))
    return CatalogueModel(layers, hidden_size, alias, _GLUE.get(alias or ""))


CATALOGUE: tuple[CatalogueModel, ...] = tuple(_model(n, h) for n in LAYERS for h in HIDDEN_SIZES)
"""All 24, by depth, then width."""

_BY_NAME: Mapping[str, CatalogueModel] = MappingProxyType(
    {model.name: model for model in CATALOGUE}
    | {model.alias: model for model in CATALOGUE if model.alias is not None}
)

NAMES: tuple[str, ...] = tuple(_BY_NAME)
"""Every name and alias that `find` knows."""

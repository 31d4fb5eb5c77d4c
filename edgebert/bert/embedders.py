"""Well-known compact BERTs that embed texts, with the prompts that their authors ask for.

Shapes are those of the configs on the Hugging Face hub, prompts those of the model cards: few of
the checkpoints have them in their files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from edgebert.bert.config import BertConfig
from edgebert.bert.sizes import file_bytes
from edgebert.bert.weights import parameter_count

_UNCASED = 30_522
_E5 = MappingProxyType({"query": "query: ", "passage": "passage: "})
_SEARCHING = MappingProxyType(
    {"query": "Represent this sentence for searching relevant passages: ", "passage": ""}
)


@dataclass(frozen=True)
class Embedder:
    """One checkpoint.

    Attributes:
        hub_id: on the Hugging Face hub.
        layers: of the encoder.
        hidden_size: width, and size of a vector.
        prompts: texts that belong before a text, by name.
    """

    hub_id: str
    layers: int
    hidden_size: int = 384
    prompts: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The id without its owner."""
        return self.hub_id.rpartition("/")[2]

    @property
    def config(self) -> BertConfig:
        """Shapes and arithmetic."""
        return BertConfig(_UNCASED, self.hidden_size, self.layers, 12, 4 * self.hidden_size)

    @property
    def parameters(self) -> int:
        """Parameters of embeddings and encoder: no pooler is read."""
        return parameter_count(self.config, ())

    @property
    def float32_bytes(self) -> int:
        """Size of the weights alone, as float32."""
        return 4 * self.parameters

    @property
    def int8_bytes(self) -> int:
        """About the size of the converted int8 file, vocabulary included."""
        return file_bytes(self.config, ())


EMBEDDERS: tuple[Embedder, ...] = (
    Embedder("sentence-transformers/paraphrase-MiniLM-L3-v2", 3),
    Embedder("sentence-transformers/all-MiniLM-L6-v2", 6),
    Embedder("sentence-transformers/multi-qa-MiniLM-L6-cos-v1", 6),
    Embedder("Snowflake/snowflake-arctic-embed-xs", 6, prompts=_SEARCHING),
    Embedder("sentence-transformers/all-MiniLM-L12-v2", 12),
    Embedder("intfloat/e5-small-v2", 12, prompts=_E5),
    Embedder("BAAI/bge-small-en-v1.5", 12, prompts=_SEARCHING),
    Embedder("thenlper/gte-small", 12),
    Embedder("Snowflake/snowflake-arctic-embed-s", 12, prompts=_SEARCHING),
    Embedder("intfloat/e5-base-v2", 12, 768, _E5),
    Embedder("BAAI/bge-base-en-v1.5", 12, 768, _SEARCHING),
    Embedder("thenlper/gte-base", 12, 768),
)
"""Each can be given to `edgebert convert` by its hub id, which then knows its prompts."""


def embedder_of(source: str) -> Embedder | None:
    """The embedder of a hub id (`owner/name`, perhaps with `@revision`); None if it is not here."""
    return _BY_ID.get(source.partition("@")[0].lower())


_BY_ID = {embedder.hub_id.lower(): embedder for embedder in EMBEDDERS}

"""Families whose graph has parts that a plain BERT's has not, which some recipes do not serve."""

from __future__ import annotations

from dataclasses import dataclass

from edgebert.bert.config import BertConfig
from edgebert.errors import EdgebertError


@dataclass(frozen=True)
class Serving:
    """What some recipes serve.

    Attributes:
        families: which recipes take which families, in words.
        projected: embeddings may be projected.
    """

    families: str
    projected: bool

    def foreign_parts(self, config: BertConfig) -> list[str]:
        """What a model has that they do not serve, in words."""
        parts = {
            "a projection of its embeddings": config.projection and not self.projected,
            "shared layers": config.shared_layers,
            "bottlenecks": config.bottleneck_size is not None,
            "several feed-forward networks a layer": config.num_feedforward_networks > 1,
            "norms that do not normalise": config.norm != "layer_norm",
        }
        return [part for part, there in parts.items() if there]

    def require(self, config: BertConfig, source: str) -> None:
        """Raises EdgebertError for models with such parts."""
        if found := self.foreign_parts(config):
            raise EdgebertError(
                f"{source}: has {' and '.join(found)}; {self.families}; use --quantize int8"
            )


INTEGER = Serving("int8-full and int16x8 take BERT and DistilBERT", projected=False)
STATIC = Serving("int8-static and int8-fine take BERT, DistilBERT and ELECTRA", projected=True)

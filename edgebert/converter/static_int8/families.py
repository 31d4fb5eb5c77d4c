"""The models that int8-static serves: those whose layers are a plain BERT's."""

from __future__ import annotations

from edgebert.bert.config import BertConfig
from edgebert.errors import EdgebertError


def foreign_parts(config: BertConfig) -> list[str]:
    """What a model has that int8-static does not serve."""
    foreign = {
        "shared layers": config.shared_layers,
        "bottlenecks": config.bottleneck_size is not None,
        "several feed-forward networks a layer": config.num_feedforward_networks > 1,
        "norms that do not normalise": config.norm != "layer_norm",
    }
    return [what for what, there in foreign.items() if there]


def refuse_family(config: BertConfig, source: str) -> None:
    """Raises EdgebertError for models that have such parts."""
    if found := foreign_parts(config):
        raise EdgebertError(
            f"{source}: has {' and '.join(found)}; int8-static and int8-fine take BERT, DistilBERT "
            "and ELECTRA; use --quantize int8"
        )

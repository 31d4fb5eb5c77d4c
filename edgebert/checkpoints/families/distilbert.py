"""DistilBERT (arXiv 1910.01108): a BERT without segments and pooler.

Its classifier has a layer with relu before it. Names are those of transformers'
modeling_distilbert.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edgebert.bert.config import BertConfig
from edgebert.checkpoints.config_file import bert_config
from edgebert.checkpoints.families.bert import ANSWERER_NAMES
from edgebert.checkpoints.families.family import (
    ACTIVATIONS,
    CLASSIFIER_NAMES,
    COMMON_PLAIN,
    LINEAR,
    NORM,
    TAGGER_NAMES,
    Architecture,
    Family,
)

_EMBEDDINGS = r"(?:distilbert\.)?embeddings"
_LAYER = r"(?:distilbert\.)?transformer\.layer\.(\d+)"

_KEYS = MappingProxyType(
    {
        "hidden_size": "dim",
        "num_hidden_layers": "n_layers",
        "num_attention_heads": "n_heads",
        "intermediate_size": "hidden_dim",
        "hidden_act": "activation",
    }
)


def _config(raw: Mapping[str, Any], path: Path) -> BertConfig:
    return bert_config(
        raw,
        ACTIVATIONS,
        path,
        keys=_KEYS,
        fixed={"type_vocab_size": 0, "layer_norm_eps": 1e-12, "pooler_act": "relu"},
    )


DISTILBERT = Family(
    name="DistilBERT",
    model_type="distilbert",
    tokenizer="DistilBertTokenizer",
    architectures={
        "DistilBertModel": Architecture(None),
        "DistilBertForMaskedLM": Architecture("fill-mask", ("mlm",)),
        "DistilBertForSequenceClassification": Architecture(
            "classify", ("pooler", "classifier"), CLASSIFIER_NAMES
        ),
        "DistilBertForTokenClassification": Architecture("tag", ("tagger",), TAGGER_NAMES),
        "DistilBertForQuestionAnswering": Architecture("answer", ("answerer",)),
        "DistilBertForMultipleChoice": Architecture(None),
    },
    config=_config,
    names=(
        (_EMBEDDINGS + r"\.word_embeddings\.weight", "embeddings.word"),
        (_EMBEDDINGS + r"\.position_embeddings\.weight", "embeddings.position"),
        (_EMBEDDINGS + NORM, r"embeddings.norm.\1"),
        (_LAYER + r"\.attention\.q_lin" + LINEAR, r"layers.\1.attention.query.\2"),
        (_LAYER + r"\.attention\.k_lin" + LINEAR, r"layers.\1.attention.key.\2"),
        (_LAYER + r"\.attention\.v_lin" + LINEAR, r"layers.\1.attention.value.\2"),
        (_LAYER + r"\.attention\.out_lin" + LINEAR, r"layers.\1.attention.output.\2"),
        (_LAYER + r"\.sa_layer_norm" + LINEAR, r"layers.\1.attention.norm.\2"),
        (_LAYER + r"\.ffn\.lin1" + LINEAR, r"layers.\1.ffn.intermediate.\2"),
        (_LAYER + r"\.ffn\.lin2" + LINEAR, r"layers.\1.ffn.output.\2"),
        (_LAYER + r"\.output_layer_norm" + LINEAR, r"layers.\1.ffn.norm.\2"),
        (r"pre_classifier" + LINEAR, r"pooler.\1"),
        (r"vocab_transform" + LINEAR, r"mlm.transform.\1"),
        (r"vocab_layer_norm" + LINEAR, r"mlm.norm.\1"),
        (r"vocab_projector\.bias", "mlm.bias"),
        *ANSWERER_NAMES,
    ),
    copies=(("vocab_projector.weight", _EMBEDDINGS + r"\.word_embeddings\.weight"),),
    plain=COMMON_PLAIN,
)

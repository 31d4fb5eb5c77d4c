"""ALBERT (arXiv 1909.11942): narrow embeddings, projected, and one layer that is run many times.

Names are those of transformers' modeling_albert.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edgebert.bert.config import BertConfig
from edgebert.checkpoints.config_file import bert_config
from edgebert.checkpoints.families.bert import ANSWERER_NAMES, PLAIN
from edgebert.checkpoints.families.family import (
    ACTIVATIONS,
    CLASSIFIER_NAMES,
    LINEAR,
    NORM,
    TAGGER_NAMES,
    Architecture,
    Family,
)

_EMBEDDINGS = r"(?:albert\.)?embeddings"
_ENCODER = r"(?:albert\.)?encoder"
_LAYER = _ENCODER + r"\.albert_layer_groups\.0\.albert_layers\.0"
_FIXED = MappingProxyType({"projection": "embeddings", "shared_layers": True})
_DEFAULTS = MappingProxyType({"embedding_size": 128, "hidden_act": "gelu_new"})


def _config(raw: Mapping[str, Any], path: Path) -> BertConfig:
    return bert_config(raw, ACTIVATIONS, path, defaults=_DEFAULTS, fixed=_FIXED)


ALBERT = Family(
    name="ALBERT",
    model_type="albert",
    tokenizer="AlbertTokenizer",
    architectures={
        "AlbertModel": Architecture(None),
        "AlbertForMaskedLM": Architecture("fill-mask", ("mlm",)),
        "AlbertForPreTraining": Architecture(
            "fill-mask", ("pooler", "mlm"), unread=r"sop_classifier\.classifier\.(?:weight|bias)"
        ),
        "AlbertForSequenceClassification": Architecture(
            "classify", ("pooler", "classifier"), CLASSIFIER_NAMES
        ),
        "AlbertForTokenClassification": Architecture("tag", ("tagger",), TAGGER_NAMES),
        "AlbertForQuestionAnswering": Architecture("answer", ("answerer",)),
        "AlbertForMultipleChoice": Architecture(None),
    },
    config=_config,
    names=(
        (_EMBEDDINGS + r"\.word_embeddings\.weight", "embeddings.word"),
        (_EMBEDDINGS + r"\.position_embeddings\.weight", "embeddings.position"),
        (_EMBEDDINGS + r"\.token_type_embeddings\.weight", "embeddings.segment"),
        (_EMBEDDINGS + NORM, r"embeddings.norm.\1"),
        (_ENCODER + r"\.embedding_hidden_mapping_in" + LINEAR, r"embeddings.projection.\1"),
        (_LAYER + r"\.attention\.(query|key|value)" + LINEAR, r"layers.0.attention.\1.\2"),
        (_LAYER + r"\.attention\.dense" + LINEAR, r"layers.0.attention.output.\1"),
        (_LAYER + r"\.attention" + NORM, r"layers.0.attention.norm.\1"),
        (_LAYER + r"\.ffn" + LINEAR, r"layers.0.ffn.intermediate.\1"),
        (_LAYER + r"\.ffn_output" + LINEAR, r"layers.0.ffn.output.\1"),
        (_LAYER + r"\.full_layer_layer_norm\.(weight|bias)", r"layers.0.ffn.norm.\1"),
        (r"(?:albert\.)?pooler" + LINEAR, r"pooler.\1"),
        (r"predictions\.dense" + LINEAR, r"mlm.transform.\1"),
        (r"predictions" + NORM, r"mlm.norm.\1"),
        (r"predictions\.bias", "mlm.bias"),
        *ANSWERER_NAMES,
    ),
    copies=(
        ("predictions.decoder.weight", _EMBEDDINGS + r"\.word_embeddings\.weight"),
        ("predictions.decoder.bias", r"predictions\.bias"),
    ),
    plain={**PLAIN, "num_hidden_groups": 1, "inner_group_num": 1},
)

"""BERT itself, and all that is one by another name: TinyBERT, MiniLM, Google's 24.

Names are those of transformers' modeling_bert.py, with or without the prefix `bert.`, and with the
`gamma` and `beta` of its early years.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edgebert.bert.config import BertConfig
from edgebert.checkpoints.config_file import bert_config
from edgebert.checkpoints.families.family import (
    ACTIVATIONS,
    CLASSIFIER_NAMES,
    COMMON_PLAIN,
    LINEAR,
    TAGGER_NAMES,
    Architecture,
    Family,
    Names,
)

NORM = r"\.LayerNorm\.(weight|bias|gamma|beta)"
PLAIN: Mapping[str, object] = MappingProxyType(
    {
        **COMMON_PLAIN,
        "is_decoder": False,
        "add_cross_attention": False,
        "position_embedding_type": "absolute",
    }
)


def encoder_names(prefix: str) -> Names:
    """Embeddings and layers as BERT has them, under an optional prefix."""
    embeddings = rf"(?:{prefix}\.)?embeddings"
    layer = rf"(?:{prefix}\.)?encoder\.layer\.(\d+)"
    return (
        (embeddings + r"\.word_embeddings\.weight", "embeddings.word"),
        (embeddings + r"\.position_embeddings\.weight", "embeddings.position"),
        (embeddings + r"\.token_type_embeddings\.weight", "embeddings.segment"),
        (embeddings + NORM, r"embeddings.norm.\1"),
        (layer + r"\.attention\.self\.(query|key|value)" + LINEAR, r"layers.\1.attention.\2.\3"),
        (layer + r"\.attention\.output\.dense" + LINEAR, r"layers.\1.attention.output.\2"),
        (layer + r"\.attention\.output" + NORM, r"layers.\1.attention.norm.\2"),
        (layer + r"\.intermediate\.dense" + LINEAR, r"layers.\1.ffn.intermediate.\2"),
        (layer + r"\.output\.dense" + LINEAR, r"layers.\1.ffn.output.\2"),
        (layer + r"\.output" + NORM, r"layers.\1.ffn.norm.\2"),
    )


MLM_NAMES: Names = (
    (r"cls\.predictions\.transform\.dense" + LINEAR, r"mlm.transform.\1"),
    (r"cls\.predictions\.transform" + NORM, r"mlm.norm.\1"),
    (r"cls\.predictions\.(?:decoder\.)?bias", "mlm.bias"),
    (r"cls\.seq_relationship" + LINEAR, r"nsp.\1"),
)
MLM_COPIES: Names = (
    ("cls.predictions.decoder.weight", r"(?:\w+\.)?embeddings\.word_embeddings\.weight"),
    ("cls.predictions.decoder.bias", r"cls\.predictions\.bias"),
)
ANSWERER_NAMES: Names = ((r"qa_outputs" + LINEAR, r"answerer.\1"),)


def _config(raw: Mapping[str, Any], path: Path) -> BertConfig:
    return bert_config(raw, ACTIVATIONS, path)


BERT = Family(
    name="BERT",
    model_type="bert",
    architectures={
        "BertModel": Architecture(None),
        "BertForMaskedLM": Architecture("fill-mask", ("mlm",)),
        "BertForPreTraining": Architecture("fill-mask", ("pooler", "mlm", "nsp")),
        "BertForSequenceClassification": Architecture(
            "classify", ("pooler", "classifier"), CLASSIFIER_NAMES
        ),
        "BertForTokenClassification": Architecture("tag", ("tagger",), TAGGER_NAMES),
        "BertForQuestionAnswering": Architecture("answer", ("answerer",)),
        "BertForNextSentencePrediction": Architecture(None),
        "BertForMultipleChoice": Architecture(None),
        "BertLMHeadModel": Architecture(None),
    },
    config=_config,
    names=(
        *encoder_names("bert"),
        (r"(?:bert\.)?pooler\.dense" + LINEAR, r"pooler.\1"),
        *MLM_NAMES,
        *ANSWERER_NAMES,
    ),
    copies=MLM_COPIES,
    plain=PLAIN,
)

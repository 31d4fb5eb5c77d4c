"""MobileBERT (arXiv 2004.02984): thin layers between bottlenecks, several networks in each.

Words are read with their neighbours, norms only multiply and add. Names are those of transformers'
modeling_mobilebert.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edgebert.bert.config import BertConfig
from edgebert.checkpoints.config_file import bert_config
from edgebert.checkpoints.families.bert import (
    ANSWERER_NAMES,
    MLM_COPIES,
    MLM_NAMES,
    PLAIN,
    encoder_names,
)
from edgebert.checkpoints.families.family import (
    ACTIVATIONS,
    CLASSIFIER_NAMES,
    LINEAR,
    NORM,
    TAGGER_NAMES,
    Architecture,
    Family,
)

_LAYER = r"(?:mobilebert\.)?encoder\.layer\.(\d+)"
_BOTTLENECKS = (
    (r"\.bottleneck\.input", "input"),
    (r"\.bottleneck\.attention", "query_key"),
    (r"\.output\.bottleneck", "output"),
)
_FIXED = MappingProxyType({"projection": "words", "trigrams": True, "norm": "no_norm"})

_DEFAULTS = MappingProxyType(
    {
        "hidden_act": "relu",
        "embedding_size": 128,
        "bottleneck_size": 128,
        "num_feedforward_networks": 4,
    }
)


def _config(raw: Mapping[str, Any], path: Path) -> BertConfig:
    pools = raw.get("classifier_activation", True)
    return bert_config(
        raw,
        ACTIVATIONS,
        path,
        defaults=_DEFAULTS,
        keys={"bottleneck_size": "intra_bottleneck_size"},
        fixed={**_FIXED, "pooler_act": "tanh" if pools else None},
    )


MOBILEBERT = Family(
    name="MobileBERT",
    model_type="mobilebert",
    tokenizer="MobileBertTokenizer",
    architectures={
        "MobileBertModel": Architecture(None),
        "MobileBertForMaskedLM": Architecture("fill-mask", ("mlm",)),
        "MobileBertForPreTraining": Architecture("fill-mask", ("mlm", "nsp")),
        "MobileBertForSequenceClassification": Architecture(
            "classify", ("classifier",), CLASSIFIER_NAMES
        ),
        "MobileBertForTokenClassification": Architecture("tag", ("tagger",), TAGGER_NAMES),
        "MobileBertForQuestionAnswering": Architecture("answer", ("answerer",)),
        "MobileBertForNextSentencePrediction": Architecture(None),
        "MobileBertForMultipleChoice": Architecture(None),
    },
    config=_config,
    names=(
        *encoder_names("mobilebert"),
        (
            r"(?:mobilebert\.)?embeddings\.embedding_transformation" + LINEAR,
            r"embeddings.projection.\1",
        ),
        *(
            (_LAYER + theirs + r"\.dense" + LINEAR, rf"layers.\1.bottleneck.{ours}.\2")
            for theirs, ours in _BOTTLENECKS
        ),
        *(
            (_LAYER + theirs + NORM, rf"layers.\1.bottleneck.{ours}.norm.\2")
            for theirs, ours in _BOTTLENECKS
        ),
        (
            _LAYER + r"\.ffn\.(\d+)\.(intermediate|output)\.dense" + LINEAR,
            r"layers.\1.further_ffn.\2.\3.\4",
        ),
        (_LAYER + r"\.ffn\.(\d+)\.output" + NORM, r"layers.\1.further_ffn.\2.norm.\3"),
        (r"(?:mobilebert\.)?pooler\.dense" + LINEAR, r"pooler.\1"),
        (r"cls\.predictions\.dense\.weight", "mlm.rest.weight"),
        *MLM_NAMES,
        *ANSWERER_NAMES,
    ),
    transposed=r"cls\.predictions\.dense\.weight",
    copies=MLM_COPIES,
    plain={
        **PLAIN,
        "use_bottleneck": True,
        "use_bottleneck_attention": False,
        "key_query_shared_bottleneck": True,
        "trigram_input": True,
        "normalization_type": "no_norm",
    },
)

"""ELECTRA (arXiv 2003.10555): a BERT whose embeddings may be narrower and projected.

The discriminator is the encoder that is fine-tuned; the generator is a masked language model.
Names are those of transformers' modeling_electra.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgebert.bert.config import BertConfig
from edgebert.checkpoints.config_file import bert_config
from edgebert.checkpoints.families.bert import ANSWERER_NAMES, PLAIN, encoder_names
from edgebert.checkpoints.families.family import (
    ACTIVATIONS,
    LINEAR,
    NORM,
    TAGGER_NAMES,
    Architecture,
    Family,
)

_NARROW = 128  # transformers' default


def _config(raw: Mapping[str, Any], path: Path) -> BertConfig:
    # The heads have gelu, whatever the layers have; a head of its own activation is not known here.
    projected = raw.get("embedding_size", _NARROW) != raw.get("hidden_size")
    return bert_config(
        raw,
        {name: act for name, act in ACTIVATIONS.items() if act == "gelu"},
        path,
        defaults={"embedding_size": _NARROW},
        fixed={"pooler_act": "gelu", "projection": "embeddings" if projected else None},
    )


ELECTRA = Family(
    name="ELECTRA",
    model_type="electra",
    tokenizer="ElectraTokenizer",
    architectures={
        "ElectraModel": Architecture(None),
        "ElectraForPreTraining": Architecture(
            None, unread=r"discriminator_predictions\.dense(?:_prediction)?\.(?:weight|bias)"
        ),
        "ElectraForMaskedLM": Architecture("fill-mask", ("mlm",)),
        "ElectraForSequenceClassification": Architecture(
            "classify",
            ("pooler", "classifier"),
            (
                (r"classifier\.dense" + LINEAR, r"pooler.\1"),
                (r"classifier\.out_proj" + LINEAR, r"classifier.\1"),
            ),
        ),
        "ElectraForTokenClassification": Architecture("tag", ("tagger",), TAGGER_NAMES),
        "ElectraForQuestionAnswering": Architecture("answer", ("answerer",)),
        "ElectraForMultipleChoice": Architecture(
            None, unread=r"sequence_summary\.summary\.(?:weight|bias)"
        ),
        "ElectraForCausalLM": Architecture(None),
    },
    config=_config,
    names=(
        *encoder_names("electra"),
        (r"(?:electra\.)?embeddings_project" + LINEAR, r"embeddings.projection.\1"),
        (r"generator_predictions\.dense" + LINEAR, r"mlm.transform.\1"),
        (r"generator_predictions" + NORM, r"mlm.norm.\1"),
        (r"generator_lm_head\.bias", "mlm.bias"),
        *ANSWERER_NAMES,
    ),
    copies=(("generator_lm_head.weight", r"(?:electra\.)?embeddings\.word_embeddings\.weight"),),
    plain=PLAIN,
)

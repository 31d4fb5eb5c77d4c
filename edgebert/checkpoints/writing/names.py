"""Canonical names to those of the formats that are written; the readers' tables go back."""

from __future__ import annotations

import re
from typing import TypeAlias

Table: TypeAlias = tuple[tuple[str, str], ...]
r"""Pairs of a pattern for a whole canonical name and the written one, with `\1` for its groups."""

_LAYER = r"layers\.(\d+)\."

HUGGING_FACE: Table = (
    (r"embeddings\.(word|position)", r"bert.embeddings.\1_embeddings.weight"),
    (r"embeddings\.segment", "bert.embeddings.token_type_embeddings.weight"),
    (r"embeddings\.norm\.(\w+)", r"bert.embeddings.LayerNorm.\1"),
    (
        _LAYER + r"attention\.(query|key|value)\.(\w+)",
        r"bert.encoder.layer.\1.attention.self.\2.\3",
    ),
    (_LAYER + r"attention\.output\.(\w+)", r"bert.encoder.layer.\1.attention.output.dense.\2"),
    (_LAYER + r"attention\.norm\.(\w+)", r"bert.encoder.layer.\1.attention.output.LayerNorm.\2"),
    (_LAYER + r"ffn\.(intermediate|output)\.(\w+)", r"bert.encoder.layer.\1.\2.dense.\3"),
    (_LAYER + r"ffn\.norm\.(\w+)", r"bert.encoder.layer.\1.output.LayerNorm.\2"),
    (r"pooler\.(\w+)", r"bert.pooler.dense.\1"),
    (r"mlm\.transform\.(\w+)", r"cls.predictions.transform.dense.\1"),
    (r"mlm\.norm\.(\w+)", r"cls.predictions.transform.LayerNorm.\1"),
    (r"mlm\.bias", "cls.predictions.bias"),
    (r"nsp\.(\w+)", r"cls.seq_relationship.\1"),
    (r"answerer\.(\w+)", r"qa_outputs.\1"),
    (r"(?:classifier|tagger)\.(\w+)", r"classifier.\1"),
)
"""As transformers' BertFor… classes; BertModel has no `bert.` in front."""

_GOOGLE_LAYER = r"bert/encoder/layer_\1/"

TENSORFLOW1: Table = (
    (r"embeddings\.(word|position)", r"bert/embeddings/\1_embeddings"),
    (r"embeddings\.segment", "bert/embeddings/token_type_embeddings"),
    (r"embeddings\.norm\.weight", "bert/embeddings/LayerNorm/gamma"),
    (r"embeddings\.norm\.bias", "bert/embeddings/LayerNorm/beta"),
    (
        _LAYER + r"attention\.(query|key|value)\.weight",
        _GOOGLE_LAYER + r"attention/self/\2/kernel",
    ),
    (_LAYER + r"attention\.(query|key|value)\.bias", _GOOGLE_LAYER + r"attention/self/\2/bias"),
    (_LAYER + r"attention\.output\.weight", _GOOGLE_LAYER + "attention/output/dense/kernel"),
    (_LAYER + r"attention\.output\.bias", _GOOGLE_LAYER + "attention/output/dense/bias"),
    (_LAYER + r"attention\.norm\.weight", _GOOGLE_LAYER + "attention/output/LayerNorm/gamma"),
    (_LAYER + r"attention\.norm\.bias", _GOOGLE_LAYER + "attention/output/LayerNorm/beta"),
    (_LAYER + r"ffn\.(intermediate|output)\.weight", _GOOGLE_LAYER + r"\2/dense/kernel"),
    (_LAYER + r"ffn\.(intermediate|output)\.bias", _GOOGLE_LAYER + r"\2/dense/bias"),
    (_LAYER + r"ffn\.norm\.weight", _GOOGLE_LAYER + "output/LayerNorm/gamma"),
    (_LAYER + r"ffn\.norm\.bias", _GOOGLE_LAYER + "output/LayerNorm/beta"),
    (r"pooler\.weight", "bert/pooler/dense/kernel"),
    (r"pooler\.bias", "bert/pooler/dense/bias"),
    (r"mlm\.transform\.weight", "cls/predictions/transform/dense/kernel"),
    (r"mlm\.transform\.bias", "cls/predictions/transform/dense/bias"),
    (r"mlm\.norm\.weight", "cls/predictions/transform/LayerNorm/gamma"),
    (r"mlm\.norm\.bias", "cls/predictions/transform/LayerNorm/beta"),
    (r"mlm\.bias", "cls/predictions/output_bias"),
    (r"nsp\.weight", "cls/seq_relationship/output_weights"),
    (r"nsp\.bias", "cls/seq_relationship/output_bias"),
    (r"answerer\.weight", "cls/squad/output_weights"),
    (r"answerer\.bias", "cls/squad/output_bias"),
    (r"classifier\.weight", "output_weights"),
    (r"classifier\.bias", "output_bias"),
)
"""As google-research/bert; there is no name for a tagger. A `kernel` is `[in, out]`."""


def written_name(name: str, table: Table) -> str | None:
    """What a tensor is called in a format; None where the format has no such tensor."""
    for pattern, replacement in table:
        if match := re.fullmatch(pattern, name, re.ASCII):
            return match.expand(replacement)
    return None

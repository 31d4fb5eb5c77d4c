"""The checkpoint that pre-training starts from: a given one, or new weights with a vocabulary."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from edgebert.bert.catalogue import CatalogueModel
from edgebert.bulk.fingerprint import digest
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.vocabulary import check_special_tokens, read_vocabulary
from edgebert.files import replacing
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.train.distillation.student import parse_size
from edgebert.train.initialisation import random_encoder, with_task_heads
from edgebert.train.pretraining.corpus import corpus_texts
from edgebert.train.pretraining.vocabulary import train_vocabulary

MAX_LENGTH = 128
"""Tokens of an input where none is asked for, as most of BERT's own pre-training."""

_LETTERS = 16  # of a hash that tells vocabularies apart


@dataclass(frozen=True)
class NewModel:
    """Weights to be drawn.

    Attributes:
        size: layers and width, such as 2/128.
        vocabulary: a `vocab.txt`, or how many pieces are to be trained on the corpus.
        cased: capitals and accents are kept.
    """

    size: str
    vocabulary: Path | int
    cased: bool = False


def initial_checkpoint(
    source: Checkpoint | NewModel,
    corpus: Sequence[Path],
    folder: Path,
    *,
    pairs: bool,
    max_length: int | None,
    seed: int,
) -> Checkpoint:
    """The checkpoint that training begins with, with the heads that it needs.

    Args:
        source: a plain BERT, whose heads are kept where it has them, or what to draw.
        corpus: files to train a vocabulary on.
        folder: to keep that vocabulary in.
        pairs: with a head that tells whether a sentence follows.
        max_length: most tokens of an input; None: 128, or all positions where there are fewer.
        seed: of new weights.

    Raises:
        EdgebertError: a vocabulary without BERT's special tokens, no such size, or a source that
            cannot be trained.
    """
    found = source if isinstance(source, Checkpoint) else _drawn(source, corpus, folder, seed)
    check_special_tokens(found.vocabulary, mask=True, where=Path(found.source))
    usual = min(MAX_LENGTH, found.config.max_position_embeddings)
    length = usual if max_length is None else max_length
    return with_task_heads(
        found, "fill-mask", (), seed, length, extra_heads=("pooler", "nsp") if pairs else ()
    )


def _drawn(new: NewModel, corpus: Sequence[Path], folder: Path, seed: int) -> Checkpoint:
    layers, width = parse_size(new.size)
    options = TokenizerOptions(lower_case=not new.cased)
    if isinstance(new.vocabulary, int):
        path = _trained(corpus, new.vocabulary, options, folder)
    else:
        path = new.vocabulary
    vocabulary = read_vocabulary(path)
    config = replace(CatalogueModel(layers, width).config, vocab_size=len(vocabulary))
    return Checkpoint(
        config,
        random_encoder(config, seed),
        vocabulary,
        options,
        source=str(path),
        format="new weights",
    )


def _trained(corpus: Sequence[Path], size: int, options: TokenizerOptions, folder: Path) -> Path:
    """A file in the folder, whose name follows from all that the vocabulary follows from."""
    manifest = repr((size, asdict(options), [digest(path) for path in corpus]))
    path = folder / f"vocab-{hashlib.sha256(manifest.encode()).hexdigest()[:_LETTERS]}.txt"
    if not path.exists():
        pieces = train_vocabulary(partial(corpus_texts, corpus), size, options)
        with replacing(path) as part:
            part.write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf-8")
    return path

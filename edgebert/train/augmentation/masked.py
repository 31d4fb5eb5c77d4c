"""Other words by a masked language model: what it would write where a word stands.

As TinyBERT (Jiao et al. 2019, arXiv 1909.10351, section 3.2): each word is hidden alone, so that
the model sees all the others. A word of several pieces gives way to one piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgebert.errors import EdgebertError
from edgebert.runtime.model import Model
from edgebert.tokenizer.special import MASK, SPACE
from edgebert.train.augmentation.candidates import NO_CANDIDATES, Candidates, Span, spans

_MOST = 15
_ASKED = 2 * _MOST  # some are no words, and one is what stood there


class MaskedWords:
    """The likeliest words of a fill-mask model.

    Args:
        model: for fill-mask; float32 or int8.
        fingerprint: of what it was made of.

    Raises:
        EdgebertError: a model for another task.
    """

    name = "masked"

    def __init__(self, model: Model, fingerprint: str) -> None:
        if model.task != "fill-mask":
            raise EdgebertError(
                f"{model.path}: is for {model.task}; a masked language model is needed: "
                "edgebert convert --task fill-mask makes one of a pre-trained checkpoint"
            )
        self._model = model
        self.fingerprint = f"{self.name} {fingerprint}"

    def candidates(self, texts: Sequence[str]) -> list[list[Candidates]]:
        """For each text, what the model would write for each of its words."""
        places = [(number, span) for number, text in enumerate(texts) for span in self._known(text)]
        hidden = (
            f"{texts[number][:start]}{MASK}{texts[number][end:]}" for number, (start, end) in places
        )
        found = [dict.fromkeys(spans(text), NO_CANDIDATES) for text in texts]
        # All as one batch, so that masked texts of the same length follow each other.
        replies = self._model.batch(
            hidden, batch_size=max(1, len(places)), replies=True, top=_ASKED
        )
        for (number, span), reply in zip(places, replies, strict=True):
            found[number][span] = self._chosen(texts[number][slice(*span)], reply.value)
        return [list(each.values()) for each in found]

    def _known(self, text: str) -> list[Span]:
        """The words that the model sees: not those behind its last token."""
        if MASK in text:
            return []
        _, offsets = self._model.tokenizer.encode_with_offsets(text)
        seen = max(end for _, end in offsets)
        return [span for span in spans(text) if span[1] <= seen]

    def _chosen(self, word: str, fills: Sequence[Any]) -> Candidates:
        ids = self._model.tokenizer.ids
        own = ids(word)
        words = [(self._word(fill.token), fill.score) for fill in fills]
        kept = [(new, score) for new, score in words if new and score and ids(new) != own]
        return Candidates.of(kept[:_MOST])

    def _word(self, piece: str) -> str:
        """What a piece that is a word by itself says, else nothing."""
        if self._model.tokenizer.options.kind == "unigram":
            piece = piece.removeprefix(SPACE) if piece.startswith(SPACE) else ""
        return piece if piece.isalpha() else ""

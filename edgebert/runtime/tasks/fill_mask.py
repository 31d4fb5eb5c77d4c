"""The tokens that best stand where a text has [MASK]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.model_file.read import ModelFile
from edgebert.runtime.reply import Reply
from edgebert.runtime.session import Session
from edgebert.runtime.tasks.scores import softmax
from edgebert.runtime.tasks.task import check_count, refuse_pair
from edgebert.tokenizer.special import MASK
from edgebert.tokenizer.tokenizer import Encoding, Tokenizer


class Fill(NamedTuple):
    """A word piece for a [MASK], its probability, and the text with it in place.

    Other masks stay in the text. A piece that continues a word (##ing) joins the word before.
    """

    token: str
    score: float
    text: str


@dataclass(frozen=True)
class FillJob:
    """A text with masks, the numbers of their tokens, and where they end in the text."""

    text: str
    input: Encoding
    positions: list[int]
    ends: list[int]
    top: int

    @property
    def length(self) -> int:
        """Number of tokens."""
        return self.input.length


class FillMask:
    """Fills the masks of a text: a file's task `fill-mask`."""

    options = ("top",)

    def __init__(self, file: ModelFile, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._vocab_size = file.record.model.vocab_size

    def tokenize(self, text: str, pair: str | None = None, *, top: int = 5) -> FillJob:
        """Tokenises; `Model.fill_mask` tells of the arguments, and `pair` must be None.

        Raises:
            EdgebertError: a pair, no mask, a mask past the end of what the model takes, or a
                wrong `top`.
        """
        refuse_pair("fill-mask", pair)
        check_count("top", top)
        encoding = self._tokenizer.encode(text, mask_tokens=True)
        mask_id = self._tokenizer.mask_id if MASK in text else None
        ids = self._tokenizer.ids(text, mask_tokens=True)
        offsets = self._tokenizer.offsets(text, mask_tokens=True)
        ends = [end for token, (_, end) in zip(ids, offsets, strict=True) if token == mask_id]
        if not ends:
            raise EdgebertError(
                f"fill-mask: no {MASK} in {text[:40]!r}; put it where a word is wanted, "
                f"as in 'Paris is the {MASK} of France.'"
            )
        positions = [at for at, token_id in enumerate(encoding.ids) if token_id == mask_id]
        if len(positions) < len(ends):
            raise EdgebertError(
                f"fill-mask: {len(ends) - len(positions)} of {len(ends)} {MASK} are past the "
                f"{self._tokenizer.options.max_length} tokens that the model takes; "
                "shorten the text before them"
            )
        return FillJob(text, encoding, positions, ends, min(top, self._vocab_size))

    def infer(self, job: FillJob, session: Session) -> Reply:
        """Gives a list of `Fill`, best first; for several masks, a list of such lists."""
        ids, segment_ids, truncated = job.input
        logits = session.run(ids, segment_ids, {"positions": job.positions})[0]
        fills = [
            self._fills(row, job.top, job.text[: end - len(MASK)], job.text[end:])
            for end, row in zip(job.ends, logits, strict=True)
        ]
        return Reply(fills if len(fills) > 1 else fills[0], len(ids), truncated)

    def _fills(self, logits: Array, top: int, before: str, after: str) -> list[Fill]:
        scores = softmax(logits)
        best = np.argpartition(scores, -top)[-top:]
        best = best[np.argsort(-scores[best], kind="stable")]
        return [
            Fill(self._tokenizer.piece(token), float(score), self._put(token, before, after))
            for token, score in zip(best.tolist(), scores[best], strict=True)
        ]

    def _put(self, token: int, before: str, after: str) -> str:
        spelled, continues = self._tokenizer.spelling(token)
        if not before.strip():
            # With no word before it, a piece that continues one is shown with its mark.
            return before + (self._tokenizer.piece(token) if continues else spelled) + after
        return (before.rstrip() if continues else before) + spelled + after

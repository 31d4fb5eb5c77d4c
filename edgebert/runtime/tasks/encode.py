"""One input of the model, its output as it is: hidden states, one row a token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgebert.arrays import Array
from edgebert.runtime.reply import Reply
from edgebert.runtime.session import Session
from edgebert.tokenizer.tokenizer import Encoding, Tokenizer, Truncate


def first_item(output: Array) -> Array:
    """The output of a batch of one, without the batch."""
    item: Array = output[0]
    return item


class Encode:
    """A text or a pair goes in whole; what does not fit is cut off.

    Args:
        tokenizer: of the file.
        finish: from the output of the graph [1, …] to the answer.
    """

    options: tuple[str, ...] = ("truncate",)

    def __init__(self, tokenizer: Tokenizer, finish: Callable[[Array], Any] = first_item) -> None:
        self._tokenizer = tokenizer
        self._finish = finish
        self._has_template = tokenizer.options.template is not None

    def tokenize(
        self, text: str, pair: str | None = None, *, truncate: Truncate = "longest"
    ) -> Encoding:
        """Tokenises; `truncate` names the text of a pair that gives way (`Tokenizer.encode`)."""
        return self._tokenizer.encode(text, pair, truncate=truncate)

    def infer(self, job: Encoding, session: Session) -> Reply:
        """Runs it."""
        ids, segment_ids, truncated = job
        # Without a template the last token ends the last segment: where it is 0 there is no other.
        needed = segment_ids if segment_ids[-1] or self._has_template else None
        output = session.run(ids, needed)
        return Reply(self._finish(output), len(ids), truncated)

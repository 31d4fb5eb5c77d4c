"""One vector for a text, before which a prompt may be put."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.runtime.tasks.whole_text import LongText, WholeText, Windowed
from edgebert.tokenizer.tokenizer import Encoding, Tokenizer, Truncate

QUERY_PROMPTS = ("query",)
DOCUMENT_PROMPTS = ("document", "passage", "corpus")
"""Names of the prompts of what is looked for, and of what is searched."""


class Embed(WholeText):
    """Embeds a text.

    Args:
        tokenizer: of the file.
        finish: from the output of the graph [1, K] to the answer.
        prompts: texts that are put before a text, by name.
        default: name of the one that is taken where none is named.
        rescale: see `WholeText`.
    """

    options = (*WholeText.options, "prompt")

    def __init__(
        self,
        tokenizer: Tokenizer,
        finish: Callable[[Array], Any],
        prompts: Mapping[str, str],
        default: str | None,
        rescale: Callable[[Array], Array] = lambda output: output,
    ) -> None:
        super().__init__(tokenizer, finish, rescale)
        self._prompts = prompts
        self._default = prompts.get(default or "", "")

    def tokenize(  # type: ignore[override]
        self,
        text: str,
        pair: str | None = None,
        *,
        truncate: Truncate = "longest",
        long: LongText = "truncate",
        stride: int | None = None,
        prompt: str | None = None,
    ) -> Encoding | Windowed:
        """Tokenises; `Model.embed` tells of the arguments.

        The prompt stands before the text, so in the first of its windows alone.

        Raises:
            EdgebertError: as `WholeText.tokenize`, or a prompt that the file has not.
        """
        before = self._default if prompt is None else self._named(prompt)
        if before and isinstance(text, str):
            text = before + text
        return super().tokenize(text, pair, truncate=truncate, long=long, stride=stride)

    def _named(self, prompt: str) -> str:
        if prompt == "":
            return ""
        if not isinstance(prompt, str) or prompt not in self._prompts:
            known = ", ".join(map(repr, self._prompts))
            raise EdgebertError(
                f"the file has no prompt {prompt!r}; it has: {known}"
                if known
                else f"the file has no prompts; prompt {prompt!r} was given (convert with "
                "--prompt NAME=TEXT)"
            )
        return self._prompts[prompt]


def prompt_for(prompts: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """The first of some names that a file has a prompt for; None leaves it to the default.

    One with a text counts before one that is empty: files for sentence-transformers say of
    "document" that it is empty where the text is that of "passage".
    """
    found = [name for name in names if name in prompts]
    return next((name for name in found if prompts[name]), found[0] if found else None)


def to_length_one(vectors: Array) -> Array:
    """Scales vectors [..., H] to length 1."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Array = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return scaled

"""A reply as JSON takes it."""

from __future__ import annotations

import re
from typing import Any

from edgebert.runtime.model import Model
from edgebert.runtime.reply import Reply
from edgebert.runtime.tasks.word_scores import ScoredWords

# What the answer of a task is called; the fields of a classification stand for themselves.
_NAMES = {
    "regress": "value",
    "embed": "vector",
    "encode": "rows",
    "tag": "spans",
    "answer": "answer",
    "fill-mask": "fills",
}

_WORDS = re.compile("[0-9A-Za-z]")
"""What every tokenizer leaves something of."""


def to_json(model: Model, text: str, pair: str | None, reply: Reply) -> dict[str, Any]:
    """Everything about a reply, as JSON takes it."""
    task, answer = model.task, _plain(reply.value)
    is_named = task in _NAMES and not isinstance(reply.value, ScoredWords)
    if task == "classify" and has_no_words(model, text, pair):
        answer["label"] = None  # scores of nothing: they tell of the model, not of the text
    return {
        "text": text,
        **({} if pair is None else {"pair": pair}),
        **({_NAMES[task]: answer} if is_named else answer),
        "tokens": reply.tokens,
        "truncated": reply.truncated,
    }


def has_no_words(model: Model, text: str, pair: str | None) -> bool:
    """The tokenizer leaves nothing of what was given: white space, control characters."""
    texts = (text, pair or "")
    if any(map(_WORDS.search, texts)):
        return False  # without tokenising it once more
    return not any(map(model.tokenizer.ids, texts))


def _unruled(name: str, value: Any) -> bool:
    """A field that says whether to rely on an answer, where there is no rule of it."""
    return name in ("abstained", "given") and value is None


def _plain(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        fields = value._asdict()
        return {name: _plain(each) for name, each in fields.items() if not _unruled(name, each)}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.tolist() if hasattr(value, "tolist") else value

"""How answers are printed: one a line, as JSON or to be read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from edgebert.cli.console import echo, escaped, print_notice

if TYPE_CHECKING:
    from edgebert.runtime.model import Model
    from edgebert.runtime.reply import Reply
    from edgebert.runtime.tasks.answer import Answer
    from edgebert.runtime.tasks.classify import Classification
    from edgebert.runtime.tasks.tag import Span

_SHOWN_NUMBERS = 6


def print_json_reply(model: Model, text: str, pair: str | None, reply: Reply) -> None:
    """Prints a reply as a JSON object on one line."""
    _warn_without_words(model, text, pair)
    echo(json_line(model, text, pair, reply))


def print_reply_line(model: Model, text: str, pair: str | None, reply: Reply) -> None:
    """Prints a reply on one line, for reading."""
    _warn_without_words(model, text, pair)
    if reply.truncated:
        print_notice("warning", f"cut off after {model.max_length} tokens: {text[:60]!r}…")
    shown = (text, *([] if pair is None else [pair]))
    echo("\t".join([to_line(reply.value), *map(escaped, shown)]))


def json_line(model: Model, text: str, pair: str | None, reply: Reply) -> str:
    """A reply as a JSON object, in ASCII and on one line."""
    from edgebert.runtime.answer_json import to_json

    return json.dumps(to_json(model, text, pair, reply), ensure_ascii=True)


def to_line(value: Any) -> str:
    """The answer on one line, for reading."""
    from edgebert.runtime.tasks.answer import Answer
    from edgebert.runtime.tasks.classify import Classification
    from edgebert.runtime.tasks.fill_mask import Fill
    from edgebert.runtime.tasks.tag import Span

    if value is None:
        return "no answer"
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, Classification):
        label = ", ".join(value.given or (value.label,))
        return f"{label}{_unsure(value)}\t{value.score:.4f}"
    if isinstance(value, Span):
        return f"{value.label} {_place(value)}"
    if isinstance(value, Answer):
        return _place(value)
    if isinstance(value, Fill):
        return f"{value.token} {value.score:.4f}"
    if isinstance(value, list):
        return " | ".join(map(to_line, value)) or "nothing"
    flat = value.reshape(-1)
    shown = " ".join(f"{number:.4f}" for number in flat[:_SHOWN_NUMBERS])
    shape = " × ".join(map(str, value.shape))
    return f"[{shown}{' …' if flat.size > _SHOWN_NUMBERS else ''}] ({shape})"


def _place(value: Span | Answer) -> str:
    return f"{value.start}:{value.end} {value.text!r} {value.score:.4f}{_unsure(value)}"


def _unsure(value: Classification | Span | Answer) -> str:
    return " (not sure)" if value.abstained else ""


def _warn_without_words(model: Model, text: str, pair: str | None) -> None:
    from edgebert.runtime.answer_json import has_no_words

    if has_no_words(model, text, pair):
        print_notice("warning", f"a text without words: {text[:60]!r}; its answer means nothing")

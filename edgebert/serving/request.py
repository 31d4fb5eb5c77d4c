"""What a request asks: its body as JSON, checked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from edgebert.errors import EdgebertError
from edgebert.text_files import unrepeated

_FORMS = (
    'a body is {"text": "…"} or {"texts": ["…", …]}; a text with its pair is {"text": "…", '
    '"pair": "…"}, beside "texts", too; "options" are those of the task'
)


@dataclass(frozen=True)
class RequestText:
    """One text to answer, perhaps with its pair."""

    text: str
    pair: str | None = None


@dataclass(frozen=True)
class AnswerRequest:
    """The texts of a request.

    Attributes:
        texts: in their order.
        several: the answer is a list, even where there is one text.
        options: of the task's method (see `edgebert.Model`).
    """

    texts: tuple[RequestText, ...]
    several: bool
    options: dict[str, Any] = field(default_factory=dict)


def read_request(body: bytes, max_texts: int) -> AnswerRequest:
    """Reads the body of a request.

    Raises:
        EdgebertError: not JSON, not one of the two forms, or more than `max_texts` texts.
    """
    try:
        given = json.loads(body, object_pairs_hook=unrepeated)
    except (ValueError, RecursionError) as error:
        raise EdgebertError(f"the body is not JSON; {_FORMS}") from error
    if not isinstance(given, dict):
        raise EdgebertError(f"the body is {_kind(given)}; {_FORMS}")
    several = "texts" in given
    known = {"options", "texts"} if several else {"options", "text", "pair"}
    if unknown := sorted(set(given) - known):
        raise EdgebertError(f"the body has {', '.join(map(repr, unknown))[:80]}; {_FORMS}")
    options = given.get("options", {})
    if not isinstance(options, dict):
        raise EdgebertError(f"options is {_kind(options)}; an object is needed")
    texts = given["texts"] if several else [given]
    if not isinstance(texts, list):
        raise EdgebertError(f"texts is {_kind(texts)}; a list is needed")
    if len(texts) > max_texts:
        raise EdgebertError(f"{len(texts)} texts; a request may have {max_texts}")
    return AnswerRequest(tuple(map(_text, texts)), several, options)


def _text(given: object) -> RequestText:
    if isinstance(given, str):
        return RequestText(given)
    if not isinstance(given, dict):
        raise EdgebertError(f"a text is {_kind(given)}; {_FORMS}")
    text, pair = given.get("text"), given.get("pair")
    if not isinstance(text, str) or not isinstance(pair, str | None):
        raise EdgebertError(f"text or pair is not a string; {_FORMS}")
    return RequestText(text, pair)


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")

"""How answers are printed: a line to read, or an object for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgebert.runtime.model import Model
    from edgebert.runtime.reply import Reply

_SHOWN_NUMBERS = 6

# What the answer of a task is called; the fields of a classification stand for themselves.
_NAMES = {
    "regress": "value",
    "embed": "vector",
    "encode": "rows",
    "tag": "spans",
    "answer": "answer",
    "fill-mask": "fills",
}


def to_json(model: Model, text: str, pair: str | None, reply: Reply) -> dict[str, Any]:
    """Everything about a reply, as JSON takes it."""
    task, answer = model.task, _plain(reply.value)
    if task == "classify" and has_no_words(model, text, pair):
        answer["label"] = None  # scores of nothing: they tell of the model, not of the text
    return {
        "text": text,
        **({} if pair is None else {"pair": pair}),
        **({_NAMES[task]: answer} if task in _NAMES else answer),
        "tokens": reply.tokens,
        "truncated": reply.truncated,
    }


def has_no_words(model: Model, text: str, pair: str | None) -> bool:
    """The tokenizer leaves nothing of what was given: white space, control characters."""
    return not any(model.tokenizer.ids(each) for each in (text, pair or ""))


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
        return f"{value.label}\t{value.score:.4f}"
    if isinstance(value, Span):
        return f"{value.label} {value.start}:{value.end} {value.text!r} {value.score:.4f}"
    if isinstance(value, Answer):
        return f"{value.start}:{value.end} {value.text!r} {value.score:.4f}"
    if isinstance(value, Fill):
        return f"{value.token} {value.score:.4f}"
    if isinstance(value, list):
        return " | ".join(map(to_line, value)) or "nothing"
    flat = value.reshape(-1)
    shown = " ".join(f"{number:.4f}" for number in flat[:_SHOWN_NUMBERS])
    shape = " × ".join(map(str, value.shape))
    return f"[{shown}{' …' if flat.size > _SHOWN_NUMBERS else ''}] ({shape})"


def _plain(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        return value._asdict()
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.tolist() if hasattr(value, "tolist") else value

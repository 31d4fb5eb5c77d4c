"""How an answer is printed on one line, to be read."""

from __future__ import annotations

from typing import Any

_SHOWN_NUMBERS = 6


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
        unsure = " (not sure)" if value.abstained else ""
        return f"{value.label}{unsure}\t{value.score:.4f}"
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

"""edgebert: from a compact BERT checkpoint to one TFLite file that runs on a phone or a Pi."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from edgebert.version import __version__

if TYPE_CHECKING:
    from edgebert.converter.convert import convert
    from edgebert.errors import CheckFailedError, EdgebertError, TruncationWarning
    from edgebert.runtime.model import Model, load
    from edgebert.runtime.reply import Reply
    from edgebert.runtime.tasks.answer import Answer
    from edgebert.runtime.tasks.classify import Classification
    from edgebert.runtime.tasks.fill_mask import Fill
    from edgebert.runtime.tasks.tag import Span

# Where each public name lives; imported when first asked for, so that `import edgebert` is quick.
_HOMES = {
    "Answer": "edgebert.runtime.tasks.answer",
    "CheckFailedError": "edgebert.errors",
    "Classification": "edgebert.runtime.tasks.classify",
    "EdgebertError": "edgebert.errors",
    "Fill": "edgebert.runtime.tasks.fill_mask",
    "Model": "edgebert.runtime.model",
    "Reply": "edgebert.runtime.reply",
    "Span": "edgebert.runtime.tasks.tag",
    "TruncationWarning": "edgebert.errors",
    "convert": "edgebert.converter.convert",
    "load": "edgebert.runtime.model",
}

__all__ = [
    "Answer",
    "CheckFailedError",
    "Classification",
    "EdgebertError",
    "Fill",
    "Model",
    "Reply",
    "Span",
    "TruncationWarning",
    "__version__",
    "convert",
    "load",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

"""One answer for a whole text, however long: embed, classify and regress."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.runtime.reply import Reply
from edgebert.runtime.session import Session
from edgebert.runtime.tasks.encode import Encode
from edgebert.runtime.tasks.task import check_choice
from edgebert.runtime.windows import windows
from edgebert.tokenizer.tokenizer import Encoding, Tokenizer, Truncate

LongText: TypeAlias = Literal["truncate", "mean", "max", "first"]

_COMBINE: Mapping[str, Callable[[Array], Array]] = MappingProxyType(
    {
        "mean": lambda outputs: outputs.mean(axis=0, keepdims=True),
        "max": lambda outputs: outputs.max(axis=0, keepdims=True),
        "first": lambda outputs: outputs,
    }
)


class Windowed(NamedTuple):
    """A text in windows, and how their outputs become one."""

    inputs: tuple[Encoding, ...]
    combine: Callable[[Array], Array]

    @property
    def length(self) -> int:
        """Tokens of the longest window."""
        return self.inputs[0].length


class WholeText(Encode):
    """Embed, classify and regress.

    Args:
        tokenizer: of the file.
        finish: from the output of the graph [1, K] to the answer.
        rescale: what is done to a combined output [1, K] to make it such an output.
    """

    options = (*Encode.options, "long", "stride")

    def __init__(
        self,
        tokenizer: Tokenizer,
        finish: Callable[[Array], Any],
        rescale: Callable[[Array], Array] = lambda output: output,
    ) -> None:
        super().__init__(tokenizer, finish)
        self._rescale = rescale

    def tokenize(  # type: ignore[override]
        self,
        text: str,
        pair: str | None = None,
        *,
        truncate: Truncate = "longest",
        long: LongText = "truncate",
        stride: int | None = None,
    ) -> Encoding | Windowed:
        """Tokenises; `Model.classify` tells of the arguments.

        All windows are full, so in a mean each has the same weight.

        Raises:
            EdgebertError: an unknown option, a stride that does not fit, or a pair with windows.
        """
        if long == "truncate" and stride is None:
            return self._tokenizer.encode(text, pair, truncate=truncate)
        check_choice("truncate", truncate, get_args(Truncate))
        return self._windowed(text, pair, long, stride)

    def infer(self, job: Encoding | Windowed, session: Session) -> Reply:
        """Runs it, or all its windows."""
        if isinstance(job, Windowed):
            return self._infer_windows(job, session)
        return super().infer(job, session)

    def _infer_windows(self, job: Windowed, session: Session) -> Reply:
        outputs = np.concatenate(
            [session.run(ids, segment_ids) for ids, segment_ids, _ in job.inputs]
        )
        value = self._finish(self._rescale(job.combine(outputs)))
        return Reply(value, sum(each.length for each in job.inputs), truncated=False)

    def _windowed(
        self, text: str, pair: str | None, long: LongText, stride: int | None
    ) -> Windowed:
        if long == "truncate":
            raise EdgebertError(
                "stride is for windows; ask for them: long='mean', 'max' or 'first'"
            )
        check_choice("long", long, get_args(LongText))
        if pair is not None:
            raise EdgebertError(f"long={long!r} is for single texts; a pair is truncated")
        most = self._tokenizer.capacity()
        ids = self._tokenizer.ids(text)
        spread = windows(len(ids), most, most if stride is None else stride)
        if long == "first":
            spread = spread[:1]
        join = self._tokenizer.join
        return Windowed(tuple(join(ids[start:end]) for start, end in spread), _COMBINE[long])

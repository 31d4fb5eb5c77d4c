"""What every session is: ids in, finished output out; and the checks that all kinds share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from edgebert.arrays import Array
from edgebert.errors import EdgebertError

if TYPE_CHECKING:
    from edgebert.runtime.delegation import Delegation

INPUTS = ("ids", "mask", "segment_ids")
"""What files of any length take: [1, n], a value for each token."""

NO_FURTHER: Mapping[str, Sequence[int]] = MappingProxyType({})


class Session(Protocol):
    """One open file. Threads may share a session; they take turns.

    Attributes:
        engine: the name of the engine that runs it.
        max_length: most tokens.
        output_width: size of the output's last axis.
        inputs: names of the file's inputs that have a value for each token.
        further_inputs: names of the inputs [1, m] beside those, whose values are numbers of
            tokens; the output then has a row for each of them.
    """

    engine: str
    max_length: int
    output_width: int
    inputs: tuple[str, ...]
    further_inputs: tuple[str, ...]

    def run(
        self,
        ids: Sequence[int],
        segment_ids: Sequence[int] | None = None,
        further: Mapping[str, Sequence[int]] = NO_FURTHER,
    ) -> Array:
        """The output for one input.

        Args:
            ids: token ids, from 1 to `max_length` of them, in range.
            segment_ids: 0 or 1 for each token; None: all 0.
            further: values of `further_inputs` by name: numbers of tokens, from 0.

        Returns:
            A copy of the output, float32; where it has a row for each token, without padding.

        Raises:
            EdgebertError: too many or no ids, further inputs that the file has not or that it
                lacks, or values that are no tokens.
        """

    def watch(self, around: Callable[[Any], Any]) -> None:
        """Puts something around what runs the graph, such as a clock.

        Args:
            around: takes an object with `invoke` and gives what is used in its place; that must
                pass on every call.
        """

    def delegation(self) -> Delegation:
        """How much of the graph XNNPACK runs, or the GPU.

        Raises:
            EdgebertError: nothing has run yet, and with the first `run` a graph is handed over.
        """

    def close(self) -> None:
        """Frees the interpreter; the session cannot be used any more."""


def check_count(tokens: int, max_length: int) -> None:
    """Raises EdgebertError unless there are from 1 to `max_length` tokens."""
    if not 1 <= tokens <= max_length:
        raise EdgebertError(f"{tokens} ids given; the model takes 1 to {max_length}")


def check_further(
    further: Mapping[str, Sequence[int]], names: Iterable[str], beside: Sequence[str], tokens: int
) -> None:
    """Refuses wrong values of further inputs.

    Args:
        further: the values.
        names: of the inputs that the file has.
        beside: names of its other inputs.
        tokens: the values are below it.

    Raises:
        EdgebertError: an input too many or too few, or values that are no tokens.
    """
    if further.keys() != set(names):
        raise EdgebertError(
            f"the inputs {_list(further)} are given beside {', '.join(beside)}; "
            f"the model takes {_list(names)}"
        )
    for name, numbers in further.items():
        if not numbers or min(numbers) < 0 or max(numbers) >= tokens:
            raise EdgebertError(
                f"{name} {list(numbers)[:8]}: one or more numbers from 0 to {tokens - 1} "
                f"are needed, for {tokens} tokens"
            )


def closed() -> Any:
    """Raises EdgebertError: the model is closed."""
    raise EdgebertError("the model is closed")


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"

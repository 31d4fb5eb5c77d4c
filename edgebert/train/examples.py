"""What is learned from: token ids with what is right for them, and how they become a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.tokenizer.tokenizer import Encoding
from edgebert.train.order import Order, Places
from edgebert.train.settings import Settled

Batch: TypeAlias = Mapping[str, npt.NDArray[Any]]
"""`ids`, `mask` and `segment_ids` int32 [B, n], and what the objective reads beside them."""

IGNORED = -1
"""The target of a token that is not to be judged."""

_LENGTHS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
"""What texts are padded to: few shapes, since each is compiled, and little padding."""


class Example(NamedTuple):
    """One input, or for embedders two that are compared, and what is right.

    Attributes:
        inputs: become neighbouring rows of the batch.
        target: a label's number, a value, one number a token, or an array of one size.
    """

    inputs: tuple[Encoding, ...]
    target: float | Sequence[int] | npt.NDArray[np.float32]

    @property
    def length(self) -> int:
        """Tokens of the longest input."""
        return max(each.length for each in self.inputs)


def truncated(examples: Iterable[Example]) -> int:
    """How many inputs were cut off."""
    return sum(each.truncated for example in examples for each in example.inputs)


@dataclass(frozen=True)
class Part:
    """A part of a batch, which is made when it is asked for: of several devices one makes it.

    Attributes:
        rows: its examples.
        make: gives it.
    """

    rows: int
    make: Callable[[], Batch]


class Feed(Protocol):
    """Gives the batch of any step."""

    @property
    def steps_per_epoch(self) -> int:
        """Batches that show every example once."""

    def parts(self, step: int) -> list[Part]:
        """The batch of a step, counted from 0 over all epochs, in the parts it is run in."""


@dataclass(frozen=True)
class ExampleFeed:
    """Examples in memory, in the order of a run's seed.

    Attributes:
        examples: all of the same kind.
        order: of their batches.
        count: parts of a batch.
        further: arrays with a row an example that go into the batch, by name.
        longest: tokens that the network takes; batches are not padded beyond.
    """

    examples: Sequence[Example]
    order: Order
    count: int
    further: Mapping[str, npt.NDArray[Any]]
    longest: int | None

    @classmethod
    def of(
        cls,
        examples: Sequence[Example],
        settings: Settled,
        count: int = 1,
        further: Mapping[str, npt.NDArray[Any]] | None = None,
        longest: int | None = None,
    ) -> ExampleFeed:
        """The feed of a run whose batches have so many parts."""
        order = Order([each.length for each in examples], settings.batch_size, settings.seed)
        return cls(examples, order, count, further or {}, longest)

    @property
    def steps_per_epoch(self) -> int:
        """Batches that show every example once."""
        return self.order.steps_per_epoch

    def parts(self, step: int) -> list[Part]:
        """The batch of a step in parts; fewer where it has fewer examples than parts."""
        places = self.order.batch(step)
        parts = np.array_split(places, min(self.count, len(places)))
        return [Part(len(part), partial(self._batch, part)) for part in parts]

    def _batch(self, places: Places) -> Batch:
        return {
            **collate([self.examples[place] for place in places], self.longest),
            **{name: rows[places] for name, rows in self.further.items()},
        }


def collate(examples: Sequence[Example], longest: int | None = None) -> dict[str, npt.NDArray[Any]]:
    """Pads examples to one batch; the targets of the padding are `IGNORED`.

    Args:
        examples: of the same kind.
        longest: tokens to which they are padded at most; None: there is no limit.
    """
    encodings = [each for example in examples for each in example.inputs]
    length = _round_up(max(each.length for each in encodings), longest)
    targets = [example.target for example in examples]
    return {
        "ids": _padded([each.ids for each in encodings], length, 0),
        "mask": _padded([[1] * each.length for each in encodings], length, 0),
        "segment_ids": _padded([each.segment_ids for each in encodings], length, 0),
        "target": _stacked(targets, length),
    }


def _stacked(targets: Sequence[Any], length: int) -> npt.NDArray[Any]:
    if isinstance(targets[0], Sequence):
        return _padded(targets, length, IGNORED)
    if isinstance(targets[0], np.ndarray):
        return np.stack(targets)
    kind = np.float32 if isinstance(targets[0], float) else np.int32
    return np.array(targets, kind)


def _padded(rows: Sequence[Sequence[int]], length: int, fill: int) -> npt.NDArray[np.int32]:
    padded = np.full((len(rows), length), fill, np.int32)
    for row, values in zip(padded, rows, strict=True):
        row[: len(values)] = values
    return padded


def _round_up(length: int, longest: int | None) -> int:
    rounded = next((each for each in _LENGTHS if each >= length), length)
    return rounded if longest is None else min(rounded, longest)

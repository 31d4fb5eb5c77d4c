"""Training examples, and the batch of any step, which is a function of seed and step alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.tokenizer.tokenizer import Encoding
from edgebert.train.settings import ResolvedSettings

Batch: TypeAlias = Mapping[str, npt.NDArray[Any]]
"""`ids`, `mask` and `segment_ids` int32 [B, n], and what the objective reads beside them."""

IGNORE_INDEX = -1
"""The target of a token that has no part in the loss."""

_LENGTHS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
"""What texts are padded to: few shapes, since each is compiled, and little padding."""

_POOL = 32  # batches; the smaller, the more random and the more padding

ExtraRows: TypeAlias = "npt.NDArray[Any] | Sequence[npt.NDArray[Any]]"

Indices = npt.NDArray[np.intp]
"""Numbers of examples."""


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
class MicroBatch:
    """A part of a batch, made lazily: of several devices only one makes it.

    Attributes:
        rows: its examples.
        make: gives it.
    """

    rows: int
    make: Callable[[], Batch]


class BatchSource(Protocol):
    """Gives the batch of any step."""

    @property
    def steps_per_epoch(self) -> int:
        """Batches that show every example once."""

    def micro_batches(self, step: int) -> list[MicroBatch]:
        """The batch of a step, counted from 0 over all epochs, in the parts it is run in."""


@dataclass(frozen=True)
class ExampleBatches:
    """Examples in memory, in the order of a run's seed.

    Attributes:
        examples: all of the same kind.
        sampler: chooses those of a step.
        micro_batch_count: parts of a batch.
        extra_arrays: with a row an example that go into the batch, by name; or with an array [n, K]
            for the n tokens of each.
        max_length: tokens that the network takes; batches are not padded beyond.
    """

    examples: Sequence[Example]
    sampler: BatchSampler
    micro_batch_count: int
    extra_arrays: Mapping[str, ExtraRows]
    max_length: int | None

    @classmethod
    def of(
        cls,
        examples: Sequence[Example],
        settings: ResolvedSettings,
        micro_batch_count: int = 1,
        extra_arrays: Mapping[str, ExtraRows] | None = None,
        max_length: int | None = None,
    ) -> ExampleBatches:
        """The batches of a run, each in so many micro-batches."""
        sampler = BatchSampler(
            [each.length for each in examples], settings.batch_size, settings.seed
        )
        return cls(examples, sampler, micro_batch_count, extra_arrays or {}, max_length)

    @property
    def steps_per_epoch(self) -> int:
        """Batches that show every example once."""
        return self.sampler.steps_per_epoch

    def micro_batches(self, step: int) -> list[MicroBatch]:
        """The batch of a step in parts; fewer where it has fewer examples than parts."""
        indices = self.sampler.batch(step)
        parts = np.array_split(indices, min(self.micro_batch_count, len(indices)))
        return [MicroBatch(len(part), partial(self._batch, part)) for part in parts]

    def _batch(self, indices: Indices) -> Batch:
        batch: dict[str, npt.NDArray[Any]] = collate(
            [self.examples[place] for place in indices], self.max_length
        )
        length = batch["ids"].shape[1]
        for name, rows in self.extra_arrays.items():
            if isinstance(rows, np.ndarray):
                batch[name] = rows[indices]
            else:
                batch[name] = _padded_rows([rows[place] for place in indices], length)
        return batch


def collate(
    examples: Sequence[Example], max_length: int | None = None
) -> dict[str, npt.NDArray[Any]]:
    """Pads examples to one batch; the targets of the padding are `IGNORE_INDEX`.

    Args:
        examples: of the same kind.
        max_length: tokens to which they are padded at most; None: there is no limit.
    """
    encodings = [each for example in examples for each in example.inputs]
    length = _round_up(max(each.length for each in encodings), max_length)
    targets = [example.target for example in examples]
    return {
        "ids": _padded([each.ids for each in encodings], length, 0),
        "mask": _padded([[1] * each.length for each in encodings], length, 0),
        "segment_ids": _padded([each.segment_ids for each in encodings], length, 0),
        "target": _stacked(targets, length),
    }


def _stacked(targets: Sequence[Any], length: int) -> npt.NDArray[Any]:
    if isinstance(targets[0], Sequence):
        return _padded(targets, length, IGNORE_INDEX)
    if isinstance(targets[0], np.ndarray):
        return np.stack(targets)
    kind = np.float32 if isinstance(targets[0], float) else np.int32
    return np.array(targets, kind)


def _padded(rows: Sequence[Sequence[int]], length: int, fill: int) -> npt.NDArray[np.int32]:
    padded = np.full((len(rows), length), fill, np.int32)
    for row, values in zip(padded, rows, strict=True):
        row[: len(values)] = values
    return padded


def _padded_rows(arrays: Sequence[npt.NDArray[Any]], length: int) -> npt.NDArray[np.float32]:
    """Arrays [n, K], n from one to the next another, as one [B, length, K]."""
    padded = np.full((len(arrays), length, arrays[0].shape[1]), IGNORE_INDEX, np.float32)
    for row, values in zip(padded, arrays, strict=True):
        row[: len(values)] = values
    return padded


def _round_up(length: int, max_length: int | None) -> int:
    rounded = next((each for each in _LENGTHS if each >= length), length)
    return rounded if max_length is None else min(rounded, max_length)


class BatchSampler:
    """Which examples make the batch of a step: shuffled, with examples of like length together.

    That saves most of the padding: shuffled examples are cut into pools, each pool is sorted by
    length and cut into batches, and the batches are shuffled.

    Args:
        lengths: of the examples, in tokens.
        batch_size: examples a batch; the smallest batch of an epoch may have fewer.
        seed: of the run.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self._lengths = np.asarray(lengths)
        self._size = batch_size
        self._seed = seed
        self._epoch = lru_cache(maxsize=1)(self._batches)

    @property
    def steps_per_epoch(self) -> int:
        """Batches that show every example once."""
        return -(-len(self._lengths) // self._size)

    def batch(self, step: int) -> Indices:
        """The examples of a step, counted from 0 over all epochs."""
        epoch, place = divmod(step, self.steps_per_epoch)
        return self._epoch(epoch)[place]

    def _batches(self, epoch: int) -> list[Indices]:
        random = np.random.default_rng((self._seed, epoch))
        shuffled = random.permutation(len(self._lengths))
        batches = [
            pool[start : start + self._size]
            for pool in map(self._by_length, _slices(shuffled, self._size * _POOL))
            for start in range(0, len(pool), self._size)
        ]
        return [batches[place] for place in random.permutation(len(batches))]

    def _by_length(self, pool: Indices) -> Indices:
        return pool[np.argsort(self._lengths[pool], kind="stable")]


def _slices(indices: Indices, size: int) -> list[Indices]:
    return [indices[start : start + size] for start in range(0, len(indices), size)]

"""Inputs of a masked language model, and how they become a batch of one shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from edgebert.errors import EdgebertError
from edgebert.files import replacing
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.train.batching import IGNORE_INDEX, Batch
from edgebert.train.pretraining.masking import Masked, Masker, Masking
from edgebert.train.pretraining.packing import SPECIAL, Packed, PackingName, pack
from edgebert.train.pretraining.tokenised_corpus import (
    OFFSET_TYPE,
    ROWS,
    Offsets,
    TokenisedCorpus,
    memory_map,
)

IS_RANDOM_NEXT = "is_random"
"""Of sentence pairs in a batch: 1 where the second segment does not follow, int32 [B]."""

_BLOCK = 1 << 16  # rows that are written together


@dataclass(frozen=True)
class InputOptions:
    """How a corpus becomes inputs.

    Attributes:
        packing: which tokens make an input.
        share: of the word pieces that are hidden.
        whole_words: hide words rather than pieces.
        seed: of sentence pairs.

    Raises:
        EdgebertError: a value is out of range.
    """

    packing: PackingName = "full-sentences"
    share: float = 0.15
    whole_words: bool = False
    seed: int = 1

    def __post_init__(self) -> None:
        if self.packing not in SPECIAL:
            raise EdgebertError(f"packing is {self.packing!r}; accepted: {', '.join(SPECIAL)}")
        Masking(self.share)


@dataclass(frozen=True)
class MaskedInputs:
    """All inputs of a corpus; each is masked anew whenever it is asked for.

    Attributes:
        tokens: of the corpus.
        rows: which of them make an input, int64 [N, 5] (`packing.Packed`).
        tokenizer: puts the special tokens around them.
        masker: hides some.
        max_length: of every row of a batch.
        slots: most hidden tokens of an input, and the width of a batch's `positions`.
        pairs: inputs are sentence pairs.
    """

    tokens: TokenisedCorpus
    rows: Offsets
    tokenizer: Tokenizer
    masker: Masker
    max_length: int
    slots: int
    pairs: bool

    def __len__(self) -> int:
        return len(self.rows)

    def one(self, number: int, seed: tuple[int, ...]) -> tuple[Masked, list[int]]:
        """An input with some of its tokens hidden, which follow from the seed; and its segments."""
        row = Packed(*self.rows[number].tolist())
        first = self._segment(row.a_begins, row.a_ends)
        second = self._segment(row.b_begins, row.b_ends) if self.pairs else None
        ids, segment_ids, _ = self.tokenizer.join(first, second)
        return self.masker.mask(ids, np.random.default_rng(seed)), segment_ids

    def batch(self, numbers: Offsets, seeds: Sequence[tuple[int, ...]]) -> Batch:
        """Inputs in a shape that depends on their number alone.

        Returns:
            `ids`, `mask`, `segment_ids` int32 [B, n]; `positions` int32 [B, m], the hidden tokens,
            0 where an input has fewer; `target` int32 [B, m], what stood there, or `IGNORE_INDEX`;
            of sentence pairs `is_random`.
        """
        length = (len(numbers), self.max_length)
        found = {name: np.zeros(length, np.int32) for name in ("ids", "mask", "segment_ids")}
        found["positions"] = np.zeros((len(numbers), self.slots), np.int32)
        found["target"] = np.full_like(found["positions"], IGNORE_INDEX)
        for row, (number, seed) in enumerate(zip(numbers.tolist(), seeds, strict=True)):
            hidden, segment_ids = self.one(number, seed)
            tokens, count = len(segment_ids), len(hidden.positions)
            found["ids"][row, :tokens] = hidden.ids
            found["mask"][row, :tokens] = 1
            found["segment_ids"][row, :tokens] = segment_ids
            found["positions"][row, :count] = hidden.positions
            found["target"][row, :count] = hidden.labels
        if self.pairs:
            found[IS_RANDOM_NEXT] = self.rows[numbers, -1].astype(np.int32)
        return found

    def _segment(self, initial_checkpoint: int, end: int) -> list[int]:
        """Its tokens, without a [SEP] at either end: it will get its own."""
        found: list[int] = self.tokens.ids[initial_checkpoint:end].tolist()
        sep = self.tokenizer.join([]).ids[-1]
        start, stop = found[:1] == [sep], len(found) - (found[-1:] == [sep])
        return found[start:stop]


def open_inputs(
    tokens: TokenisedCorpus,
    vocabulary: Sequence[str],
    tokenizer: Tokenizer,
    options: InputOptions,
    folder: Path,
) -> MaskedInputs:
    """Packs a corpus; what was packed already is in the folder.

    Args:
        tokens: of the corpus, in the folder.
        vocabulary: of them.
        tokenizer: of the same vocabulary; its `max_length` is that of an input.
        options: how they are packed and masked.
        folder: to keep rows in.

    Raises:
        EdgebertError: the corpus cannot be packed so, or a file cannot be written.
    """
    length = tokenizer.options.max_length
    slots = round(options.share * (length - SPECIAL[options.packing]))
    masking = Masking(options.share, whole_words=options.whole_words, most=max(1, slots))
    path = folder / f"{options.packing}-{length}-{options.seed}{ROWS}"
    if not path.exists():
        _write_rows(pack(tokens, options.packing, length, options.seed), path)
    return MaskedInputs(
        tokens,
        memory_map(path, OFFSET_TYPE).reshape(-1, len(Packed._fields)),
        tokenizer,
        Masker(vocabulary, masking),
        length,
        masking.most,
        options.packing == "sentence-pairs",
    )


def _write_rows(rows: Iterator[Packed], path: Path) -> None:
    with replacing(path) as part, part.open("wb") as file:
        while block := list(islice(rows, _BLOCK)):
            file.write(np.array(block, OFFSET_TYPE).tobytes())

"""Masked language models on plain text: top-1, top-5 and perplexity of masked pieces.

In each line 15 % of the word pieces (at least one), drawn from a fixed seed, are replaced by
[MASK], all at once as in pre-training (Devlin et al. 2018, arXiv 1810.04805; without its random
replacements). The perplexity is exp of the mean of -ln p(piece) over all masked pieces. It
compares files with one vocabulary; between vocabularies it says nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.evaluation.bootstrap import SEED, Figures, Measure
from edgebert.evaluation.columns import Columns
from edgebert.evaluation.evaluators.evaluator import EvaluatedModel, Evaluator, Observation
from edgebert.evaluation.lines import read_lines

MASKED = 0.15
"""Share of the pieces."""

_TOPS = (1, 5)


class TextLine(NamedTuple):
    """One line of text; `place` is file and line."""

    text: str
    number: int
    place: str


def _read(path: Path, columns: Columns) -> Iterator[TextLine]:
    """Lines that are not blank."""
    for number, line in enumerate(read_lines(path), 1):
        if text := line.strip():
            yield TextLine(text, number, f"{path}, line {number}")


def _check(model: EvaluatedModel, line: TextLine) -> None:
    if not model.tokenizer.ids(line.text):
        raise EdgebertError(f"{line.place}: has no words; leave the line out")


def _observe(model: EvaluatedModel, lines: Iterable[TextLine]) -> Iterator[Observation]:
    for line in lines:
        started = time.perf_counter()
        tokenizer = model.tokenizer
        encoding = tokenizer.encode(line.text)
        pieces = encoding.length - (tokenizer.options.max_length - tokenizer.capacity())
        positions = _positions(tokenizer.start(), pieces, line.number)
        ids = list(encoding.ids)
        for position in positions:
            ids[position] = tokenizer.mask_id
        logits = model.run_ids(ids, encoding.segment_ids, positions)[0]
        seconds = time.perf_counter() - started
        right = [encoding.ids[position] for position in positions]
        best = [int(row.argmax()) for row in logits]
        yield Observation(
            place=line.place,
            text=line.text,
            expected=_pieces(model, right),
            predicted=_pieces(model, best),
            value=best,
            figures=_figures(logits, right),
            seconds=seconds,
            truncated=encoding.truncated,
        )


def _positions(start: int, pieces: int, number: int) -> list[int]:
    """Which tokens of a line to mask; its `pieces` begin at `start`."""
    chosen = np.random.default_rng((SEED, number)).permutation(pieces)
    return sorted(int(at) + start for at in chosen[: max(1, round(MASKED * pieces))])


def _figures(logits: Array, right: list[int]) -> tuple[float, ...]:
    """Number of masked pieces, sum of -ln p, and how often the right one is among the first.

    Args:
        logits: of the masked pieces, [m, V].
        right: their ids.
    """
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    chosen = wide[np.arange(len(right)), right]
    losses = np.log(np.exp(wide).sum(axis=1)) - chosen
    ranks = (wide >= chosen[:, None]).sum(axis=1)
    return (len(right), float(losses.sum()), *(float((ranks <= k).sum()) for k in _TOPS))


def _pieces(model: EvaluatedModel, ids: list[int]) -> str:
    return " ".join(model.tokenizer.piece(number) for number in ids)


def _perplexity(figures: Figures) -> float:
    count, loss, *_ = figures.sum(axis=0)
    return float(np.exp(loss / count))


def _share(column: int) -> Measure:
    return lambda figures: float(figures[:, column].sum() / figures[:, 0].sum())


FILL_MASK = Evaluator(
    read=_read,
    check=_check,
    observe=_observe,
    metrics=MappingProxyType(
        {
            **{f"top{k}_accuracy": _share(at) for at, k in enumerate(_TOPS, 2)},
            "perplexity": _perplexity,
        }
    ),
    distance=lambda one, other: float(sum(a != b for a, b in zip(one, other, strict=True))),
    falling=frozenset({"perplexity"}),
)

"""Does the converted file give the answers of the checkpoint? Compares it with plain float32."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from edgebert.arrays import Array
from edgebert.bert.tasks import TASKS, TaskName
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter import reference
from edgebert.converter.head import Head
from edgebert.converter.recipe import Limit
from edgebert.data import read_lines
from edgebert.errors import CheckFailedError
from edgebert.model_file.fixed_graphs import FixedGraphs
from edgebert.runtime.delegation import Delegation
from edgebert.runtime.session import Session
from edgebert.runtime.sessions import open_session
from edgebert.tokenizer.tokenizer import Encoding, Tokenizer

SENTENCES = 24
PAIRS = 4
EVERY = 4
PADDED_TO = 32
"""Every text also runs padded to a multiple of this many tokens."""

NOTHING_WRITTEN = "nothing was written. A recipe that keeps more may do: float16, float32"


@dataclass(frozen=True)
class Check:
    """How a file compares with a float32 computation of its checkpoint.

    Attributes:
        texts: compared, each at its own length and padded.
        tokens: (fewest, most) in one text.
        mean_cosine: between outputs; for `regress` one cosine over all texts.
        lowest_cosine: of one text.
        largest_difference: of one value, relative to the largest where that is above 1.
        padding_difference: largest difference that padding made.
        agreement: share of equal answers (what an answer is, `_ANSWERS` tells).
        limit: that had to be met.
    """

    texts: int
    tokens: tuple[int, int]
    mean_cosine: float
    lowest_cosine: float
    largest_difference: float
    padding_difference: float
    agreement: float | None
    limit: Limit

    def failures(self) -> list[str]:
        """What is past the limit, one line each."""
        found = []
        if not self.mean_cosine >= self.limit.mean_cosine:
            found.append(f"mean cosine {self.mean_cosine:.5f} < {self.limit.mean_cosine}")
        if not self.lowest_cosine >= self.limit.lowest_cosine:
            found.append(f"lowest cosine {self.lowest_cosine:.5f} < {self.limit.lowest_cosine}")
        if not self.largest_difference <= self.limit.largest_difference:
            found.append(
                f"largest difference {self.largest_difference:.2g} > "
                f"{self.limit.largest_difference:.2g}"
            )
        return found

    def require(self) -> None:
        """Raises CheckFailedError where the file is past the limit."""
        if failures := self.failures():
            raise CheckFailedError(
                f"the converted model differs too much from float32 ({'; '.join(failures)}); "
                + NOTHING_WRITTEN
            )

    def to_json(self) -> dict[str, Any]:
        """Plain values for the record; an open limit is left out."""
        data = asdict(self)
        data["limit"] = {name: v for name, v in data["limit"].items() if np.isfinite(v)}
        return data


def check_encodings(tokenizer: Tokenizer, max_length: int, *, odd: bool = False) -> list[Encoding]:
    """Inputs of a check: `check_texts`, up to 128 tokens of each; `odd`: `odd_texts` too."""
    most = min(max_length, 128)
    usual = [tokenizer.encode(text, pair, max_length=most) for text, pair in check_texts()]
    if not odd:
        return usual
    longest = min(max_length, 256)
    return usual + [tokenizer.encode(text, pair, max_length=longest) for text, pair in odd_texts()]


def check_texts() -> list[tuple[str, str | None]]:
    """Real sentences, pairs of them, and one text of many."""
    sentences = read_lines("sentences.txt")
    texts: list[tuple[str, str | None]] = [(text, None) for text in sentences[:SENTENCES]]
    texts += [(sentences[2 * i], sentences[2 * i + 1]) for i in range(PAIRS)]
    texts.append((" ".join(sentences[:SENTENCES]), None))
    return texts


def odd_texts() -> list[tuple[str, str | None]]:
    """Texts on which ranges from calibration are put to the test; none of them calibrates."""
    sentences = read_lines("sentences.txt")[:SENTENCES]
    singles = ("hello", "!", "refund", "1999", "the")
    repeated = [(" ".join([word] * times), None) for word in ("error", ",") for times in (5, 100)]
    return [
        *((word, None) for word in singles),
        *repeated,
        ("{x: [1, 2]} // 2026-11-28T16:51:41Z ERROR java.lang.NullPointerException", None),
        ("Wo ist meine Karte? \u6211\u7684\u5361\u5728\u54ea\u91cc", None),
        (sentences[0], ""),
        (" ".join(sentences), " ".join(sentences[::-1])),
    ]


def further_inputs(task: TaskName, tokens: int) -> dict[str, Sequence[int]]:
    """Values for the inputs of a task (`TaskDefinition.inputs`) in a check: every fourth token."""
    return {name: range(0, tokens, EVERY) for name in TASKS[task].inputs}


def compare(
    path: Path,
    checkpoint: Checkpoint,
    head: Head,
    encodings: Sequence[Encoding],
    limit: Limit,
    *,
    max_length: int,
    fixed: FixedGraphs | None = None,
    on_text: Callable[[int], None] = lambda done: None,
) -> tuple[Check, Delegation]:
    """Runs the file and the float32 reference over the same ids.

    Args:
        path: the .tflite; its record is not needed.
        checkpoint: what it was made from.
        head: what it computes.
        encodings: the inputs.
        limit: that the outcome will be held against.
        max_length: most tokens.
        fixed: what the record will say of graphs that take fixed lengths.
        on_text: called with the number of texts done, for a progress bar.
    """
    expected: list[Array] = []
    for ids, segment_ids, _ in encodings:
        expected.append(
            reference.output(
                checkpoint.weights,
                checkpoint.config,
                head,
                ids,
                segment_ids,
                **further_inputs(head.task, len(ids)),
            )
        )
        on_text(len(expected))
    session = open_session(path, max_length=max_length, fixed=fixed, step=1)
    exact = list(_outputs(session, head, encodings))
    delegation = session.delegation()
    session.close()
    session = open_session(path, max_length=max_length, fixed=fixed, step=PADDED_TO)
    padded = list(_outputs(session, head, encodings))
    session.close()
    return _figures(head, encodings, expected, exact, padded, limit), delegation


def _outputs(session: Session, head: Head, encodings: Sequence[Encoding]) -> Iterator[Array]:
    for ids, segment_ids, _ in encodings:
        yield session.run(ids, segment_ids, further_inputs(head.task, len(ids)))


def _figures(
    head: Head,
    encodings: Sequence[Encoding],
    expected: Sequence[Array],
    exact: Sequence[Array],
    padded: Sequence[Array],
    limit: Limit,
) -> Check:
    both = [*zip(expected, exact, strict=True), *zip(expected, padded, strict=True)]
    cosines = _cosines(head, expected, exact)
    if head.task != "regress":
        cosines += _cosines(head, expected, padded)
    magnitude = max(1.0, max(float(np.abs(a).max()) for a in expected))
    lengths = [len(encoding.ids) for encoding in encodings]
    return Check(
        texts=len(encodings),
        tokens=(min(lengths), max(lengths)),
        mean_cosine=float(np.mean(cosines)),
        lowest_cosine=min(cosines),
        largest_difference=max(_difference(a, b) for a, b in both) / magnitude,
        padding_difference=max(map(_difference, exact, padded)),
        agreement=_agreement(head, expected, exact),
        limit=limit,
    )


def mean_loss(head: Head, expected: Sequence[Array], found: Sequence[Array]) -> float:
    """How far the mean cosine of outputs is below 1, measured as in a check."""
    return 1 - float(np.mean(_cosines(head, expected, found)))


def _cosines(head: Head, expected: Sequence[Array], found: Sequence[Array]) -> list[float]:
    """Of each text; of `regress`, whose outputs are single numbers, one over all texts."""
    if head.task == "regress":
        return [cosine(np.concatenate(expected), np.concatenate(found))]
    return [cosine(a, b) for a, b in zip(expected, found, strict=True)]


def cosine(a: Array, b: Array) -> float:
    """Of the angle between two outputs, each as one long vector."""
    x, y = a.reshape(-1).astype(np.float64), b.reshape(-1).astype(np.float64)
    return float(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)))


def _difference(a: Array, b: Array) -> float:
    return float(np.abs(a - b).max())


def _agreement(head: Head, expected: Sequence[Array], found: Sequence[Array]) -> float | None:
    answers = _ANSWERS.get(head.task)
    if answers is None:
        return None
    return float(np.mean(answers(expected) == answers(found)))


def _best(outputs: Sequence[Array]) -> Any:
    """The highest score of each text, or of each of its tokens."""
    return np.concatenate([output.argmax(axis=-1).reshape(-1) for output in outputs])


def _best_token(outputs: Sequence[Array]) -> Any:
    """The token with the highest start and the one with the highest end score."""
    return np.concatenate([output.argmax(axis=1).reshape(-1) for output in outputs])


def _nearest(outputs: Sequence[Array]) -> Any:
    """For each text, which other text is nearest to it."""
    vectors = np.concatenate(outputs)
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -np.inf)
    return similar.argmax(axis=1)


def _order(outputs: Sequence[Array]) -> Any:
    """For each two texts, which has the higher number."""
    numbers = np.concatenate(outputs).reshape(-1)
    return np.greater.outer(numbers, numbers)[np.triu_indices(len(numbers), 1)]


_ANSWERS: Mapping[str, Callable[[Sequence[Array]], Any]] = MappingProxyType(
    {
        "classify": _best,
        "tag": _best,
        "fill-mask": _best,
        "answer": _best_token,
        "embed": _nearest,
        "regress": _order,
    }
)

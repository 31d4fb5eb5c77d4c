"""Texts with some of their words replaced, in a file that an interrupted call resumes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.random import Generator

from edgebert.bulk.resumable import progress_path, resumable
from edgebert.errors import EdgebertError
from edgebert.evaluation.texts import Text
from edgebert.files import make_folder
from edgebert.progress import Progress, silent
from edgebert.train.augmentation.candidates import AugmentationMethod, Candidates, replaced, spans
from edgebert.train.distillation.transfer_set import TransferSet
from edgebert.version import __version__

_BLOCK = 64  # texts whose candidates are found together
_MOST_TIMES = 1000
_LETTERS = 16  # of a hash that tells files apart


@dataclass(frozen=True)
class AugmentationOptions:
    """How many texts are made of one, and how different.

    Attributes:
        times: tries a text; those that come out like it, or like one before, are left out.
        share: of the words that are replaced, on average.
        seed: of all choices.

    Raises:
        EdgebertError: a value is out of range.
    """

    times: int = 8
    share: float = 0.4  # as TinyBERT
    seed: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.times <= _MOST_TIMES:
            raise EdgebertError(
                f"times is {self.times}; a whole number from 1 to {_MOST_TIMES} is needed"
            )
        if not 0 < self.share <= 1:
            raise EdgebertError(f"share is {self.share:g}; a number above 0 and up to 1 is needed")
        if self.seed < 0:
            raise EdgebertError(f"seed is {self.seed}; a whole number from 0 on is needed")


def augment(
    texts: Iterable[Text],
    method: AugmentationMethod,
    output: Path,
    amount: AugmentationOptions,
    *,
    fingerprint: str,
    total: int | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> int:
    """Writes the new texts, without those they were made of.

    The same call resumes an unfinished file; the result is, byte for byte, that of a call that was
    never interrupted.

    Args:
        texts: in the same order at every call.
        method: how words are found.
        output: `.jsonl` gets objects with `text` and perhaps `pair`; any other file a text a line.
        amount: how many.
        fingerprint: of the texts.
        total: number of texts, for `progress`.
        force: begin anew, whatever there is.
        progress: called with how many texts are done.

    Returns:
        How many texts the file has.

    Raises:
        EdgebertError: a pair and no `.jsonl`, a text that UTF-8 cannot write, or an output that
            cannot be written or resumed.
    """
    made_of = {**provenance(method, amount), "the input": fingerprint}
    to_line = _as_json if output.suffix.lower() == ".jsonl" else _as_text
    with resumable(output, made_of, force=force) as lines:
        rest = islice(enumerate(texts), lines.position.lines, None)
        while block := list(islice(rest, _BLOCK)):
            for new in _block(block, method, amount):
                lines.write(*(_written(each, to_line) for each in new))
            progress(lines.position.lines, total, "making texts")
    with output.open("rb") as file:
        return sum(1 for _ in file)


def provenance(method: AugmentationMethod, amount: AugmentationOptions) -> dict[str, str]:
    """What new texts follow from beside the old ones, by name."""
    return {
        "the model": method.fingerprint,
        "an option": json.dumps(asdict(amount), sort_keys=True),
        "the program": f"edgebert {__version__}",
    }


def _block(
    block: Sequence[tuple[int, Text]], method: AugmentationMethod, amount: AugmentationOptions
) -> Iterator[list[Text]]:
    """The new texts of each text."""
    parts = [part for _, text in block for part in (text.text, text.pair) if part is not None]
    candidates = dict(zip(parts, method.candidates(parts), strict=True))
    for number, text in block:
        # Of seed and number alone, so that any text can be the first after a break.
        random = np.random.default_rng((amount.seed, number))
        drawn = (_variant(text, candidates, amount.share, random) for _ in range(amount.times))
        yield [new for new in dict.fromkeys(drawn) if new != text]


def _variant(
    text: Text, candidates: Mapping[str, Sequence[Candidates]], share: float, random: Generator
) -> Text:
    return text._replace(
        text=_with_replacements(text.text, candidates[text.text], share, random),
        pair=None
        if text.pair is None
        else _with_replacements(text.pair, candidates[text.pair], share, random),
    )


def _with_replacements(
    text: str, found: Sequence[Candidates], share: float, random: Generator
) -> str:
    places = zip(spans(text), found, strict=True)
    chosen = [(span, each) for span, each in places if each.words and random.random() < share]
    return replaced(text, [(span, each.draw(random.random())) for span, each in chosen])


def _written(text: Text, to_line: Callable[[Text], str]) -> str:
    line = to_line(text)
    try:
        line.encode()
    except UnicodeEncodeError as error:
        raise EdgebertError(
            f"{text.place}: has a lone surrogate, which is no character; decode the text as UTF-8 "
            "or UTF-16 first"
        ) from error
    return line


def _as_json(text: Text) -> str:
    pair = {} if text.pair is None else {"pair": text.pair}
    return json.dumps({"text": text.text, **pair}, ensure_ascii=False)


def _as_text(text: Text) -> str:
    if text.pair is not None:
        raise EdgebertError(f"{text.place}: has a pair; give the output a name ending in .jsonl")
    return " ".join(text.text.split())


def augment_transfer_set(
    transfer: TransferSet,
    method: AugmentationMethod,
    amount: AugmentationOptions,
    folder: Path,
    progress: Progress = silent,
) -> TransferSet:
    """The texts with new ones, which are kept in a file of the folder.

    The file's name follows from all that its texts follow from: what is there is used again, and
    what is unfinished is finished.

    Args:
        transfer: labelled and other texts; new ones are made of both, and have no labels.
        method: how words are found.
        amount: how many texts are made.
        folder: made where it is not there.
        progress: called with how many texts are done.

    Raises:
        EdgebertError: a file cannot be read or written.
    """
    fingerprint = transfer.fingerprint
    made_of = json.dumps([provenance(method, amount), fingerprint], sort_keys=True)
    path = folder / f"{hashlib.sha256(made_of.encode()).hexdigest()[:_LETTERS]}.jsonl"
    if not path.exists() or progress_path(path).exists():
        # Labels are passed over, so a row may have as many as it likes.
        total = sum(1 for _ in transfer.read(multi_label=True))
        texts = (text for text, _ in transfer.read(multi_label=True))
        make_folder(folder)
        augment(
            texts, method, path, amount, fingerprint=fingerprint, total=total, progress=progress
        )
    return replace(transfer, texts=(*transfer.texts, path))

"""The data of a fit: read, mended, checked, split and written for the commands that follow."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgebert.dataset.check import check_data
from edgebert.dataset.checked import CheckedData
from edgebert.dataset.duplicates import content_of
from edgebert.dataset.findings import DataReport
from edgebert.dataset.samples import (
    SPLITS,
    Kind,
    Sample,
    Split,
    kind_of,
    label_counts,
    read_samples,
    write_samples,
)
from edgebert.dataset.split import split_samples, without_leaks
from edgebert.errors import CheckFailedError, EdgebertError, RowError
from edgebert.evaluation.out_of_scope import read_outside
from edgebert.evaluation.records import OnFault, raise_fault
from edgebert.evaluation.texts import Text
from edgebert.files import replacing
from edgebert.fitting.request import FitRequest
from edgebert.formatting import plural
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.train.finetuning.task import in_order

_DEV, _TEST = 0.1, 0.15
"""Shares of the data, where it is not split already."""
_MOST_DEV, _MOST_TEST = 2_000, 5_000
"""Rows that are enough: an interval of 90 % accuracy is 2.6 and 1.7 points wide on so many."""
_TEXTS_TIMED = 100


@dataclass(frozen=True)
class FitData:
    """What the steps learn from.

    Attributes:
        kind: of the data.
        labels: as the models will have them.
        rows: by split.
        folder: of the written files.
        report: what the check found.
        leaks: rows of train or dev that were left out, since they stand in another split too.
        has_pairs: rows have a second text.
        outside: texts that belong to no label, by split; empty: none were given.
        outside_leaks: such texts that were left out, since they stand in a split too.
    """

    kind: Kind
    labels: tuple[str, ...]
    rows: dict[str, int]
    folder: Path
    report: dict[str, Any]
    leaks: int
    has_pairs: bool = False
    outside: dict[Split, int] = field(default_factory=dict)
    outside_leaks: int = 0

    def path(self, split: Split) -> Path:
        """The file of a split."""
        return self.folder / f"{split}.{'conll' if self.kind.task == 'tag' else 'jsonl'}"

    def outside_path(self, split: Split) -> Path | None:
        """The file of a split's texts that belong to no label; None where none were given."""
        return self.folder / f"out-of-scope-{split}.jsonl" if self.outside else None

    @property
    def texts(self) -> Path:
        """Texts of dev, as `edgebert benchmark` takes them."""
        return self.folder / "texts.txt"


def read_data(request: FitRequest, on_fault: OnFault = raise_fault) -> tuple[Kind, list[Sample]]:
    """All rows, in the splits that they were given in; `on_fault` is told of unreadable ones.

    Raises:
        EdgebertError: a file cannot be read, or is for a task that is not fitted.
    """
    if request.task is None and not request.multi_label:
        kind = kind_of(request.train[0], request.columns)
    else:
        kind = Kind(request.task or "classify", request.multi_label)
    if kind.task not in ("classify", "regress", "tag"):
        raise EdgebertError(
            f"{request.train[0]}: data for {kind.task}; classify, regress and tag are fitted"
        )
    splits: tuple[Split, ...] = ("dev", "test")
    samples = read_samples(request.train, "train", kind, request.columns, on_fault)
    for split, path in zip(splits, (request.dev, request.test), strict=True):
        if path is not None:
            samples += read_samples([path], split, kind, request.columns, on_fault)
    return kind, samples


def prepare(
    request: FitRequest,
    kind: Kind,
    samples: list[Sample],
    tokenizer: Tokenizer,
    unreadable: Sequence[RowError] = (),
) -> tuple[list[Sample], DataReport, int]:
    """The rows without leaks, split where they were not, and what the check found.

    Returns:
        Samples, the report, and how many rows were left out.

    Raises:
        EdgebertError: no row to learn from is left.
    """
    kept, leaks = (samples, 0) if request.allow_leak else without_leaks(samples)
    train = [sample for sample in kept if sample.split == "train"]
    if leaks and not train:
        raise EdgebertError(
            "all rows of DATA stand in --dev or --test too; give other rows to learn from"
        )
    shares: dict[Split, float] = {}
    if request.dev is None:
        shares["dev"] = min(_DEV, _MOST_DEV / max(1, len(train)))
    if request.test is None:
        shares["test"] = min(_TEST, _MOST_TEST / max(1, len(train)))
    if shares:
        rest = [sample for sample in kept if sample.split != "train"]
        kept = [*split_samples(train, kind, shares, request.seed), *rest]
    report = check_data(CheckedData(kept, kind, tokenizer, request.allow_leak, unreadable))
    return kept, report, leaks


def require_sound(report: DataReport) -> None:
    """Refuses data that would spoil what is trained on it.

    Raises:
        CheckFailedError: names every fault.
    """
    if report.errors:
        faults = "; ".join(f"{each.name}: {each.message}" for each in report.errors)
        raise CheckFailedError(f"the data has to be mended first: {faults}")


def write_data(
    folder: Path, kind: Kind, samples: list[Sample], report: DataReport, leaks: int
) -> FitData:
    """Writes the files of all splits."""
    folder.mkdir(parents=True, exist_ok=True)
    counts = label_counts(samples)
    labels = in_order(tuple(counts)) if kind.task == "classify" else ()
    if kind.task == "tag":
        labels = in_order({tag for sample in samples for tag in sample.label.split(" ")})
    pairs = any(each.pair is not None for each in samples)
    data = FitData(kind, labels, dict(report.rows), folder, report.to_json(), leaks, pairs)
    for split in SPLITS:
        with replacing(data.path(split), force=True) as part:
            write_samples((each for each in samples if each.split == split), part)
    with replacing(data.texts, force=True) as part:
        part.write_text("".join(_text_lines(samples)), encoding="utf-8")
    return data


def _text_lines(samples: list[Sample]) -> list[str]:
    dev = [sample for sample in samples if sample.split == "dev"]
    chosen = dev[:: max(1, len(dev) // _TEXTS_TIMED)]
    texts = ((each.text, *([] if each.pair is None else [each.pair])) for each in chosen)
    return ["\t".join(" ".join(text.split()) for text in each) + "\n" for each in texts]


def with_outside(data: FitData, samples: Sequence[Sample], path: Path, seed: int) -> FitData:
    """Writes half of the texts that belong to no label for train, a quarter each for dev and test.

    What was learned does not tell how to set the rule of when to abstain, and what the rule was
    fitted on does not tell how well it works. A text that stands among `samples` belongs to a
    label, so it is left out.

    Raises:
        EdgebertError: they cannot be read, or fewer than four are left.
    """
    unique = {content_of(each): each for each in read_outside(path)}
    within = {content_of(each) for each in samples}
    texts = [text for content, text in unique.items() if content not in within]
    leaks = len(unique) - len(texts)
    quarter = len(texts) // 4
    if not quarter:
        besides = f", beside {leaks:,} that have a label in the data" if leaks else ""
        raise EdgebertError(
            f"{path}: {plural(len(texts), 'text')}{besides}; give four or more: half to learn "
            "from, a quarter for the rule, and a quarter to measure it"
        )
    order = np.random.default_rng(seed).permutation(len(texts))
    bounds: dict[Split, slice] = {
        "train": slice(2 * quarter, None),
        "dev": slice(quarter),
        "test": slice(quarter, 2 * quarter),
    }
    outside: dict[Split, int] = {}
    for split, part_of in bounds.items():
        chosen = [texts[place] for place in sorted(order[part_of])]
        outside[split] = len(chosen)
        with replacing(data.folder / f"out-of-scope-{split}.jsonl", force=True) as part:
            part.write_text("".join(_text_line(each) for each in chosen), encoding="utf-8")
    return replace(data, outside=outside, outside_leaks=leaks)


def _text_line(text: Text) -> str:
    record = {"text": text.text, **({} if text.pair is None else {"pair": text.pair})}
    return json.dumps(record, ensure_ascii=False) + "\n"

"""Ranges that a network learned while it was rounded: `quantization.json` beside its weights.

`convert --quantize int8-full` takes them in place of calibration.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from edgebert.arrays import Weights
from edgebert.bert.config import BertConfig
from edgebert.errors import EdgebertError
from edgebert.text_files import read_json_object
from edgebert.typed_json import from_json

FILE = "quantization.json"

_FORMAT = 2
"""1: of an earlier graph, which had other values."""


@dataclass(frozen=True)
class Scales:
    """By what the integer graph scales rows and channels (`converter.full_integer.transforms`).

    Attributes:
        mask: taken from the score of padding.
        rows: by norm, what the first row of its sum is multiplied by; 1 if absent.
        channels: by norm, what its output is divided by, a number a channel, and what the
            embeddings are; 1 if absent.
    """

    mask: float
    rows: dict[str, float]
    channels: dict[str, tuple[float, ...]]


@dataclass(frozen=True)
class Learned:
    """What a network was trained with, and what its values became.

    Attributes:
        weights: their fingerprint.
        scales: of the graph it was trained as.
        ranges: least and largest of each value, by name.
        length: tokens of the longest input that it was trained for.
        texts: that it learned from.
        tokens: of all of them.
    """

    weights: str
    scales: Scales
    ranges: dict[str, tuple[float, ...]]
    length: int
    texts: int
    tokens: int

    def to_json(self) -> str:
        """The file's text."""
        return json.dumps({"format": _FORMAT, **asdict(self)}, indent=1) + "\n"

    def check(self, weights: Weights, config: BertConfig, source: str) -> None:
        """Refuses ranges that are not of these weights.

        Raises:
            EdgebertError: the weights were changed since, or a number is none that training gives.
        """
        remedy = "take ranges from text with --calibration, or train again with --qat int8-full"
        if self.weights != weights_fingerprint(weights):
            raise EdgebertError(
                f"{source}: {FILE} tells ranges of other weights than are there now; {remedy}"
            )
        widths = {len(each) for each in self.scales.channels.values()} - {config.hidden_size}
        pairs = all(len(span) == 2 and span[0] <= span[1] for span in self.ranges.values())
        if widths or not pairs or not all(math.isfinite(number) for number in self._numbers()):
            raise EdgebertError(f"{source}: {FILE} is damaged; {remedy}")
        if not all(number > 0 for number in self._scales()):
            raise EdgebertError(f"{source}: {FILE} is damaged: a scale is not positive; {remedy}")

    def _scales(self) -> Iterator[float]:
        yield self.scales.mask
        yield from self.scales.rows.values()
        for each in self.scales.channels.values():
            yield from each

    def _numbers(self) -> Iterator[float]:
        yield from self._scales()
        for span in self.ranges.values():
            yield from span


def read_learned(folder: Path) -> Learned | None:
    """The ranges in a folder; None where it has none.

    Raises:
        EdgebertError: the file cannot be read or is not one of ours.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    raw = read_json_object(path)
    if raw.get("format") != _FORMAT:
        raise EdgebertError(
            f"{path}: its format is not {_FORMAT}; remove it, or use the edgebert that wrote it"
        )
    return from_json(Learned, raw, str(path))


def weights_fingerprint(weights: Weights) -> str:
    """By which weights are known again, whatever the file they are in."""
    found = hashlib.sha256()
    for part in fingerprint_parts(weights):
        found.update(part)
    return f"sha256 {found.hexdigest()}"


def fingerprint_parts(weights: Weights) -> Iterator[bytes | memoryview]:
    """What a fingerprint of weights is made of."""
    for name in sorted(weights):
        yield name.encode()
        yield np.ascontiguousarray(weights[name]).data

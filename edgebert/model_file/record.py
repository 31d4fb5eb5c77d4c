"""edgebert's own record: what a file holds, how it was made and what it must answer.

It lies in the file as `edgebert.json`; `record.schema.json` beside this module is its schema, for
readers in other languages.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from edgebert.bert.config import BertConfig
from edgebert.bert.tasks import TaskName
from edgebert.errors import EdgebertError
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.typed_json import from_json

FORMAT = 1
"""Goes up when an older edgebert could misread a newer record."""


@dataclass(frozen=True)
class Source:
    """Where the weights came from: what the user named, and its format."""

    name: str
    format: str


@dataclass(frozen=True)
class Quantization:
    """How numbers are kept: the recipe's name, and what it did to each kind of tensor."""

    name: str
    matrices: str
    tables: str
    activations: str


@dataclass(frozen=True)
class SelfTest:
    """One text, its ids, and what the file answered where it was made.

    Attributes:
        further: values of the inputs beside ids, mask and segment ids, by name.
        output: every `stride`-th value of the flattened output.
        shape: of the whole output.
    """

    text: str
    pair: str | None
    ids: tuple[int, ...]
    segment_ids: tuple[int, ...]
    further: dict[str, tuple[int, ...]]
    shape: tuple[int, ...]
    stride: int
    output: tuple[float, ...]


@dataclass(frozen=True)
class Record:
    """Everything edgebert knows of a file.

    Attributes:
        minimum_runtime: lowest TFLite version that has all its ops.
        check: figures of the comparison with float (see `converter.check.Check`).
        tools: versions of what made it.
        self_test_tolerance: largest difference that `selftest` accepts on another machine.
    """

    task: TaskName
    labels: tuple[str, ...] | None
    multi_label: bool
    pooling: Literal["mean", "cls"] | None
    normalize: bool
    max_length: int
    tokenizer: TokenizerOptions
    model: BertConfig
    source: Source
    quantization: Quantization
    minimum_runtime: str
    check: dict[str, Any]
    tools: dict[str, str]
    self_test_tolerance: float
    self_test: tuple[SelfTest, ...] = field(repr=False)
    format: int = FORMAT

    def to_json(self) -> str:
        """The text that lies in the file."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Record:
        """Reads a record, which may come from anywhere.

        Raises:
            EdgebertError: not JSON, of a newer format, or not as the schema says.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise EdgebertError("edgebert record: not JSON") from None
        if isinstance(data, dict) and data.get("format") != FORMAT:
            raise EdgebertError(
                f"edgebert record: format {data.get('format')!r}, this edgebert reads {FORMAT}; "
                "update edgebert or convert again"
            )
        return from_json(cls, data, "edgebert record: record")

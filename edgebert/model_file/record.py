"""edgebert's own record: what a file holds, how it was made and what it must answer.

It lies in the file as `edgebert.json`; `record.schema.json` beside this module is its schema, for
readers in other languages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from edgebert.bert.config import BertConfig
from edgebert.bert.tasks import TaskName
from edgebert.errors import EdgebertError
from edgebert.tokenizer.options import TokenizerOptions

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
        record: Record = _read(cls, data, "record")
        return record


def _read(kind: Any, value: Any, where: str) -> Any:
    """The value as the type hint says, or an error that names the place."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin in (Union, UnionType):
        inner = next(a for a in arguments if a is not type(None))
        return None if value is None else _read(inner, value, where)
    if origin is Literal and value in arguments:
        return value
    if origin is tuple and isinstance(value, list):
        return tuple(_read(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {str(k): _read(arguments[1], item, f"{where}.{k}") for k, item in value.items()}
    if hasattr(kind, "__dataclass_fields__") and isinstance(value, Mapping):
        hints = get_type_hints(kind)
        missing = [name for name in hints if name not in value and name in kind.__match_args__]
        if missing:
            raise EdgebertError(f"edgebert record: {where}.{missing[0]} is missing")
        return kind(
            **{
                name: _read(hint, value[name], f"{where}.{name}")
                for name, hint in hints.items()
                if name in value
            }
        )
    if kind is float and type(value) in (int, float):
        return float(value)
    if origin is None and type(value) is kind:
        return value
    raise EdgebertError(f"edgebert record: {where} is {str(value)[:40]!r}, which does not fit")

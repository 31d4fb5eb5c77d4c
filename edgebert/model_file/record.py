"""edgebert's own record: what a file holds, how it was made and what it must answer.

It lies in the file as `edgebert.json`; `record.schema.json` beside this module is its schema, for
readers in other languages, made from these classes and their docstrings by `make docs`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from edgebert.bert.config import BertConfig
from edgebert.bert.sentence import Pooling
from edgebert.bert.tasks import TaskName
from edgebert.errors import EdgebertError
from edgebert.lazy_names import lazy_names
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.typed_json import from_json

if TYPE_CHECKING:
    from edgebert.model_file.abstention_rule import Abstention
    from edgebert.model_file.fixed_graphs import FixedGraphs, FloatGraphs, Integer
    from edgebert.model_file.teaching import Teaching
    from edgebert.model_file.trimmed_vocabulary import TrimmedVocabulary

# What most files lack: making a dataclass takes longer than reading one, and each start would.
__getattr__ = lazy_names(
    __name__,
    {
        "Abstention": "edgebert.model_file.abstention_rule",
        "FloatGraphs": "edgebert.model_file.fixed_graphs",
        "Integer": "edgebert.model_file.fixed_graphs",
        "Teaching": "edgebert.model_file.teaching",
        "TrimmedVocabulary": "edgebert.model_file.trimmed_vocabulary",
    },
)

FORMATS = (1, 2, 3, 4, 5)
"""A number goes up when an older reader could misread a newer record; 2 says that the file has
graphs of whole numbers (`Record.integer`), 3 that a reader must know of added tokens, truncation
from the left, templates and prompts, since passing over them would change answers, 4 that it must
know of abstaining, 5 that float graphs take fixed lengths (`Record.fixed`)."""

_PLAIN = TokenizerOptions()


@dataclass(frozen=True)
class Source:
    """Where the weights came from: what the user named, and its format."""

    name: str
    format: str


@dataclass(frozen=True)
class Quantization:
    """How numbers are kept: the recipe's name ("int8"), and what it did to each kind of tensor."""

    name: str
    matrices: str
    tables: str
    activations: str


@dataclass(frozen=True)
class SelfTest:
    """One text, its ids, and what the file answered where it was made.

    Attributes:
        further: values of the inputs beside ids, mask and segment_ids, by name: numbers of tokens.
        shape: of the whole output, padding cut off.
        stride: `output` holds every `stride`-th value of the flattened output.
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
        labels: of `classify` and `tag`, in the order of the outputs.
        multi_label: the scores of `classify` are independent (sigmoid).
        pooling: of `embed`: mean, cls, max, weightedmean, mean_sqrt_len_tokens or lasttoken; or
            several joined by +, whose vectors then stand one behind the other.
        normalize: vectors of `embed` have length 1.
        max_length: most tokens of an input, special ones included.
        minimum_runtime: lowest TFLite version that has all its ops, such as "2.17".
        check: figures of the comparison with float32 (see `converter.check.Check`).
        tools: versions of what made it.
        self_test_tolerance: largest difference that `selftest` accepts on another machine.
        integer: of a full-integer file.
        fixed: of a file whose float graphs take fixed lengths; with neither, it takes any length.
        prompts: of `embed`: texts that are put before a text, by name ("query", "passage").
        default_prompt: name of the one that is taken where none is asked for.
        sigmoid: of `regress`: the value is the sigmoid of the classifier's output.
        vector_size: of `embed`: how many numbers a vector has; None: as many as a token's.
        graph_crc32c: CRC-32C (Castagnoli) of all bytes before the archive. Where it is there, a
            reader refuses a file that is not exactly the graph with this checksum and an archive in
            its one form (docs/design.md, The file). None where the version that wrote the file
            computed none.
        vocabulary: where not all word pieces of the checkpoint were kept.
        abstention: of `classify`, `tag` and `answer`: when the answer is not to be relied on; None,
            and not in the file: never.
        teaching: of `classify`: how labels are taught to it; None, and not in the file: they are
            not. The graph has a second output for it.
    """

    task: TaskName
    labels: tuple[str, ...] | None
    multi_label: bool
    pooling: Pooling | None
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
    integer: Integer | None = None
    prompts: dict[str, str] = field(default_factory=dict)
    default_prompt: str | None = None
    sigmoid: bool = False
    vector_size: int | None = None
    vocabulary: TrimmedVocabulary | None = None
    abstention: Abstention | None = None
    teaching: Teaching | None = None
    fixed: FloatGraphs | None = None
    graph_crc32c: int | None = None

    @property
    def fixed_graphs(self) -> FixedGraphs | None:
        """Of a file whose graphs take fixed lengths, what a session needs to know of them."""
        return self.integer or self.fixed

    @property
    def format(self) -> int:
        """One of `FORMATS`."""
        if self.fixed is not None:
            return 5
        if self.abstention is not None:
            return 4
        tokenizer = self.tokenizer
        if (
            tokenizer.truncation_side != _PLAIN.truncation_side
            or tokenizer.added_tokens
            or tokenizer.template is not None
            or self.prompts
        ):
            return 3
        return 1 if self.integer is None else 2

    def to_json(self) -> str:
        """The text that lies in the file."""
        data = {**asdict(self), "format": self.format}
        for name in ("abstention", "teaching"):
            if data[name] is None:
                del data[name]
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Record:
        """Reads a record, which may come from anywhere.

        Raises:
            EdgebertError: not JSON, of a newer format, or not as the schema says.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise EdgebertError("edgebert record: not JSON") from error
        if isinstance(data, dict) and data.get("format") not in FORMATS:
            raise EdgebertError(
                f"edgebert record: format {data.get('format')!r}, this edgebert reads "
                f"{', '.join(map(str, FORMATS))}; update edgebert or convert again"
            )
        return from_json(cls, data, "edgebert record: record")

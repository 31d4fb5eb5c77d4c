"""edgebert's own record: what a file holds, how it was made and what it must answer.

It lies in the file as `edgebert.json`; `record.schema.json` beside this module is its schema, for
readers in other languages, made from these classes and their docstrings by `make docs`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from edgebert.bert.config import BertConfig
from edgebert.bert.sentence import Pooling
from edgebert.bert.tasks import TaskName
from edgebert.errors import EdgebertError
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.typed_json import from_json

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
class TrimmedVocabulary:
    """Which word pieces of a checkpoint were kept, and what that does to texts.

    Attributes:
        source_pieces: that the checkpoint has.
        pieces: that were kept.
        always_kept: of these, special and added tokens, and the characters of the scripts met.
        chosen_from: name of the file of texts that chose.
        texts: how many it has.
        measured_on: texts that did not choose.
        measured_texts: how many.
        untouched_texts: share of them that is cut into pieces as before.
        untouched_words: likewise of their words.
    """

    source_pieces: int
    pieces: int
    always_kept: int
    chosen_from: str
    texts: int
    measured_on: str
    measured_texts: int
    untouched_texts: float | None
    untouched_words: float | None


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
class Calibration:
    """The texts from which the ranges of a full-integer file were taken.

    Attributes:
        source: name of the file; or what stands for the texts that edgebert brings.
        texts: how many.
        tokens: of all texts, padding not counted.
    """

    source: str
    texts: int
    tokens: int


@dataclass(frozen=True)
class Integer:
    """The graphs of a full-integer file, and what the host has to do around them.

    Attributes:
        lengths: tokens that each graph takes, ascending; its signature is `length_N`. A text is
            padded to the smallest that holds it.
        inputs: names of the graphs' inputs: int32 [1, N] each, positions [1, M].
        pad_id: the id that fills a text up.
        positions: M of `fill-mask`: how many positions one run computes; unused places hold 0.
        output_scale: a value of the output is `output_scale * (number - output_zero_point)`.
        output_zero_point: see `output_scale`.
        host: what is left to be done to the de-quantised output: nothing, scale it to length 1, or
            turn logits into probabilities.
        mean_step: of an `embed` that is not normalised, whose graph rounds the weight 1 / n of the
            mean over n tokens to a multiple of this: multiply the de-quantised output by
            (1 / n) / (max(1, rint(1 / (n * mean_step))) * mean_step).
        calibration: where the ranges come from.
        int16: names of the values that are int16 in a mixed file.
        float32: names of those that are float32 in one that was allowed to.
    """

    lengths: tuple[int, ...]
    inputs: tuple[str, ...]
    pad_id: int
    positions: int | None
    output_type: Literal["int8", "int16"]
    output_scale: float
    output_zero_point: int
    host: Literal["none", "normalize", "softmax", "sigmoid"]
    mean_step: float | None
    calibration: Calibration
    int16: tuple[str, ...] = ()
    float32: tuple[str, ...] = ()

    @property
    def mixed(self) -> dict[str, tuple[str, ...]]:
        """The values of a mixed file that are not int8, by type."""
        found = {"int16": self.int16, "float32": self.float32}
        return {kind: names for kind, names in found.items() if names}


@dataclass(frozen=True)
class AbstentionFit:
    """What a rule of when to abstain was fitted on, and what it came to there.

    Attributes:
        data: name of the file of labelled texts.
        rows: how many.
        out_of_scope: name of the file of texts that belong to no label; None: there was none.
        max_wrong: share of wrong answers among those given that is kept with a confidence of
            95 %; None: `min_coverage` was asked for.
        min_coverage: share of the texts to be answered that was asked for.
        coverage: share of the rows that is answered.
        wrong: share of these that is wrong.
        rejected: share of the texts out of scope that is not answered; None: there were none.
    """

    data: str
    rows: int
    out_of_scope: str | None
    max_wrong: float | None
    min_coverage: float | None
    coverage: float
    wrong: float
    rejected: float | None


@dataclass(frozen=True)
class Abstention:
    """When a classifier abstains, from the probabilities that its graph gives.

    With p the probabilities, each at least 1e-12, and b the first of the highest: the scores are
    p ** (1 / temperature), divided by their sum; the classifier abstains where the score of b is
    below `min_score`, or the mean of -log p, less `energies[b]`, is below `min_scope`.

    Attributes:
        temperature: above 0.
        energies: for each label.
        min_score: see above.
        min_scope: see above.
    """

    temperature: float
    energies: tuple[float, ...] = field(repr=False)
    min_score: float
    min_scope: float
    fit: AbstentionFit


@dataclass(frozen=True)
class Fixed:
    """Float graphs of fixed lengths; the attributes are those of `Integer`."""

    lengths: tuple[int, ...]
    inputs: tuple[str, ...]
    pad_id: int
    positions: int | None

    @property
    def host(self) -> Literal["none"]:
        """What is left to be done to the output: nothing, it is in the graph."""
        return "none"

    @property
    def mean_step(self) -> None:
        """No weights of a mean are rounded."""
        return None


FixedGraphs: TypeAlias = Integer | Fixed
"""What a session needs to know of graphs that take fixed lengths."""


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
        abstention: of `classify`: when the answer is not to be relied on; None, and not in the
            file: never.
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
    fixed: Fixed | None = None
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
        if self.abstention is None:
            del data["abstention"]
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

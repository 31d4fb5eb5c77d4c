"""What every checkpoint reader gives, whatever the format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgebert.arrays import Weights
from edgebert.bert.config import BertConfig
from edgebert.bert.sentence import DenseActivation, Pooling
from edgebert.bert.tasks import TASKS, TaskName
from edgebert.bert.weights import check_weights, heads_of
from edgebert.checkpoints.cross_encoder import ScoreActivation
from edgebert.checkpoints.learned import Learned
from edgebert.errors import EdgebertError
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.tokenizer.unigram import UnigramModel


@dataclass(frozen=True)
class TokenizerFiles:
    """The files of a tokenizer as they lie on disk, while the checkpoint is open.

    Attributes:
        folder: that they are in.
        lower_case: what no file says; None: as the files say, or as transformers has it.
    """

    folder: Path
    lower_case: bool | None = None


@dataclass(frozen=True)
class Checkpoint:
    """A compact BERT as it came from disk, under canonical names.

    Attributes:
        weights: float32 arrays by canonical name (`bert.weights`).
        vocabulary: word pieces; the index is the id.
        tokenizer_files: for a second opinion on both.
        unigram: the rest of a unigram tokenizer; None where it is WordPiece.
        labels: of the classifier or tagger, None where the checkpoint names none.
        task: what the checkpoint was made for; None where it has only a bare encoder.
        multi_label: the classifier's labels are independent (sigmoid, not softmax).
        sigmoid: the value of a regression is the sigmoid of its output.
        cross_encoder: it says that it is one of sentence-transformers.
        pooling: how a sentence vector is made, where the checkpoint says so.
        projections: dense layers behind the pooling, by their activations; `projections.N.weight`
            and `.bias` are among the weights.
        normalize: whether the sentence vector has length 1.
        truncate_dim: how many of its first numbers are kept, which comes last; None: all.
        prompts: texts that are put before a text to be embedded, by name.
        default_prompt: name of the one that is put before every text.
        include_prompt: the tokens of a prompt are pooled, too.
        faults: what of it cannot be used, and why: by head, "labels" or "task". An error only
            where it is needed (`require`).
        learned: ranges for a full-integer file, where training has found them.
        source: what the user named, for the record.
        format: e.g. "TensorFlow 1 checkpoint".

    Raises:
        EdgebertError: weights, vocabulary or labels do not fit the config.
    """

    config: BertConfig
    weights: Weights = field(repr=False)
    vocabulary: tuple[str, ...] = field(repr=False)
    tokenizer: TokenizerOptions = field(default_factory=TokenizerOptions)
    unigram: UnigramModel | None = field(default=None, repr=False)
    tokenizer_files: TokenizerFiles | None = None
    labels: tuple[str, ...] | None = None
    task: TaskName | None = None
    multi_label: bool = False
    sigmoid: bool = False
    cross_encoder: bool = False
    pooling: Pooling | None = None
    projections: tuple[DenseActivation, ...] = ()
    normalize: bool = False
    truncate_dim: int | None = None
    prompts: Mapping[str, str] = field(default_factory=dict)
    default_prompt: str | None = None
    include_prompt: bool = True
    faults: Mapping[str, str] = field(default_factory=dict, repr=False)
    learned: Learned | None = field(default=None, repr=False)
    source: str = ""
    format: str = ""

    def __post_init__(self) -> None:
        check_weights(self.weights, self.config)
        if len(self.vocabulary) != self.config.vocab_size:
            raise EdgebertError(
                f"checkpoint: the vocabulary has {len(self.vocabulary)} word pieces, "
                f"the config needs {self.config.vocab_size}"
            )
        for head in ("classifier", "tagger"):
            if self.labels is not None and head in self.heads:
                rows = len(self.weights[f"{head}.weight"])
                if len(self.labels) != rows:
                    raise EdgebertError(
                        f"checkpoint: {len(self.labels)} labels for a {head} with {rows} outputs"
                    )

    def require(self, part: str) -> None:
        """Refuses a part that is needed and cannot be used.

        Raises:
            EdgebertError: what is wrong with it.
        """
        if part in self.faults:
            raise EdgebertError(self.faults[part])

    def with_activation(self, activation: ScoreActivation) -> Checkpoint:
        """The same with the activation of a CrossEncoder on its classifier's outputs."""
        sigmoid = activation == "sigmoid"
        return replace(
            self,
            sigmoid=sigmoid and self.task == "regress",
            multi_label=self.multi_label or (sigmoid and self.task == "classify"),
            cross_encoder=True,
        )

    def make_tokenizer(self, max_length: int | None = None) -> Tokenizer:
        """The tokenizer that it was trained with; `max_length` replaces that of the options."""
        options = self.tokenizer
        if max_length is not None:
            options = replace(options, max_length=max_length)
        return Tokenizer(self.vocabulary, options, self.unigram)

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads this checkpoint has."""
        return heads_of(self.weights)

    @property
    def tasks(self) -> tuple[TaskName, ...]:
        """The tasks this checkpoint can be converted for."""
        return tuple(t.name for t in TASKS.values() if {*t.needs(self.config)} <= {*self.heads})

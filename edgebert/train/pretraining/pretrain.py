"""Pre-training from end to end: plain text to a checkpoint with a masked language model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from edgebert.bulk.fingerprint import digest
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.errors import EdgebertError
from edgebert.files import make_folder
from edgebert.progress import Progress, silent
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.train.defaults import Problem
from edgebert.train.evaluation import DevResult
from edgebert.train.loop import Notify
from edgebert.train.pretraining.batching import PretrainingBatches
from edgebert.train.pretraining.corpus import CorpusLine, read_corpus
from edgebert.train.pretraining.evaluation import evaluate_mlm
from edgebert.train.pretraining.inputs import InputOptions, open_inputs
from edgebert.train.pretraining.new_model import NewModel, initial_checkpoint
from edgebert.train.pretraining.objective import PretrainObjective
from edgebert.train.pretraining.tokenised_corpus import (
    TokenisedCorpus,
    TokenWriter,
    open_tokenised_corpus,
)
from edgebert.train.report import TrainingReport
from edgebert.train.settings import ResolvedSettings, Settings
from edgebert.train.strategy import worker_folder
from edgebert.train.trials import Experiment, refuse_existing_model, run_trials

CORPUS = "corpus"
"""The folder beside the model's files in which the corpus is kept as token ids."""

_PROGRESS_EVERY = 1024  # lines


@dataclass(frozen=True)
class Corpus:
    """Text to learn from.

    Attributes:
        files: plain text, or with a column `text`; perhaps compressed.
        dev: to evaluate on; None: a share of the text is held out.
        held_out: that share.
        options: how text becomes inputs.
        epoch_steps: steps that count as an epoch; None: a pass over the text.

    Raises:
        EdgebertError: a value is out of range.
    """

    files: tuple[Path, ...]
    dev: Path | None = None
    held_out: float = 0.02
    options: InputOptions = field(default_factory=InputOptions)
    epoch_steps: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.held_out < 1:
            raise EdgebertError(
                f"the share that is held out is {self.held_out:g}; a number between 0 and 1 is "
                "needed"
            )
        if self.epoch_steps is not None and self.epoch_steps < 1:
            raise EdgebertError(f"steps of an epoch are {self.epoch_steps}; at least 1 is needed")

    def lines(self) -> Iterator[CorpusLine]:
        """All lines, for training and for evaluation."""
        if self.dev is None:
            yield from read_corpus(self.files, self.held_out)
            return
        yield from read_corpus(self.files)
        yield from (line._replace(held_out=True) for line in read_corpus([self.dev]))

    def fingerprint(self) -> dict[str, Any]:
        """By which its lines are known again."""
        return {
            "files": [f"{path.name} {digest(path)}" for path in self.files],
            "dev": None if self.dev is None else f"{self.dev.name} {digest(self.dev)}",
            "held_out": self.held_out,
        }


def pretrain(
    source: Checkpoint | NewModel,
    corpus: Corpus,
    output: Path,
    trials: Sequence[Settings] = (Settings(),),
    *,
    max_length: int | None = None,
    resume: bool = False,
    force: bool = False,
    progress: Progress = silent,
    notify: Notify = lambda line: None,
) -> TrainingReport:
    """Trains a masked language model and writes it as a Hugging Face folder.

    Args:
        source: a plain BERT to go on with, or what to draw.
        corpus: text.
        output: folder to write; the text is kept as ids in `corpus`, runs in `runs` within.
        trials: settings; of several the one with the lowest loss on held-out text wins.
        max_length: tokens of an input; None: 128, or the source's positions where it has fewer.
        resume: go on with runs that are there; ids that are there are always used.
        force: overwrite a model that is there.
        progress: called as reading and training get on.
        notify: given a line for people after each epoch.

    Raises:
        EdgebertError: wrong input; raised before anything is trained.
        CheckFailedError: a run's loss was not finite.
    """
    refuse_existing_model(output, resume=resume, force=force)
    if any(settings.qat for settings in trials):
        raise EdgebertError(
            "qat is for fine-tuning and distilling: pre-train without it, and round the model that "
            "is made of this one"
        )
    folder = worker_folder(output / CORPUS)
    pairs = corpus.options.packing == "sentence-pairs"
    known = corpus.fingerprint()
    make_folder(folder)
    drawn = partial(
        initial_checkpoint, source, corpus.files, folder, pairs=pairs, max_length=max_length
    )
    experiment = _experiment(drawn, corpus, known, folder, progress)
    return run_trials(experiment, trials, output, resume=resume, progress=progress, notify=notify)


def _experiment(
    drawn: Callable[..., Checkpoint],
    corpus: Corpus,
    known: dict[str, Any],
    folder: Path,
    progress: Progress,
) -> Experiment:
    start = drawn(seed=0)  # a seed decides nothing but new weights
    tokenizer = start.make_tokenizer()
    if not tokenizer.has_bert_layout:
        raise EdgebertError(
            f"{start.source}: its tokenizer does not put [CLS] text [SEP] pair [SEP] around texts, "
            "which pretrain learns from; take the post_processor out of its tokenizer.json"
        )
    learned, held_out = _tokens(start, tokenizer, corpus, known, folder, progress)
    _refuse_empty(learned, held_out, start.vocabulary, corpus)
    inputs = open_inputs(learned, start.vocabulary, tokenizer, corpus.options, folder / _LEARNED)
    dev = open_inputs(held_out, start.vocabulary, tokenizer, corpus.options, folder / _HELD_OUT)
    entropy = learned.unigram_entropy(start.vocabulary)

    def evaluate(checkpoint: Checkpoint, settings: ResolvedSettings) -> DevResult:
        score = evaluate_mlm(checkpoint, dev)
        return score._replace(metrics={**score.metrics, "unigram_entropy": entropy})

    return Experiment(
        problem=Problem.of(start, "fill-mask", len(inputs)),
        initial_checkpoint=lambda settings: drawn(seed=settings.seed),
        objective=lambda settings: PretrainObjective(),
        batches=lambda settings, count: PretrainingBatches(
            inputs, settings.batch_size, count, settings.seed, corpus.epoch_steps
        ),
        evaluate=evaluate,
        config={
            "verb": "pretrain",
            "corpus": known,
            "inputs": asdict(corpus.options),
            "epoch_steps": corpus.epoch_steps,
        },
        count=len(inputs),
    )


_LEARNED, _HELD_OUT = "learned", "held-out"


def _tokens(
    start: Checkpoint,
    tokenizer: Tokenizer,
    corpus: Corpus,
    known: dict[str, Any],
    folder: Path,
    progress: Progress,
) -> tuple[TokenisedCorpus, TokenisedCorpus]:
    """The text for training and that for evaluation; read once, and then found in the folder."""
    cutting = replace(start.tokenizer, max_length=0)  # no line is cut off
    pieces = hashlib.sha256("\n".join(start.vocabulary).encode()).hexdigest()
    made_of = {**known, "vocabulary": pieces, "tokenizer": asdict(cutting)}
    kept = [open_tokenised_corpus(folder / name, made_of) for name in (_LEARNED, _HELD_OUT)]
    if kept[0] is not None and kept[1] is not None:
        return kept[0], kept[1]
    writers = [
        TokenWriter(folder / name, tokenizer, len(start.vocabulary))
        for name in (_LEARNED, _HELD_OUT)
    ]
    for number, line in enumerate(corpus.lines(), 1):
        if line.held_out and line.text:
            writers[1].add(line.text)
        else:
            writers[0].add(line.text)
            writers[1].add("")  # what was held out before it does not go on behind it
        if number % _PROGRESS_EVERY == 0:
            progress(number, None, "reading the corpus")
    learned, held_out = (writer.finish(made_of) for writer in writers)
    return learned, held_out


def _refuse_empty(
    learned: TokenisedCorpus, held_out: TokenisedCorpus, vocabulary: tuple[str, ...], corpus: Corpus
) -> None:
    if not learned.ordinary_counts(vocabulary).any():
        raise EdgebertError(f"{corpus.files[0]}: has no text to learn from")
    if not held_out.ordinary_counts(vocabulary).any():
        where = corpus.dev or corpus.files[0]
        raise EdgebertError(
            f"{where}: has no text to judge by (all of it may be [UNK] to the vocabulary); give "
            "--dev a file with some, or hold out more"
        )

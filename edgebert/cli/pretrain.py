"""`edgebert pretrain`: plain text to a compact BERT that knows its language."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgebert.cli.grouped import grouped
from edgebert.cli.training import KEPT, TrainingOptions, notify, print_report
from edgebert.cli.vocabulary import VocabularyOptions, with_fewer_pieces

if TYPE_CHECKING:
    from edgebert.train.pretraining.new_model import NewModel


@dataclass(frozen=True)
class Pretraining(TrainingOptions):
    """Those of every training whose usual values are others here."""

    epochs: Annotated[
        int | None,
        typer.Option(help="Passes over the text; see --epoch-steps.", show_default="10"),
    ] = None
    batch_size: Annotated[int | None, typer.Option(help="Inputs a step.", show_default="64")] = None
    learning_rate: Annotated[
        float | None, typer.Option(help="Highest learning rate.", show_default="1e-3")
    ] = None
    dropout: Annotated[
        float | None, typer.Option(help="Share of elements dropped.", show_default="0.1")
    ] = None
    max_length: Annotated[
        int | None, typer.Option(help="Tokens of an input.", show_default="128")
    ] = None


@grouped
def pretrain(
    *,
    corpus: Annotated[
        list[Path],
        typer.Argument(
            help="Plain text, a sentence a line, a blank line between documents; or files with a "
            "column text (.jsonl, .csv, .tsv). Any may be compressed (.gz).",
            show_default=False,
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write.")],
    size: Annotated[
        str | None, typer.Option(help="Draw new weights: layers and width, such as 2/128 or tiny.")
    ] = None,
    init: Annotated[
        str | None, typer.Option(help="Go on with a checkpoint: as for edgebert convert.")
    ] = None,
    vocab: Annotated[Path | None, typer.Option(help="With --size: a vocab.txt.")] = None,
    train_vocab: Annotated[
        int | None, typer.Option(help="With --size: train so many word pieces on the text.")
    ] = None,
    cased: Annotated[
        bool, typer.Option("--cased", help="With --size: keep capitals and accents.")
    ] = False,
    packing: Annotated[
        str, typer.Option(help="full-sentences, or sentence-pairs with a next-sentence head.")
    ] = "full-sentences",
    whole_words: Annotated[
        bool, typer.Option("--whole-words", help="Hide words rather than word pieces.")
    ] = False,
    mask_share: Annotated[
        float, typer.Option(help="Share of the word pieces that are hidden.")
    ] = 0.15,
    dev: Annotated[
        Path | None,
        typer.Option(help="Text to evaluate on.", show_default="a share of the corpus"),
    ] = None,
    held_out: Annotated[
        float, typer.Option(help="Share of the corpus that is held out for that.")
    ] = 0.02,
    epoch_steps: Annotated[
        int | None,
        typer.Option(help="Steps that count as an epoch.", show_default="a pass over the text"),
    ] = None,
    vocabulary: VocabularyOptions,
    training: Pretraining,
) -> None:
    """Pre-train a compact BERT on plain text: it learns to tell words that are hidden.

    The text may have any size: it is kept in OUTPUT/corpus as token ids and read from there. After
    each epoch loss and accuracy on held-out text are shown beside the entropy of single word
    pieces, which is what a model that knows no context loses. edgebert convert --task fill-mask,
    finetune and distill take the folder. Needs TensorFlow, which the extra “train” brings.

    \b
    Examples:
      edgebert pretrain wiki.txt.gz --size 2/128 --train-vocab 30522 -o mine
      edgebert pretrain books.txt --size 4/256 --vocab vocab.txt --whole-words -o mine
      edgebert pretrain tickets.txt --init tiny --epochs 20 -o tiny-tickets
      edgebert convert mine --task fill-mask -o mine.tflite
    """  # noqa: D301
    from contextlib import ExitStack

    from edgebert.checkpoints.sources import open_checkpoint
    from edgebert.cli.console import progress_bar
    from edgebert.errors import EdgebertError
    from edgebert.train.pretraining.corpus import read_corpus

    training.settings()
    if init is None and vocabulary != VocabularyOptions():
        raise EdgebertError(
            "--vocabulary-from and --vocabulary-size choose from the word pieces of --init; with "
            "--size take --train-vocab, which makes as many of the text as you say"
        )
    for path in (*corpus, *([] if dev is None else [dev])):
        next(read_corpus([path]), None)

    # Here, not above: TensorFlow takes seconds to import, and input errors do not wait for it.
    from edgebert.train.pretraining.inputs import InputOptions
    from edgebert.train.pretraining.pretrain import Corpus
    from edgebert.train.pretraining.pretrain import pretrain as run
    from edgebert.train.strategy import distributed

    wanted = InputOptions(packing, mask_share, whole_words, training.seed)  # type: ignore[arg-type]
    text = Corpus(tuple(corpus), dev, held_out, wanted, epoch_steps)
    source = _source(size, init, vocab, train_vocab, cased=cased)
    trials = training.trials()
    with ExitStack() as stack:
        cluster = stack.enter_context(distributed(training.strategy, notify))
        progress = stack.enter_context(progress_bar(KEPT.format(output)))
        report = run(
            with_fewer_pieces(
                stack.enter_context(open_checkpoint(source, progress=progress)),
                vocabulary,
                "fill-mask",
                progress,
                notify,
            )
            if isinstance(source, str)
            else source,
            text,
            output,
            trials,
            max_length=training.max_length,
            resume=training.resume,
            force=training.force,
            progress=progress,
            notify=notify,
        )
    print_report(report, cluster, as_json=training.as_json)


def _source(
    size: str | None, init: str | None, vocab: Path | None, train_vocab: int | None, *, cased: bool
) -> str | NewModel:
    """The name of a checkpoint, or what is to be drawn."""
    from edgebert.errors import EdgebertError
    from edgebert.train.pretraining.new_model import NewModel

    given = [each for each in (vocab, train_vocab) if each is not None]
    if init is not None and size is None and not given and not cased:
        return init
    if init is not None:
        raise EdgebertError(
            "--init brings its own size and vocabulary; leave out --size, --vocab, --train-vocab "
            "and --cased"
        )
    if size is None or len(given) != 1:
        raise EdgebertError(
            "what is to be trained? give --init CHECKPOINT, or --size such as 2/128 with either "
            "--vocab FILE or --train-vocab 30522"
        )
    return NewModel(size, given[0], cased)

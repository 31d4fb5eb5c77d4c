"""`edgebert run`: answers of a converted file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgebert.cli.grouped import grouped
from edgebert.cli.options import EngineOptions, TaughtFile, TextColumns

if TYPE_CHECKING:
    from edgebert.bulk.shard import Shard
    from edgebert.evaluation.columns import Columns
    from edgebert.evaluation.texts import Text
    from edgebert.runtime.model import Model
    from edgebert.runtime.reply import Reply

_STDIN = "-"


@grouped
def run(
    file: Annotated[Path, typer.Argument(help="intents, or a .tflite made by edgebert convert.")],
    texts: Annotated[list[str] | None, typer.Argument(help="Texts to answer; - is stdin.")] = None,
    *,
    pair: Annotated[
        str | None, typer.Option(help="Second text of each of them: a context, a hypothesis.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--input",
            help="File with one text a line, or JSON Lines, CSV or TSV (.jsonl, .csv, .tsv) whose "
            "columns are found as edgebert evaluate finds them; - is stdin, one text a line.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Write the answers of --input to this file, a JSON object a line. If "
            "interrupted, the same command resumes where it stopped."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Start the output over, whatever is there.")
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="K/N",
            help="Answer only one part of --input, such as 3/16: the outputs of all parts, joined "
            "in order, are that of the whole.",
            show_default="all of it",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Texts of a file answered at once.", show_default="one a CPU, at most 4"),
    ] = None,
    columns: TextColumns,
    running: EngineOptions,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a line and text.")
    ] = False,
    prompt: Annotated[
        str | None,
        typer.Option(
            help='Name of the prompt before each text (embed); "" for none.',
            show_default="the file's default, if any",
        ),
    ] = None,
    long: Annotated[
        str | None,
        typer.Option(
            help="Texts that do not fit the model: truncate (the default); mean, max or first of "
            "windows (classify, embed, regress); windows (tag)."
        ),
    ] = None,
    stride: Annotated[
        int | None, typer.Option(help="Most tokens from one window's start to the next.")
    ] = None,
    truncate: Annotated[
        str | None,
        typer.Option(help="Which text of a pair is cut: longest (the default), first or second."),
    ] = None,
    top: Annotated[
        int | None, typer.Option(help="How many answers (answer) or fills (fill-mask) to give.")
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option(help="Label of a word (tag): that of its first piece, or their average."),
    ] = None,
    null_threshold: Annotated[
        float | None,
        typer.Option(
            help='Give no answer (answer) if "no answer" scores higher than the best span by more '
            "than this."
        ),
    ] = None,
    scores: Annotated[
        bool,
        typer.Option(
            "--scores",
            help="Give all scores of each word (tag; answer, where it starts and ends), for "
            "edgebert distill; with --json or --output.",
        ),
    ] = False,
    taught: TaughtFile = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            help="Abstain (classify, tag, answer) where the score is below it, 0 to 1.",
            show_default="the file's rule, if any",
        ),
    ] = None,
    max_answer_length: Annotated[
        int | None, typer.Option(help="Most tokens of an answer (answer).")
    ] = None,
) -> None:
    """Answer texts with labels and scores, vectors, values, spans or fills.

    \b
    Examples:
      edgebert run intents.tflite "Where is my card?"
      edgebert run squad.tflite "Who wrote it?" --pair "It was written by Ada in 1843."
      edgebert run intents --input questions.csv --text-column question --output answers.jsonl
      edgebert run minilm.tflite --input questions.jsonl --output vectors.jsonl
      edgebert run minilm.tflite --input questions.jsonl --shard 3/16 --output vectors-03.jsonl
      echo "Where is my card?" | edgebert run intents.tflite --input -
    """  # noqa: D301
    from edgebert.bulk.shard import WHOLE, Shard
    from edgebert.cli.answers import print_json_reply, print_reply_line
    from edgebert.errors import EdgebertError
    from edgebert.evaluation.columns import USUAL
    from edgebert.runtime.loading import load

    texts, source = _settled(texts, source)
    _check_output(texts, source, output, force=force, shard=shard)
    if scores and not as_json and output is None:
        raise EdgebertError("--scores is for --json or --output, which have room for them")
    part = WHOLE if shard is None else Shard.parse(shard)
    named = columns.columns()
    if source is None and named != USUAL:
        raise EdgebertError(
            "--text-column, --pair-column and --columns are for the texts of --input FILE"
        )
    given = {
        "prompt": prompt,
        "long": long,
        "stride": stride,
        "truncate": truncate,
        "top": top,
        "strategy": strategy,
        "null_threshold": null_threshold,
        "max_answer_length": max_answer_length,
        "scores": scores or None,
    }
    options = {name: value for name, value in given.items() if value is not None}
    with load(file, **vars(running), threshold=threshold, taught=taught) as model:
        if source is not None and output is not None:
            _run_file(model, source, output, named, pair, part, force, workers, options)
            return
        print_reply = print_json_reply if as_json else print_reply_line
        for text in texts or []:
            print_reply(model, text, pair, model.reply(text, pair, **options))
        if source is not None:
            for item, reply in _replies(model, source, named, pair, workers, options):
                print_reply(model, item.text, item.pair, reply)


def _settled(texts: list[str] | None, source: str | None) -> tuple[list[str] | None, str | None]:
    """Either texts or where to read them: TEXT, --input, or - in the place of either."""
    from edgebert.errors import EdgebertError

    if not texts and source is None:
        raise EdgebertError("no text given; add one, or --input FILE (- for stdin)")
    if texts and source is not None:
        raise EdgebertError("texts are given and --input too; give one of them")
    if texts and len(texts) > 1 and _STDIN in texts:
        raise EdgebertError("- is stdin and stands alone; other texts are given beside it")
    return (None, _STDIN) if texts == [_STDIN] else (texts, source)


def _check_output(
    texts: list[str] | None,
    source: str | None,
    output: Path | None,
    *,
    force: bool,
    shard: str | None,
) -> None:
    """Refuses options of --output that do not go together."""
    from edgebert.errors import EdgebertError

    if output is not None and (texts or source is None):
        raise EdgebertError("--output takes the texts of --input FILE, and no others")
    if force and output is None:
        raise EdgebertError("--force is for an --output that exists")
    if shard is not None and output is None:
        raise EdgebertError(
            "--shard is for the texts of --input FILE, and an --output for each part"
        )


def _run_file(
    model: Model,
    source: str,
    output: Path,
    columns: Columns,
    pair: str | None,
    shard: Shard,
    force: bool,
    workers: int | None,
    options: Mapping[str, Any],
) -> None:
    from edgebert.bulk.answer_file import answer_file
    from edgebert.cli.answers import json_line
    from edgebert.cli.console import print_notice, progress_bar

    goes_on = "the same command goes on from there" if source != _STDIN else "begin again"
    with progress_bar(f"{output} is unfinished: {goes_on}") as progress:
        done = answer_file(
            model,
            Path(source),
            output,
            lambda text, reply: json_line(model, text.text, text.pair, reply),
            stream=sys.stdin.buffer if source == _STDIN else None,
            columns=columns,
            pair=pair,
            shard=shard,
            options=options,
            workers=workers,
            force=force,
            progress=progress,
        )
    if done.truncated:
        print_notice("warning", f"cut off, as their lines say: {done.truncated} of {done.lines}")
    typer.echo(f"{output}: {done.lines} texts answered")


def _replies(
    model: Model,
    source: str,
    columns: Columns,
    pair: str | None,
    workers: int | None,
    options: Mapping[str, Any],
) -> Iterator[tuple[Text, Reply]]:
    """Replies to a file, by several threads; to stdin, each as soon as its line is there."""
    from edgebert.bulk.answer_file import answer_one_by_one, answer_texts
    from edgebert.evaluation.texts import open_texts, read_texts

    if source == _STDIN:
        texts = read_texts(Path(source), sys.stdin.buffer, pair, columns)
        yield from answer_one_by_one(model, texts, options=options)
        return
    with open_texts(Path(source)) as file:
        texts = read_texts(Path(source), file, pair, columns)
        yield from answer_texts(model, texts, options=options, workers=workers)

"""`edgebert evaluate`: how right a converted model is on labelled data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from edgebert.evaluate.evaluate import Evaluation
    from edgebert.evaluate.readers import Row


def evaluate(
    file: Annotated[Path, typer.Argument(help="A .tflite made by edgebert convert.")],
    data: Annotated[Path, typer.Option("--data", help="Labelled texts: TSV, CSV or JSON Lines.")],
    text_column: Annotated[
        str | None, typer.Option(help="Column of the text, or of a pair's first text.")
    ] = None,
    pair_column: Annotated[str | None, typer.Option(help="Column of a pair's second text.")] = None,
    label_column: Annotated[
        str | None, typer.Option(help="Column of the label (name or number) or score.")
    ] = None,
    threads: Annotated[int, typer.Option(help="Threads of one answer.")] = 1,
    engine: Annotated[str, typer.Option(help="auto, litert or tflite-runtime.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Measure a model on labelled data: accuracy, or Pearson and Spearman correlation.

    classify is judged by accuracy; embed by the cosine of sentence pairs against their scores;
    regress by its value against the scores. Columns are found by their usual names (text,
    sentence, sentence1 and sentence2, …; label, category, score, …). In TSV, quotes are ordinary
    characters, as in GLUE.

    \b
    Examples:
      edgebert evaluate sst2.tflite --data SST-2/dev.tsv
      edgebert evaluate minilm.tflite --data STS-B/dev.tsv --json
      edgebert evaluate intents.tflite --data test.csv --text-column text --label-column category
    """  # noqa: D301
    from edgebert.cli.console import print_json, stdout
    from edgebert.evaluate.columns import Columns
    from edgebert.evaluate.evaluate import check_rows
    from edgebert.evaluate.evaluate import evaluate as run
    from edgebert.evaluate.readers import read_rows
    from edgebert.runtime.model import load

    columns = Columns(text_column, pair_column, label_column)
    with load(file, threads=threads, engine=engine) as model:  # type: ignore[arg-type]
        total = check_rows(model, read_rows(data, columns))
        evaluation = run(model, _with_bar(read_rows(data, columns), total))
    if as_json:
        print_json({"file": str(file), "data": str(data), **_record(evaluation)})
    else:
        stdout().print(_table(evaluation))


def _with_bar(rows: Iterable[Row], total: int) -> Iterator[Row]:
    """Draws a bar on stderr while the rows are used, where stderr is a terminal."""
    from rich.progress import track

    from edgebert.cli.console import stderr

    console = stderr()
    yield from track(
        rows,
        "evaluating",
        total=total,
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _record(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "task": evaluation.task,
        "rows": evaluation.rows,
        "metrics": dict(evaluation.metrics),
        "seconds": round(evaluation.seconds, 6),
        "truncated": evaluation.truncated,
    }


def _table(evaluation: Evaluation) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    table.add_row("task", evaluation.task)
    table.add_row("rows", f"{evaluation.rows:,}")
    for name, value in evaluation.metrics.items():
        table.add_row(name, f"{value:.4f}")
    table.add_row("time", f"{evaluation.seconds:.2f} s, {_per_row(evaluation)}")
    if evaluation.truncated:
        table.add_row(
            "truncated",
            f"{evaluation.truncated:,} of {evaluation.rows:,} rows, too long for the model",
        )
    return table


def _per_row(evaluation: Evaluation) -> str:
    return f"{1000 * evaluation.seconds / evaluation.rows:.3f} ms a row"

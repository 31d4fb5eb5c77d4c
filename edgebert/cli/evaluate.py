"""`edgebert evaluate`: how right a converted model is on labelled data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgebert.cli.grouped import grouped
from edgebert.cli.options import EngineOptions, JsonReport, LabelledColumns, TaughtFile

if TYPE_CHECKING:
    from edgebert.evaluation.bootstrap import Interval
    from edgebert.evaluation.compare import Comparison, Disagreement
    from edgebert.evaluation.evaluate import Evaluation
    from edgebert.evaluation.selective import Confidence

_LABELS_SHOWN = 5


@grouped
def evaluate(
    file: Annotated[Path, typer.Argument(help="A .tflite made by edgebert convert.")],
    *,
    data: Annotated[
        Path,
        typer.Option("--data", help="Labelled data, in the format of the task (see above)."),
    ],
    against: Annotated[
        Path | None, typer.Option(help="Another file for the same task: the baseline.")
    ] = None,
    max_drop: Annotated[
        float | None,
        typer.Option(
            help="Fail (exit 1) if the baseline is better by more than this, such as 0.01."
        ),
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="What --max-drop looks at.", show_default="the first one")
    ] = None,
    show_rows: Annotated[
        int, typer.Option(min=0, help="Number of rows to show on which the two disagree.")
    ] = 0,
    per_label: Annotated[
        bool,
        typer.Option(
            "--per-label",
            help="Show every label, the lowest F1 first, and what it is mistaken for.",
        ),
    ] = False,
    columns: LabelledColumns,
    out_of_scope: Annotated[
        Path | None,
        typer.Option(
            help="Texts that belong to no label, one a line or with a column text: how well "
            "classify tells them from the others."
        ),
    ] = None,
    taught: TaughtFile = None,
    html: Annotated[
        Path | None,
        typer.Option(
            help="Write a page: figures of each label, labels taken for others, wrong rows, and "
            "what scores are worth."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the page.")] = False,
    running: EngineOptions,
    as_json: JsonReport = False,
) -> None:
    """Measure a model on labelled data, alone or against a baseline.

    Columns are found by their usual names (text, sentence, sentence1 and sentence2, …; label,
    category, score, …). In TSV, quotes are ordinary characters, as in GLUE. Intervals are 95 %,
    from 1,000 bootstrap draws with a fixed seed; that of a difference from paired draws.
    --max-drop looks at the figures themselves, not at the intervals.

    For classify, tag and answer it also shows how far scores can be trusted: coverage and accuracy
    of the answers (labels, spans) given where the file abstains (convert --calibrate), the area
    under the risk–coverage curve (AURC) and the expected calibration error (ECE), both better when
    lower.

    \b
    The task of the file decides what the data is, and what is measured:
      classify   TSV, CSV, JSON Lines: text, label  accuracy, macro-F1, Matthews
      classify   the same, labels as a|b (¹)        micro-F1, macro-F1, exact match
      regress    the same, the label a number       Spearman, Pearson
      embed      the same, with pairs               Spearman, Pearson (cosine)
      embed      columns query and positive         MRR@10, recall@1, 5, 10
      tag        CoNLL columns: word … tag          F1, precision, recall
                 or .jsonl of tokens and ner_tags
      answer     SQuAD JSON, 1.1 or 2.0             F1, exact match
                 or .jsonl of its rows
      fill-mask  plain text, one a line             top-1, top-5, perplexity
      (¹) multi-label: with | between them, or a list in JSON Lines; a row may have none

    \b
    Examples:
      edgebert evaluate sst2.tflite --data SST-2/dev.tsv
      edgebert evaluate int8.tflite --data dev.tsv --against float32.tflite --max-drop 0.01
      edgebert evaluate intents.tflite --data test.csv --text-column text --label-column category
      edgebert evaluate intents.tflite --data test.csv --per-label
      edgebert evaluate intents.tflite --data test.csv --out-of-scope other.txt --html report.html
    """  # noqa: D301
    from edgebert import api
    from edgebert.cli.console import progress_bar
    from edgebert.errors import EdgebertError
    from edgebert.evaluation import evaluation_page
    from edgebert.evaluation.compare import Gate
    from edgebert.files import refuse_overwrite, refuse_same
    from edgebert.runtime.loading import load

    if against is not None and (out_of_scope is not None or html is not None or per_label):
        raise EdgebertError(
            "--out-of-scope, --per-label and --html are for one file; leave --against away"
        )
    if force and html is None:
        raise EdgebertError("--force is for a page (--html) that exists")
    if html is not None:
        refuse_overwrite(html, force=force)
        refuse_same(html, file, data, out_of_scope, taught)
    if against is None and (max_drop is not None or show_rows):
        raise EdgebertError("--max-drop and --show-rows need a baseline: add --against FILE")
    if max_drop is None and metric is not None:
        raise EdgebertError("--metric says what --max-drop looks at; add --max-drop")
    gate = None if max_drop is None else Gate(max_drop, metric)
    with ExitStack() as stack, progress_bar() as progress:
        model = stack.enter_context(load(file, **vars(running), taught=taught))
        _check_task(model.task, per_label=per_label)
        more: dict[str, Any] = {**vars(columns), "progress": progress}
        if against is None:
            evaluation = api.evaluate(model, data, out_of_scope=out_of_scope, **more)
            if html is not None:
                evaluation_page.write(evaluation, html, f"{file.name} on {data.name}", force=force)
            _print_evaluation({"file": str(file), "data": str(data)}, evaluation, as_json=as_json)
            if per_label and not as_json:
                _print_labels(evaluation)
            return
        baseline = stack.enter_context(load(against, **vars(running)))
        comparison = api.compare(model, baseline, data, gate=gate, show=show_rows, **more)
    names = {"file": str(file), "against": str(against), "data": str(data)}
    _print_comparison(names, comparison, as_json=as_json)
    if gate is not None:
        comparison.require(gate)


def _check_task(task: str, *, per_label: bool) -> None:
    from edgebert.errors import EdgebertError

    if per_label and task != "classify":
        raise EdgebertError(f"--per-label is for classifiers; this file is for {task}")


def _print_evaluation(names: dict[str, str], evaluation: Evaluation, *, as_json: bool) -> None:
    from edgebert.cli.console import print_json, stdout, table

    if as_json:
        print_json({**names, **evaluation.to_json()})
        return
    listed = table(show_header=False)
    listed.add_row("task", evaluation.task)
    listed.add_row("rows", f"{evaluation.rows:,}")
    for name, value in evaluation.metrics.items():
        listed.add_row(name, f"{value:.4f}  {_interval(evaluation.intervals[name])}")
    for name, text in _confidence(evaluation.confidence):
        listed.add_row(name, text)
    listed.add_row("time", _time(evaluation))
    if evaluation.truncated:
        listed.add_row("truncated", _truncated(evaluation))
    if evaluation.labels_without_rows:
        listed.add_row("labels", _labels(evaluation))
    stdout().print(listed)


def _print_labels(evaluation: Evaluation) -> None:
    """Each label, the least F1 first, with the label its rows are mostly taken for."""
    from rich.text import Text

    from edgebert.cli.console import one_line, stdout, table

    taken = {each.expected: each for each in reversed(evaluation.confusions)}
    listed = table("label", "rows", "precision", "recall", "f1", "taken for")
    for each in sorted(evaluation.per_label, key=lambda label: (label.f1, label.label)):
        other = taken.get(each.label)
        listed.add_row(
            Text(one_line(each.label)),
            f"{each.rows:,}",
            *(f"{value:.4f}" for value in (each.precision, each.recall, each.f1)),
            Text("" if other is None else one_line(f"{other.predicted} ({other.rows})")),
        )
    stdout().print(listed)


def _confidence(found: Confidence | None) -> Iterator[tuple[str, str]]:
    """What scores are worth, a row a figure."""
    from edgebert.formatting import percent

    if found is None:
        return
    if found.coverage < 1:
        right = found.selective_accuracy
        of_these = (
            "none is given" if right is None else f"{percent(right)} of the {found.items} are right"
        )
        yield "coverage", f"{found.coverage:.4f}  {of_these}"
    yield "aurc", f"{found.aurc:.4f}"
    yield "ece", f"{found.ece:.4f}"
    other = found.out_of_scope
    if other is not None:
        own = "" if other.rejected is None else f"the file rejects {percent(other.rejected)}; "
        yield (
            "out of scope",
            f"{other.rows:,} texts: AUROC {other.auroc:.4f}; {own}"
            f"{percent(other.rejected_at_95)} where 95 % in scope are kept",
        )


def _labels(evaluation: Evaluation) -> str:
    from rich.markup import escape

    missing = evaluation.labels_without_rows
    more = ", …" if len(missing) > _LABELS_SHOWN else ""
    return escape(
        f"{len(missing)} have no rows, so the metrics say nothing of them: "
        f"{', '.join(missing[:_LABELS_SHOWN])}{more}"
    )


def _print_comparison(names: dict[str, str], comparison: Comparison, *, as_json: bool) -> None:
    from edgebert.cli.console import print_json, stdout, table

    if as_json:
        print_json({**names, **comparison.to_json()})
        return
    one, other = comparison.model, comparison.baseline
    listed = table("", "file", "baseline", "difference")
    for name, difference in comparison.differences.items():
        values = (
            f"{each.metrics[name]:.4f}  {_interval(each.intervals[name])}" for each in (one, other)
        )
        low, high = comparison.intervals[name]
        listed.add_row(name, *values, f"{difference:+.4f}  ({low:+.4f} to {high:+.4f})")
    listed.add_row("time", _time(one), _time(other))
    if one.truncated or other.truncated:
        listed.add_row("truncated", _truncated(one), _truncated(other))
    console = stdout()
    console.print(f"{one.task}, {one.rows:,} rows; they disagree on {comparison.disagreements:,}")
    console.print(listed)
    if one.labels_without_rows:
        console.print(f"labels: {_labels(one)}")
    for row in comparison.shown:
        _print_row(row)


def _print_row(row: Disagreement) -> None:
    """A row on which the two disagree, as text that cannot play with the terminal."""
    from edgebert.cli.console import one_line

    shown = {
        "expected": row.expected,
        "file": row.predicted,
        "baseline": row.baseline,
    }
    typer.echo(f"\n{row.place}: {one_line(row.text)}")
    for name, value in shown.items():
        typer.echo(f"  {name:<8}  {one_line(value)}")


def _interval(bounds: Interval) -> str:
    return f"({bounds.low:.4f} to {bounds.high:.4f})"


def _time(evaluation: Evaluation) -> str:
    each = 1000 * evaluation.seconds / evaluation.rows
    return f"{evaluation.seconds:.2f} s, {each:.3f} ms a row"


def _truncated(evaluation: Evaluation) -> str:
    return f"{evaluation.truncated:,} of {evaluation.rows:,} rows, too long for the model"

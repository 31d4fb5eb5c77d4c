"""`edgebert convert`: a checkpoint to one checked .tflite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from edgebert.converter.report import ConversionReport


def convert(
    source: Annotated[
        str,
        typer.Argument(
            help="Folder, .zip or .tar.gz, catalogue name (tiny, 4/256), hub id (owner/name), "
            "or all-minilm-l6-v2.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="File to write.", show_default="SOURCE-TASK-QUANTIZE.tflite"
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            help="embed, classify, regress, encode, tag, answer or fill-mask.",
            show_default="what the checkpoint was made for",
        ),
    ] = None,
    quantize: Annotated[str, typer.Option(help="Weights: int8, float16 or float32.")] = "int8",
    labels: Annotated[
        Path | None,
        typer.Option(help="File with one label a line.", show_default="the checkpoint's"),
    ] = None,
    max_length: Annotated[
        int | None, typer.Option(help="Most tokens of an input.", show_default="the checkpoint's")
    ] = None,
    runtime: Annotated[
        str,
        typer.Option(help="litert; or tflite-runtime, for a file that old engines open too."),
    ] = "litert",
    pooling: Annotated[
        str | None,
        typer.Option(help="Of embed: mean or cls.", show_default="the checkpoint's, or mean"),
    ] = None,
    normalize: Annotated[
        bool | None,
        typer.Option(
            "--normalize/--no-normalize",
            help="Of embed: vectors of length 1.",
            show_default="the checkpoint's, or yes",
        ),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(help="Labelled data, as for edgebert evaluate: compare with float32 on it."),
    ] = None,
    max_drop: Annotated[
        float | None,
        typer.Option(help="Refuse (exit 1) where float32 is better by more, such as 0.01."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the output.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Convert a compact BERT to one .tflite with its vocabulary, labels and task inside.

    The file is compared with a float32 computation of the checkpoint; past the limit nothing is
    kept, and the exit status is 1. With --check, the file and a float32 one are evaluated on your
    data too, and the figures go into the file's record.

    \b
    Examples:
      edgebert convert all-minilm-l6-v2 -o minilm.tflite
      edgebert convert ./my-classifier --labels labels.txt -o intents.tflite
      edgebert convert ./my-classifier --check dev.tsv --max-drop 0.01
      edgebert convert tiny --task embed --pooling cls
      edgebert convert google/bert_uncased_L-4_H-256_A-4 --task encode --quantize float16
    """  # noqa: D301
    from edgebert.cli.console import print_json, progress_bar
    from edgebert.converter.convert import convert as run

    choices: dict[str, Any] = {
        "task": task,
        "quantize": quantize,
        "labels": labels,
        "max_length": max_length,
        "runtime": runtime,
        "pooling": pooling,
        "normalize": normalize,
        "check": check,
        "max_drop": max_drop,
    }
    with progress_bar() as progress:
        report = run(source, output, **choices, force=force, progress=progress)
    if as_json:
        print_json(report.to_json())
    else:
        print_report(report)


def print_report(report: ConversionReport) -> None:
    """Prints a report for people."""
    from rich.markup import escape
    from rich.table import Table

    from edgebert.cli.console import stdout

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in _rows(report):
        table.add_row(name, escape(value))
    console = stdout()
    console.print(f"[bold green]✓[/] [bold]{escape(str(report.path))}[/]")
    console.print(table)


def _rows(report: ConversionReport) -> list[tuple[str, str]]:
    record, check, delegation = report.record, report.check, report.delegation
    model, kept = record.model, record.quantization
    agreement = "" if check.agreement is None else f", same answer {check.agreement:.1%}"
    labels = f", {len(record.labels)} labels" if record.labels else ""
    pooled = f", {record.pooling} pooling" if record.pooling else ""
    ops = ", ".join(f"{name} {count}" for name, count in report.ops.items())
    return [
        ("source", f"{record.source.name} ({record.source.format})"),
        (
            "model",
            f"{model.num_hidden_layers} layers, {model.hidden_size} wide, "
            f"{model.num_attention_heads} heads, up to {record.max_length} tokens",
        ),
        ("task", f"{record.task}{pooled}{', normalised' if record.normalize else ''}{labels}"),
        ("weights", f"matrices {kept.matrices}; tables {kept.tables}"),
        ("size", f"{report.bytes / 1e6:.2f} MB, {report.ratio:.1%} of float32"),
        (
            "against float32",
            f"cosine {check.mean_cosine:.5f} (lowest {check.lowest_cosine:.5f}), largest "
            f"difference {check.largest_difference:.2g}{agreement}; {check.texts} texts of "
            f"{check.tokens[0]} to {check.tokens[1]} tokens",
        ),
        *_evaluation_rows(report),
        (
            "XNNPACK runs",
            f"{delegation.delegated} of {delegation.ops} ops, in {delegation.partitions} "
            f"partition{'s' if delegation.partitions != 1 else ''}",
        ),
        ("ops", ops),
        ("needs", f"TFLite {record.minimum_runtime} or later"),
        ("took", ", ".join(f"{name} {took:.2f} s" for name, took in report.seconds.items())),
    ]


def _evaluation_rows(report: ConversionReport) -> list[tuple[str, str]]:
    """What the user's own data says, a row a metric."""
    if report.evaluation is None:
        return []
    one, other = report.evaluation.model, report.evaluation.baseline
    rows = []
    for name, difference in report.evaluation.differences.items():
        low, high = report.evaluation.intervals[name]
        rows.append(
            (
                name,
                f"{one.metrics[name]:.4f}, float32 {other.metrics[name]:.4f}: {difference:+.4f} "
                f"({low:+.4f} to {high:+.4f}); {one.rows:,} rows",
            )
        )
    return rows

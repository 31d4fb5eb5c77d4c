"""`edgebert check-data`: faults of labelled data, before anything is trained on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgebert.cli.grouped import grouped
from edgebert.cli.options import JsonReport, LabelledColumns

if TYPE_CHECKING:
    from edgebert.dataset.findings import DataReport, Finding
    from edgebert.tokenizer.tokenizer import Tokenizer

_PLACES_SHOWN = 2
_LEAST_LENGTH = 3
"""One piece between [CLS] and [SEP]."""


@grouped
def check_data(
    *,
    train: Annotated[
        list[Path], typer.Argument(help="Labelled data to learn from.", show_default=False)
    ],
    dev: Annotated[Path | None, typer.Option("--dev", help="Labelled data to judge by.")] = None,
    test: Annotated[
        Path | None, typer.Option("--test", help="Labelled data to measure the result on.")
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help="classify, regress, tag or embed.", show_default="by the data"),
    ] = None,
    multi_label: Annotated[
        bool,
        typer.Option("--multi-label", help="For classify: a text may have several labels, as a|b."),
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            help="Checkpoint, as for edgebert convert: the texts are checked against its "
            "vocabulary and longest input."
        ),
    ] = None,
    max_length: Annotated[
        int | None, typer.Option(help="Most tokens of an input.", show_default="the model's")
    ] = None,
    allow_leak: Annotated[
        bool,
        typer.Option("--allow-leak", help="Texts of train may be in --dev and --test too."),
    ] = False,
    data: LabelledColumns,
    as_json: JsonReport = False,
) -> None:
    """Look for faults in labelled data; exit status 1 if one of them would spoil training.

    It finds rows that cannot be read; texts that are empty, damaged, repeated (word for word or
    nearly) or in train and in --dev or --test too; contradictory labels; labels written in several
    ways (apr, APR), with too few rows, joined by | without --multi-label, missing in a split, or
    that are no labels; scores that are no numbers or far from the others; and, with --model, texts
    that are too long and words that the vocabulary cannot write. Nothing is changed. TensorFlow is
    not needed.

    \b
    Examples:
      edgebert check-data train.csv --dev dev.csv --test test.csv
      edgebert check-data train.csv --test test.csv --model tiny --max-length 64 --json
    """  # noqa: D301
    from functools import partial

    from edgebert.cli.console import print_json
    from edgebert.dataset.check import check_data as check
    from edgebert.dataset.checked import CheckedData
    from edgebert.dataset.samples import Kind, Sample, kind_of, read_samples
    from edgebert.errors import CheckFailedError, EdgebertError, RowError

    if max_length is not None and model is None:
        raise EdgebertError("--max-length counts the tokens of a model: add --model")
    columns = data.columns()
    if task is None and not multi_label:
        kind = kind_of(train[0], columns)
    else:
        kind = Kind(task or "classify", multi_label)
    unreadable: list[RowError] = []
    read = partial(read_samples, kind=kind, columns=columns, on_fault=unreadable.append)
    samples: list[Sample] = read(train, "train")
    samples += [] if dev is None else read([dev], "dev")
    samples += [] if test is None else read([test], "test")
    tokenizer = None if model is None else _tokenizer(model, max_length)
    report = check(CheckedData(samples, kind, tokenizer, allow_leak, unreadable))
    if as_json:
        print_json(report.to_json())
    else:
        print_data_report(report)
    if report.errors:
        faults = ", ".join(finding.name for finding in report.errors)
        raise CheckFailedError(f"{train[0]}: {faults}")


def _tokenizer(model: str, max_length: int | None) -> Tokenizer:
    from edgebert.checkpoints.sources import open_checkpoint
    from edgebert.cli.console import progress_bar
    from edgebert.errors import EdgebertError

    with progress_bar() as progress, open_checkpoint(model, progress=progress) as checkpoint:
        most = checkpoint.config.max_position_embeddings
        if max_length is not None and not _LEAST_LENGTH <= max_length <= most:
            raise EdgebertError(
                f"--max-length is {max_length}; {model} takes {_LEAST_LENGTH} to {most}"
            )
        return checkpoint.make_tokenizer(max_length)


def print_data_report(report: DataReport) -> None:
    """Prints a report for people."""
    from edgebert.cli.console import stdout
    from edgebert.formatting import plural

    console = stdout()
    rows = ", ".join(f"{split} {count:,}" for split, count in report.rows.items())
    labels = f", {plural(len(report.labels), 'label')}" if report.labels else ""
    console.print(f"{report.kind}: {rows} rows{labels}")
    if report.tokens is not None:
        console.print(
            "tokens of a text: median {median:.0f}, 95 % up to {p95:.0f}, most {most:.0f} "
            "(the model takes {limit:.0f}); [UNK] {share:.2f} %".format(
                **report.tokens, share=100 * report.tokens["unknown"]
            )
        )
    for finding in report.findings:
        _print_finding(finding)
    if not report.findings:
        console.print("[bold green]✓[/] no fault found")


def _print_finding(finding: Finding) -> None:
    from rich.text import Text

    from edgebert.cli.console import one_line, stdout

    mark, colour = ("✗", "red") if finding.severity == "error" else ("!", "yellow")
    console = stdout()
    console.print(
        Text.assemble(
            (f"{mark} ", f"bold {colour}"), one_line(f"{finding.name}: {finding.message}")
        )
    )
    if finding.places:
        places = finding.places[:_PLACES_SHOWN]
        more = ", …" if finding.count > len(places) else ""
        console.print(Text(one_line(f"    {', '.join(places)}{more}"), style="dim"))

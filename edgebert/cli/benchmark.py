"""`edgebert benchmark`: latency, memory and accuracy of models on devices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from edgebert.cli.options import JsonReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edgebert.benchmarking.changes import ReportComparison
    from edgebert.benchmarking.result import BenchmarkReport
    from edgebert.support import AcceleratorChoice


def benchmark(
    models: Annotated[list[Path], typer.Argument(help="Files made by edgebert convert.")],
    device: Annotated[
        list[str] | None,
        typer.Option(
            help="local, ssh://[user@]host[:port], adb or adb:SERIAL; may be given several times.",
            show_default="local",
        ),
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(
            help="One text a line, or text, tab and pair; at most 100 are drawn.",
            show_default="questions that ship with edgebert",
        ),
    ] = None,
    lengths: Annotated[
        str, typer.Option(help="Fixed lengths in tokens beside the texts: 16,32,64,128.")
    ] = "",
    threads: Annotated[str, typer.Option(help="Threads of one answer: 1,2,4.")] = "1",
    engine: Annotated[
        str, typer.Option(help="auto, litert or tflite-runtime; several: litert,tflite-runtime.")
    ] = "auto",
    data: Annotated[
        Path | None,
        typer.Option(help="Labelled data, as for edgebert evaluate: accuracy on the device."),
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(help="Number of rounds.", show_default="until stable")
    ] = None,
    min_seconds: Annotated[
        float | None,
        typer.Option(
            help="Shortest time in seconds for which each run answers texts.", show_default="0.5"
        ),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(
            help="Processes of each model, which share its rounds or seconds.",
            show_default="5",
        ),
    ] = None,
    cores: Annotated[
        str | None,
        typer.Option(help="big, little or numbers such as 0-3.", show_default="all"),
    ] = None,
    accelerator: Annotated[
        str,
        typer.Option(
            help="gpu: measure each file on the GPU as well, interleaved with the CPU (files made "
            "with --length); auto: leave out those that it answers wrongly."
        ),
    ] = "cpu",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The report as JSON, every sample in it.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="The report as a page.")] = None,
    csv: Annotated[Path | None, typer.Option(help="The report as a table.")] = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            help="An older report, or an older .tflite that is then measured interleaved with the "
            "others: fail (exit 1) where a model is worse."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files.")] = False,
    python: Annotated[
        str | None,
        typer.Option(help="Python on an ssh device that has numpy and an engine."),
    ] = None,
    wheel: Annotated[
        Path | None, typer.Option(help="Wheel of the edgebert that an ssh device is to run.")
    ] = None,
    ssh_config: Annotated[
        Path | None, typer.Option(help="File for ssh -F, in place of your own.")
    ] = None,
    as_json: JsonReport = False,
) -> None:
    """Measure how fast, how large and how accurate models are, each in a process of its own.

    Models are interleaved, round by round, so that a disturbance slows all of them alike;
    ratios have 95 % intervals. Give float32 beside int8: whether int8 helped depends on the device.

    \b
    Examples:
      edgebert benchmark int8.tflite float32.tflite
      edgebert benchmark *.tflite --lengths 16,32,64,128 --data dev.tsv -o report.json --html report.html
      edgebert benchmark int8.tflite --device ssh://pi@raspberrypi.local --threads 1,4
      edgebert benchmark int8.tflite --compare report.json
      edgebert benchmark new.tflite --compare old.tflite
      edgebert benchmark gpu.tflite --accelerator gpu
    """  # noqa: D301, E501
    from edgebert import api
    from edgebert.cli.console import progress_bar
    from edgebert.errors import EdgebertError

    if rounds is not None and min_seconds is not None:
        raise EdgebertError("--rounds and --min-seconds exclude each other; give one of them")
    outputs = [path for path in (output, html, csv) if path is not None]
    _check_outputs(outputs, (*models, texts, data, compare, wheel, ssh_config), force=force)
    with progress_bar("no report was written") as progress:
        outcome = api.benchmark(
            models,
            device or "local",
            texts=texts,
            lengths=_numbers("--lengths", lengths),
            threads=_numbers("--threads", threads),
            engines=tuple(part.strip() for part in engine.split(",")),
            data=data,
            rounds=rounds,
            min_seconds=min_seconds,
            processes=processes,
            cores=cores,
            accelerator=cast("AcceleratorChoice", accelerator),  # BenchmarkJob checks it
            compare=compare,
            python=python,
            wheel=wheel,
            ssh_config=ssh_config,
            progress=progress,
        )
    if outcome.report is None:
        raise EdgebertError("; ".join(outcome.failures))
    comparison = outcome.comparison
    try:
        _write(outcome.report, output, html, csv)
    finally:  # minutes of measuring are not lost where a file cannot be written
        _print(outcome.report, comparison, as_json=as_json)
    if outcome.failures:
        raise EdgebertError("; ".join(outcome.failures))
    if comparison is not None:
        comparison.require()


def _check_outputs(paths: list[Path], inputs: Iterable[Path | None], *, force: bool) -> None:
    """Refuses files that could not be written in the end, or that are read."""
    from edgebert.errors import EdgebertError
    from edgebert.files import refuse_overwrite, refuse_same

    for path in paths:
        refuse_overwrite(path, force=force)
        refuse_same(path, *inputs)
    if len({path.resolve() for path in paths}) < len(paths):
        raise EdgebertError(f"{paths[0]}: two reports cannot be one file; give each its own name")


def _numbers(option: str, text: str) -> tuple[int, ...]:
    """Whole numbers between commas."""
    from edgebert.errors import EdgebertError

    parts = [part.strip() for part in text.split(",") if part.strip()]
    if wrong := [part for part in parts if not (part.isascii() and part.isdigit())]:
        raise EdgebertError(f"{option} {text}: {wrong[0]!r} is no whole number; give such as 1,2,4")
    return tuple(dict.fromkeys(int(part) for part in parts))


def _write(
    report: BenchmarkReport, output: Path | None, html: Path | None, csv: Path | None
) -> None:
    from edgebert.benchmarking.report.csv import to_csv
    from edgebert.benchmarking.report.html import to_html
    from edgebert.files import replacing

    texts: dict[Path | None, Callable[[BenchmarkReport], str]] = {
        output: lambda each: each.to_json() + "\n",
        html: to_html,
        csv: to_csv,
    }
    for path, text in texts.items():
        if path is not None:
            # Whether it may be overwritten was asked before measuring.
            with replacing(path, force=True) as part:
                part.write_text(text(report), encoding="utf-8", newline="")


def _print(report: BenchmarkReport, comparison: ReportComparison | None, *, as_json: bool) -> None:
    import json

    from edgebert.benchmarking.report.terminal import print_report
    from edgebert.cli.console import stdout

    if as_json:
        more = {} if comparison is None else {"comparison": comparison.to_json()}
        typer.echo(json.dumps({**json.loads(report.to_json()), **more}))
        return
    print_report(report, stdout())
    if comparison is None:
        return
    for change in (*comparison.worse, *comparison.better):
        typer.echo(change.sentence)
    for note in comparison.notes:
        typer.echo(f"note: {note}")
    if comparison.timed and not comparison.worse:
        typer.echo("nothing is worse than before")

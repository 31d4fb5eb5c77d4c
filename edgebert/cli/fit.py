"""`edgebert fit`: from labelled data and a budget to the file that ships."""

from __future__ import annotations

import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgebert.cli.grouped import grouped
from edgebert.cli.options import JsonReport, LabelledColumns

if TYPE_CHECKING:
    from edgebert.fitting.fit import FitReport


@grouped
def fit(
    *,
    train: Annotated[
        list[Path], typer.Argument(help="Labelled data to learn from.", show_default=False)
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write.")],
    dev: Annotated[
        Path | None,
        typer.Option("--dev", help="Labelled data to choose by.", show_default="a part of TRAIN"),
    ] = None,
    test: Annotated[
        Path | None,
        typer.Option(
            "--test", help="Labelled data to measure the result on.", show_default="a part of TRAIN"
        ),
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="classify, regress or tag.", show_default="by the data")
    ] = None,
    multi_label: Annotated[
        bool,
        typer.Option("--multi-label", help="For classify: a text may have several labels, as a|b."),
    ] = False,
    max_mb: Annotated[float | None, typer.Option(help="Largest file, millions of bytes.")] = None,
    max_ms: Annotated[
        float | None, typer.Option(help="Longest median time of an answer, milliseconds.")
    ] = None,
    device: Annotated[
        str,
        typer.Option(help="Where times are measured: local, ssh://[user@]host[:port] or adb."),
    ] = "local",
    min_metric: Annotated[
        float | None, typer.Option(help="Least figure on dev, such as 0.9; exit 1 below it.")
    ] = None,
    max_drop: Annotated[
        float | None, typer.Option(help="Largest drop below the teacher's figure on dev.")
    ] = None,
    max_wrong: Annotated[
        float | None,
        typer.Option(
            help="Most wrong answers among those that a classifier gives, as for edgebert "
            "convert: it abstains from the others.",
            show_default="half the share of wrong answers on dev, at least 0.02 and 10 / rows",
        ),
    ] = None,
    confidence: Annotated[
        float | None,
        typer.Option(
            help="Chance with which --max-wrong holds, as for edgebert convert.",
            show_default="0.95",
        ),
    ] = None,
    hours: Annotated[
        float | None,
        typer.Option(
            help="Hours for all training; no student is begun that would not finish in time."
        ),
    ] = None,
    teacher: Annotated[
        str,
        typer.Option(
            help="Checkpoint, as for edgebert convert; one that knows task and labels is taken as "
            "it is."
        ),
    ] = "all-minilm-l6-v2",
    runtime: Annotated[
        str, typer.Option(help="Runtime that the file is for, as for edgebert convert.")
    ] = "litert",
    seed: Annotated[int, typer.Option(help="Seed of the split and of all training runs.")] = 1,
    allow_leak: Annotated[
        bool,
        typer.Option("--allow-leak", help="Keep rows of TRAIN that stand in --dev or --test too."),
    ] = False,
    out_of_scope: Annotated[
        Path | None,
        typer.Option(
            help="Texts that belong to no label, one a line: what a classifier is to abstain from."
        ),
    ] = None,
    teachable: Annotated[
        bool,
        typer.Option(
            "--teachable",
            help="Make a classifier to which further labels can be taught (edgebert teach).",
        ),
    ] = False,
    data: LabelledColumns,
    as_json: JsonReport = False,
) -> None:
    """Make the smallest file that answers well, from labelled data and a budget.

    Checks and splits the data; finds which sizes keep to the limits before anything is trained;
    trains a teacher, and from it students, the smallest first, until larger ones bring nothing that
    dev can show; converts each to int8; measures them on the device; takes the smallest of those
    that are as accurate as the best; makes a classifier's scores chances, with a rule of when it
    abstains; and measures the file once on test. OUTPUT has model.tflite, README.md
    (a model card), report.html (sizes, times and figures), fit.json, and commands.sh, the plain
    commands of all steps.

    If it is stopped at any moment, by kill -9 too, the same command resumes it; finished steps are
    not repeated. Needs TensorFlow, which the extra “train” brings.

    \b
    Examples:
      edgebert fit train.csv -o intents --max-mb 5
      edgebert fit train.csv --test test.csv -o intents --max-ms 5 --device ssh://pi@raspberrypi.local
      edgebert fit train.csv -o intents --teachable --out-of-scope other.txt
      edgebert fit train.conll -o names --max-mb 10 --max-drop 0.02 --hours 8
    """  # noqa: D301
    from edgebert.cli.console import progress_bar
    from edgebert.cli.training import notify, require_tensorflow
    from edgebert.errors import EdgebertError
    from edgebert.fitting.data import read_data
    from edgebert.fitting.fit import fit as run
    from edgebert.fitting.request import FitRequest

    request = FitRequest(
        train=tuple(train),
        output=output,
        dev=dev,
        test=test,
        out_of_scope=out_of_scope,
        teachable=teachable,
        columns=data.columns(),
        task=task,
        multi_label=multi_label,
        max_mb=max_mb,
        max_ms=max_ms,
        device=device,
        min_metric=min_metric,
        max_drop=max_drop,
        max_wrong=max_wrong,
        confidence=confidence,
        hours=hours,
        teacher=teacher,
        runtime=runtime,  # type: ignore[arg-type]
        seed=seed,
        allow_leak=allow_leak,
    )
    try:
        require_tensorflow()
    except EdgebertError:
        read_data(request)  # what is wrong with the data is told before
        raise
    signal.signal(signal.SIGTERM, _as_interrupt)
    command = shlex.join(["edgebert", *sys.argv[1:]])
    with progress_bar(f"{output} is unfinished; to go on from there: {command}") as progress:
        report = run(request, progress=progress, notify=notify)
    if as_json:
        from edgebert.cli.console import print_json

        print_json(report.facts)
    else:
        _print(report)


def _as_interrupt(number: int, frame: Any) -> None:
    """SIGTERM ends as Ctrl-C does: nothing is left half-written."""
    raise KeyboardInterrupt


def _print(report: FitReport) -> None:
    from rich.markup import escape

    from edgebert.cli.console import stdout
    from edgebert.formatting import megabytes

    console = stdout()
    console.print(f"[bold green]✓[/] [bold]{escape(str(report.model))}[/]")
    console.print(f"{report.size}, {megabytes(report.bytes)} MB: {report.why}")
    for name, value in report.test["metrics"].items():
        low, high = report.test["intervals"][name] or (value, value)
        console.print(f"test {name} {value:.4f}  ({low:.4f} to {high:.4f})")
    console.print(f"{report.test['rows']:,} rows of test; {report.seconds / 3600:.2f} hours in all")

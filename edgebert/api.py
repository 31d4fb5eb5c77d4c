"""What the program does, for Python: evaluate, compare, benchmark and search with files.

These are `edgebert.evaluate` and so on. Each imports what it needs when it is called.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from edgebert.arguments import checked_arguments
from edgebert.errors import EdgebertError
from edgebert.progress import Progress, silent

if TYPE_CHECKING:
    from edgebert.benchmarking.benchmark import BenchmarkOutcome
    from edgebert.evaluation.compare import Comparison, Gate
    from edgebert.evaluation.data import DataSet
    from edgebert.evaluation.evaluate import Evaluation
    from edgebert.runtime.model import Model
    from edgebert.semantic_search.search import Hit
    from edgebert.support import AcceleratorChoice

PathLike: TypeAlias = str | os.PathLike[str]

Value = TypeVar("Value", str, int)


@checked_arguments
def evaluate(
    model: Model | PathLike,
    data: PathLike,
    *,
    text_column: str | None = None,
    pair_column: str | None = None,
    label_column: str | None = None,
    column_names: str | None = None,
    out_of_scope: PathLike | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """How right a model is on labelled data: `edgebert evaluate`.

    Args:
        model: one that `load` gave, or its path.
        data: in the format of the model's task; docs/cli.md has them.
        text_column: column of the text, or of a pair's first text; None: found by its usual name.
        pair_column: column of a pair's second text.
        label_column: column of the label or score.
        column_names: of a CSV or TSV without a heading: the names of its columns, with commas
            between them.
        out_of_scope: of a classifier with one label a text: a file of texts that belong to none,
            one a line or with a column text; the result says how well they are told apart.
        progress: told how many rows are done.

    Raises:
        EdgebertError: the model or a row of the data cannot be used (it is named).
    """
    from edgebert.evaluation.evaluate import evaluate as evaluate_on

    with _opened(model) as opened:
        data_set = _data(opened, data, text_column, pair_column, label_column, column_names)
        outside = _path(out_of_scope)
        return evaluate_on(opened, data_set, out_of_scope=outside, progress=progress)


@checked_arguments
def compare(
    model: Model | PathLike,
    baseline: Model | PathLike,
    data: PathLike,
    *,
    gate: Gate | None = None,
    show: int = 0,
    text_column: str | None = None,
    pair_column: str | None = None,
    label_column: str | None = None,
    column_names: str | None = None,
    progress: Progress = silent,
) -> Comparison:
    """Two models on the same labelled data: `edgebert evaluate --against`.

    Args:
        model: one that `load` gave, or its path.
        baseline: another, for the same task.
        data: as for `evaluate`, like the columns.
        gate: its metric is checked before anything is run; `Comparison.require(gate)` then raises
            `CheckFailedError` where the model is worse by more than it allows.
        show: most rows to keep of those on which the two disagree.
        text_column: see `evaluate`.
        pair_column: see `evaluate`.
        label_column: see `evaluate`.
        column_names: see `evaluate`.
        progress: told how many rows are done, those of both models counted.

    Raises:
        EdgebertError: as `evaluate`, the models are not for the same task, or the data has no
            such metric.
    """
    from edgebert.evaluation.compare import compare as compare_on

    with _opened(model) as opened:
        data_set = _data(opened, data, text_column, pair_column, label_column, column_names)
        if gate is not None:
            gate.choose_metric(data_set.evaluator.metrics)
        with _opened(baseline) as other:
            return compare_on(opened, other, data_set, show=show, progress=progress)


@checked_arguments
def benchmark(
    models: PathLike | Sequence[PathLike],
    devices: str | Sequence[str] = "local",
    *,
    texts: PathLike | None = None,
    lengths: int | Sequence[int] = (),
    threads: int | Sequence[int] = 1,
    engines: str | Sequence[str] = "auto",
    data: PathLike | None = None,
    rounds: int | None = None,
    min_seconds: float | None = None,
    processes: int | None = None,
    cores: str | None = None,
    accelerator: AcceleratorChoice = "cpu",
    compare: PathLike | None = None,
    python: str | None = None,
    wheel: PathLike | None = None,
    ssh_config: PathLike | None = None,
    progress: Progress = silent,
) -> BenchmarkOutcome:
    """Measures how fast, how large and how right models are: `edgebert benchmark`.

    Each model runs in a process of its own, interleaved with the others, with every engine,
    number of threads and length.

    Args:
        models: paths.
        devices: "local", "ssh://[user@]host[:port]", "adb" or "adb:SERIAL".
        texts: one text a line, or text, tab and pair; None: questions that ship with edgebert.
        lengths: fixed lengths in tokens, measured beside the texts.
        threads: of one answer.
        engines: "auto", "litert" or "tflite-runtime".
        data: labelled data as for `evaluate`, for the accuracy on the device.
        rounds: exactly so many; None: until times are stable.
        min_seconds: least seconds of answers a run; None: 0.5.
        processes: of each model, that share rounds or seconds; None: 5.
        cores: "big", "little" or numbers such as "0-3"; None: all.
        accelerator: "gpu": each model is measured on it too, interleaved with the CPU; "auto":
            those that it runs rightly.
        compare: an older report; or an older model, which is then measured interleaved with the
            others: that holds on a machine that others share, too.
        python: of an ssh device: a Python there with numpy and an engine.
        wheel: of an ssh device: the edgebert to run there.
        ssh_config: file for `ssh -F`, in place of the user's own.
        progress: told of each device in percent.

    Returns:
        The report of the devices that went well, one line for each of the others, and what became
        better or worse.

    Raises:
        EdgebertError: a model or report cannot be read, or an argument is out of range.
    """
    from edgebert.benchmarking.benchmark import benchmark as run
    from edgebert.benchmarking.benchmark import names_of
    from edgebert.benchmarking.compare import compare as compare_reports
    from edgebert.benchmarking.compare import compare_with_baseline
    from edgebert.benchmarking.devices.address import DeviceOptions
    from edgebert.benchmarking.job import MIN_SECONDS, PROCESSES, BenchmarkJob
    from edgebert.benchmarking.models import job_model
    from edgebert.benchmarking.result import read_report
    from edgebert.benchmarking.validation import validate
    from edgebert.model_file.packaged import find_model

    if rounds is not None and min_seconds is not None:
        raise EdgebertError("rounds and min_seconds exclude each other; give one of them")
    files = [models] if isinstance(models, (str, os.PathLike)) else list(models)
    paths = [Path(file) for file in files]
    old_report = None
    if compare is not None and Path(find_model(compare)).suffix == ".tflite":
        paths.insert(0, Path(compare))
    elif compare is not None:
        old_report = read_report(Path(compare))
        validate(old_report)
    names = names_of(paths)
    job = BenchmarkJob(
        models=tuple(map(job_model, paths, names)),
        engines=_several(engines),
        threads=_several(threads),
        lengths=_several(lengths),
        texts=None if texts is None else os.fspath(texts),
        rounds=rounds,
        min_seconds=MIN_SECONDS if min_seconds is None else min_seconds,
        processes=PROCESSES if processes is None else processes,
        cores=cores,
        data=None if data is None else os.fspath(data),
        accelerator=accelerator,
    )
    options = DeviceOptions(python, _path(wheel), _path(ssh_config))
    outcome = run(job, _several(devices), options, progress=progress)
    if compare is None or outcome.report is None:
        return outcome
    if old_report is not None:
        return replace(outcome, comparison=compare_reports(old_report, outcome.report))
    return replace(outcome, comparison=compare_with_baseline(outcome.report, names[0]))


@checked_arguments
def search(
    model: Model | PathLike,
    corpus: PathLike,
    query: str,
    *,
    top: int = 5,
    index: PathLike | None = None,
    progress: Progress = silent,
) -> list[Hit]:
    """The documents of a corpus that mean what a query means: `edgebert search`.

    For several queries `open_search` opens model and index once.

    Args:
        model: one for `embed` that `load` gave, or its path.
        corpus: text file with one document a line.
        query: what to look for.
        top: documents to give.
        index: where the index of the corpus is kept; None: CORPUS.edgebert-index. It is made where
            there is none, or the corpus has changed.
        progress: told how many documents are embedded.

    Returns:
        The nearest document first.

    Raises:
        EdgebertError: the model does not embed, the corpus cannot be read, the query has no words,
            or the index is that of another model.
    """
    from edgebert.semantic_search.search import check_query, open_search

    with _opened(model) as opened:
        check_query(opened, query, top)
        return open_search(opened, corpus, index, progress=progress)(query, top)


@contextlib.contextmanager
def _opened(model: Model | PathLike) -> Iterator[Model]:
    """A model; one that is given stays open."""
    from edgebert.runtime.model import Model, load

    if isinstance(model, Model):
        yield model
        return
    with load(model) as opened:
        yield opened


def _data(model: Model, path: PathLike, *columns: str | None) -> DataSet:
    from edgebert.evaluation.columns import Columns
    from edgebert.evaluation.data import open_data

    return open_data(Path(path), model.task, Columns(*columns), multi_label=model.multi_label)


def _several(given: Value | Sequence[Value]) -> tuple[Value, ...]:
    """One value, or a sequence of them, as a tuple."""
    return (given,) if isinstance(given, (str, int)) else tuple(given)


def _path(given: PathLike | None) -> Path | None:
    return None if given is None else Path(given)

"""From labelled data and a budget to the file that ships, step by step; see `edgebert fit`."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from edgebert.benchmarking.pick import Choice, Limits
from edgebert.benchmarking.result import BenchmarkReport, read_report
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.dataset.samples import SPLITS, Kind
from edgebert.errors import CheckFailedError, EdgebertError, RowError
from edgebert.files import replacing, sha256_of
from edgebert.fitting.calibration import calibrated
from edgebert.fitting.card import model_card
from edgebert.fitting.command import as_line, run_command
from edgebert.fitting.data import (
    FitData,
    prepare,
    read_data,
    require_sound,
    with_outside,
    write_data,
)
from edgebert.fitting.decide import decide, measure
from edgebert.fitting.journal import Journal, Notify, open_journal
from edgebert.fitting.request import FitRequest
from edgebert.fitting.search import Measured, StudentSearch
from edgebert.fitting.second_teacher import can_probe, second_teacher_helps
from edgebert.fitting.sizes import SizeLimits, StudentSize, measured_sizes, to_json
from edgebert.fitting.training import TrainingCommands
from edgebert.formatting import plural
from edgebert.progress import Progress, silent
from edgebert.train.fingerprint import fingerprint
from edgebert.version import __version__

MODEL = "model.tflite"


@dataclass(frozen=True)
class FitReport:
    """What came of a fit.

    Attributes:
        model: the file.
        bytes: of the file.
        size: layers and width.
        test: what `edgebert evaluate` says of it on test.
        why: it was chosen.
        seconds: that all steps took.
        facts: all of it, as in `fit.json`.
    """

    model: Path
    bytes: int
    size: str
    test: dict[str, Any]
    why: str
    seconds: float
    facts: dict[str, Any]


def fit(
    request: FitRequest, *, progress: Progress = silent, notify: Notify = lambda line: None
) -> FitReport:
    """Trains, chooses, converts and measures; see the command's help.

    Called again with the same output it goes on where it was stopped; a finished step is not
    repeated while its data and options are the same.

    Args:
        request: what is asked for.
        progress: told of conversions and measuring.
        notify: given a line for people before each step.

    Raises:
        EdgebertError: wrong input, or a step that could not be done.
        CheckFailedError: the data has faults, nothing fits the limits, or nothing reaches the
            figure that was asked for.
    """
    unreadable: list[RowError] = []
    kind, samples = read_data(request, unreadable.append)
    for name in ("out_of_scope", "max_wrong", "teachable"):
        if getattr(request, name) and kind != Kind("classify"):
            option = f"--{name.replace('_', '-')}"
            raise EdgebertError(f"{option} is for classifiers with one label a text, not {kind}")
    with (
        open_checkpoint(request.teacher, progress=progress) as teacher,
        open_journal(request.output, notify) as journal,
    ):
        kept, report, leaks = prepare(request, kind, samples, teacher.make_tokenizer(), unreadable)
        require_sound(report)
        data = write_data(journal.work / "data", kind, kept, report, leaks)
        if request.out_of_scope is not None:
            data = with_outside(data, kept, request.out_of_scope, request.seed)
        _tell_data(data, notify)
        return _fit(request, data, teacher, journal, progress)


def _fit(
    request: FitRequest, data: FitData, teacher: Checkpoint, journal: Journal, progress: Progress
) -> FitReport:
    given = {"teacher": fingerprint(teacher)} if Path(request.teacher).exists() else {}
    sizes = _sizes(request, data, teacher, given, journal, progress)
    fitting = [size for size in sizes if size.fits]
    if not fitting:
        smallest = min(sizes, key=lambda each: each.bytes)
        raise CheckFailedError(
            f"nothing fits: the smallest is {smallest}; allow more, or give a smaller --teacher"
        )
    is_trained = _knows(teacher, data)
    training = TrainingCommands(
        data,
        journal.work,
        request.teacher,
        is_trained,
        request.seed,
        runtime=request.runtime,
        teachable=request.teachable,
        confidence=request.confidence,
        made_of=given,
    )
    whole = next(size for size in sizes if size.name == _shape(teacher))
    search = StudentSearch(training, journal, request.min_metric, request.hours)
    largest = search.teacher(replace(whole, trimmed=whole.trimmed and whole.fits))
    if can_probe(teacher, data):
        training = replace(
            training, probes=second_teacher_helps(training, largest, journal, progress)
        )
        search = replace(search, training=training)
    if request.max_drop is not None:
        search = replace(search, target=largest.value - request.max_drop)
    trained = search.students(fitting, largest)
    unique = list({each.file: each for each in [*trained, largest]}.values())
    report = _measured(request, data, unique, journal, progress)
    choice = decide(report, Limits(request.max_ms, request.max_mb, search.target))
    if choice.best is None:
        nearest = choice.near[0] if choice.near else None
        hint = f"; nearest is {nearest.name.replace('-', '/')}: {nearest.misses}" if nearest else ""
        raise CheckFailedError(f"{request.output}: no model keeps to all that was asked for{hint}")
    timed = _timed(unique, report)
    chosen = next(each for each in timed if each.size.label == choice.best.name)
    file = calibrated(request, training, chosen, largest, journal)
    return _ship(request, data, sizes, timed, chosen, choice, file, journal)


def _sizes(
    request: FitRequest,
    data: FitData,
    teacher: Checkpoint,
    given: Mapping[str, str],
    journal: Journal,
    progress: Progress,
) -> list[StudentSize]:
    limits = SizeLimits(request.max_mb, request.max_ms)
    made_of = {
        "train": sha256_of(data.path("train")),
        "teacher": request.teacher,
        **given,
        "limits": asdict(limits),
        "device": request.device,
        **({} if request.runtime == "litert" else {"runtime": request.runtime}),
        **({"teachable": True} if request.teachable else {}),
        **({"outside": True} if request.teachable and data.outside else {}),
    }
    found = journal.step(
        "sizes",
        f"what fits, by untrained files on {request.device}",
        made_of,
        [],
        lambda: to_json(
            measured_sizes(
                teacher,
                data.kind,
                data.labels,
                limits=limits,
                texts=data.texts,
                train=data.path("train"),
                device=request.device,
                runtime=request.runtime,
                teachable=request.teachable,
                outside=bool(data.outside),
                folder=journal.work / "sizes",
                progress=progress,
            )
        ),
    )
    sizes = [StudentSize(**each) for each in found]
    for size in sizes:
        journal.notify(f"  {'fits' if size.fits else 'no  '}  {size}")
    return sizes


def _measured(
    request: FitRequest,
    data: FitData,
    trained: Sequence[Measured],
    journal: Journal,
    progress: Progress,
) -> BenchmarkReport:
    """All files on the device, the teacher's beside those of students."""
    report = request.output / "report.json"
    files = {each.size.label: sha256_of(each.file) for each in trained}
    journal.step(
        "times",
        f"all files measured on {request.device}",
        {"files": files, "device": request.device},
        [report, request.output / "report.html"],
        lambda: measure(trained, data.texts, request.device, request.output, progress) and None,
    )
    return read_report(report)


def _timed(trained: Sequence[Measured], report: BenchmarkReport) -> list[Measured]:
    """Each with the time that its finished file takes."""
    times = {
        run.model.name: None if run.stats is None else run.stats.p50 / 1000
        for run in report.devices[0].runs
    }
    return [replace(each, size=replace(each.size, ms=times[each.file.stem])) for each in trained]


def _ship(
    request: FitRequest,
    data: FitData,
    sizes: Sequence[StudentSize],
    trained: Sequence[Measured],
    chosen: Measured,
    choice: Choice,
    file: Path,
    journal: Journal,
) -> FitReport:
    size = file.stat().st_size
    if not SizeLimits(request.max_mb, request.max_ms).allow_bytes(size):
        raise CheckFailedError(
            f"the finished file, with what was fitted on dev, has {size:,} bytes: more than "
            f"--max-mb {request.max_mb:g}; allow as much, and the same command goes on from here"
        )
    model = request.output / MODEL
    with replacing(model, force=True) as part:
        shutil.copyfile(file, part)
    outside = data.outside_path("test")
    others = [] if outside is None else ["--out-of-scope", str(outside)]
    command = ["evaluate", str(model), "--data", str(data.path("test")), *others, "--json"]
    digests = {"model": sha256_of(model), "test": sha256_of(data.path("test"))}
    if outside is not None:
        digests["out_of_scope"] = sha256_of(outside)
    test = journal.step(
        "test",
        f"measured on test, once: {as_line(command)}",
        {"command": command, **digests},
        [],
        lambda: run_command(command, lock=journal.lock),
    )
    commands = [as_line(command) for command in journal.commands]
    commands.insert(-1, shlex.join(["cp", str(file), str(model)]))
    facts = {
        "edgebert": __version__,
        "request": _plain(request),
        "data": {
            **data.report,
            "rows": data.rows,
            "left_out": data.leaks,
            "out_of_scope": data.outside,
            "out_of_scope_left_out": data.outside_leaks,
            "sha256": {split: sha256_of(data.path(split)) for split in SPLITS},
        },
        "sizes": to_json(sizes),
        "trained": [each.to_json() for each in trained],
        "chosen": {**chosen.to_json(), "why": choice.why, "sha256": digests["model"]},
        "bytes": model.stat().st_size,
        "test": test,
        "seconds": round(journal.seconds(), 1),
        "commands": commands,
    }
    texts = {
        "fit.json": json.dumps(facts, indent=1) + "\n",
        "README.md": model_card(facts),
        "commands.sh": "".join(f"{line}\n" for line in ("#!/bin/sh", "set -e", *commands)),
    }
    for name, text in texts.items():
        with replacing(request.output / name, force=True) as part:
            part.write_text(text, encoding="utf-8")
    return FitReport(
        model, model.stat().st_size, chosen.size.name, test, choice.why, journal.seconds(), facts
    )


def _plain(request: FitRequest) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        return str(value) if isinstance(value, Path) else value

    return {
        name: [str(each) for each in value] if name == "train" else plain(value)
        for name, value in asdict(request).items()
    }


def _shape(teacher: Checkpoint) -> str:
    return f"{teacher.config.num_hidden_layers}/{teacher.config.hidden_size}"


def _knows(teacher: Checkpoint, data: FitData) -> bool:
    """Whether a teacher was trained for this task, with these labels, already."""
    same = (teacher.task, teacher.multi_label) == (data.kind.task, data.kind.multi_label)
    return same and set(teacher.labels or ()) == set(data.labels)


def _tell_data(data: FitData, notify: Notify) -> None:
    rows = ", ".join(f"{split} {data.rows.get(split, 0):,}" for split in SPLITS)
    labels = f", {plural(len(data.labels), 'label')}" if data.labels else ""
    notify(f"data: {data.kind}; {rows} rows{labels}")
    if data.leaks:
        notify(f"  left out, as dev or test has them too: {plural(data.leaks, 'row')}")
    if data.outside_leaks:
        leaks = plural(data.outside_leaks, "text")
        notify(f"  warning: left out of --out-of-scope, as they have a label in the data: {leaks}")
    for finding in data.report["findings"]:
        notify(f"  {finding['severity']}: {finding['message']}")

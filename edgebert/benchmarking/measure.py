"""Measures a job on the machine it is on: every model with every engine, threads and input."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import combinations, product
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

from edgebert.benchmarking.cores import choose_cores, read_cores, show
from edgebert.benchmarking.energy import Meter, find_meter
from edgebert.benchmarking.facts import busy_note, read_facts, read_state
from edgebert.benchmarking.inputs import Length, Texts, read_texts
from edgebert.benchmarking.interleaving import (
    Measurements,
    OnShare,
    StoppingRule,
    interleave,
    rotated,
    take_energy,
)
from edgebert.benchmarking.job import BenchmarkJob
from edgebert.benchmarking.models import OpenedModel, memory_groups, open_model, without_float32
from edgebert.benchmarking.process import COMPILED_WORKER, WORKER, Process, Program
from edgebert.benchmarking.result import (
    Accuracy,
    ColdStart,
    DeviceResult,
    Memory,
    MemoryState,
    Run,
    RunRatio,
    Samples,
    Start,
    accuracy_key,
)
from edgebert.benchmarking.setting import Setting
from edgebert.benchmarking.statistics import (
    Times,
    by_process,
    paired_ratio,
    relative,
    rounds_that_count,
    summarize,
)
from edgebert.benchmarking.system import System
from edgebert.benchmarking.throttling import happened, in_any, read_throttling
from edgebert.errors import EdgebertError
from edgebert.progress import Progress, silent
from edgebert.runtime.engines import ENGINES
from edgebert.runtime.machine import parse_meminfo
from edgebert.support import AcceleratorChoice

BenchmarkInput: TypeAlias = Texts | Length

_LITERT = ENGINES["litert"].package
_SHARE_OF_MEMORY = 0.7
_STEPS = 100
_CACHED_STARTS = 3


@dataclass(frozen=True)
class RunConfiguration:
    """One engine, number of threads and input, for which models are interleaved.

    Attributes:
        cores: numbers; None: all.
        rule: when there are enough rounds.
        data: labelled data, where accuracy is to be measured.
    """

    engine: str
    threads: int
    given: BenchmarkInput
    cores: tuple[int, ...] | None
    rule: StoppingRule
    data: str | None

    @property
    def with_texts(self) -> bool:
        """Whether the input is real texts; then what no length changes is taken as well."""
        return isinstance(self.given, Texts)

    def setting(self, model: OpenedModel, cache: str | None = None) -> Setting:
        """What a process for one model is told."""
        return Setting(
            model=str(model.file.path.resolve()),
            engine=self.engine,  # type: ignore[arg-type]
            threads=self.threads,
            cores=None if self.cores is None else list(self.cores),
            texts=self.given.of(model.file),
            accelerator=model.accelerator,
            cache=cache,
        )


@dataclass(frozen=True)
class Instruments:
    """What the job is measured with."""

    system: System
    worker: Program
    meter: Meter | None


def measure(
    job: BenchmarkJob,
    progress: Progress = silent,
    *,
    system: System | None = None,
    worker: Program = WORKER,
) -> DeviceResult:
    """Measures on this machine; the result calls it "local".

    Args:
        job: what to measure.
        progress: is told how far it is.
        system: where facts are read; None: this machine.
        worker: the program that measures one model.

    Raises:
        EdgebertError: a model, text or setting that does not fit; or a measuring process fails.
    """
    system = system or System()
    models = [open_model(model) for model in job.models]
    setups = list(_setups(job, system))
    _check(job, setups, models)
    accelerated, left = _on_accelerator(job.accelerator, setups[0], models, worker)
    memory = parse_meminfo(system.text("proc/meminfo"))
    limit = int(_SHARE_OF_MEMORY * memory.available) if memory else None
    groups = memory_groups([*models, *accelerated], limit)
    said = (busy_note(system), *_float32_notes(models, groups), *left)
    notes = list(dict.fromkeys(note for note in said if note))
    before, throttling = read_state(system), read_throttling(system)
    instruments = Instruments(system, worker, find_meter(system))
    runs: list[Run] = []
    ratios: list[RunRatio] = []
    stages = list(product(setups, groups))
    for number, (setup, group) in enumerate(stages):
        on_share = _teller(progress, setup, group, number, len(stages))
        of_group = _measure_group(setup, group, instruments, on_share)
        ratios += _ratios(of_group, len(runs))
        runs += of_group
    ends = happened(throttling, read_throttling(system))
    throttled = in_any([ends, *(r.throttled for run in runs for r in run.rounds)])
    facts = read_facts(system, before, read_state(system), throttled)
    return DeviceResult("local", facts, tuple(_shared(runs)), tuple(ratios), tuple(notes))


def _check(
    job: BenchmarkJob, setups: Sequence[RunConfiguration], models: Sequence[OpenedModel]
) -> None:
    """Finds what would end the job after minutes were spent.

    Raises:
        EdgebertError: a text or length that a model does not take, an engine that is not
            installed, or data that cannot be read for a model's task.
    """
    for setup, model in product(setups, models):
        setup.given.of(model.file)
    for name in job.engines:
        if name != "auto" and find_spec(ENGINES[name].module.partition(".")[0]) is None:
            package = ENGINES[name].package
            raise EdgebertError(f"{package} is not installed (pip install {package})")
    if job.data is not None:
        from edgebert.evaluation.data import open_data

        for record in (model.file.record for model in models):
            open_data(Path(job.data), record.task, multi_label=record.multi_label)


def _on_accelerator(
    accelerator: AcceleratorChoice,
    setup: RunConfiguration,
    models: Sequence[OpenedModel],
    worker: Program,
) -> tuple[list[OpenedModel], list[str]]:
    """The models that it runs, and of "auto" why it does not run the others.

    Raises:
        EdgebertError: it does not run one, or answers wrongly.
    """
    found, left = [], []
    for model in models if accelerator != "cpu" else ():
        asked = replace(model, accelerator=accelerator)
        with Process(worker, setup.setting(asked), model.name) as process:
            runs_on = process.started["accelerator"]
            if runs_on == "cpu":
                left += [f"{model.name}: {each}" for each in process.started["warnings"]]
            else:
                found.append(replace(model, accelerator=runs_on))
    return found, left


def _setups(job: BenchmarkJob, system: System) -> Iterator[RunConfiguration]:
    cores = None if job.cores is None else choose_cores(job.cores, read_cores(system))
    inputs: list[BenchmarkInput] = [read_texts(None if job.texts is None else Path(job.texts))]
    inputs += [Length(tokens) for tokens in job.lengths]
    for engine, threads, given in product(job.engines, job.threads, inputs):
        is_first = threads == job.threads[0] and isinstance(given, Texts)
        yield RunConfiguration(
            engine=engine,
            threads=threads,
            given=given,
            cores=cores,
            rule=StoppingRule(job.rounds, job.min_seconds, job.processes),
            data=job.data if is_first else None,
        )


def _measure_group(
    setup: RunConfiguration,
    group: Sequence[OpenedModel],
    instruments: Instruments,
    on_share: OnShare,
) -> list[Run]:
    """Runs of models that are in memory at once."""
    on_share(0.0)
    measurements = [Measurements() for _ in group]
    runs: list[Run] = []
    for number in itertools.count():
        with contextlib.ExitStack() as stack:
            # Each time another one is started first: it is a little slower for all its life.
            started = {
                at: stack.enter_context(
                    Process(instruments.worker, setup.setting(model), model.name)
                )
                for at, model in rotated([*enumerate(group)], number)
            }
            processes = [started[at] for at in range(len(group))]
            for process, measured in zip(processes, measurements, strict=True):
                measured.starts.append(process.started)
            interleave(
                number,
                processes,
                measurements,
                setup.rule,
                instruments.system,
                setup.cores,
                on_share,
            )
            if setup.rule.share(measurements) >= 1:
                for model, process, measured in zip(group, processes, measurements, strict=True):
                    runs.append(_finished(setup, model, process, measured, instruments))
                break
    if setup.with_texts:
        runs = [_with_cache(setup, model, run) for model, run in zip(group, runs, strict=True)]
    return runs


def _finished(
    setup: RunConfiguration,
    model: OpenedModel,
    process: Process,
    measurements: Measurements,
    instruments: Instruments,
) -> Run:
    """The run, with what is asked of its last process when all rounds are taken."""
    peak = MemoryState(**process.ask("peak"))
    run = _run(setup, model, measurements, peak)
    if setup.with_texts:
        run = replace(run, energy=take_energy(process, instruments.meter))
    if setup.data is not None:
        run = replace(run, accuracy=Accuracy(**process.ask("accuracy", data=setup.data)))
    return run


def _run(
    setup: RunConfiguration, model: OpenedModel, measurements: Measurements, peak: MemoryState
) -> Run:
    started = measurements.starts[-1]
    memory = dict(started["memory"])
    model_file = memory.pop("model_file")
    states = {moment: MemoryState(**state) for moment, state in memory.items()}
    return Run(
        model=model.facts,
        engine=started["engine"],
        engine_version=_version(started["engine"]),
        threads=setup.threads,
        cores=None if setup.cores is None else show(setup.cores),
        input=setup.given.input(),
        cold=_cold_start([Start(**each["cold"]) for each in measurements.starts]),
        samples_us=Samples(**{part: tuple(v) for part, v in measurements.samples.items()}),
        rounds=tuple(measurements.rounds),
        stats=summarize(measurements.samples["total"], measurements.rounds),
        memory=Memory(**states, peak=peak, model_file=model_file),
        accelerator=started["accelerator"],
        accelerated=started["accelerated"],
    )


def _cold_start(starts: Sequence[Start]) -> ColdStart:
    """The median of each part: one start alone may have waited for the disk, or for others."""
    parts = {part: [getattr(start, part) for start in starts] for part in vars(starts[0])}
    medians = {part: round(median(values), 3) for part, values in parts.items()}
    return ColdStart(**medians, starts=tuple(starts))


def _with_cache(setup: RunConfiguration, model: OpenedModel, run: Run) -> Run:
    """The run with what a start with XNNPACK's weight cache gives, where the engine has one."""
    if run.engine != _LITERT or run.accelerator != "cpu":
        return run
    with tempfile.TemporaryDirectory() as folder:
        plain, cached = (
            setup.setting(model),
            setup.setting(model, str(Path(folder) / "weights")),
        )
        try:
            _compiled(cached, model)  # fills it
            pairs = [
                (_compiled(plain, model), _compiled(cached, model)) for _ in range(_CACHED_STARTS)
            ]
        except EdgebertError as error:
            return replace(run, notes=(*run.notes, f"no start with the weight cache: {error}"))
    without, with_cache = (
        median(each["load_ms"] for each in of) for of in zip(*pairs, strict=True)
    )
    memory, memory_cached = (each["memory"] for each in pairs[-1])
    return replace(
        run,
        cold=replace(run.cold, load_cached_ms=with_cache, load_compiled_ms=without),
        memory=replace(
            run.memory,
            cached=MemoryState(**memory_cached["first"]),
            compiled=MemoryState(**memory["first"]),
            compiled_baseline=MemoryState(**memory_cached["baseline"]),
        ),
    )


def _compiled(setting: Setting, model: OpenedModel) -> Mapping[str, Any]:
    """What a fresh process tells of its start with CompiledModel."""
    with Process(COMPILED_WORKER, setting, model.name) as process:
        return process.started


def _ratios(runs: Sequence[Run], first: int) -> Iterator[RunRatio]:
    """Each run against each one before it; runs are numbered from `first` on."""
    for (i, one), (j, other) in combinations(enumerate(runs), 2):
        both = rounds_that_count(one.rounds, other.rounds)
        if len(both) > 1:
            times, against = (
                by_process(_relative(run), [run.rounds[k] for k in both]) for run in (other, one)
            )
            found = paired_ratio(times, against)
            figures = (round(value, 5) for value in (found.value, found.low, found.high))
            yield RunRatio(first + j, first + i, *figures)


def _relative(run: Run) -> Times:
    return relative(run.samples_us.total, run.samples_us.reference)


def _shared(runs: Sequence[Run]) -> Iterator[Run]:
    """The runs, each with the accuracy that its model has on its engine."""
    known = {accuracy_key(run): run.accuracy for run in runs if run.accuracy is not None}
    for run in runs:
        yield replace(run, accuracy=known.get(accuracy_key(run)))


def _teller(
    progress: Progress,
    setup: RunConfiguration,
    group: Sequence[OpenedModel],
    number: int,
    stages: int,
) -> OnShare:
    given = setup.given.input()
    name = given.name or f"{given.tokens} tokens"
    models = group[0].name if len(group) == 1 else f"{len(group)} models"
    what = f"{models}, {name}, {setup.threads} thread{'s' if setup.threads > 1 else ''}"

    def on_share(share: float) -> None:
        done = int(_STEPS * (number + share))
        progress(done, _STEPS * stages, what)

    return on_share


def _float32_notes(
    models: Sequence[OpenedModel], groups: Sequence[Sequence[OpenedModel]]
) -> Iterator[str]:
    """Where nothing tells whether int8 helped."""
    alone = without_float32(models)
    for model in alone:
        yield (
            f"{model.name}: float32 was not measured beside it; "
            "convert with --quantize float32 and give both files"
        )
    for model in itertools.chain.from_iterable(map(without_float32, groups)):
        if model not in alone:
            yield (
                f"{model.name}: memory is too short for it and its float32 at once; "
                "whether int8 helped is not told"
            )


def _version(package: str) -> str | None:
    from importlib.metadata import distributions

    return next((each.version for each in distributions(name=package)), None)

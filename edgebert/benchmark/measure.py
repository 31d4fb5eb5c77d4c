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

from edgebert.benchmark.cores import choose_cores, read_cores, show
from edgebert.benchmark.energy import Meter, find_meter
from edgebert.benchmark.facts import busy_note, read_facts, read_state
from edgebert.benchmark.inputs import Length, Texts, read_texts
from edgebert.benchmark.job import Job
from edgebert.benchmark.models import Candidate, heats, open_candidate, without_float32
from edgebert.benchmark.process import CACHED, Process, Program
from edgebert.benchmark.result import (
    Accuracy,
    ColdStart,
    DeviceResult,
    Memory,
    MemoryState,
    Run,
    RunRatio,
    Samples,
    Start,
)
from edgebert.benchmark.setting import Setting
from edgebert.benchmark.statistics import (
    Times,
    by_process,
    kept,
    paired_ratio,
    relative,
    summarize,
)
from edgebert.benchmark.system import System
from edgebert.benchmark.throttling import happened, in_any, read_throttling
from edgebert.benchmark.turns import Taken, Told, Until, rotated, take_energy, take_turns
from edgebert.checkpoints.progress import Progress
from edgebert.errors import EdgebertError
from edgebert.runtime.engines import ENGINES
from edgebert.runtime.machine import parse_meminfo

Given: TypeAlias = Texts | Length

_LITERT = ENGINES["litert"].package
_SHARE_OF_MEMORY = 0.7
_STEPS = 100
_CACHED_STARTS = 3


@dataclass(frozen=True)
class Plan:
    """One engine, number of threads and input, on which models take turns.

    Attributes:
        cores: numbers; None: all.
        until: when there are enough rounds.
        data: labelled data, where accuracy is to be taken.
    """

    engine: str
    threads: int
    given: Given
    cores: tuple[int, ...] | None
    until: Until
    data: str | None

    @property
    def with_texts(self) -> bool:
        """Whether the input is real texts; then what no length changes is taken as well."""
        return isinstance(self.given, Texts)

    def setting(self, model: Candidate, cache: str | None = None) -> Setting:
        """What a process for one model is told."""
        return Setting(
            model=str(model.file.path.resolve()),
            engine=self.engine,  # type: ignore[arg-type]
            threads=self.threads,
            cores=None if self.cores is None else list(self.cores),
            texts=self.given.of(model.file),
            cache=cache,
        )


@dataclass(frozen=True)
class Bench:
    """What the job is measured with."""

    system: System
    worker: Program
    meter: Meter | None


def measure(job: Job, progress: Progress, system: System, worker: Program) -> DeviceResult:
    """See `job.run_job`."""
    models = [open_candidate(model) for model in job.models]
    plans = list(_plans(job, system))
    _check(job, plans, models)
    memory = parse_meminfo(system.text("proc/meminfo"))
    room = int(_SHARE_OF_MEMORY * memory.available) if memory else None
    heats_of_models = heats(models, room)
    notes = [note for note in (busy_note(system), *_float32_notes(models, heats_of_models)) if note]
    before, throttling = read_state(system), read_throttling(system)
    bench = Bench(system, worker, find_meter(system))
    runs: list[Run] = []
    ratios: list[RunRatio] = []
    stages = list(product(plans, heats_of_models))
    for number, (plan, heat) in enumerate(stages):
        told = _teller(progress, plan, heat, number, len(stages))
        of_heat = _measure_heat(plan, heat, bench, told)
        ratios += _ratios(of_heat, len(runs))
        runs += of_heat
    ends = happened(throttling, read_throttling(system))
    throttled = in_any([ends, *(r.throttled for run in runs for r in run.rounds)])
    facts = read_facts(system, before, read_state(system), throttled)
    return DeviceResult("local", facts, tuple(_shared(runs)), tuple(ratios), tuple(notes))


def _check(job: Job, plans: Sequence[Plan], models: Sequence[Candidate]) -> None:
    """Finds what would end the job after minutes were spent.

    Raises:
        EdgebertError: a text or length that a model does not take, an engine that is not
            installed, or data that cannot be read for a model's task.
    """
    for plan, model in product(plans, models):
        plan.given.of(model.file)
    for name in job.engines:
        if name != "auto" and find_spec(ENGINES[name].module.partition(".")[0]) is None:
            package = ENGINES[name].package
            raise EdgebertError(f"{package} is not installed (pip install {package})")
    if job.data is not None:
        from edgebert.evaluate.data import open_data

        for record in (model.file.record for model in models):
            open_data(Path(job.data), record.task, multi_label=record.multi_label)


def _plans(job: Job, system: System) -> Iterator[Plan]:
    cores = None if job.cores is None else choose_cores(job.cores, read_cores(system))
    inputs: list[Given] = [read_texts(None if job.texts is None else Path(job.texts))]
    inputs += [Length(tokens) for tokens in job.lengths]
    for engine, threads, given in product(job.engines, job.threads, inputs):
        is_first = threads == job.threads[0] and isinstance(given, Texts)
        yield Plan(
            engine=engine,
            threads=threads,
            given=given,
            cores=cores,
            until=Until(job.rounds, job.min_seconds, job.processes),
            data=job.data if is_first else None,
        )


def _measure_heat(plan: Plan, heat: Sequence[Candidate], bench: Bench, told: Told) -> list[Run]:
    """Runs of models that are in memory at once."""
    told(0.0)
    taken = [Taken() for _ in heat]
    runs: list[Run] = []
    for number in itertools.count():
        with contextlib.ExitStack() as stack:
            # Each time another one is started first: it is a little slower for all its life.
            started = {
                at: stack.enter_context(Process(bench.worker, plan.setting(model), model.name))
                for at, model in rotated([*enumerate(heat)], number)
            }
            processes = [started[at] for at in range(len(heat))]
            for process, of_model in zip(processes, taken, strict=True):
                of_model.starts.append(process.started)
            take_turns(number, processes, taken, plan.until, bench.system, plan.cores, told)
            if plan.until.share(taken) >= 1:
                for model, process, of_model in zip(heat, processes, taken, strict=True):
                    runs.append(_finished(plan, model, process, of_model, bench))
                break
    if plan.with_texts:
        runs = [_with_cache(plan, model, run) for model, run in zip(heat, runs, strict=True)]
    return runs


def _finished(plan: Plan, model: Candidate, process: Process, taken: Taken, bench: Bench) -> Run:
    """The run, with what is asked of its last process when all rounds are taken."""
    peak = MemoryState(**process.ask("peak"))
    run = _run(plan, model, taken, peak)
    if plan.with_texts:
        run = replace(run, energy=take_energy(process, bench.meter))
    if plan.data is not None:
        run = replace(run, accuracy=Accuracy(**process.ask("accuracy", data=plan.data)))
    return run


def _run(plan: Plan, model: Candidate, taken: Taken, peak: MemoryState) -> Run:
    started = taken.starts[-1]
    memory = dict(started["memory"])
    model_file = memory.pop("model_file")
    states = {moment: MemoryState(**state) for moment, state in memory.items()}
    return Run(
        model=model.facts,
        engine=started["engine"],
        engine_version=_version(started["engine"]),
        threads=plan.threads,
        cores=None if plan.cores is None else show(plan.cores),
        input=plan.given.input(),
        cold=_cold_start([Start(**each["cold"]) for each in taken.starts]),
        samples_us=Samples(**{part: tuple(v) for part, v in taken.samples.items()}),
        rounds=tuple(taken.rounds),
        stats=summarize(taken.samples["total"], taken.rounds),
        memory=Memory(**states, peak=peak, model_file=model_file),
    )


def _cold_start(starts: Sequence[Start]) -> ColdStart:
    """The median of each part: one start alone may have waited for the disk, or for others."""
    parts = {part: [getattr(start, part) for start in starts] for part in vars(starts[0])}
    medians = {part: round(median(values), 3) for part, values in parts.items()}
    return ColdStart(**medians, starts=tuple(starts))


def _with_cache(plan: Plan, model: Candidate, run: Run) -> Run:
    """The run with what a start with XNNPACK's weight cache gives, where the engine has one."""
    if run.engine != _LITERT:
        return run
    with tempfile.TemporaryDirectory() as folder:
        plain, cached = plan.setting(model), plan.setting(model, str(Path(folder) / "weights"))
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


def _compiled(setting: Setting, model: Candidate) -> Mapping[str, Any]:
    """What a fresh process tells of its start with CompiledModel."""
    with Process(CACHED, setting, model.name) as process:
        return process.started


def _ratios(runs: Sequence[Run], first: int) -> Iterator[RunRatio]:
    """Each run against each one before it; runs are numbered from `first` on."""
    for (i, one), (j, other) in combinations(enumerate(runs), 2):
        both = kept(one.rounds, other.rounds)
        if len(both) > 1:
            times, against = (
                by_process(_relative(run), [run.rounds[k] for k in both]) for run in (other, one)
            )
            found = paired_ratio(times, against)
            figures = (round(value, 5) for value in (found.value, found.low, found.high))
            yield RunRatio(first + j, first + i, *figures)


def _relative(run: Run) -> Times:
    return relative(run.samples_us.total, run.samples_us.yardstick)


def _shared(runs: Sequence[Run]) -> Iterator[Run]:
    """The runs, each with the accuracy that its model has on its engine."""
    known = {
        (run.model.sha256, run.engine): run.accuracy for run in runs if run.accuracy is not None
    }
    for run in runs:
        yield replace(run, accuracy=known.get((run.model.sha256, run.engine)))


def _teller(
    progress: Progress, plan: Plan, heat: Sequence[Candidate], number: int, stages: int
) -> Told:
    given = plan.given.input()
    name = given.name or f"{given.tokens} tokens"
    models = heat[0].name if len(heat) == 1 else f"{len(heat)} models"
    what = f"{models}, {name}, {plan.threads} thread{'s' if plan.threads > 1 else ''}"

    def told(share: float) -> None:
        done = int(_STEPS * (number + share))
        progress(done, _STEPS * stages, what)

    return told


def _float32_notes(
    models: Sequence[Candidate], heats_of_models: Sequence[Sequence[Candidate]]
) -> Iterator[str]:
    """Where nothing tells whether int8 helped."""
    alone = without_float32(models)
    for model in alone:
        yield (
            f"{model.name}: float32 was not measured beside it; "
            "convert with --quantize float32 and give both files"
        )
    for model in itertools.chain.from_iterable(map(without_float32, heats_of_models)):
        if model not in alone:
            yield (
                f"{model.name}: memory is too short for it and its float32 to take turns; "
                "whether int8 helped is not told"
            )


def _version(package: str) -> str | None:
    from importlib.metadata import distributions

    return next((each.version for each in distributions(name=package)), None)

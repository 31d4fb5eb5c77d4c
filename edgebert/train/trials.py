"""Several runs, one for each of some settings: the best weights are kept as a checkpoint."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.writing.hugging_face import FILES, write_hugging_face
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.errors import EdgebertError
from edgebert.progress import Progress, silent
from edgebert.train.batching import BatchSource, Example
from edgebert.train.defaults import Problem, describe_derived, resolve_settings
from edgebert.train.evaluation import DevResult, EvaluateCheckpoint
from edgebert.train.fingerprint import fingerprint
from edgebert.train.loop import Notify, Objective, train
from edgebert.train.network import Network
from edgebert.train.report import TrainingReport, Trial
from edgebert.train.run_folder import open_run
from edgebert.train.settings import ResolvedSettings, Settings
from edgebert.train.strategy import barrier, current_cluster, replica_count

RUNS = "runs"
"""The folder beside the model's files in which runs are kept."""


_UNKNOWN = DevResult({}, -math.inf)


@dataclass(frozen=True)
class Experiment:
    """All that the runs share.

    Attributes:
        problem: decides what settings leave open.
        initial_checkpoint: makes the checkpoint that a run starts from, with its task.
        objective: makes the loss; each run has its own.
        batches: makes the batches of a run, each in so many micro-batches.
        evaluate: measures a checkpoint as the file its run is for; None: the last weights are best.
        config: plain JSON values that decide the weights beside the settings.
        examples: those that are in memory.
        count: number of all examples.
        truncated: how many were cut off.
        defaults_note: for people: further options that were not given, and their defaults.
    """

    problem: Problem
    initial_checkpoint: Callable[[ResolvedSettings], Checkpoint]
    objective: Callable[[ResolvedSettings], Objective]
    batches: Callable[[ResolvedSettings, int], BatchSource]
    evaluate: EvaluateCheckpoint | None
    config: Mapping[str, Any]
    examples: Sequence[Example] = ()
    count: int = 0
    truncated: int = 0
    defaults_note: str = ""


def refuse_existing_model(output: Path, *, resume: bool, force: bool) -> None:
    """Refuses a folder with any file of a model, unless `force`, or there are runs to resume.

    Raises:
        EdgebertError: there is one.
    """
    allowed = force or (resume and (output / RUNS).is_dir())
    if not allowed and any((output / name).exists() for name in FILES):
        raise EdgebertError(f"{output}: holds a model already; choose another folder or --force")


def check_dev(trials: Sequence[Settings], dev: Path | None) -> None:
    """Refuses what only dev data can decide.

    Raises:
        EdgebertError: several runs, or an early end, and no dev data.
    """
    if dev is None and (len(trials) > 1 or trials[0].patience is not None):
        raise EdgebertError(
            "several runs (--grid, --seeds) or --patience, and nothing to judge by: add --dev"
        )


def run_trials(
    experiment: Experiment,
    trials: Sequence[Settings],
    output: Path,
    *,
    resume: bool,
    progress: Progress = silent,
    notify: Notify = lambda line: None,
) -> TrainingReport:
    """Trains with each of the settings and writes the best weights as a Hugging Face folder.

    Of several workers the chief alone evaluates and writes.

    Args:
        experiment: what is learned.
        trials: settings, perhaps with some left open; of several the one with the best dev figure
            wins, the first at a tie.
        output: folder to write; the runs are kept in `runs` within.
        resume: go on with runs that are there.
        progress: called with how many steps are done.
        notify: given a line for people after each epoch.

    Raises:
        EdgebertError: a run is there and `resume` is off, or was another one; workers were not
            given the same; or what is asked for takes one device.
        CheckFailedError: a run's loss was not finite.
    """
    _check_devices(trials)
    resolved = [resolve_settings(given, experiment.problem) for given in trials]
    if options := describe_derived(trials[0], resolved[0]) + experiment.defaults_note:
        progress = _notify_on_first_step(
            progress, notify, f"defaults for {experiment.problem}:{options}"
        )
    done: list[Trial] = []
    best: tuple[Trial, Checkpoint] | None = None  # of a grid not all models would fit into memory
    for number, settings in enumerate(resolved, 1):
        if len(trials) > 1:
            notify(f"run {number} of {len(trials)}: {run_name(settings)}")
        found = _run(experiment, settings, output, progress, notify, resume=resume)
        done.append(found[0])
        if best is None or found[0].figure > best[0].figure:
            best = found
        del found  # its model, while the next one is made
    if best is None:
        raise ValueError("no trials")
    trial, model = best
    dev_result = (
        _write_best(experiment, model, trial.settings, output)
        if current_cluster().is_chief
        else _UNKNOWN
    )
    barrier()
    if trial.rises:
        notify(f"the dev figure still rises: train longer: --epochs {2 * trial.settings.epochs}")
    return TrainingReport(
        path=output,
        best=trial,
        metrics=dev_result.metrics,
        trials=tuple(done),
        examples=experiment.count,
        truncated=experiment.truncated,
        at_chance=dev_result.at_chance,
    )


def _notify_on_first_step(progress: Progress, notify: Notify, line: str) -> Progress:
    """Sends a line when the first step is done: an error before it is shown alone."""
    waiting = [line]

    def wrapped(done: int, total: int | None, description: str) -> None:
        if waiting:
            notify(waiting.pop())
        progress(done, total, description)

    return wrapped


def grid(
    base: Settings,
    batch_sizes: Iterable[int | None],
    learning_rates: Iterable[float | None],
    seeds: Iterable[int],
) -> tuple[Settings, ...]:
    """Settings for each combination."""
    return tuple(
        replace(base, batch_size=size, learning_rate=rate, seed=seed)
        for size, rate, seed in itertools.product(batch_sizes, learning_rates, seeds)
    )


def run_name(settings: ResolvedSettings) -> str:
    """The name of a run's folder."""
    return f"batch{settings.batch_size}-rate{settings.learning_rate:g}-seed{settings.seed}"


def _write_best(
    experiment: Experiment, model: Checkpoint, settings: ResolvedSettings, output: Path
) -> DevResult:
    """Writes the best weights; gives what is said of them."""
    write_hugging_face(model, output, force=True)
    return _UNKNOWN if experiment.evaluate is None else experiment.evaluate(model, settings)


def _check_devices(trials: Sequence[Settings]) -> None:
    if replica_count() > 1 and any(settings.qat or settings.prune for settings in trials):
        raise EdgebertError(
            f"qat and pruning train on one device, and here are {replica_count()}: train without "
            "them first, then on one device with them"
        )


def _run(
    experiment: Experiment,
    settings: ResolvedSettings,
    output: Path,
    progress: Progress,
    notify: Notify,
    *,
    resume: bool,
) -> tuple[Trial, Checkpoint]:
    """One run, and the checkpoint that came of it."""
    start, evaluate = experiment.initial_checkpoint(settings), experiment.evaluate
    config = {"settings": asdict(settings), **experiment.config, "start": fingerprint(start)}
    run = open_run(output / RUNS / run_name(settings), config, resume=resume)
    network = make_network(start, settings, experiment.examples)
    result = train(
        network,
        experiment.objective(settings),
        experiment.batches(settings, settings.accumulate * replica_count()),
        settings,
        run,
        evaluate=None
        if evaluate is None
        else lambda w: evaluate(network.to_checkpoint(start, w), settings),
        progress=progress,
        notify=notify,
    )
    figure = -math.inf if result.state.best is None else result.state.best
    trial = Trial(settings, figure, result.state.kept_step, result.state.rises)
    return trial, network.to_checkpoint(start, result.weights)


def make_network(
    start: Checkpoint, settings: ResolvedSettings, examples: Sequence[Example]
) -> Network:
    """The network of a run.

    Args:
        start: with the heads of its task.
        settings: of the run.
        examples: that it will learn from; the first ranges are those of some of them.

    Raises:
        EdgebertError: another family, or tensorflow-model-optimization is needed and not there.
    """
    if settings.qat is None:
        return Network(start.config, start.weights, precision=settings.precision)
    head = plan(Options(quantize="float32"), start).head
    if settings.qat == "int8":
        from edgebert.train.qat.dynamic import DynamicNetwork

        return DynamicNetwork(start.config, start.weights, head, start.tokenizer.max_length)
    from edgebert.train.qat.integer import IntegerNetwork, calibrate

    texts = [each for example in examples for each in example.inputs]
    return IntegerNetwork(start, head, calibrate(start, head, texts))

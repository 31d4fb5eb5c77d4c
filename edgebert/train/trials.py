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
from edgebert.errors import EdgebertError
from edgebert.progress import Progress, silent
from edgebert.train.defaults import Problem, settle, told
from edgebert.train.deployed import Judge
from edgebert.train.examples import Example, Feed
from edgebert.train.fingerprint import fingerprint
from edgebert.train.loop import Objective, Tell, train
from edgebert.train.networks import network_for
from edgebert.train.report import Report, Trial
from edgebert.train.run_folder import open_run
from edgebert.train.score import Score
from edgebert.train.settings import Settings, Settled
from edgebert.train.strategy import cluster, devices, wait_for_all

RUNS = "runs"
"""The folder beside the model's files in which runs are kept."""


_UNKNOWN = Score({}, -math.inf)


@dataclass(frozen=True)
class Lessons:
    """All that the runs share.

    Attributes:
        problem: decides what settings leave open.
        begin: makes the checkpoint that a run begins with; its task is what is learned.
        objective: makes what is to become small; each run has its own.
        feed: makes what gives the batches of a run, each in so many parts.
        judge: of a checkpoint, as what a run with its settings makes of it; None: the last weights
            are the best.
        config: plain JSON values that decide the weights beside the settings.
        examples: those that are in memory.
        count: number of all examples.
        truncated: how many were cut off.
        told: options that were left open beside the settings, and what they became.
    """

    problem: Problem
    begin: Callable[[Settled], Checkpoint]
    objective: Callable[[Settled], Objective]
    feed: Callable[[Settled, int], Feed]
    judge: Judge | None
    config: Mapping[str, Any]
    examples: Sequence[Example] = ()
    count: int = 0
    truncated: int = 0
    told: str = ""


def refuse_model(output: Path, *, resume: bool, force: bool) -> None:
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
    lessons: Lessons,
    trials: Sequence[Settings],
    output: Path,
    *,
    resume: bool,
    progress: Progress = silent,
    tell: Tell = lambda line: None,
) -> Report:
    """Trains with each of the settings and writes the best weights as a Hugging Face folder.

    Of several workers the chief alone judges and writes.

    Args:
        lessons: what is learned.
        trials: settings, perhaps with some left open; of several the one with the best dev figure
            wins, the first at a tie.
        output: folder to write; the runs are kept in `runs` within.
        resume: go on with runs that are there.
        progress: told how many steps are done.
        tell: given a line for people after each epoch.

    Raises:
        EdgebertError: a run is there and `resume` is off, or was another one; workers were not
            given the same; or what is asked for takes one device.
        CheckFailedError: a run's loss was not finite.
    """
    _check_devices(trials)
    settled = [settle(given, lessons.problem) for given in trials]
    if options := told(trials[0], settled[0]) + lessons.told:
        progress = _telling(progress, tell, f"defaults for {lessons.problem}:{options}")
    made: list[Trial] = []
    best: tuple[Trial, Checkpoint] | None = None  # of a grid not all models would fit into memory
    for number, settings in enumerate(settled, 1):
        if len(trials) > 1:
            tell(f"run {number} of {len(trials)}: {run_name(settings)}")
        found = _run(lessons, settings, output, progress, tell, resume=resume)
        made.append(found[0])
        if best is None or found[0].figure > best[0].figure:
            best = found
        del found  # its model, while the next one is made
    if best is None:
        raise ValueError("no trials")
    trial, model = best
    score = _keep(lessons, model, trial.settings, output) if cluster().is_chief else _UNKNOWN
    wait_for_all()
    if trial.rises:
        tell(f"the dev figure still rises: train longer: --epochs {2 * trial.settings.epochs}")
    return Report(
        path=output,
        best=trial,
        metrics=score.metrics,
        trials=tuple(made),
        examples=lessons.count,
        truncated=lessons.truncated,
        at_chance=score.at_chance,
    )


def _telling(progress: Progress, tell: Tell, line: str) -> Progress:
    """Tells a line when the first step is done: what goes wrong before it is told alone."""
    waiting = [line]

    def telling(done: int, total: int | None, description: str) -> None:
        if waiting:
            tell(waiting.pop())
        progress(done, total, description)

    return telling


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


def run_name(settings: Settled) -> str:
    """The name of a run's folder."""
    return f"batch{settings.batch_size}-rate{settings.learning_rate:g}-seed{settings.seed}"


def _keep(lessons: Lessons, model: Checkpoint, settings: Settled, output: Path) -> Score:
    """Writes the best weights; gives what is said of them."""
    write_hugging_face(model, output, force=True)
    return _UNKNOWN if lessons.judge is None else lessons.judge(model, settings)


def _check_devices(trials: Sequence[Settings]) -> None:
    if devices() > 1 and any(settings.qat or settings.prune for settings in trials):
        raise EdgebertError(
            f"qat and pruning train on one device, and here are {devices()}: train without them "
            "first, then on one device with them"
        )


def _run(
    lessons: Lessons,
    settings: Settled,
    output: Path,
    progress: Progress,
    tell: Tell,
    *,
    resume: bool,
) -> tuple[Trial, Checkpoint]:
    """One run, and the checkpoint that came of it."""
    start, judge = lessons.begin(settings), lessons.judge
    config = {"settings": asdict(settings), **lessons.config, "start": fingerprint(start)}
    run = open_run(output / RUNS / run_name(settings), config, resume=resume)
    network = network_for(start, settings, lessons.examples)
    outcome = train(
        network,
        lessons.objective(settings),
        lessons.feed(settings, settings.accumulate * devices()),
        settings,
        run,
        evaluate=None if judge is None else lambda w: judge(network.trained(start, w), settings),
        progress=progress,
        tell=tell,
    )
    figure = -math.inf if outcome.mark.best is None else outcome.mark.best
    trial = Trial(settings, figure, outcome.mark.best_step, outcome.mark.rises)
    return trial, network.trained(start, outcome.weights)

"""The training loop: steps, evaluations, saves; a run that was killed goes on as if it had not."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from edgebert.bert.weights import Array
from edgebert.checkpoints.progress import Progress, silent
from edgebert.errors import CheckFailedError
from edgebert.train.backend import tf
from edgebert.train.dropout import Dropout, step_key
from edgebert.train.examples import Batch, Feed
from edgebert.train.network import Network
from edgebert.train.optimizer import AdamW
from edgebert.train.pruning import pruning_of
from edgebert.train.run_folder import RunFolder
from edgebert.train.score import Score
from edgebert.train.settings import Settings
from edgebert.train.state import Mark


class Objective(Protocol):
    """What is to become small."""

    @property
    def by_name(self) -> Mapping[str, Any]:
        """Variables of its own that are trained with the network."""

    def __call__(self, network: Network, batch: Mapping[str, Any], dropout: Dropout) -> Any:
        """The mean loss of a batch of tensors, a float32 scalar."""


@dataclass(frozen=True)
class Outcome:
    """A finished run.

    Attributes:
        weights: those with the best dev figure, or the last ones where there is no dev data.
        mark: where it ended.
        steps: that it could have had.
        texts_per_second: of this session, evaluations not counted; None where it did no step.
    """

    weights: Mapping[str, Array]
    mark: Mark
    steps: int
    texts_per_second: float | None


Evaluate = Callable[[Mapping[str, Array]], Score]
Tell = Callable[[str], None]


def train(
    network: Network,
    objective: Objective,
    feed: Feed,
    settings: Settings,
    run: RunFolder,
    *,
    evaluate: Evaluate | None = None,
    progress: Progress = silent,
    tell: Tell = lambda line: None,
) -> Outcome:
    """Trains to the end, from the run's last save where it has one.

    Args:
        network: its weights are where the run begins, and are changed.
        objective: gives the loss.
        feed: gives the batches.
        settings: of the run.
        run: where it is kept.
        evaluate: judges weights on dev data after each epoch.
        progress: told how many steps are done.
        tell: given a line for people after each epoch.

    Raises:
        CheckFailedError: the loss or its gradient is not finite; the last save stays.
        EdgebertError: a save is damaged or cannot be written.
    """
    tf.config.experimental.enable_op_determinism()
    return _Training(network, objective, feed, settings, run).go_on(evaluate, progress, tell)


class _Training:
    def __init__(
        self,
        network: Network,
        objective: Objective,
        feed: Feed,
        settings: Settings,
        run: RunFolder,
    ) -> None:
        self._network, self._objective, self._feed = network, objective, feed
        self._settings, self._run = settings, run
        self._variables = {**network.by_name, **objective.by_name}
        self._optimizer = AdamW(
            self._variables, settings.weight_decay, settings.clip_norm, xla=settings.xla
        )
        self._steps = settings.epochs * feed.steps_per_epoch
        self._pruning = pruning_of(settings.prune, network.by_name, self._steps)
        self._compiled = tf.function(self._backpropagate, jit_compile=True, autograph=False)
        self._interpreted: Any = None
        self._mark = Mark()

    def go_on(self, evaluate: Evaluate | None, progress: Progress, tell: Tell) -> Outcome:
        self._restore()
        clock = _Clock()
        per_epoch = self._feed.steps_per_epoch
        while self._mark.step < self._steps and not self._is_stale():
            self._step(clock)
            done = self._mark.step
            progress(done, self._steps, "training")
            if done % per_epoch == 0:
                with clock.stopped():
                    score = self._evaluate(evaluate) if evaluate else None
                tell(self._line(done // per_epoch, score, clock))
            if done % per_epoch == 0 or done % self._settings.save_every == 0:
                self._save()
        weights = self._run.best() if evaluate else self._network.canonical_weights()
        return Outcome(weights, self._mark, self._steps, clock.rate())

    def _step(self, clock: _Clock) -> None:
        step = self._mark.step
        parts = self._feed.parts(step)
        loss, gradients = self._loss_and_gradients(parts, step)
        rate = self._settings.rate(step, self._steps)
        norm = self._optimizer.apply(gradients, step, rate)
        self._pruning.after(step)
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise CheckFailedError(
                f"step {step + 1}: the loss is {loss} and its gradient has the norm {norm}; "
                f"stopped, and {self._run.path} keeps the save before it: "
                "try a lower --learning-rate in another folder"
            )
        self._mark = replace(self._mark, step=step + 1)
        clock.count(sum(len(part["target"]) for part in parts))
        if (step + 1) % self._settings.log_every == 0:
            self._run.log(step + 1, {"loss": loss, "gradient_norm": norm, "learning_rate": rate})

    def _loss_and_gradients(self, parts: list[Batch], step: int) -> tuple[float, dict[str, Any]]:
        """Of the whole batch: the mean over its parts, each as large as its share."""
        rows = sum(len(part["target"]) for part in parts)
        loss = 0.0
        total: dict[str, Any] = {}
        for number, part in enumerate(parts):
            share = len(part["target"]) / rows
            tensors = {name: tf.constant(value) for name, value in part.items()}
            key = step_key(self._settings.seed, step, number)
            part_loss, gradients = self._graph(tensors)(tensors, key, tf.constant(share))
            loss += share * float(part_loss)
            for name, gradient in gradients.items():
                total[name] = total[name] + gradient if name in total else gradient
        return loss, total

    def _graph(self, tensors: Mapping[str, Any]) -> Any:
        """What runs a part: compiled for its shape, if that is a shape that comes again and again.

        Which of the two it is depends on the part alone: their sums differ in the last bits.
        """
        usual = self._settings.batch_size // self._settings.accumulate
        if self._settings.xla and tensors["target"].shape[0] >= usual:
            return self._compiled
        if self._interpreted is None:
            self._interpreted = self._for_every_shape(tensors)
        return self._interpreted

    def _for_every_shape(self, tensors: Mapping[str, Any]) -> Any:
        """One graph: left to itself, TensorFlow traces by the shapes it happens to meet first."""
        if self._network.fixed_shapes:
            return tf.function(self._backpropagate, autograph=False)  # one for each shape
        shapes = {
            name: tf.TensorSpec([None] * len(value.shape), value.dtype)
            for name, value in tensors.items()
        }
        key, share = tf.TensorSpec([2], tf.int32), tf.TensorSpec([], tf.float32)
        return tf.function(
            self._backpropagate, input_signature=[shapes, key, share], autograph=False
        )

    def _backpropagate(self, batch: Mapping[str, Any], key: Any, share: Any) -> Any:
        """Loss and gradients, those times the share."""
        with tf.GradientTape() as tape:
            dropout = Dropout(self._settings.dropout, key)
            loss = self._objective(self._network, batch, dropout)
            scaled = loss * share
        found = tape.gradient(scaled, self._variables)
        # A variable that the loss does not depend on stays as it is.
        return loss, {
            name: tf.convert_to_tensor(gradient)
            for name, gradient in found.items()
            if gradient is not None
        }

    def _evaluate(self, evaluate: Evaluate) -> Score:
        weights = self._network.canonical_weights()
        score = evaluate(weights)
        if not self._pruning.done_by(self._mark.step):  # what is not pruned yet is not the best
            self._run.log(self._mark.step, {f"dev_{k}": v for k, v in score.metrics.items()})
            return score
        self._mark = self._mark.judged(score.figure)
        if self._mark.since_best == 0:
            self._run.save_best(self._mark, weights)
        self._run.log(self._mark.step, {f"dev_{k}": v for k, v in score.metrics.items()})
        return score

    def _is_stale(self) -> bool:
        patience = self._settings.patience
        return patience is not None and self._mark.since_best >= patience

    def _save(self) -> None:
        weights = {f"weights/{name}": each.numpy() for name, each in self._variables.items()}
        further = {name: np.asarray(each) for name, each in self._further().items()}
        self._run.save(self._mark, {**weights, **further})

    def _further(self) -> dict[str, Any]:
        """Variables by name in a save, but for those that are trained."""
        kept = {f"kept/{name}": each for name, each in self._network.kept.items()}
        return {**self._optimizer.moments, **kept, **self._pruning.masks}

    def _restore(self) -> None:
        saved = self._run.load()
        if saved is None:
            return
        self._mark, tensors = saved
        for name, variable in self._variables.items():
            variable.assign(tensors[f"weights/{name}"])
        for name, variable in self._further().items():
            variable.assign(tensors[name])

    def _line(self, epoch: int, score: Score | None, clock: _Clock) -> str:
        figures = (
            ""
            if score is None
            else "".join(f", dev {name} {value:.4f}" for name, value in score.metrics.items())
        )
        left = clock.left(self._steps - self._mark.step)
        return (
            f"epoch {epoch} of {self._settings.epochs}{figures}; "
            f"{clock.rate() or 0:.0f} texts a second, {left:.0f} s left"
        )


class _Clock:
    """Time spent on steps, evaluations left out."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._steps = self._texts = 0

    def count(self, texts: int) -> None:
        self._steps += 1
        self._texts += texts

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        since = time.perf_counter()
        yield
        self._began += time.perf_counter() - since

    def rate(self) -> float | None:
        """Texts a second; None before the first step."""
        return self._texts / (time.perf_counter() - self._began) if self._steps else None

    def left(self, steps: int) -> float:
        """Seconds that so many further steps take."""
        return steps * (time.perf_counter() - self._began) / max(1, self._steps)

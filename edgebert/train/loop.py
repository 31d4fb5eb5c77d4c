"""The training loop: steps, evaluations, saves; a run that was killed goes on as if it had not."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from edgebert.arrays import Array
from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.progress import Progress, silent
from edgebert.train.backend import tf
from edgebert.train.dropout import Dropout, step_key
from edgebert.train.examples import Feed, Part
from edgebert.train.network import Network
from edgebert.train.optimizer import AdamW
from edgebert.train.pruning import pruning_of
from edgebert.train.run_folder import Run
from edgebert.train.score import Score
from edgebert.train.settings import Settled
from edgebert.train.state import Mark
from edgebert.train.strategy import cluster, everywhere, from_chief, own_parts, summed


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
        weights: those with the best dev figure, or the last ones where there is no dev data; of
            several workers the chief has them.
        mark: where it ended.
        steps: that it could have had.
        texts_per_second: of this session, evaluations not counted; None where it did no step.
    """

    weights: Mapping[str, Array]
    mark: Mark
    steps: int
    texts_per_second: float | None


_LOSS = "loss"

Evaluate = Callable[[Mapping[str, Array]], Score]
Tell = Callable[[str], None]


def train(
    network: Network,
    objective: Objective,
    feed: Feed,
    settings: Settled,
    run: Run,
    *,
    evaluate: Evaluate | None = None,
    progress: Progress = silent,
    tell: Tell = lambda line: None,
) -> Outcome:
    """Trains to the end, from the run's last save where it has one.

    Of several workers (`strategy.distributed`) each calls this; the chief alone judges and saves.

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
        settings: Settled,
        run: Run,
    ) -> None:
        self._network, self._objective, self._feed = network, objective, feed
        self._settings, self._run = settings, run
        self._variables = {**network.by_name, **objective.by_name}
        self._optimizer = AdamW(self._variables, settings.weight_decay, settings.clip_norm)
        self._steps = settings.epochs * feed.steps_per_epoch
        self._pruning = pruning_of(settings.prune, network.by_name, self._steps)
        self._graph: Any = None
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
        best = evaluate and cluster().is_chief
        weights = self._run.best() if best else self._network.canonical_weights()
        return Outcome(weights, self._mark, self._steps, clock.rate())

    def _step(self, clock: _Clock) -> None:
        step = self._mark.step
        parts = self._feed.parts(step)
        rate = self._settings.rate(step, self._steps)
        loss, norm = map(float, everywhere(lambda: self._on_device(parts, step, rate)))
        self._pruning.after(step)
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise CheckFailedError(
                f"step {step + 1}: the loss is {loss} and its gradient has the norm {norm}; "
                f"stopped, and {self._run.path} keeps the save before it: "
                "try a lower --learning-rate in another folder"
            )
        self._mark = replace(self._mark, step=step + 1)
        clock.count(sum(part.rows for part in parts))
        if (step + 1) % self._settings.log_every == 0:
            self._run.log(step + 1, {"loss": loss, "gradient_norm": norm, "learning_rate": rate})

    def _on_device(self, parts: list[Part], step: int, rate: float) -> tuple[Any, Any]:
        """One step on one device; all devices make the same one."""
        found = summed(self._loss_and_gradients(parts, step))
        loss = found.pop(_LOSS)
        return loss, self._optimizer.apply(found, step, rate)

    def _loss_and_gradients(self, parts: list[Part], step: int) -> dict[str, Any]:
        """Of this device's parts of a batch, each as large as its share: the sums, by name."""
        rows = sum(part.rows for part in parts)
        shares = [(number, part.rows / rows) for number, part in enumerate(parts)]
        total: dict[str, Any] = {}
        # A device without a part runs the first for nothing: all must have something to add.
        for number, share in [shares[own] for own in own_parts(len(parts))] or [(0, 0.0)]:
            tensors = {name: tf.constant(value) for name, value in parts[number].make().items()}
            key = step_key(self._settings.seed, step, number)
            if self._graph is None:
                self._graph = self._traced(tensors)
            found = self._graph(tensors, key, tf.constant(share))
            for name, value in found.items():
                total[name] = total[name] + value if name in total else value
        return total

    def _traced(self, tensors: Mapping[str, Any]) -> Any:
        """A graph for every shape: TensorFlow would trace by the shapes it happens to meet first.

        It would then compute other bits after a resume.
        """
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
        """Loss (`_LOSS`) and gradients by name, times the share."""
        with tf.GradientTape() as tape:
            dropout = Dropout(self._settings.dropout, key)
            loss = share * self._objective(self._network, batch, dropout)
        found = tape.gradient(loss, self._variables)
        # A variable that the loss does not depend on stays as it is.
        gradients = {name: each for name, each in found.items() if each is not None}
        return {_LOSS: loss, **{n: tf.convert_to_tensor(each) for n, each in gradients.items()}}

    def _evaluate(self, evaluate: Evaluate) -> Score | None:
        """The chief judges, and all know what became of it."""
        score = self._judge(evaluate) if cluster().is_chief else None
        self._mark = self._of_chief(self._mark)
        return score

    def _judge(self, evaluate: Evaluate) -> Score:
        weights = self._network.canonical_weights()
        score = evaluate(weights)
        if not self._pruning.done_by(self._mark.step):  # what is not pruned yet is not the best
            self._run.log(self._mark.step, {f"dev_{k}": v for k, v in score.metrics.items()})
            return score
        self._mark = self._mark.judged(score.figure, self._steps)
        if self._mark.since_best == 0:
            self._run.save_best(self._mark, weights)
        self._run.log(self._mark.step, {f"dev_{k}": v for k, v in score.metrics.items()})
        return score

    def _is_stale(self) -> bool:
        patience = self._settings.patience
        return patience is not None and self._mark.since_best >= patience

    @property
    def _state(self) -> Mapping[str, Any]:
        """All variables by the names under which they are saved."""
        weights = {f"weights/{name}": each for name, each in self._variables.items()}
        kept = {f"kept/{name}": each for name, each in self._network.kept.items()}
        return {**weights, **self._optimizer.moments, **kept, **self._pruning.masks}

    def _save(self) -> None:
        self._run.save(self._mark, {name: np.asarray(each) for name, each in self._state.items()})

    def _restore(self) -> None:
        """Takes up the last save; where several train, the chief has it."""
        mark, saved = self._run.load() or (Mark(), {})
        self._mark = self._of_chief(mark)
        if not self._mark.step:
            return
        own = {name: np.asarray(each) for name, each in self._state.items()}
        if saved and _shapes(saved) != _shapes(own):
            raise EdgebertError(
                f"{self._run.path}: its save is not one of this run, or of another edgebert; "
                "choose another folder"
            )
        found = from_chief({**own, **saved})
        for name, variable in self._state.items():
            variable.assign(found[name])

    def _of_chief(self, mark: Mark) -> Mark:
        return Mark.from_array(from_chief({"mark": mark.to_array()})["mark"])

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


def _shapes(arrays: Mapping[str, Array]) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in arrays.items()}


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

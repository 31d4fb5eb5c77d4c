"""The training loop: steps, evaluations, saves; a killed run resumes bit for bit."""

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
from edgebert.train.batching import BatchSource, MicroBatch
from edgebert.train.dropout import Dropout, step_key
from edgebert.train.evaluation import DevResult
from edgebert.train.network import Network
from edgebert.train.optimizer import AdamW
from edgebert.train.pruning import MagnitudePruning, Pruning
from edgebert.train.run_folder import Run
from edgebert.train.settings import ResolvedSettings
from edgebert.train.state import TrainerState
from edgebert.train.strategy import (
    all_reduce_sum,
    broadcast_from_chief,
    current_cluster,
    own_micro_batches,
    run_on_replicas,
)


class Objective(Protocol):
    """The loss that a run minimises."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Variables of its own that are trained with the network."""

    def __call__(self, network: Network, batch: Mapping[str, Any], dropout: Dropout) -> Any:
        """The mean loss of a batch of tensors, a float32 scalar."""


@dataclass(frozen=True)
class TrainingResult:
    """A finished run.

    Attributes:
        weights: the last whose dev figure is as good as the best, or the last ones where there is
            no dev data; of several workers the chief has them.
        state: where it ended.
        steps: that it could have had.
        texts_per_second: of this session, evaluations not counted; None where it did no step.
    """

    weights: Mapping[str, Array]
    state: TrainerState
    steps: int
    texts_per_second: float | None


_LOSS = "loss"

Evaluate = Callable[[Mapping[str, Array]], DevResult]
Notify = Callable[[str], None]


def train(
    network: Network,
    objective: Objective,
    batches: BatchSource,
    settings: ResolvedSettings,
    run: Run,
    *,
    evaluate: Evaluate | None = None,
    progress: Progress = silent,
    notify: Notify = lambda line: None,
) -> TrainingResult:
    """Trains to the end, from the run's last save where it has one.

    Of several workers (`strategy.distributed`) each calls this; only the chief evaluates and saves.

    Args:
        network: its weights are where the run begins, and are changed.
        objective: gives the loss.
        batches: gives the batches.
        settings: of the run.
        run: where it is kept.
        evaluate: measures weights on dev data, after each epoch.
        progress: called with how many steps are done.
        notify: given a line for people after each epoch.

    Raises:
        CheckFailedError: the loss or its gradient is not finite; the last save stays.
        EdgebertError: a save is damaged or cannot be written.
    """
    tf.config.experimental.enable_op_determinism()
    return _Trainer(network, objective, batches, settings, run).run(evaluate, progress, notify)


class _Trainer:
    def __init__(
        self,
        network: Network,
        objective: Objective,
        batches: BatchSource,
        settings: ResolvedSettings,
        run: Run,
    ) -> None:
        self._network, self._objective, self._batches = network, objective, batches
        self._settings, self._run = settings, run
        self._variables = {**network.parameters, **objective.parameters}
        self._optimizer = AdamW(self._variables, settings.weight_decay, settings.clip_norm)
        self._steps = settings.epochs * batches.steps_per_epoch
        self._pruning = Pruning()
        if settings.prune:
            self._pruning = MagnitudePruning(settings.prune, network.parameters, self._steps)
        self._graph: Any = None
        self._state = TrainerState()

    def run(self, evaluate: Evaluate | None, progress: Progress, notify: Notify) -> TrainingResult:
        self._restore()
        clock = _Stopwatch()
        per_epoch = self._batches.steps_per_epoch
        while self._state.step < self._steps and not self._patience_is_spent():
            self._step(clock)
            done = self._state.step
            progress(done, self._steps, "training")
            if done % per_epoch == 0:
                with clock.stopped():
                    result = self._evaluate(evaluate) if evaluate else None
                notify(self._epoch_line(done // per_epoch, result, clock))
            if done % per_epoch == 0 or done % self._settings.save_every == 0:
                self._save()
        best = evaluate and current_cluster().is_chief
        weights = self._run.best() if best else self._network.canonical_weights()
        return TrainingResult(weights, self._state, self._steps, clock.rate())

    def _step(self, clock: _Stopwatch) -> None:
        step = self._state.step
        parts = self._batches.micro_batches(step)
        rate = self._settings.learning_rate_at(step, self._steps)
        loss, norm = map(float, run_on_replicas(lambda: self._replica_step(parts, step, rate)))
        self._pruning.after_step(step)
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise CheckFailedError(
                f"step {step + 1}: the loss is {loss} and its gradient has the norm {norm}; "
                f"stopped, and {self._run.path} keeps the save before it: "
                "try a lower --learning-rate in another folder"
            )
        self._state = replace(self._state, step=step + 1)
        clock.count(sum(part.rows for part in parts))
        if (step + 1) % self._settings.log_every == 0:
            self._run.log(step + 1, {"loss": loss, "gradient_norm": norm, "learning_rate": rate})

    def _replica_step(self, parts: list[MicroBatch], step: int, rate: float) -> tuple[Any, Any]:
        """One step on one device; all devices make the same one."""
        found = all_reduce_sum(self._loss_and_gradients(parts, step))
        loss = found.pop(_LOSS)
        return loss, self._optimizer.apply(found, step, rate)

    def _loss_and_gradients(self, parts: list[MicroBatch], step: int) -> dict[str, Any]:
        """Of this device's parts of a batch, each as large as its share: the sums, by name."""
        rows = sum(part.rows for part in parts)
        shares = [(number, part.rows / rows) for number, part in enumerate(parts)]
        total: dict[str, Any] = {}
        # A device without a part runs the first for nothing: all must have something to add.
        for number, share in [shares[own] for own in own_micro_batches(len(parts))] or [(0, 0.0)]:
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
        if self._network.traced_per_shape:
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

    def _evaluate(self, evaluate: Evaluate) -> DevResult | None:
        """The chief evaluates, and all workers get the resulting state."""
        result = self._evaluate_here(evaluate) if current_cluster().is_chief else None
        self._state = self._from_chief(self._state)
        return result

    def _evaluate_here(self, evaluate: Evaluate) -> DevResult:
        weights = self._network.canonical_weights()
        result = evaluate(weights)
        # What is not pruned yet is not the best.
        if not self._pruning.is_complete_at(self._state.step):
            self._run.log(self._state.step, {f"dev_{k}": v for k, v in result.metrics.items()})
            return result
        self._state = self._state.after_evaluation(result.figure, self._steps, result.margin)
        if self._state.kept_step == self._state.step:
            self._run.save_best(self._state, weights)
        self._run.log(self._state.step, {f"dev_{k}": v for k, v in result.metrics.items()})
        return result

    def _patience_is_spent(self) -> bool:
        patience = self._settings.patience
        return patience is not None and self._state.since_best >= patience

    @property
    def _saved_variables(self) -> Mapping[str, Any]:
        """All variables by the names under which they are saved."""
        weights = {f"weights/{name}": each for name, each in self._variables.items()}
        kept = {f"kept/{name}": each for name, each in self._network.buffers.items()}
        return {**weights, **self._optimizer.moments, **kept, **self._pruning.masks}

    def _save(self) -> None:
        self._run.save(
            self._state, {name: np.asarray(each) for name, each in self._saved_variables.items()}
        )

    def _restore(self) -> None:
        """Restores the last save; where several train, the chief has it."""
        state, saved = self._run.load() or (TrainerState(), {})
        self._state = self._from_chief(state)
        if not self._state.step:
            return
        own = {name: np.asarray(each) for name, each in self._saved_variables.items()}
        is_saved = bool(saved)  # not on other workers than the chief
        # A save may have more: earlier versions kept variables of objectives with the weight 0.
        saved = {name: array for name, array in saved.items() if name in own}
        if is_saved and _shapes(saved) != _shapes(own):
            raise EdgebertError(
                f"{self._run.path}: its save is not one of this run, or of another edgebert; "
                "choose another folder"
            )
        found = broadcast_from_chief({**own, **saved})
        for name, variable in self._saved_variables.items():
            variable.assign(found[name])

    def _from_chief(self, state: TrainerState) -> TrainerState:
        return TrainerState.from_array(broadcast_from_chief({"state": state.to_array()})["state"])

    def _epoch_line(self, epoch: int, result: DevResult | None, clock: _Stopwatch) -> str:
        figures = (
            ""
            if result is None
            else "".join(f", dev {name} {value:.4f}" for name, value in result.metrics.items())
        )
        left = clock.left(self._steps - self._state.step)
        return (
            f"epoch {epoch} of {self._settings.epochs}{figures}; "
            f"{clock.rate() or 0:.0f} texts a second, {left:.0f} s left"
        )


def _shapes(arrays: Mapping[str, Array]) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in arrays.items()}


class _Stopwatch:
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

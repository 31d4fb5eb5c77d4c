"""AdamW (Loshchilov and Hutter 2017, arXiv 1711.05101), with all its state by canonical names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgebert.train.backend import tf

_BETAS = (0.9, 0.999)
_EPSILON = 1e-6  # as google-research/bert


class AdamW:
    """Updates variables by clipped gradients; vectors (norms and biases) do not decay.

    Args:
        variables: by name.
        weight_decay: times the learning rate, taken off matrices and tables at each step.
        clip_norm: largest norm of all gradients together.

    Attributes:
        moments: `first/NAME` and `second/NAME`, the running means.
    """

    def __init__(
        self,
        variables: Mapping[str, Any],
        weight_decay: float,
        clip_norm: float,
    ) -> None:
        self._variables = dict(variables)
        self._decay = weight_decay
        self._clip_norm = clip_norm
        self.moments = {
            f"{kind}/{name}": tf.Variable(tf.zeros_like(variable), trainable=False)
            for kind in ("first", "second")
            for name, variable in variables.items()
        }
        self._update = tf.function(self._trace)

    def apply(self, gradients: Mapping[str, Any], step: int, rate: float) -> Any:
        """Makes one step, counted from 0; gives the norm of the gradients before clipping.

        Returns:
            float32 scalar tensor: a device need not wait for it.
        """
        # Here in float64: float32 has few digits left of 1 less almost 1.
        first, second = (1.0 - beta ** (step + 1) for beta in _BETAS)
        # Both moments are divided by these, so the step by the first and the root of the second.
        length, epsilon = rate * second**0.5 / first, _EPSILON * second**0.5
        numbers = [tf.constant(number, tf.float32) for number in (rate, length, epsilon)]
        return self._update(dict(gradients), *numbers)

    def _trace(self, gradients: dict[str, Any], rate: Any, length: Any, epsilon: Any) -> Any:
        norm = tf.linalg.global_norm([gradients[name] for name in sorted(gradients)])
        scale = tf.minimum(1.0, self._clip_norm / tf.maximum(norm, 1e-12))
        for name, gradient in gradients.items():
            variable = self._variables[name]
            first, second = (self.moments[f"{kind}/{name}"] for kind in ("first", "second"))
            if len(variable.shape) > 1:
                variable.assign(variable * (1.0 - rate * self._decay))
            # One pass over all five arrays; as operations of their own it would be a dozen.
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=first.handle,
                v=second.handle,
                beta1_power=0.0,  # what they correct is in `length` and `epsilon`
                beta2_power=0.0,
                lr=length,
                beta1=_BETAS[0],
                beta2=_BETAS[1],
                epsilon=epsilon,
                grad=gradient * scale,
            )
        return norm

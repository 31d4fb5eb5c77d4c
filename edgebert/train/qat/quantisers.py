"""The quantisers of tensorflow-model-optimization, set to int8 as `convert` writes it.

Every quantiser does two things: it observes numbers, which sets its range, and it rounds others to
that range, so that a range can be taken from a whole table while only some of its rows are rounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgebert.converter.full_integer.storage import Range
from edgebert.train.backend import tf
from edgebert.train.model_optimization import keras, quantizers

BITS = 8

_LEAST = 1e-9
"""A range of width 0, that of a row of zeros, would be divided by."""


class Quantisers:
    """Those of one network, by name; each is made when it is first asked for.

    Variables can only be made outside of a compiled function, so a network that is to be compiled
    must have run once before.

    Attributes:
        ranges: `NAME/min` and `NAME/max` of the computed values, scalars that training moves.
    """

    def __init__(self, initial_ranges: Mapping[str, Range]) -> None:
        self._initial_ranges = initial_ranges
        self._holder = keras.layers.Layer(name="quantisers")
        self._weights: dict[str, _Quantiser] = {}
        self._values: dict[str, _Quantiser] = {}
        self.ranges: dict[str, Any] = {}

    def rows(self, name: str, weight: Any) -> Any:
        """A matrix [out, in] with one scale an output channel."""
        turned = tf.transpose(weight)  # these quantisers take channels from the last axis
        return tf.transpose(self._weight(name, turned, per_row=True)(turned))

    def table(self, name: str, weight: Any) -> _Quantiser:
        """What rounds rows of a table with its one scale."""
        return self._weight(name, weight, per_row=False)

    def value(self, name: str) -> _Quantiser:
        """What rounds a computed value, with a moving-average range of what it observes."""
        if name not in self._values:
            kind = quantizers.MovingAverageQuantizer(
                num_bits=BITS, per_axis=False, symmetric=False, narrow_range=False
            )
            made = self._values[name] = _Quantiser(kind, tf.TensorShape([]), name, self._holder)
            for end, number in zip(("min", "max"), self._initial_ranges[name], strict=True):
                self.ranges[f"{name}/{end}"] = made.variables[f"{end}_var"]
                made.variables[f"{end}_var"].assign(number)
        return self._values[name]

    def current_ranges(self) -> dict[str, Range]:
        """The ranges of all values as they stand."""
        found = {n: each.variables for n, each in self._values.items()}
        return {
            name: (float(ends["min_var"].numpy()), float(ends["max_var"].numpy()))
            for name, ends in found.items()
        }

    def _weight(self, name: str, weight: Any, *, per_row: bool) -> _Quantiser:
        if name not in self._weights:
            kind = quantizers.LastValueQuantizer(
                num_bits=BITS, per_axis=per_row, symmetric=True, narrow_range=True
            )
            self._weights[name] = _Quantiser(kind, weight.shape, name, self._holder)
        found = self._weights[name]
        found.observe(weight)
        return found


class _Quantiser:
    def __init__(self, kind: Any, shape: Any, name: str, holder: Any) -> None:
        self._kind = kind
        self.variables = kind.build(shape, name, holder)

    def observe(self, numbers: Any) -> None:
        """Sets or moves the range by these numbers; none of them may be outside int8's reach."""
        self._kind(numbers, True, self.variables)

    def __call__(self, x: Any) -> Any:
        """Rounds to the range as it stands; what is beyond it is cut off, and learns nothing."""
        ends = {
            "min_var": tf.minimum(self.variables["min_var"], -_LEAST),
            "max_var": tf.maximum(self.variables["max_var"], _LEAST),
        }
        return self._kind(x, False, ends)


def fixed(x: Any, low: float, high: float) -> Any:
    """Rounds to a range that never changes."""
    kind = quantizers.FixedQuantizer(num_bits=BITS, init_min=low, init_max=high, narrow_range=False)
    return kind(x, True, None)


def per_token(x: Any) -> Any:
    """Rounds each row by its own range, as LiteRT does with what an int8 matrix reads.

    The op is the one under tfmot's quantisers, which would want as many ranges as there were rows
    when they were made.
    """
    rows = tf.reshape(x, [-1, x.shape[-1]])
    low = tf.minimum(tf.reduce_min(rows, axis=1), -_LEAST)
    high = tf.maximum(tf.reduce_max(rows, axis=1), _LEAST)
    rounded = tf.quantization.fake_quant_with_min_max_vars_per_channel(
        tf.transpose(rows), tf.stop_gradient(low), tf.stop_gradient(high)
    )
    return tf.reshape(tf.transpose(rounded), tf.shape(x))

"""Tensors that numpy's functions take, so that gradients pass the converter's rewriting of weights.

What `converter.fold` and `converter.full_integer.transforms` do to arrays they do to these, as
operations of TensorFlow with gradients. A function that they come to use and that is not here is
refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Weights
from edgebert.train.backend import tf


class TensorArray(np.lib.mixins.NDArrayOperatorsMixin):
    """A float32 tensor in the place of an array.

    Attributes:
        tensor: of a known shape.
    """

    def __init__(self, tensor: Any) -> None:
        self.tensor = tf.convert_to_tensor(tensor)

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes."""
        return tuple(self.tensor.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def T(self) -> TensorArray:  # noqa: N802 - as numpy calls it
        """With the axes in reverse."""
        return TensorArray(tf.transpose(self.tensor))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> TensorArray:
        return TensorArray(self.tensor[key])

    def __setitem__(self, row: int, value: TensorArray) -> None:
        self.tensor = tf.tensor_scatter_nd_update(self.tensor, [[row]], [value.tensor])

    def any(self) -> bool:
        """Whether there is a number that is not 0: as these are trained, there will be."""
        return True

    def astype(self, dtype: npt.DTypeLike) -> TensorArray:
        """Itself: all is float32 here."""
        return self

    def copy(self) -> TensorArray:
        """A copy that may be changed."""
        return TensorArray(self.tensor)

    def reshape(self, shape: Sequence[int]) -> TensorArray:
        """In another shape."""
        return TensorArray(tf.reshape(self.tensor, shape))

    def mean(self, axis: int, *, keepdims: bool = False, dtype: Any = None) -> TensorArray:
        """Mean over an axis."""
        return TensorArray(tf.reduce_mean(self.tensor, axis=axis, keepdims=keepdims))

    def max(self, axis: int) -> TensorArray:
        """Largest over an axis; a choice of scale, through which nothing is learned."""
        return TensorArray(tf.stop_gradient(tf.reduce_max(self.tensor, axis=axis)))

    def min(self, axis: int) -> TensorArray:
        """Smallest over an axis, likewise."""
        return TensorArray(tf.stop_gradient(tf.reduce_min(self.tensor, axis=axis)))

    def __array_ufunc__(
        self, function: np.ufunc, method: str, *inputs: Any, **options: Any
    ) -> TensorArray:
        if method != "__call__" or function not in _OPERATORS:
            raise TypeError(f"numpy.{function.__name__} is not known of tensors")
        return TensorArray(_OPERATORS[function](*map(tensor_of, inputs)))

    def __array_function__(
        self, function: Callable[..., Any], types: Any, arguments: Any, options: Any
    ) -> Any:
        if function not in _FUNCTIONS:
            raise TypeError(f"numpy.{function.__name__} is not known of tensors")
        return _FUNCTIONS[function](*arguments, **options)


def as_weights(arrays: Mapping[str, TensorArray]) -> Weights:
    """The same, for functions on weights: what those use of numpy's arrays these have."""
    return cast("Weights", arrays)


def tensor_of(value: Any) -> Any:
    """The tensor of an array of either kind."""
    return value.tensor if isinstance(value, TensorArray) else tf.constant(value, tf.float32)


def _concatenate(parts: Sequence[Any], axis: int = 0) -> TensorArray:
    return TensorArray(tf.concat([tensor_of(part) for part in parts], axis))


def _einsum(equation: str, *operands: Any, dtype: Any = None) -> TensorArray:
    return TensorArray(tf.einsum(equation, *map(tensor_of, operands)))


def _pad(x: TensorArray, widths: tuple[int, int]) -> TensorArray:
    return TensorArray(tf.pad(x.tensor, [widths]))


def _norm(x: TensorArray, axis: int) -> TensorArray:
    return TensorArray(tf.norm(x.tensor, axis=axis))


def _median(x: TensorArray) -> TensorArray:
    """Of a vector; a choice of scale, through which nothing is learned."""
    ascending, count = tf.sort(x.tensor), len(x)
    middle = ascending[(count - 1) // 2 : count // 2 + 1]
    return TensorArray(tf.stop_gradient(tf.reduce_mean(middle)))


def _repeat(x: TensorArray, repeats: int, axis: int) -> TensorArray:
    return TensorArray(tf.repeat(x.tensor, repeats, axis))


def _zeros_like(x: TensorArray) -> npt.NDArray[np.float32]:
    """An array: what is always 0 is told apart from what is trained."""
    return np.zeros(x.shape, np.float32)


_OPERATORS: Mapping[np.ufunc, Callable[..., Any]] = {
    np.add: tf.add,
    np.subtract: tf.subtract,
    np.multiply: tf.multiply,
    np.true_divide: tf.divide,
    np.matmul: tf.matmul,
    np.negative: tf.negative,
    np.absolute: tf.abs,
    np.maximum: tf.maximum,
}

_FUNCTIONS: Mapping[Any, Callable[..., Any]] = {
    np.concatenate: _concatenate,
    np.einsum: _einsum,
    np.linalg.norm: _norm,
    np.median: _median,
    np.pad: _pad,
    np.repeat: _repeat,
    np.zeros_like: _zeros_like,
}

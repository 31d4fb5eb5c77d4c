"""Weights to int4 in blocks, so that a layer's output on real texts changes least: GPTQ.

Frantar et al. 2022 (arXiv 2210.17323): columns are rounded one after the other, and what rounding
one changes in the output is made up for by those that are still to come.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array
from edgebert.converter.quantize import Quantized, best_int4_scale, round_to_int4

BLOCK = 32
"""Numbers of a row that share a scale: the smallest block that XNNPACK's kernels take."""

_DAMPING = 0.01
"""Added to the diagonal, as a share of its mean: the paper's."""

Matrix = npt.NDArray[np.float64]


def quantize_in_blocks(weight: Array, hessian: npt.NDArray[np.floating]) -> Quantized:
    """A matrix in int4, with a scale for each `BLOCK` numbers of a row.

    Args:
        weight: [out, in], where `BLOCK` divides in.
        hessian: the sum of x xᵀ over the rows x that the matrix is multiplied by, [in, in].
    """
    rest = weight.astype(np.float64)
    rows, columns = rest.shape
    factor = _inverse_factor(hessian)
    values = np.empty((rows, columns), np.int8)
    scales = np.empty((rows, columns // BLOCK), np.float32)
    for start in range(0, columns, BLOCK):
        block = slice(start, start + BLOCK)
        part, behind = factor[block, block], factor[block, start + BLOCK :]
        current = rest[:, block]
        # What the error of a column costs when all behind it make up for it: 1 / u².
        importance = (1 / np.square(np.diag(part))).astype(np.float32)
        scale = best_int4_scale(current.astype(np.float32), importance, np.float16)
        errors = np.empty_like(current)
        for at in range(BLOCK):
            column = current[:, at]
            values[:, start + at] = round_to_int4(column.astype(np.float32), scale)
            left = column - values[:, start + at] * scale
            errors[:, at] = left / part[at, at]
            current[:, at + 1 :] -= np.outer(errors[:, at], part[at, at + 1 :])
        rest[:, start + BLOCK :] -= errors @ behind
        scales[:, start // BLOCK] = scale
    return Quantized(values, scales, bits=4)


def output_error(weight: Array, stored: Quantized, hessian: npt.NDArray[np.floating]) -> float:
    """By how much the outputs change, in squares, as a share of the outputs themselves."""
    change = stored.dequantized() - weight
    return _energy(change, hessian) / max(_energy(weight, hessian), np.finfo(np.float64).tiny)


def _energy(matrix: Array, hessian: npt.NDArray[np.floating]) -> float:
    """Sum of the squares of matrix x over all rows x."""
    return float(np.einsum("oi,oi->", matrix @ hessian, matrix, dtype=np.float64))


def _inverse_factor(hessian: npt.NDArray[np.floating]) -> Matrix:
    """The upper triangular U with Uᵀ U = H⁻¹, of a Hessian made safe to invert."""
    damped: Matrix = hessian.astype(np.float64)
    diagonal = np.diag_indices(len(damped))
    # An input that is always 0 says nothing; all of them are 0 where there were no rows.
    mean = float(damped[diagonal].mean()) or 1.0
    damped[diagonal] += _DAMPING * mean
    # Cholesky of the reversed matrix gives the factor of the inverse without inverting twice.
    lower = np.linalg.cholesky(damped[::-1, ::-1])
    return np.linalg.inv(lower)[::-1, ::-1]

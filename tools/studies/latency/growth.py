"""How the cost of an answer grows with layers, width and length: fitted to all sizes at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import nnls

Key = tuple[int, int, int]
"""Layers L, width H, tokens n."""


@dataclass(frozen=True)
class Point:
    """One answer: what it multiplies, and what it costs in any unit."""

    layers: int
    hidden: int
    tokens: int
    dense: int
    attention: int
    cost: float

    @property
    def terms(self) -> tuple[int, int, int, int]:
        """What the cost is made of.

        Products with weights, products of activations, activations passed from op to op, and ops.
        """
        return self.dense, self.attention, self.layers * self.hidden * self.tokens, self.layers


@dataclass(frozen=True)
class Fit:
    """Cost = the sum of `Point.terms`, each times its coefficient.

    Attributes:
        coefficients: of the terms; none is negative.
        median_error, largest_error: of the fit, as shares of the cost.
    """

    coefficients: tuple[float, ...]
    median_error: float
    largest_error: float


def fit(points: Sequence[Point]) -> Fit:
    """Least squares of relative errors, so that small models count as much as large ones."""
    cost = np.array([point.cost for point in points])
    terms = np.array([point.terms for point in points]) / cost[:, None]
    # Terms differ by many orders of magnitude.
    scale = np.linalg.norm(terms, axis=0)
    found, _ = nnls(terms / scale, np.ones(len(cost)))
    errors = np.abs(terms / scale @ found - 1)
    coefficients = tuple(float(c) for c in found / scale)
    return Fit(coefficients, float(np.median(errors)), float(errors.max()))


def doubling(points: Sequence[Point]) -> dict[str, tuple[float, float, float]]:
    """How many times dearer an answer gets when L, H or n doubles: least, median, most."""
    costs: Mapping[Key, float] = {(p.layers, p.hidden, p.tokens): p.cost for p in points}
    factors: dict[str, list[float]] = {"L": [], "H": [], "n": []}
    for key, (axis, name) in product(costs, enumerate(factors)):
        twice = tuple(size * 2 if at == axis else size for at, size in enumerate(key))
        if twice in costs:
            factors[name].append(costs[twice] / costs[key])  # type: ignore[index]
    return {
        name: (min(values), float(np.median(values)), max(values))
        for name, values in factors.items()
        if values
    }

"""Ranges of values, from what a model computes on texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgebert.converter.full_integer.calibrate import MASKED, ranges
from edgebert.converter.full_integer.emitter import Value
from edgebert.converter.full_integer.observer import Activations

NAMES = ("hidden", f"scores{MASKED}", "output")


def observed(peaks: list[float]) -> list[Activations]:
    """A text a peak: each value reaches from -1 to it, but for the 50 of padding."""
    found = []
    for at, peak in enumerate(peaks):
        rows = np.array([[-1.0, peak], [0.0, 0.0], [50.0, -50.0]], np.float32)
        found.append(Activations(at, 2, 3, dict.fromkeys(NAMES, rows)))
    return found


def found(peaks: list[float], **options: Any) -> dict[str, Any]:
    tensor: Any = None
    values = [Value(name, "ADD", tensor, (0,)) for name in NAMES]
    return ranges(observed(peaks), values, 10.0, soft_mask=False, **options)


def test_the_few_texts_that_reach_furthest_do_not_widen_a_range_of_int8() -> None:
    spans = found([2.0] * 39 + [100.0])
    assert spans["hidden"] == pytest.approx((-1, 2))
    assert spans["output"] == (-1, 100)
    assert spans[f"scores{MASKED}"] == (-11, 100)


def test_int16_has_steps_enough_for_all_texts() -> None:
    assert found([2.0] * 39 + [100.0], activations="int16")["hidden"] == (-1, 100)


def test_what_a_tenth_of_the_texts_reach_is_within() -> None:
    assert found([2.0] * 36 + [100.0] * 4)["hidden"] == pytest.approx((-1, 100))

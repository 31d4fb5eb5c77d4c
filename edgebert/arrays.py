"""Types of arrays, by the names that the whole package uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt  # a millisecond of each start

Array: TypeAlias = "npt.NDArray[np.float32]"
Weights: TypeAlias = Mapping[str, Array]
"""Arrays by canonical name (`bert.weights`)."""

"""A fixed calculation, timed beside each answer: how fast the machine is at that moment.

On a shared or hot machine the same answer takes 7 ms now and 10 ms a moment later. The time of a
small matrix product, of the kind that a model spends its time on, rises and falls with it; so an
answer in units of the product is nearly as on a quiet machine. Measured on a loaded virtual
machine, eight processes of one model: their medians differ by 2.9 % (standard deviation) in
microseconds and by 0.6 % in products.
"""

from __future__ import annotations

import time
from collections.abc import Callable

# Small enough for the first level of cache, so that it takes little from the answers' caches, and
# just small enough that OpenBLAS leaves it to one thread.
_ROWS, _INNER, _COLUMNS = 32, 128, 64
_TRIES = 5


class ReferenceKernel:
    """Multiplies the same two float32 matrices.

    Args:
        clock: nanoseconds.
    """

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        import numpy as np

        # numpy.random would add 7 MB to the process whose memory is being measured.
        left = np.linspace(-1, 1, _ROWS * _INNER, dtype=np.float32).reshape(_ROWS, _INNER)
        right = np.linspace(-1, 1, _INNER * _COLUMNS, dtype=np.float32).reshape(_INNER, _COLUMNS)
        out = np.empty((_ROWS, _COLUMNS), np.float32)
        self._multiply: Callable[[], object] = lambda: np.dot(left, right, out=out)
        self._clock = clock
        self._times = 1

    def adapt(self, nanoseconds: float) -> None:
        """From now on a measurement takes about so long, but at least one product."""
        self._times = 1
        product = 1000 * min(self.measure() for _ in range(_TRIES))
        self._times = max(1, round(nanoseconds / product)) if product else 1

    def measure(self) -> float:
        """Microseconds of one product."""
        start = self._clock()
        for _ in range(self._times):
            self._multiply()
        return (self._clock() - start) / 1000 / self._times


def describe() -> str:
    """What the reference kernel is made of here: times of different kernels cannot be compared."""
    import numpy as np

    size = f"[{_ROWS}, {_INNER}] by [{_INNER}, {_COLUMNS}]"
    return f"numpy {np.__version__}, float32 {size}"

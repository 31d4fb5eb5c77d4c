"""A fixed calculation, timed beside each answer: how fast the machine is at that moment.

On a shared or hot machine the same answer takes 7 ms now and 10 ms a moment later. Two things make
most of that, and the yardstick has a part for each: how fast the processor calculates (its clock,
what shares its core), told by a small matrix product, and how fast memory beyond the core's own
caches answers (what shares those), told by reads that miss them. An answer in units of both is
nearly as on a quiet machine. MiniLM on a loaded virtual machine, 20 seconds at a time: typical
times differ by 6.1 % (standard deviation) in microseconds, by 1.0 % in products and by 0.4 % in the
two together.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

# Small enough for the first level of cache, so that it takes little from the answers' caches, and
# just small enough that OpenBLAS leaves it to one thread.
_ROWS, _INNER, _COLUMNS = 32, 128, 64

# One number of a line of cache, the next one 65 lines further, so that nothing is fetched ahead.
_TABLE_ROWS, _TABLE_COLUMNS, _LINE = 4032, 1040, 16
_READS = 1008

_PRODUCTS_SHARE = 0.9
"""Of the time of a measurement: reads push out of the caches what the answers left there. So few
change nothing in the time of MiniLM's answers, and 1 to 3 % in that of 2/128's."""
_PRODUCTS_WEIGHT = 0.7
"""Share of the processor in how answers slow down; in three experiments with MiniLM and busy
neighbours the best was 0.65 to 0.75, that of memory 0.2 to 0.37."""

_TRIES = 5


@dataclass
class _Part:
    """Something that is done over and over.

    Attributes:
        do: does it once.
        times: in a measurement.
    """

    do: Callable[[], object]
    times: int = 1


class Yardstick:
    """Multiplies the same two float32 matrices, and reads through a table of 16 MB.

    Args:
        clock: nanoseconds.
    """

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self._clock = clock
        self._products, self._reads = _Part(_product()), _Part(_read())

    def adapt(self, nanoseconds: float) -> None:
        """From now on a measurement takes about so long, but at least one product and one read."""
        for part, share in (
            (self._products, _PRODUCTS_SHARE),
            (self._reads, 1 - _PRODUCTS_SHARE),
        ):
            part.times = 1
            once = 1000 * min(self._time(part) for _ in range(_TRIES))
            part.times = max(1, round(share * nanoseconds / once)) if once else 1

    def measure(self) -> float:
        """Microseconds of a product and of a read, their weighted geometric mean."""
        product, read = self._time(self._products), self._time(self._reads)
        return math.pow(product, _PRODUCTS_WEIGHT) * math.pow(read, 1 - _PRODUCTS_WEIGHT)

    def _time(self, part: _Part) -> float:
        """Microseconds of doing it once."""
        start = self._clock()
        for _ in range(part.times):
            part.do()
        return (self._clock() - start) / 1000 / part.times


def describe() -> str:
    """What the yardstick is made of here: times of different yardsticks cannot be compared."""
    import numpy as np

    product = f"[{_ROWS}, {_INNER}] by [{_INNER}, {_COLUMNS}]"
    table = f"{_READS} reads in [{_TABLE_ROWS}, {_TABLE_COLUMNS}]"
    weights = f"{_PRODUCTS_WEIGHT:g} to {1 - _PRODUCTS_WEIGHT:g}"
    return f"numpy {np.__version__}, float32 {product} and {table}, {weights}"


def _product() -> Callable[[], object]:
    import numpy as np

    # numpy.random would add 7 MB to the process whose memory is being measured.
    left = np.linspace(-1, 1, _ROWS * _INNER, dtype=np.float32).reshape(_ROWS, _INNER)
    right = np.linspace(-1, 1, _INNER * _COLUMNS, dtype=np.float32).reshape(_INNER, _COLUMNS)
    out = np.empty((_ROWS, _COLUMNS), np.float32)
    return lambda: np.dot(left, right, out=out)


def _read() -> Callable[[], object]:
    import numpy as np

    table = np.ones((_TABLE_ROWS, _TABLE_COLUMNS), np.float32)
    places = itertools.cycle(
        table[row : row + _READS, column]
        for column in range(0, _TABLE_COLUMNS, _LINE)
        for row in range(0, _TABLE_ROWS, _READS)
    )
    return lambda: np.add.reduce(next(places))

"""CRC-32C (Castagnoli) of a part of a file, quick on every machine.

google-crc32c is as quick as memory with its C extension, and takes seconds for a model without it;
some machines (32-bit ARM) have no wheel with the extension, and where a benchmark puts edgebert on
a device there is no such package. There NumPy does what can be done for many bytes at once.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import mmap

    import numpy as np
    import numpy.typing as npt

    Bytes: TypeAlias = npt.NDArray[np.uint8]
    Words: TypeAlias = npt.NDArray[np.uint32]

Extend: TypeAlias = "Callable[[int, bytes | Bytes], int]"

_BLOCK = 1 << 12
"""Words of 32 bits that NumPy handles at once."""

_POLYNOMIAL = 0x82F63B78
"""Bit 31 - k of it, and of every word here, is the coefficient of x^k."""

_ONES = 0xFFFFFFFF


def crc32c(data: bytes | mmap.mmap, end: int) -> int:
    """The checksum of the first `end` bytes."""
    extend, compiled = _google_crc32c()
    if not end or not compiled:
        return folded(data, end, extend)
    import numpy as np

    # It refuses a map or a view of one, whose bytes might go; an array is read where it lies.
    return extend(0, np.frombuffer(data, np.uint8, end))


def folded(data: bytes | mmap.mmap, end: int, extend: Extend) -> int:
    """The checksum of the first `end` bytes, by folding them into one block.

    A checksum is a remainder of the bytes as one long polynomial. A word that stands a block before
    another can be multiplied by x^(bits of a block), modulo `_POLYNOMIAL`, and added to it without
    changing the remainder: two look-ups a word, which NumPy does for a block at once.

    Args:
        data: the bytes.
        end: how many of them.
        extend: goes on with a checksum, a byte at a time.
    """
    import numpy as np

    size = 4 * _BLOCK
    blocks = end // size
    if not blocks:
        return extend(0, data[:end])
    low, high = _tables(32 * _BLOCK)
    block = np.frombuffer(data[:size], "<u4").astype(np.uint32)
    block[0] ^= np.uint32(_ONES)  # every CRC-32 begins with ones
    for start in range(size, blocks * size, size):
        block = low[block & 0xFFFF] ^ high[block >> 16]
        block ^= np.frombuffer(data[start : start + size], "<u4")
    # `extend` complements what it is given, so this is a beginning with zeros.
    return extend(_ONES, block.astype("<u4").tobytes() + data[blocks * size : end])


def _google_crc32c() -> tuple[Extend, bool]:
    """How a checksum is gone on with, and whether that is compiled."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # that there is no extension
            import google_crc32c
    except ImportError:
        return extended, False
    compiled = google_crc32c.implementation == "c"
    return (google_crc32c.extend if compiled else extended), compiled


def extended(crc: int, data: bytes | Bytes) -> int:
    """A checksum that goes on with more bytes, one at a time."""
    table = _bytes_table()
    crc ^= _ONES
    for byte in bytes(data):
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ _ONES


@functools.cache
def _bytes_table() -> tuple[int, ...]:
    """A byte times x^8."""
    table = []
    for word in range(256):
        for _ in range(8):
            word = _times_x(word)
        table.append(word)
    return tuple(table)


def _tables(bits: int) -> tuple[Words, Words]:
    """A word times x^bits: what its lower 16 bits come to, and its upper ones."""
    import numpy as np

    products = [_power(bits)]  # of the bits of a word from the highest, 1, to the lowest, x^31
    for _ in range(31):
        products.append(_times_x(products[-1]))
    tables = []
    for images in (products[:15:-1], products[15::-1]):
        table = np.zeros(1, np.uint32)
        for image in images:
            table = np.concatenate((table, table ^ np.uint32(image)))
        tables.append(table)
    return tables[0], tables[1]


def _power(exponent: int) -> int:
    """x^exponent."""
    result, square = 1 << 31, 1 << 30
    while exponent:
        if exponent & 1:
            result = _product(result, square)
        square = _product(square, square)
        exponent >>= 1
    return result


def _product(left: int, right: int) -> int:
    result = 0
    for place in range(31, -1, -1):
        if left >> place & 1:
            result ^= right
        right = _times_x(right)
    return result


def _times_x(word: int) -> int:
    return word >> 1 ^ (_POLYNOMIAL if word & 1 else 0)

"""The character map of a SentencePiece model: what each text of one or a few characters becomes.

It is a double-array trie (Darts) of UTF-8 bytes and, behind it, the texts that its leaves point to,
each ended by a zero byte. Layout: `Darts::DoubleArrayImpl` and sentencepiece's normalizer.cc.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgebert.errors import EdgebertError

_MOST_BYTES = 16 << 20
_LONGEST_KEY = 64
_LONGEST_TEXT = 256  # else a small file could ask for the same long text again and again


def read_charsmap(encoded: object, path: Path) -> dict[str, str]:
    """The map as a table.

    Args:
        encoded: base64 of the map's bytes.
        path: the file, for errors.

    Raises:
        EdgebertError: it is damaged or too large.
    """
    try:
        if not isinstance(encoded, str) or len(encoded) > _MOST_BYTES:
            raise ValueError
        data = base64.b64decode(encoded, validate=True)
        size = int.from_bytes(data[:4], "little")
        units = np.frombuffer(data[4 : 4 + size], "<u4")
        if not 0 < size == 4 * len(units):
            raise ValueError
        texts = data[4 + size :]
        return {
            key.decode(): texts[at : texts.index(b"\0", at, at + _LONGEST_TEXT)].decode()
            for key, at in _leaves(units).items()
        }
    except (ValueError, IndexError, binascii.Error) as error:
        raise EdgebertError(f"{path}: its precompiled_charsmap is damaged") from error


def _leaves(units: npt.NDArray[np.uint32]) -> dict[bytes, int]:
    """Where the text of each key begins."""
    labels = units & 0x800000FF
    bases = (units >> 10) << ((units & 0x200) >> 6)
    found: dict[bytes, int] = {}
    bytes_ = np.arange(1, 256, dtype=np.uint32)
    waiting = [(0, b"")]
    seen = 0
    while waiting:
        at, key = waiting.pop()
        seen += 1
        if seen > len(units) or len(key) > _LONGEST_KEY:
            raise ValueError
        base = at ^ int(bases[at])
        if key and units[at] >> 8 & 1:
            found[key] = int(units[base] & 0x7FFFFFFF)
        children = (base ^ bytes_)[(base ^ bytes_) < len(units)]
        children = children[labels[children] == (children ^ base)]
        waiting += [(child, key + bytes([child ^ base])) for child in children.tolist()]
    return found

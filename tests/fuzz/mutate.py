"""Changes of an input, drawn at random: of its bytes, of its lines, and of a JSON value in it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

MOST_BYTES = 1 << 18

_NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 1 << 31, (1 << 32) - 1, (1 << 63) - 1)
_TEXTS = (b"\n", b"\r", b"\0", b"\t", b'"', b",", b"{", b"[", b"\xff", b"\xe2\x80\xa8", b"\x1b[2J")
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**63, 10**400, 0.5, 1e308, float("nan"), float("inf")),
    *("", "a", "\ud800", "\n", "\x1b[2J", "\0", "../x", "/etc/passwd", "x" * 3000, "bert", "[CLS]"),
    *([], {}, [[]], {"": ""}, [None], {"a": {"a": {"a": []}}}),
)


def mutate(data: bytes, draw: random.Random, others: list[bytes]) -> bytes:
    """One to four changes.

    Args:
        data: the input.
        draw: decides.
        others: inputs of which parts may be taken.
    """
    for _ in range(draw.randint(1, 4)):
        changed = _json(data, draw) if draw.random() < 0.6 else None
        data = draw.choice(_CHANGES)(data, draw, others) if changed is None else changed
    return data[:MOST_BYTES]


def _json(data: bytes, draw: random.Random) -> bytes | None:
    """A JSON text with a value changed, taken away, doubled or moved; None where it is none."""
    if data[:1] not in (b"{", b"["):
        return None
    try:
        value = json.loads(data)
        places = list(_places(value))
        if places:
            holder, key = draw.choice(places)
            new = draw.choice(_VALUES)
            if draw.random() < 0.3:
                other, name = draw.choice(places)
                new = json.loads(json.dumps(other[name]))
            if draw.random() < 0.2:
                del holder[key]
            elif isinstance(holder, dict) and draw.random() < 0.2:
                holder[draw.choice(("", "a", "\ud800", "\x1b", str(draw.random()), key + "x"))] = (
                    new
                )
            else:
                holder[key] = new
        return json.dumps(value).encode()
    except (ValueError, RecursionError):
        return None


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every holder of a value with the value's key."""
    keys = {dict: list, list: lambda found: range(len(found))}.get(type(value), lambda _: ())(value)
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _at(data: bytes, draw: random.Random) -> int:
    return draw.randrange(len(data) + 1)


def _flip(data: bytes, draw: random.Random, others: list[bytes]) -> bytes:
    if not data:
        return b"\0"
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]


def _number(data: bytes, draw: random.Random, others: list[bytes]) -> bytes:
    at, size = _at(data, draw), draw.choice((1, 2, 4, 8))
    new = draw.choice(_NUMBERS) + draw.randint(-2, 2) & (1 << 8 * size) - 1
    return data[:at] + new.to_bytes(size, draw.choice(("little", "big"))) + data[at + size :]


def _cut(data: bytes, draw: random.Random, others: list[bytes]) -> bytes:
    start, end = sorted((_at(data, draw), _at(data, draw)))
    return data[:start] + data[end:] if draw.random() < 0.8 else data[:start]


def _insert(data: bytes, draw: random.Random, others: list[bytes]) -> bytes:
    at = _at(data, draw)
    return data[:at] + draw.choice(_TEXTS) * draw.choice((1, 1, 1, 2, 50)) + data[at:]


def _copy(data: bytes, draw: random.Random, others: list[bytes]) -> bytes:
    source = draw.choice(others)
    start, end = sorted((_at(source, draw), _at(source, draw)))
    at = _at(data, draw)
    return data[:at] + source[start:end] + data[at + (end - start) * draw.randint(0, 1) :]


def _lines(data: bytes, draw: random.Random, others: list[bytes]) -> bytes:
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    at, to = draw.randrange(len(lines)), draw.randrange(len(lines))
    lines[at] = draw.choice((b"", lines[to], lines[at] * 2, lines[at].strip()))
    return b"".join(lines)


_CHANGES: tuple[Callable[[bytes, random.Random, list[bytes]], bytes], ...]
_CHANGES = (_flip, _number, _cut, _insert, _copy, _lines)

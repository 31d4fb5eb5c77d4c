"""Protobuf's wire format: varints and the fields of a message, as far as a checkpoint needs them.

Format: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from typing import TypeAlias

Fields: TypeAlias = dict[int, list[int | bytes]]
"""The values of a message by field number: numbers, or bytes of a string or nested message."""


class MalformedError(ValueError):
    """The bytes are not what they should be. Never leaves this package: see `TensorBundle`."""


class Cursor:
    """A position in bytes; every step past the end is a `MalformedError`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def at_end(self) -> bool:
        """Whether everything is read."""
        return self._position == len(self._data)

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        if size > len(self._data) - self._position:
            raise MalformedError(f"{size} bytes at {self._position} of {len(self._data)}")
        self._position += size
        return self._data[self._position - size : self._position]

    def varint(self) -> int:
        """A number of up to 64 bits, seven to the byte, lowest first."""
        value = 0
        for shift in range(0, 64, 7):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise MalformedError(f"endless number at {self._position}")


def parse_message(data: bytes) -> Fields:
    """The fields of a message, each with all its values in order.

    Raises:
        MalformedError: the message is cut short or uses a deprecated wire type.
    """
    cursor = Cursor(data)
    fields: Fields = {}
    while not cursor.at_end:
        number, wire_type = divmod(cursor.varint(), 8)
        value: int | bytes
        if wire_type == 0:
            value = cursor.varint()
        elif wire_type == 2:
            value = cursor.take(cursor.varint())
        elif wire_type in (1, 5):
            value = int.from_bytes(cursor.take(8 if wire_type == 1 else 4), "little")
        else:
            raise MalformedError(f"wire type {wire_type}")
        fields.setdefault(number, []).append(value)
    return fields


def number(fields: Fields, field: int) -> int:
    """A numeric field: its last value, 0 where it is absent."""
    value = fields.get(field, [0])[-1]
    if not isinstance(value, int):
        raise MalformedError(f"field {field} is no number")
    return value


def messages(fields: Fields, field: int) -> list[Fields]:
    """A repeated field of nested messages."""
    nested = []
    for value in fields.get(field, []):
        if not isinstance(value, bytes):
            raise MalformedError(f"field {field} is no message")
        nested.append(parse_message(value))
    return nested

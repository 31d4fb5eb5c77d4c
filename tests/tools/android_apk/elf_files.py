"""Native libraries of a few bytes, for tests."""

import struct


def elf(*segments, bits=64, kind=1):
    """A library whose program headers are `segments`: (offset, address, alignment)."""
    header, size = (64, 56) if bits == 64 else (52, 32)
    content = bytearray(header + size * len(segments))
    content[:7] = b"\x7fELF" + bytes([bits // 32, 1, 1])
    word = "<Q" if bits == 64 else "<I"
    struct.pack_into(word, content, 32 if bits == 64 else 28, header)
    struct.pack_into("<2H", content, 54 if bits == 64 else 42, size, len(segments))
    for at, (offset, address, alignment) in enumerate(segments):
        start = header + at * size
        if bits == 64:
            struct.pack_into(
                "<2I6Q", content, start, kind, 5, offset, address, address, 8, 8, alignment
            )
        else:
            struct.pack_into(
                "<8I", content, start, kind, offset, address, address, 8, 8, 5, alignment
            )
    return bytes(content)


GOOD = elf((0, 0, 0x4000), (0x4000, 0x8000, 0x4000))
SMALL_PAGES = elf((0, 0, 0x1000), (0x2000, 0x3000, 0x1000))
SHIFTED = elf((0, 0, 0x4000), (0x1000, 0x2000, 0x4000))
BIT_32 = elf((0, 0, 0x1000), bits=32)

"""Inputs that somebody made to do harm, by the kind of file."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from tests.fuzz import seeds

_DEEP = 100_000


def any_file() -> list[bytes]:
    """What no reader may stumble over."""
    return [
        b"",
        b"\0",
        b"\n",
        b"\xff" * 64,
        b"\xef\xbb\xbf",
        b"\r\n\r\n",
        b"A" * 200_000,
        b"\0" * 5000,
    ]


def json_file(good: Callable[[], list[bytes]]) -> list[bytes]:
    """Deep, huge, doubled and impossible JSON; and every value of a good file made impossible."""
    plain = [
        b"[" * _DEEP,
        b"[" * _DEEP + b"]" * _DEEP,
        b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
        b'{"a": 1' + b"0" * 5000 + b"}",
        b'{"a": 1e999, "b": -1e999, "c": NaN}',
        b'{"a": "\\ud800", "\\ud800": 1}',
        *(b"null", b"[]", b"{}", b"0", b'""', b"NaN", b'{"a": 1, "a": 2}'),
    ]
    return [*plain, *_each_value_wrong(json.loads(good()[0]))]


_WRONG = (10**400, float("nan"), -1, 1e308, "\ud800\n\x1b[2J", "../../etc/passwd", [], {}, None, "")


def _each_value_wrong(value: Any) -> Iterator[bytes]:
    places = list(_first_places(value))
    for at, (holder, key) in enumerate(places):
        kept = holder[key]
        for wrong in (_WRONG[at % len(_WRONG)], _WRONG[at // len(_WRONG) % len(_WRONG)], 7):
            holder[key] = wrong
            yield json.dumps(value).encode()
        holder[key] = kept


def _first_places(value: Any, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    """Holders and keys of a value; of long lists and objects the first of each."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    for key in keys[:8]:
        yield value, key
        if isinstance(value[key], (dict, list)) and depth < 4:
            yield from _first_places(value[key], depth + 1)


def safetensors_file() -> list[bytes]:
    """Headers that lie."""
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    headers: list[Any] = [
        {"a": entry, "b": entry},  # overlapping
        {"a": {**entry, "data_offsets": [4, 12]}},
        {"a": {**entry, "data_offsets": [-8, 0]}},
        {"a": {**entry, "data_offsets": [8, 0]}},
        {"a": {**entry, "shape": [2**62, 4]}},
        {"a": {**entry, "shape": [1] * 5000}},
        {"a": {**entry, "shape": []}, "b": {**entry, "shape": [0], "data_offsets": [8, 8]}},
        {"a": {**entry, "dtype": "X\n" * 500}},
        {"a\n\x1b[2J\ud800": {**entry, "shape": [3]}},
        {"a" * 100_000: {**entry, "shape": [0, 2]}},
        {"__metadata__": {"format": "pt"}},
        {"__metadata__": {"format": 7}, "a": entry},
    ]
    texts = [json.dumps(header).encode() for header in headers]
    texts.append(b'{"a":' * _DEEP + b"}" * _DEEP)
    lengths = (2**63, 2**64 - 1, 100_000_001, 0, 1)
    return [
        *(struct.pack("<Q", len(text)) + text + bytes(8) for text in texts),
        *(struct.pack("<Q", length) + b"{}" for length in lengths),
    ]


class _Call:
    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call[0], self.call[1:]


def pickles() -> list[bytes]:
    """Pickles that call what is none of theirs, or ask for much."""
    calls = [
        _Call(os.system, "true"),
        _Call(eval, "1"),
        _Call(getattr, "", "upper"),
        _Call(bytes, 1),
    ]
    return [
        *(pickle.dumps({"a": call}, protocol) for call in calls for protocol in (0, 2, 4)),
        b"\x80\x02}q\x00" + b"r\xff\xff\xff\x7f.",  # a memo index of two thousand million
        b"\x80\x04\x8d" + struct.pack("<Q", 1 << 62) + b"x.",  # a text of 4 EB
        b"\x80\x02\x8b\xff\xff\xff\x7f.",  # a number of two gigabytes
        b"I" + b"9" * 100_000 + b"\n.",
        b"(" * 100_000 + b".",
        b"]q\x00" + b"(" * 1000 + b"h\x00" * 1000 + b"l" * 1000 + b".",
        b"ctorch\nFloatStorage\n}X\x07\0\0\0elementX\x01\0\0\0\nsb.",
        b"cos\nsystem\n\x1b[2J\n.",
        b"}" + b"X\x01\0\0\0a" + b"}" * 10 + b"s" * 10 + b".",
        # Lists in lists: 2**40 items, if somebody counted them.
        b"]"
        + b"".join(
            b"q" + bytes([at]) + b"](h" + bytes([at]) + b"h" + bytes([at]) + b"e"
            for at in range(40)
        )
        + b".",
    ]


def zips() -> list[bytes]:
    """Bombs, links, ways out, doubles, and headers that lie."""
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    names = (
        "../x",
        "/x",
        "a/../../x",
        "C:\\x",
        "a\\..\\..\\x",
        "a\nb",
        "a" * 300,
        "x/",
        ".",
        "\x1b[2J",
    )
    found = [seeds.zip_file({name: b"x"}) for name in names]
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    twice = seeds.zip_file({"a": b"x", "b": b"y"}).replace(b"b", b"a")
    bomb = seeds.zip_file({"bomb": bytes(9 << 20)})
    lies = seeds.zip_file({"a": b"x" * 100})
    at = lies.index(b"PK\1\2")
    bigger = lies[: at + 24] + struct.pack("<L", 0xFFFFFFF0) + lies[at + 28 :]
    below = {"a": b"x", "a/b": b"y"}
    found += [target.getvalue(), twice, bomb, bigger, seeds.zip_file(below)]
    return [*found, seeds.zip_file({f"{at}": b"" for at in range(1001)})]


def tars() -> list[bytes]:
    """The same for tar, and entries of every other type."""
    names = ("../x", "/x", "a/../../x", "C:\\x", "a\nb", "x/" * 100, "\x1b[2J")
    found = [seeds.tar_file({name: b"x"}) for name in names]
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, b"S", b"L"):
        info = tarfile.TarInfo("entry")
        info.type, info.linkname = kind, "/etc/passwd"
        found.append(info.tobuf() + bytes(1024))
    for size in (1 << 62, 1 << 32, 9 << 20):
        info = tarfile.TarInfo("large")
        info.size = size
        found.append(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    info.pax_headers = {"size": "-1", "path": "../x"}
    found.append(info.tobuf(tarfile.PAX_FORMAT) + bytes(1024))
    return [
        *found,
        seeds.tar_file({"a": b"x", "a/b": b"y"}),
        seeds.tar_file({"a": bytes(5000)})[:1500],
    ]


def charsmaps() -> list[bytes]:
    """Tries that go round in circles, or make much of little."""
    size = 1024
    units = [
        struct.pack("<L", number) for number in (0xFFFFFFFF, 0x80000000, 0x100, 0x300, 1 << 10)
    ]
    return [
        *(struct.pack("<L", size) + unit * (size // 4) + b"x\0" for unit in units),
        *(struct.pack("<L", length) + bytes(16) for length in (0, 3, 1 << 31, 0xFFFFFFFF)),
        struct.pack("<L", size) + bytes(range(256)) * 4 + b"\xff" * 300,
    ]


def tables() -> list[bytes]:
    """Rows that do not fit, quotes that never end, numbers that are none."""
    header = b"text,label\n"
    return [
        header + b'"' + b"x" * 200_000,
        header + b"x," + b"9" * 5000,
        header + b"x,\n" + b",x\n" + b"\0,\0\n",
        header + b"\x1b[2J\xc2\x85,\xe2\x80\xa8\n",
        b"," * 50_000 + b"\n",
        b"text,text,label\na,b,c\n",
        b"\x1b[2J,label,\x0b\na,b,c\n",
        b"text\tlabel\na\t\n",
        b'{"text": "a", "label": ' + b"[" * _DEEP,
        b'{"text": "a", "label": 1' + b"0" * 5000 + b"}\n",
        b'{"text": "\\ud800", "label": "\\ud800"}\n{"text": [], "label": {}}\n',
        b'{"\\u001b[2J\\n": 1}\n',
        b'{"text": "a", "label": NaN}\n{"text": "a", "label": 1e999}\n',
    ]


def conll() -> list[bytes]:
    """Words without end, tags that are none."""
    return [
        b"a O\n" * 20_000,
        b"a\xc2\x85 B-\n",
        b"a B-\x1b[2J\n",
        b"a " * 20_000 + b"O\n",
        b"a O\nb \x0bO\n",
    ]


def bundle_entries() -> list[bytes]:
    """Blocks of an index with lengths and numbers that lie."""

    def block(*pairs: tuple[bytes, bytes]) -> bytes:
        rows = (bytes([0, len(key), len(value)]) + key + value for key, value in pairs)
        return b"".join(rows) + struct.pack("<2L", 0, 1)

    huge = b"\xff" * 9 + b"\x01"
    header = (b"", b"\x08\x01")
    values = [
        b"\x08\x01\x12\x0c\x12\x0a\x08" + huge[:9],
        b"\x08\x01\x20" + huge + b"\x28" + huge,
        b"\x08\x01\x28\x04\x20" + huge,
        b"\x08\x01\x18" + huge,
        b"\x08" + huge,
        b"\x12" * 100,
        b"\x0b",
    ]
    return [
        *(block(header, (b"a", value)) for value in values),
        block(header, (b"a\n\x1b[2J", b"\x08\x07")),
        block(header, (b"\xff\xfe", b"\x08\x01")),
        block((b"", b"\x08" + huge), (b"a", b"\x08\x01\x28\x01")),
        block((b"", b"\x10\x01")),
        block(),
        struct.pack("<L", 0xFFFFFFFF),
        b"\xff" * 20 + struct.pack("<2L", 0, 1),
    ]


def index_files() -> list[bytes]:
    """Headers that ask for more than there is."""
    good = seeds.index()
    numbers = [(12, 0), (12, 1 << 31), (16, 0), (16, 1 << 63), (16, (1 << 64) - 1), (8, 99)]
    found = [
        good[:at] + struct.pack("<Q" if at == 16 else "<L", n) + good[at + (8 if at == 16 else 4) :]
        for at, n in numbers
    ]
    return [*found, good[:-12] + struct.pack("<3f", float("nan"), -1, float("inf"))]


def vocabularies() -> list[bytes]:
    """Lines that are empty, doubled, or no text."""
    return [
        b"[PAD]\n" * 1000,
        b"[PAD]\n\n\n[UNK]\n",
        b"a\n" * 500_00,
        b"\x1b[2J\n[UNK]\x0b\n",
        b"[CLS]\r[SEP]\r",
        b"\xe2\x80\xa8\n",
    ]

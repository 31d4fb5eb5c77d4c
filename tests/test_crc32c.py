"""The checksum is google-crc32c's own, with its C extension and without."""

import mmap
import sys
import warnings

import google_crc32c
import numpy as np
import pytest

from edgebert import crc32c as module
from edgebert.crc32c import crc32c, extended, folded

BLOCK = 16384


def test_the_checksum_is_that_of_the_specification():
    assert crc32c(b"123456789 and more", 9) == 0xE3069283  # RFC 3720, the usual check value


@pytest.mark.parametrize(
    "size", [0, 1, 9, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 5 * BLOCK + 7, 300_000]
)
def test_folding_gives_the_same_checksum(size):
    data = np.random.default_rng(size).bytes(size + 5)
    expected = google_crc32c.value(data[:size])
    assert crc32c(data, size) == expected
    assert folded(data, size, google_crc32c.extend) == expected


def test_a_map_of_a_file_is_read_where_it_lies_and_can_be_closed(tmp_path):
    path = tmp_path / "data"
    path.write_bytes(b"123456789 and more")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        assert crc32c(data, 9) == 0xE3069283
    assert data.closed


def test_without_the_c_extension_nobody_is_warned_and_the_checksum_is_the_same(monkeypatch):
    data = np.random.default_rng(1).bytes(70_000)
    expected = crc32c(data, len(data))
    from google_crc32c import python

    monkeypatch.setattr(google_crc32c, "implementation", "python")
    monkeypatch.setattr(google_crc32c, "extend", python.extend)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert module.crc32c(data, len(data)) == expected


def test_a_machine_without_the_package_gives_the_same(monkeypatch):
    data = bytes(range(256)) * 300
    wanted = google_crc32c.value(data)
    monkeypatch.setitem(sys.modules, "google_crc32c", None)  # as if it were not installed
    for end in (0, 1, 1000, len(data)):
        assert crc32c(data, end) == extended(0, data[:end])
    assert crc32c(data, len(data)) == wanted
    assert extended(extended(0, data[:77]), data[77:]) == wanted

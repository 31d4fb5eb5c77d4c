"""A file of an older version gets its checksum; nothing else of it changes."""

import pytest

import edgebert
from tests.runtime.test_trial import CRASHING
from tools.fixtures.add_checksum import add_checksum


def test_an_older_file_becomes_what_is_written_today(without_checksum, classifier):
    add_checksum(without_checksum)
    assert without_checksum.read_bytes() == classifier.read_bytes()


def test_a_damaged_one_gets_none(tmp_path):
    path = tmp_path / "damaged.tflite"
    path.write_bytes(CRASHING.read_bytes())
    with pytest.raises(edgebert.EdgebertError, match="damaged"):
        add_checksum(path)
    assert path.read_bytes() == CRASHING.read_bytes()

"""What `edgebert inspect` says that other options would save."""

import edgebert
from edgebert.cli.savings import savings
from tests.conftest import REFERENCE, SOURCES


def test_what_is_advised_for_a_file_of_fixed_lengths_can_be_asked_for(tmp_path):
    source, advised = REFERENCE / SOURCES["classify"], {}
    for lengths in (None, (16,)):
        path = tmp_path / f"{lengths}.tflite"
        report = edgebert.convert(source, path, lengths=lengths)
        advised[lengths] = savings(report.record, report.bytes)
    assert set(advised[None]) == {"--quantize w8-t4-a8", "--quantize int4"}
    assert set(advised[16,]) == {"--quantize w8-t4-a8"}
    small = edgebert.convert(source, tmp_path / "x", lengths=(16,), quantize="w8-t4-a8")
    assert abs(small.bytes - advised[16,]["--quantize w8-t4-a8"]) < 1000

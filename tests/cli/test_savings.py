"""What `edgebert inspect` says that other options would save."""

from dataclasses import replace

import pytest

import edgebert
from edgebert.cli.savings import savings
from edgebert.converter.recipes import RECIPES
from edgebert.model_file.packaged import packaged_path
from edgebert.model_file.read import read_model_file
from tests.conftest import REFERENCE, SOURCES


@pytest.fixture(scope="module")
def shipped():
    """The record of the model that ships with edgebert."""
    return read_model_file(packaged_path("intents")).record


def test_what_is_advised_for_a_file_of_fixed_lengths_can_be_asked_for(tmp_path):
    source, advised = REFERENCE / SOURCES["classify"], {}
    for lengths in (None, (16,)):
        path = tmp_path / f"{lengths}.tflite"
        report = edgebert.convert(source, path, lengths=lengths)
        advised[lengths] = savings(report.record, report.bytes)
    assert set(advised[None]) == {"--quantize w8-t4-a8", "--quantize int4", "--max-length 64"}
    assert set(advised[16,]) == {"--quantize w8-t4-a8", "--quantize int4"}
    small = edgebert.convert(source, tmp_path / "x", lengths=(16,), quantize="w8-t4-a8")
    assert abs(small.bytes - advised[16,]["--quantize w8-t4-a8"]) < 1000


@pytest.mark.parametrize(
    ("recipe", "advised"),
    [
        ("int8-fine", {"w8-t4-a8-fine", "int4"}),
        ("float32", {"w32-t4-a32", "float16", "int8", "int4"}),
        ("int8-full", set()),
    ],
)
def test_what_is_advised_for_a_form_is_smaller_of_its_own_kind(shipped, recipe, advised):
    record = replace(shipped, quantization=RECIPES[recipe].quantization())
    found = savings(record, 20_000_000)
    assert {name for name in found if "quantize" in name} == {f"--quantize {r}" for r in advised}
    assert all(size < 20_000_000 for size in found.values())


def test_a_shorter_input_is_advised_where_positions_weigh(shipped):
    long, short = (
        replace(
            shipped, max_length=most, model=replace(shipped.model, max_position_embeddings=most)
        )
        for most in (512, 64)
    )
    advised = savings(long, 1_000_000)["--max-length 64"]
    assert advised == 1_000_000 - (512 - 64) * shipped.model.hidden_size
    assert "--max-length 64" not in savings(long, 20_000_000)
    assert "--max-length 64" not in savings(short, 1_000_000)

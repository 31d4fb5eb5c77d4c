"""The report: its JSON, its schema, and what is refused."""

import json
from importlib import resources
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import edgebert.benchmarking
from edgebert.benchmarking.result import BenchmarkReport, ColdStart, DeviceResult, read_report
from edgebert.errors import EdgebertError

PARTS = ("import_ms", "load_ms", "load_cached_ms", "first_ms")
SAMPLE = Path(__file__).parents[1] / "data" / "benchmark" / "report.json"


@pytest.fixture
def data():
    return json.loads(SAMPLE.read_text())


def test_reading_and_writing_change_nothing(data):
    report = read_report(SAMPLE)
    assert json.loads(report.to_json()) == data
    assert BenchmarkReport.from_json(report.to_json()) == report
    assert DeviceResult.from_json(data["devices"][1]) == report.devices[1]


def test_a_report_of_before_a_field_came_is_read(data):
    run = data["devices"][0]["runs"][0]
    for of, names in (("cold", ("starts", "load_compiled_ms")), ("memory", ("compiled",))):
        for name in names:
            del run[of][name]
    del run["memory"]["compiled_baseline"]
    read = BenchmarkReport.from_json(json.dumps(data)).devices[0].runs[0]
    assert read.cold == ColdStart(*(run["cold"][part] for part in PARTS))
    assert (read.memory.compiled, read.memory.compiled_baseline) == (None, None)


KINDS = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def test_a_report_is_what_its_schema_says(data):
    text = resources.files(edgebert.benchmarking).joinpath("report.schema.json").read_text()
    validator = Draft202012Validator(json.loads(text))
    validator.validate(data)
    data["devices"][0]["runs"][0]["threads"] = "two"
    assert not validator.is_valid(data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 3}, "format 3; this edgebert reads 1 and 2; update edgebert"),
        ({"devices": {}}, r"report\.devices is"),
        ({"created": None}, r"report\.created is 'None'"),
    ],
)
def test_what_does_not_fit_is_named(data, change, message):
    with pytest.raises(EdgebertError, match=message):
        BenchmarkReport.from_json(json.dumps({**data, **change}))


@pytest.mark.parametrize("text", ["", "[", "7", "[]", "{}", '{"format": 1}', "[" * 100_000])
def test_what_is_no_report(text):
    with pytest.raises(EdgebertError, match="not a benchmark report"):
        BenchmarkReport.from_json(text)


def test_ratios_and_rounds_must_be_of_what_is_there(data):
    data["devices"][0]["ratios"][0]["run"] = 99
    with pytest.raises(EdgebertError, match="local has 12 runs; a ratio is of 99 against 0"):
        BenchmarkReport.from_json(json.dumps(data))
    data["devices"][0]["ratios"][0]["run"] = 1
    data["devices"][0]["runs"][0]["rounds"][0]["count"] = 13
    with pytest.raises(EdgebertError, match="a round lies beyond the 12 samples"):
        BenchmarkReport.from_json(json.dumps(data))


def test_a_file_that_is_not_there_or_no_report_is_named(tmp_path):
    with pytest.raises(EdgebertError, match=r"none\.json: cannot read: No such file"):
        read_report(tmp_path / "none.json")
    path = tmp_path / "other.json"
    path.write_text("{}")
    with pytest.raises(EdgebertError, match=r"other\.json: not a benchmark report"):
        read_report(path)


def test_a_report_of_format_1_is_read_under_the_new_names(data):
    data["devices"][0]["facts"]["reference"] = "numpy 2"
    samples = data["devices"][0]["runs"][0]["samples_us"]
    samples["reference"] = [2.0] * len(samples["total"])
    new = json.dumps(data)
    old = new.replace('"reference"', '"yardstick"').replace('"format": 2', '"format": 1')
    assert BenchmarkReport.from_json(old).devices == BenchmarkReport.from_json(new).devices
    assert BenchmarkReport.from_json(old).devices[0].facts.reference == "numpy 2"

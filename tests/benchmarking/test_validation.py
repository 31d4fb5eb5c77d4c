"""Numbers that no device can have measured are refused, wherever in a report they stand."""

import json
import math

import pytest

from edgebert.benchmarking.result import BenchmarkReport
from edgebert.benchmarking.validation import validate
from edgebert.errors import EdgebertError
from tests.benchmarking.reports import device, report, run, sample, sample_json


def small():
    """A report with every field, one run long."""
    value = sample_json()
    device = value["devices"].pop(0)
    device = value["devices"][0] | {"runs": device["runs"][:1], "ratios": device["ratios"][:1]}
    device["runs"][0]["energy"] = {"joules_per_1000": 2.0, "source": "RAPL"}
    device["ratios"][0] |= {"run": 0, "against": 0}
    value["devices"] = [device]
    return value


def numbers(value, path=()):
    """The path of each number in plain values, the first of each list alone."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from numbers(item, (*path, name))
    elif isinstance(value, list):
        if value:
            yield from numbers(value[0], (*path, 0))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path


PATHS = [path for path in numbers(small()) if path != ("format",)]


def put(path, number):
    value = small()
    place = value
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = number
    return value


def test_the_sample_is_sound():
    validate(sample())


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e300, 10**30])
@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_a_number_that_cannot_be_is_one_line(path, number):
    with pytest.raises(EdgebertError) as caught:
        validate(BenchmarkReport.from_json(json.dumps(put(path, number))))
    assert "\n" not in str(caught.value)


def test_only_temperatures_and_metrics_may_be_negative():
    taken = []
    for path in PATHS:
        try:
            validate(BenchmarkReport.from_json(json.dumps(put(path, -1))))
            taken.append(path[-1])
        except EdgebertError:
            pass
    assert sorted(set(taken)) == [
        "temperature_c", "temperature_c_after", "temperature_c_before", "value",
    ]  # fmt: skip


@pytest.mark.parametrize("ratio", [(0, 0, 0, 1, 1), (0, 0, 1, 0, 1), (0, 0, 1, 2, 1)])
def test_intervals_are_intervals(ratio):
    with pytest.raises(EdgebertError, match="a ratio of"):
        validate(report(device(run(), ratios=[ratio])))


def test_an_empty_report_shows_nothing():
    with pytest.raises(EdgebertError, match="holds no run"):
        validate(report(device()))

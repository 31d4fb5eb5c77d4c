"""Several devices at once: their results, their failures, their progress."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from edgebert.benchmarking.benchmark import benchmark, names_of
from edgebert.benchmarking.devices.connection import LostConnectionError
from edgebert.benchmarking.job import BenchmarkJob, JobModel
from edgebert.benchmarking.result import DeviceResult, Facts, read_report
from edgebert.errors import EdgebertError

SAMPLE = Path(__file__).parents[1] / "data" / "benchmark" / "report.json"
JOB = BenchmarkJob((JobModel("x.tflite", "0" * 64, "x"),))
RESULT = DeviceResult("as the machine calls itself", Facts(), ())


class FakeDevice:
    """Gives a result, or fails; waits for the others where it is reports to."""

    def __init__(self, name, error=None, together=None):
        self.name, self._error, self._together = name, error, together
        self.entered = self.left = False

    def __enter__(self):
        self.entered = True
        return self

    def __exit__(self, *_):
        self.left = True

    def run(self, job, progress):
        assert self.entered
        assert job == JOB
        if self._together:
            self._together.wait(20)
        progress(1, 4, "something")
        progress(4, 4, "something else")
        if self._error:
            raise self._error if isinstance(self._error, Exception) else EdgebertError(self._error)
        return RESULT


def run(devices, **options):
    by_name = {device.name: device for device in devices}
    outcome = benchmark(JOB, list(by_name), open_one=lambda address, _: by_name[address], **options)
    assert all(device.left for device in devices)
    return outcome


def test_devices_run_at_the_same_time_and_keep_their_order_and_names():
    together = threading.Barrier(3)
    reports = []
    devices = [FakeDevice(name, together=together) for name in ("local", "ssh://a", "adb:b")]
    outcome = run(devices, progress=lambda *each: reports.append(each))
    assert [d.name for d in outcome.report.devices] == ["local", "ssh://a", "adb:b"]
    assert outcome.report.devices[0] == replace(RESULT, name="local")
    assert outcome.failures == ()
    assert sorted(reports) == sorted(
        (percent, 100, name) for name in ("local", "ssh://a", "adb:b") for percent in (25, 100)
    )


def test_a_device_that_fails_does_not_take_the_others_along():
    devices = [
        FakeDevice("ssh://a", error="refused"),
        FakeDevice("local"),
        FakeDevice("adb:b", error="adb:b: unplugged"),
    ]
    outcome = run(devices)
    assert [d.name for d in outcome.report.devices] == ["local"]
    assert outcome.failures == ("ssh://a: refused", "adb:b: unplugged")


@pytest.mark.parametrize(
    "error", [LostConnectionError("device offline"), OSError("no more processes")], ids=repr
)
def test_whatever_breaks_off_on_a_device_is_a_line_and_the_others_stay(error):
    outcome = run([FakeDevice("adb:b", error=error), FakeDevice("local")])
    assert [d.name for d in outcome.report.devices] == ["local"]
    assert outcome.failures == (f"adb:b: {error}",)


def test_there_is_no_report_where_all_fail():
    outcome = run([FakeDevice("local", error="no such model")])
    assert outcome.report is None
    assert outcome.failures == ("no such model",)


@pytest.mark.parametrize(
    ("addresses", "message"),
    [
        ([], "no device to measure on"),
        (["local", "local"], "device 'local' is given twice"),
        (["local", "moon://base"], "moon://base.*not an address"),
    ],
)
def test_wrong_devices_are_refused_before_anything_runs(addresses, message):
    with pytest.raises(EdgebertError, match=message):
        benchmark(JOB, addresses)


def test_models_are_called_by_their_files_and_folders_where_those_are_alike():
    paths = [Path("a/m.tflite"), Path("b/m.tflite"), Path("c/n.tflite"), Path("c/n.tflite")]
    assert names_of(paths) == ["a/m", "b/m", "n", "n"]


def test_the_date_is_one_that_reports_have():
    created = run([FakeDevice("local")]).report.created
    pattern = "".join("0" if c.isdigit() else c for c in read_report(SAMPLE).created)
    assert "".join("0" if c.isdigit() else c for c in created) == pattern

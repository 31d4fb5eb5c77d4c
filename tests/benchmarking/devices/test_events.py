"""What a device reports: whole lines, however far they are written, and only what can be true."""

import json
from dataclasses import replace

import pytest

from edgebert.benchmarking import __main__ as program
from edgebert.benchmarking.devices.events import EventReader
from edgebert.benchmarking.job import BenchmarkJob, JobModel
from edgebert.benchmarking.result import Round
from edgebert.errors import EdgebertError
from tests.benchmarking.reports import device, run


def line(result):
    return json.dumps({"event": "result", "result": result.to_json()}).encode() + b"\n"


def reader():
    return EventReader("adb:phone", lambda *_: None)


def test_a_result_that_is_read_while_it_is_written_is_the_result():
    found, sent = reader(), device(run(), run(), ratios=[(1, 0, 1.0, 0.9, 1.1)])
    data = b"chatter\n" + line(sent)
    for end in range(0, len(data) + 7, 7):
        found.feed(data[found.offset : end])
    assert found.result == sent
    assert found.offset == len(data)


@pytest.mark.parametrize(
    "wrong",
    [
        device(run(), ratios=[(5, 0, 1.0, 0.9, 1.1)]),
        device(replace(run(), cold=replace(run().cold, import_ms=float("nan")))),
        device(replace(run(), rounds=(Round(40, 11),))),
        device(replace(run(), samples_us=replace(run().samples_us, reference=(1.0, 2.0)))),
    ],
    ids=["a ratio of no run", "not a number", "a round of no samples", "half a reference kernel"],
)
def test_what_no_device_can_have_measured_is_refused_at_once(wrong):
    with pytest.raises(EdgebertError, match="benchmark report"):
        reader().feed(line(wrong))


def job_file(folder):
    path = folder / "job.json"
    path.write_text(
        json.dumps(BenchmarkJob(models=(JobModel("a.tflite", "0" * 64, "a"),)).to_json())
    )
    return str(path)


def said_by(arguments, capsys):
    assert program.main(arguments) == 2
    return json.loads(capsys.readouterr().out)["message"]


def test_a_job_that_cannot_be_read_is_told_as_that(tmp_path, capsys):
    path = str(tmp_path / "job.json")
    assert said_by([path], capsys) == f"{path}: cannot read: No such file or directory"


def test_what_goes_wrong_while_measuring_is_not_blamed_on_the_job(tmp_path, capsys, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(program, "measure", full)
    assert said_by([job_file(tmp_path)], capsys) == "[Errno 28] No space left on device"

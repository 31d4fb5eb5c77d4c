"""What the Android app wrote in its own tests, read as a computer reads it from a phone.

`make test-android` runs the app's tests first; EDGEBERT_ANDROID_OUTPUT is where they write.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgebert.benchmarking.devices.events import EventReader
from edgebert.benchmarking.result import BenchmarkReport
from edgebert.benchmarking.validation import validate

OUTPUT = os.environ.get("EDGEBERT_ANDROID_OUTPUT")
pytestmark = pytest.mark.skipif(
    OUTPUT is None, reason="the app's tests have not run: make test-android"
)


@pytest.fixture
def output():
    return Path(OUTPUT)


def test_the_events_of_a_job_are_followed_to_their_result(output):
    steps = []
    reader = EventReader("adb:phone", lambda done, total, what: steps.append((done, total)))
    content = (output / "events.jsonl").read_bytes()
    for end in range(0, len(content) + 1000, 1000):
        reader.feed(content[reader.offset : end])
    assert reader.offset == len(content)
    assert steps == sorted(steps)
    assert {total for _, total in steps} == {400}
    assert reader.result is not None
    assert [run.model.name for run in reader.result.runs[:5]] == [
        "classify", "classify-float32", "embed", "answer", "tag",
    ]  # fmt: skip
    assert {run.input.tokens for run in reader.result.runs} == {None, 16}
    assert all(run.stats.p50 <= run.stats.p90 <= run.stats.p99 for run in reader.result.runs)


def test_the_median_is_that_of_the_samples(output):
    report = read(output)
    for run in report.devices[0].runs:
        ordered = sorted(run.samples_us.total)
        middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
        assert run.stats.p50 == pytest.approx(middle, abs=0.02)


def test_a_shared_report_is_sound_and_picked_from(output):
    validate(read(output))
    command = [sys.executable, "-m", "edgebert", "pick", output / "report.json", "--max-ms", "1000"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "classify" in result.stdout


def read(output):
    return BenchmarkReport.from_json((output / "report.json").read_text())
